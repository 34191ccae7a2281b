//! Manifests as people write them, right and wrong, and what an object makes of them.

use domain::axis::Loader;
use domain::cause::CauseCode;
use domain::contract::{Contract, Entries, MANIFEST_BYTES_MAX, Manifest, Requirement, Value};
use domain::level::Level;
use insight::manifest::{parse, resolve};
use insight::object::{Global, Shape};
use proptest::prelude::{prop_assert, proptest};
use time::macros::date;

const EXAMPLE: &str = include_str!("../../docs/manifest.yaml");

fn example() -> Manifest {
    parse("manifest.yaml", EXAMPLE).expect("the example is right")
}

/// The problems of a manifest that begins with its version.
fn problems(text: &str) -> Vec<String> {
    let error = parse("m.yaml", &format!("version: 1\n{text}")).expect_err(text);
    error.to_string().lines().map(str::to_owned).collect()
}

#[test]
fn the_example_says_what_it_seems_to_say() {
    let Manifest { name, metadata, required_kernels, optional_kernels, loaders, contract, .. } = example();
    assert_eq!((name.as_str(), metadata["team"].as_str()), ("probe", "storage"));
    assert_eq!(required_kernels.as_deref(), Some("lts,newest"));
    assert_eq!(optional_kernels.as_deref(), Some("5.4,5.19"));
    assert_eq!(loaders, [Loader::Libbpf, Loader::Aya]);
    // cpus 1 and 4, lockdown none and integrity, capabilities full and some: every combination.
    assert_eq!(example().axes.combinations().map(|all| all.len()), Ok(8));
    assert_eq!(
        problems("axes: {cpus: [1, 9], lockdown: full}"),
        [
            "m.yaml:2:18: axis `cpus` takes 1 to 8 processors, not `9`",
            "m.yaml:2:32: axis `lockdown` takes none, integrity or confidentiality, not `full`"
        ]
    );
    let [refused] = problems("loaders: [libbpf, Aya]").try_into().expect("one problem");
    assert!(refused.starts_with("m.yaml:2:19: `Aya` names no loader; write libbpf, aya, or"), "{refused}");
    let program = |name: &str| &contract.programs[name];
    assert_eq!(program("on_write").section.as_deref(), Some("kprobe/vfs_write"));
    assert_eq!(program("on_connect").required, Some(false));
    assert_eq!(program("on_exit").autoload, Some(false));
    assert_eq!(program("filter").r#type.as_deref(), Some("socket_filter"));
    assert_eq!(program("filter").level, Some(Level::Load));
    let map = |name: &str| &contract.maps[name];
    assert_eq!(map("events").max_entries, Some(Entries::Count(262_144)));
    assert_eq!((map("stacks").key_size, map("stacks").value_size), (Some(4), Some(1016)));
    assert_eq!(map("debug").autocreate, Some(false));
    let inner = |name: &str| map(name).inner_map.clone().expect("a prototype");
    assert_eq!((inner("flows").r#type.as_str(), inner("flows").key_size), ("hash", 16));
    assert_eq!((inner("rings").r#type.as_str(), inner("rings").max_entries), ("ringbuf", 65_536));
    assert_eq!(contract.globals["target_pid"], Value::Integer(42));
    assert_eq!(contract.globals["cookie"], Value::Bytes(vec![0xde, 0xad, 0xbe, 0xef]));
    let requires: Vec<&Requirement> = contract.variants["read"].iter().map(|one| &one.requires).collect();
    assert_eq!(*requires[0], Requirement::Helper("probe_read_kernel".to_owned()));
    assert_eq!((requires[3], requires[4]), (&Requirement::TrialLoad, &Requirement::Nothing));
    assert_eq!(contract.companions, ["dispatch"]);
    let expected = &contract.expected_failures[0];
    assert_eq!((expected.cause, expected.until), (Some(CauseCode::HelperUnknown), date!(2027 - 06 - 30)));
}

/// The question is the same however it is sent: the canonical form loses nothing.
#[test]
fn the_canonical_form_loses_nothing() {
    let manifest = example();
    let json = serde_json::to_string(&manifest).expect("plain data");
    assert_eq!(serde_json::from_str::<Manifest>(&json).expect("the same"), manifest);
    let unknown = serde_json::from_str::<Contract>(r#"{"tests": []}"#).expect_err("an unknown field");
    assert!(unknown.to_string().contains("`tests`"), "{unknown}");
}

#[test]
fn a_mistake_is_told_with_its_place_and_the_nearest_right_word() {
    for (text, says) in [
        ("program:\n  x: {autoload: true}", "m.yaml:2:1: unknown key `program`; did you mean `programs`?"),
        ("programs:\n  p: {autolaod: true}", "m.yaml:3:7: unknown key `autolaod`; did you mean `autoload`?"),
        ("programs:\n  p: {required: yes}", "m.yaml:3:17: `required` is true or false, not `yes`"),
        ("programs:\n  p: {level: behave}", "m.yaml:3:14: `behave` is no level"),
        (
            "programs:\n  p: {type: sched_clss}",
            "m.yaml:3:13: `sched_clss` is no program type; did you mean `sched_cls`?",
        ),
        (
            "programs:\n  p: {section: kprob/vfs_read}",
            "m.yaml:3:16: libbpf does not know section `kprob/vfs_read`; did you mean `kprobe`?",
        ),
        ("programs:\n  p: {section: xdp, type: xdp}", "m.yaml:3:27: `section` says the type too"),
        ("programs:\n  p: {}", "m.yaml:3:6: nothing is set here"),
        ("programs: [p]", "m.yaml:2:11: `programs` holds names, each with what is set, not a list"),
        ("programs:\n  p: {autoload: true}\n  p: {autoload: true}", "m.yaml:4:3: `p` stands at 3:3 already"),
        (
            "maps:\n  m: {max_entries: 0}",
            "m.yaml:3:20: `max_entries` is a number from 1 to 4294967295, not `0`",
        ),
        ("maps:\n  m: {max_entries: cpu}", "m.yaml:3:20: `max_entries` is a number or `cpus`, not `cpu`"),
        ("maps:\n  m: {max_entries: 4294967296}", "not `4294967296`"),
        ("maps:\n  m: {inner_ringbuf_bytes: 5000}", "m.yaml:3:28: a ring buffer has a power of two of bytes"),
        ("maps:\n  m: {inner_map: {type: hash}}", "m.yaml:3:18: an inner map needs value_size, max_entries"),
        ("globals: {g: }", "a value is missing"),
        ("globals: {g: null}", "a value is missing"),
        ("globals: {g: {}}", "bytes are written as `{hex:"),
        ("globals: {g: 1.5}", "a number is a whole one"),
        ("name: ~", "m.yaml:2:7: the name is missing"),
        ("globals: {g: {hex: abc}}", "m.yaml:2:20: `hex` is pairs of hexadecimal digits"),
        ("variants: {v: [{program: p, requires: {helper: loup}}]}", "`loup`; did you mean `loop`?"),
        ("variants: {v: [{program: p, requires: {helper: 9999}}]}", "no kernel has a helper `9999`"),
        ("variants: {v: [{program: p}, {program: q}]}", "m.yaml:2:26: a candidate that requires nothing"),
        ("variants: {v: [{program: p}], w: [{program: p}]}", "`p` is a candidate of group `v` already"),
        ("variants: {v: []}", "group `v` needs candidates"),
        ("variants: {v: [{program: p, requires: {}}]}", "`requires` has exactly one of"),
        ("expected_failures: [{kernels: all}]", "m.yaml:2:21: an expected failure needs reason, until"),
        (
            "expected_failures: [{kernels: newest, reason: r, until: 2027-01-31}]",
            "m.yaml:2:31: `newest` means another kernel tomorrow",
        ),
        ("expected_failures: [{kernels: all, reason: r, until: 31.1.2027}]", "a day like 2027-01-31"),
        (
            "expected_failures: [{kernels: all, cause: helper_unkown, reason: r, until: 2027-01-31}]",
            "m.yaml:2:43: `helper_unkown` is no cause; did you mean `helper_unknown`?",
        ),
        ("required_kernels: ltz", "m.yaml:2:19: `ltz` is not a kernel selector"),
        ("name: [", "m.yaml:"),
    ] {
        let problems = problems(text);
        assert!(problems.iter().any(|problem| problem.contains(says)), "{text}: {problems:?}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_in_order() {
    let problems = problems("maps:\n  m: {max_entries: x, size: 1}\nprograms:\n  p: {autoload: 1}");
    let places: Vec<&str> = problems.iter().map(|problem| &problem[..10]).collect();
    assert_eq!(places, ["m.yaml:3:20", "m.yaml:3:23", "m.yaml:5:17"].map(|place| &place[..10]));
}

#[test]
fn what_could_grow_without_end_is_refused() {
    let bomb = "name: &a x\nmetadata: {k: *a}";
    assert!(problems(bomb)[0].contains("m.yaml:2:7: anchors and aliases"), "{:?}", problems(bomb));
    assert!(problems("name: !!binary eA==")[0].contains("tags"));
    assert!(problems("name: a\n---\nname: b")[0].contains("a second document"));
    assert!(problems("? [a]\n: b")[0].contains("a key must be a word"));
    let deep = format!("globals: {{g: {}1{}}}", "[".repeat(100), "]".repeat(100));
    assert!(problems(&deep)[0].contains("levels deep"), "{:?}", problems(&deep)[0]);
    let many = format!("globals: {{g: [{}]}}", "1,".repeat(30_000));
    assert!(problems(&many)[0].contains("more than 20000 values"));
    let long = format!("name: {}", "x".repeat(MANIFEST_BYTES_MAX));
    assert!(problems(&long)[0].contains("at most 262144"));
    let wrong = (0..100).map(|at| format!("x{at}: 1\n")).collect::<String>();
    assert_eq!(problems(&wrong).len(), 50);
    for none in ["", "# nothing", "version: 2", "version: [1]", "[1]", "name: x"] {
        assert!(parse("m.yaml", none).is_err(), "{none:?}");
    }
}

/// V10: texts that did not fit were cut in silence. Here they are refused, whole, with the limit.
#[test]
fn v10_nothing_is_cut_to_fit() {
    let long = "x".repeat(1025);
    for text in [
        format!("name: {long}"),
        format!("metadata: {{k: {long}}}"),
        format!("globals: {{g: \"{long}\"}}"),
        format!("expected_failures: [{{kernels: all, reason: {long}, until: 2027-01-31}}]"),
    ] {
        let problems = problems(&text);
        assert!(problems[0].contains("at most 1024 bytes"), "{problems:?}");
    }
    let whole = "x".repeat(1024);
    let manifest = parse("m.yaml", &format!("version: 1\nname: {whole}")).expect("it fits");
    assert_eq!(manifest.name, whole);
    let says = bytes(Value::Text("four".to_owned()), text(4)).expect_err("no room for the NUL");
    assert!(says.contains("at most 3 bytes and their NUL"), "{says}");
}

fn integer(bytes: u32, signed: bool) -> Shape {
    Shape::Integer { bytes, signed }
}

fn text(count: u32) -> Shape {
    Shape::Array(Box::new(integer(1, true)), count)
}

/// The bytes of one variable of this shape, or what is wrong.
fn bytes(value: Value, shape: Shape) -> Result<Vec<u8>, String> {
    fn size(shape: &Shape) -> u32 {
        match shape {
            Shape::Integer { bytes, .. } => *bytes,
            Shape::Boolean => 1,
            Shape::Array(element, count) => size(element) * count,
            Shape::Opaque => 4,
        }
    }
    let (name, section) = ("g".to_owned(), ".rodata".to_owned());
    let variable = Global { name, section, offset: 8, bytes: size(&shape), shape: Some(shape) };
    let contract = Contract { globals: [("g".to_owned(), value)].into(), ..Contract::default() };
    match resolve(&contract, &[variable]) {
        Ok(mut globals) => Ok(globals.remove(0).bytes),
        Err(mut wrong) => Err(wrong.remove(0).1),
    }
}

#[test]
fn values_become_the_bytes_their_variables_have() {
    let list = |numbers: &[i128]| Value::List(numbers.iter().map(|n| Value::Integer(*n)).collect());
    for (value, shape, expected) in [
        (Value::Integer(258), integer(4, true), vec![2, 1, 0, 0]),
        (Value::Integer(-2), integer(2, true), vec![0xfe, 0xff]),
        (Value::Integer(u64::MAX.into()), integer(8, false), vec![0xff; 8]),
        (Value::Boolean(true), Shape::Boolean, vec![1]),
        (Value::Text("ab".to_owned()), text(4), vec![b'a', b'b', 0, 0]),
        (list(&[1, 2]), Shape::Array(Box::new(integer(2, false)), 3), vec![1, 0, 2, 0, 0, 0]),
        (Value::Bytes(vec![1, 2, 3, 4]), Shape::Opaque, vec![1, 2, 3, 4]),
        (Value::List(vec![list(&[1])]), Shape::Array(Box::new(text(2)), 2), vec![1, 0, 0, 0]),
    ] {
        assert_eq!(bytes(value.clone(), shape).as_ref(), Ok(&expected), "{value:?}");
    }
    for (value, shape, says) in [
        (Value::Integer(128), integer(1, true), "from -128 to 127, not 128"),
        (Value::Integer(-1), integer(4, false), "from 0 to 4294967295"),
        (Value::Boolean(true), integer(4, true), "a whole number"),
        (Value::Integer(1), Shape::Boolean, "true or false"),
        (list(&[1, 2]), text(1), "has 1 elements, not 2"),
        (Value::Integer(1), text(4), "is an array"),
        (Value::Bytes(vec![1]), integer(4, true), "has 4 bytes, not 1"),
        (Value::Integer(1), Shape::Opaque, "use `hex`"),
        (list(&[]), Shape::Array(Box::new(integer(8, false)), 100_000), "at most 65536 are set"),
    ] {
        let error = bytes(value.clone(), shape).expect_err(says);
        assert!(error.contains(says), "{value:?}: {error}");
    }
}

proptest! {
    /// The example with a few characters replaced, which stays near enough to what people write.
    #[test]
    fn no_damage_makes_it_panic(changes in proptest::collection::vec((0usize..3000, ".{0,3}"), 1..8)) {
        let mut text = EXAMPLE.to_owned();
        for (at, put) in changes {
            let start = text.floor_char_boundary(at % text.len());
            let end = text.ceil_char_boundary((start + 1).min(text.len()));
            text.replace_range(start..end, &put);
        }
        if let Err(error) = parse("m.yaml", &text) {
            prop_assert!(error.problems.iter().all(|problem| !problem.says.is_empty()));
        }
    }
}
