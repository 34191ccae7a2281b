//! The published schema of manifests and their reader: what one takes the other takes.
//!
//! Every case is JSON, which is YAML, so that both read the same text. A schema cannot say what needs a second
//! place: which of two groups has a program, which names an object has, how long all checks take together.

use boon::{Compiler, SchemaIndex, Schemas};
use domain::axis::CAPABILITIES;
use domain::cause::CauseCode;
use insight::manifest::{KEYS, parse};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn schema() -> Value {
    serde_json::from_str(include_str!("../../docs/schema/manifest-1.json")).expect("JSON")
}

fn compiled() -> (Schemas, SchemaIndex) {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource("manifest-1.json", schema()).expect("a schema");
    let index = compiler.compile("manifest-1.json", &mut schemas).expect("a schema");
    (schemas, index)
}

/// A manifest with a version and these fields.
fn with(mut fields: Value) -> Value {
    fields.as_object_mut().expect("fields").entry("version").or_insert(1.into());
    fields
}

/// A manifest with one check that has this field beside its name and command.
fn check(field: Value) -> Value {
    let mut check = json!({"name": "c", "command": "true"});
    check.as_object_mut().expect("fields").extend(field.as_object().expect("fields").clone());
    json!({"checks": [check]})
}

fn expect(expected: Value) -> Value {
    check(json!({"expect": expected}))
}

fn requires(requirement: Value) -> Value {
    json!({"variants": {"v": [{"program": "p", "requires": requirement}]}})
}

fn failure(field: Value) -> Value {
    let mut failure = json!({"kernels": "<5.15", "reason": "known", "until": "2027-06-30"});
    failure.as_object_mut().expect("fields").extend(field.as_object().expect("fields").clone());
    json!({"expected_failures": [failure]})
}

fn taken() -> Vec<Value> {
    let map = |field: Value| json!({"maps": {"m": field}});
    vec![
        json!({}),
        json!({"version": "1"}),
        json!({"name": "probe", "metadata": {"year": 2026, "draft": true, "team": "storage"}}),
        json!({"required_kernels": 6.12, "optional_kernels": "lts,newest", "loaders": ["aya", "our-loader_2", "aya"]}),
        json!({"axes": {"cpus": [1, 4], "lockdown": "integrity", "capabilities": ["full", "bpf+perfmon"]}}),
        json!({"axes": {"memlock": [65536, "64K"], "lsm": "lockdown+bpf", "cgroup": "v1", "cpus": "2"}}),
        json!({"programs": {"p": {"section": "kprobe/vfs_read", "level": "load", "required": false}}}),
        json!({"programs": {"kprobe/vfs_read": {"type": "xdp"}}, "companions": ["q"]}),
        map(json!({"max_entries": "cpus"})),
        map(json!({"max_entries": 16, "key_size": 0, "value_size": 4294967295_u32})),
        map(json!({"inner_ringbuf_bytes": 8192})),
        map(json!({"inner_map": {"type": "queue", "value_size": 4, "max_entries": 1}})),
        json!({"globals": {"a": -9223372036854775808_i64, "b": u64::MAX, "c": true, "d": "", "e": [[1], []]}}),
        json!({"globals": {"a": {"hex": "de AD\tbe ef"}, "b": {"hex": 12}, "c": "1.5"}}),
        json!({"variants": {"v": [{"program": "p"}]}}),
        requires(json!({"helper": 113})),
        requires(json!({"helper": "113"})),
        requires(json!({"helper": "bpf_loop"})),
        requires(json!({"kfunc": "bpf_task_acquire"})),
        requires(json!({"trial_load": true})),
        failure(json!({"program": "p", "cause": "helper_unknown"})),
        failure(json!({"kernels": 5.15, "reason": 4711})),
        check(json!({"command": true, "timeout": "4m", "exit": 255, "required": false})),
        check(json!({"command": "a\nb", "timeout": "240000ms"})),
        check(json!({"timeout": "007s"})),
        expect(json!({"stdout": 3, "stderr": ["a", 3, true], "trace": "x"})),
        expect(json!({"globals": {"a": 0, "b": "0x10..", "c": "..0o17", "d": "1..5", "e": "7"}})),
        expect(json!({"maps": [{"map": "m", "entries": "1.."}, {"map": "m", "key": -1, "value": 3}]})),
        expect(
            json!({"maps": [{"map": "m", "key": "ab", "value": 3}, {"map": "m", "key": true, "value": 1}]}),
        ),
        expect(json!({"maps": [{"map": "m", "key": {"hex": "00 01"}, "value": u64::MAX}]})),
        expect(json!({"events": [{"map": "m"}, {"map": "m", "count": 2, "containing": {"hex": "00"}}]})),
        expect(json!({"events": [{"map": "m", "containing": 42}]})),
    ]
}

fn refused_axes() -> Vec<Value> {
    vec![
        json!({"axes": {"cpu": 1}}),
        json!({"axes": {"cpus": 9}}),
        json!({"axes": {"cpus": []}}),
        json!({"axes": {"cpus": "04"}}),
        json!({"axes": {"memlock": "17G"}}),
        json!({"axes": {"memlock": "99999999999"}}),
        json!({"axes": {"lockdown": "full"}}),
        json!({"axes": {"capabilities": "cap_bpf"}}),
        json!({"axes": {"capabilities": ["bpf", "bpf,perfmon"]}}),
        json!({"axes": {"memlock": "1T", "unprivileged_bpf": "allowed"}}),
        json!({"axes": ["cpus"]}),
    ]
}

fn refused() -> Vec<Value> {
    let map = |field: Value| json!({"maps": {"m": field}});
    let program = |field: Value| json!({"programs": {"p": field}});
    vec![
        json!({"version": 2}),
        json!({"version": [1]}),
        json!({"nmae": "x"}),
        json!({"name": ""}),
        json!({"name": null}),
        json!({"name": ["x"]}),
        json!({"name": "a\u{7}"}),
        json!({"name": "x".repeat(1025)}),
        json!({"metadata": {"a": {}}}),
        json!({"metadata": {"": "a"}}),
        json!({"metadata": {"a": null}}),
        json!({"loaders": []}),
        json!({"loaders": ["Aya"]}),
        json!({"loaders": ["aya", "2nd"]}),
        json!({"loaders": [""]}),
        json!({"loaders": ["a".repeat(33)]}),
        json!({"programs": []}),
        json!({"programs": {"": {"required": true}}}),
        program(json!({})),
        program(json!({"required": "true"})),
        program(json!({"required": 1})),
        program(json!({"level": "behave"})),
        program(json!({"type": "xdpp"})),
        program(json!({"type": "xdp", "section": "xdp"})),
        map(json!({})),
        map(json!({"max_entries": 0})),
        map(json!({"max_entries": "5"})),
        map(json!({"key_size": -1})),
        map(json!({"key_size": 4294967296_u64})),
        map(json!({"key_size": 1.5})),
        map(json!({"inner_ringbuf_bytes": 5000})),
        map(json!({"inner_ringbuf_bytes": 2048})),
        map(
            json!({"inner_ringbuf_bytes": 4096, "inner_map": {"type": "hash", "value_size": 4, "max_entries": 1}}),
        ),
        map(json!({"inner_map": {"type": "hash", "key_size": 4}})),
        json!({"globals": {"a": null}}),
        json!({"globals": {"a": 1.5}}),
        json!({"globals": {"a": {}}}),
        json!({"globals": {"a": {"hex": "abc"}}}),
        json!({"globals": {"a": {"hex": ""}}}),
        json!({"globals": {"a": {"hex": "0x10"}}}),
        json!({"variants": {"v": []}}),
        json!({"variants": {"v": [{}]}}),
        requires(json!({})),
        requires(json!({"helper": 0})),
        requires(json!({"helper": 212})),
        requires(json!({"trial_load": false})),
        requires(json!({"kfunc": "f", "btf_type": "t"})),
        requires(json!({"kfunc": ""})),
        json!({"companions": [""]}),
        failure(json!({"until": "31.1.2027"})),
        failure(json!({"until": "2027-02-30"})),
        failure(json!({"cause": "helper_unkown"})),
        failure(json!({"reason": null})),
        json!({"expected_failures": [{"kernels": "all", "until": "2027-01-31"}]}),
    ]
}

fn refused_checks() -> Vec<Value> {
    vec![
        json!({"checks": [{"name": "c"}]}),
        json!({"checks": vec![json!({}); 33]}),
        check(json!({"name": ""})),
        check(json!({"command": ""})),
        check(json!({"command": null})),
        check(json!({"command": "x".repeat(16_385)})),
        check(json!({"timeout": "9m"})),
        check(json!({"timeout": "241s"})),
        check(json!({"timeout": "240001ms"})),
        check(json!({"timeout": "0s"})),
        check(json!({"timeout": 10})),
        check(json!({"timeout": "1h"})),
        check(json!({"exit": 256})),
        expect(json!({})),
        expect(json!({"stdout": []})),
        expect(json!({"stdout": ""})),
        expect(json!({"stdout": {"a": "b"}})),
        expect(json!({"globals": {}})),
        expect(json!({"globals": {"a": -1}})),
        expect(json!({"globals": {"a": ".."}})),
        expect(json!({"globals": {"a": "0x.."}})),
        expect(json!({"globals": {"a": "1...5"}})),
        expect(json!({"globals": {"a": 1.5}})),
        expect(json!({"maps": []})),
        expect(json!({"maps": [{"map": "m"}]})),
        expect(json!({"maps": [{"map": "m", "key": 1}]})),
        expect(json!({"maps": [{"key": 1, "value": 1}]})),
        expect(json!({"maps": [{"map": "m", "key": 1, "value": 1, "entries": 1}]})),
        expect(json!({"maps": [{"map": "m", "key": 4294967296_u64, "value": 1}]})),
        expect(json!({"maps": [{"map": "m", "key": 1.5, "value": 1}]})),
        expect(json!({"maps": [{"map": "m", "key": [1], "value": 1}]})),
        expect(json!({"events": []})),
        expect(json!({"events": [{"count": 1}]})),
    ]
}

#[test]
fn reader_and_schema_take_and_refuse_the_same() {
    let (schemas, index) = compiled();
    let taken = taken().into_iter().map(|one| (one, true));
    let refused = refused_axes().into_iter().chain(refused()).chain(refused_checks()).map(|one| (one, false));
    let mut wrong = Vec::new();
    for (manifest, fits) in taken.chain(refused).map(|(one, fits)| (with(one), fits)) {
        let text = manifest.to_string();
        let read = parse("m.yaml", &text);
        let described = schemas.validate(&manifest, index).is_ok();
        if (read.is_ok(), described) != (fits, fits) {
            let reader = read.err().map(|error| error.to_string());
            wrong.push(format!("{text:.120}: should fit: {fits}; schema: {described}; reader: {reader:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(schemas.validate(&json!({}), index).is_err() && parse("m.yaml", "{}").is_err(), "no version");
}

#[test]
fn the_schema_describes_what_is_read_and_nothing_else() {
    let schema = schema();
    for (kind, keys) in KEYS {
        let described = &schema["$defs"][kind];
        let properties = described["properties"].as_object().expect(kind);
        let described_keys: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
        assert_eq!(described_keys, keys.iter().copied().collect(), "{kind}");
        assert_eq!(described["additionalProperties"], false, "{kind}");
    }
    let values = |pointer: &str| -> Vec<&str> {
        let list = schema.pointer(pointer).and_then(Value::as_array).expect(pointer);
        list.iter().filter_map(Value::as_str).collect()
    };
    assert_eq!(values("/$defs/program/properties/type/enum"), domain::section::PROGRAM_TYPES[1..]);
    assert_eq!(values("/$defs/inner_map/properties/type/enum"), domain::section::MAP_TYPES[1..]);
    let names = CAPABILITIES.join("|");
    let pattern = schema.pointer("/$defs/capabilities/pattern").and_then(Value::as_str);
    assert_eq!(pattern, Some(format!("^(full|none|token|({names})(\\+({names}))*)$").as_str()));
    let causes: BTreeSet<&str> = CauseCode::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(BTreeSet::from_iter(values("/$defs/expected_failure/properties/cause/enum")), causes);
}
