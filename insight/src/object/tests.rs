//! Objects are built here byte by byte, so that each test can break exactly one thing.

use super::*;
use proptest::prelude::*;

const FUNC: u8 = 0x12;
const OBJECT: u8 = 0x11;
const EXEC: u64 = 6;

struct Part {
    name: &'static str,
    kind: u32,
    flags: u64,
    data: Vec<u8>,
}

fn part(name: &'static str, flags: u64, data: &[u8]) -> Part {
    Part { name, kind: 1, flags, data: data.to_vec() }
}

/// An ELF file: `parts` become sections 1, 2, …; a symbol is (name, info, section, offset).
fn build(parts: Vec<Part>, symbols: &[(&str, u8, u16, u64)]) -> Vec<u8> {
    let mut strings = vec![0];
    let mut named = |name: &str| {
        let at = u32::try_from(strings.len()).expect("small");
        strings.extend_from_slice(name.as_bytes());
        strings.push(0);
        at
    };
    let mut table = vec![0; 24];
    for (name, info, section, offset) in symbols {
        table.extend_from_slice(&named(name).to_le_bytes());
        table.extend_from_slice(&[*info, 0]);
        table.extend_from_slice(&section.to_le_bytes());
        table.extend_from_slice(&offset.to_le_bytes());
        table.extend_from_slice(&8u64.to_le_bytes());
    }
    let mut parts = parts;
    let with_symbols = !symbols.is_empty();
    if with_symbols {
        parts.push(Part { name: ".symtab", kind: 2, flags: 0, data: table });
    }
    parts.push(Part { name: ".strtab", kind: 3, flags: 0, data: Vec::new() });
    let names: Vec<u32> = parts.iter().map(|part| named(part.name)).collect();
    let last = parts.len();
    parts[last - 1].data = strings;

    let mut file = vec![0; 64];
    let mut headers = vec![0; 64];
    for (part, name) in parts.iter().zip(names) {
        let offset = file.len() as u64;
        file.extend_from_slice(&part.data);
        headers.extend_from_slice(&name.to_le_bytes());
        headers.extend_from_slice(&part.kind.to_le_bytes());
        headers.extend_from_slice(&part.flags.to_le_bytes());
        for word in [0, offset, part.data.len() as u64] {
            headers.extend_from_slice(&word.to_le_bytes());
        }
        headers.extend_from_slice(&u32::try_from(last).expect("small").to_le_bytes());
        headers.extend_from_slice(&0u32.to_le_bytes());
        for word in [1u64, if part.kind == 2 { 24 } else { 0 }] {
            headers.extend_from_slice(&word.to_le_bytes());
        }
    }
    let table_at = file.len() as u64;
    file.extend_from_slice(&headers);
    file[..20].copy_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x01\0\xf7\0");
    file[20..24].copy_from_slice(&1u32.to_le_bytes());
    file[40..48].copy_from_slice(&table_at.to_le_bytes());
    let count = u16::try_from(last + 1).expect("small");
    for (at, word) in [(52, 64), (58, 64), (60, count), (62, count - 1)] {
        file[at..at + 2].copy_from_slice(&u16::to_le_bytes(word));
    }
    file
}

fn small() -> Vec<u8> {
    build(
        vec![
            part(".text", EXEC, &[0; 8]),
            part("?tp/syscalls/sys_enter_openat", EXEC, &[0; 16]),
            part("xdp", EXEC, &[0; 8]),
            part(".maps", 3, &[0; 64]),
            part("license", 3, b"Dual BSD/GPL\0"),
            part(".rodata", 2, &[0; 8]),
            part(".BTF", 0, &[0; 4]),
        ],
        &[
            ("pass", FUNC, 3, 0),
            ("second", FUNC, 2, 8),
            ("first", FUNC, 2, 0),
            ("called", FUNC, 1, 0),
            ("events", OBJECT, 4, 32),
            ("counts", OBJECT, 4, 0),
            ("settings", OBJECT, 6, 0),
        ],
    )
}

#[test]
fn programs_and_maps_come_in_libbpfs_order() {
    let facts = inspect(&small()).expect("a good object");
    let programs: Vec<_> =
        facts.programs.iter().map(|program| (program.name.as_str(), program.section.as_str())).collect();
    let tracepoint = "tp/syscalls/sys_enter_openat";
    assert_eq!(programs, [("first", tracepoint), ("second", tracepoint), ("pass", "xdp")]);
    assert_eq!(facts.maps, ["counts", "events"]);
    assert_eq!(facts.license.as_deref(), Some("Dual BSD/GPL"));
    assert!(facts.has_btf && !facts.has_btf_ext);
}

#[test]
fn any_address_will_do() {
    let object = small();
    for shift in 0..8 {
        let mut larger = vec![0; shift];
        larger.extend_from_slice(&object);
        assert!(inspect(&larger[shift..]).is_ok(), "shifted by {shift}");
    }
}

#[test]
fn legacy_maps_static_programs_and_an_unset_machine_are_left_to_the_guest() {
    let mut object = build(
        vec![part("maps", 3, &[0; 20]), part("maps/rates", 3, &[0; 20]), part("socket", EXEC, &[0; 8])],
        &[("old", OBJECT, 1, 0), ("rates", OBJECT, 2, 0), ("filter", 0x02, 3, 0)],
    );
    object[18] = 0;
    let facts = inspect(&object).expect("eBPF, though libbpf cannot open it");
    assert_eq!(facts.maps, ["old", "rates"]);
    assert_eq!(facts.programs.len(), 1);
}

#[test]
fn functions_in_text_are_no_programs_not_even_the_only_one() {
    let alone = build(vec![part(".text", EXEC, &[0; 16])], &[("main", FUNC, 1, 0)]);
    assert_eq!(inspect(&alone), Err(ObjectError::NoPrograms));
    let two = build(vec![part(".text", EXEC, &[0; 16])], &[("a", FUNC, 1, 0), ("b", FUNC, 1, 8)]);
    assert_eq!(inspect(&two), Err(ObjectError::NoPrograms));
}

#[test]
fn each_wrong_thing_is_named_with_its_remedy() {
    let changed = |at: usize, bytes: &[u8]| {
        let mut object = small();
        object[at..at + bytes.len()].copy_from_slice(bytes);
        object
    };
    let mut big_endian = changed(5, &[2]);
    big_endian[16..20].copy_from_slice(&[0, 1, 0, 247]);
    for (object, says) in [
        (Vec::new(), "is empty"),
        (vec![0; OBJECT_BYTES_MAX + 1], "llvm-strip -g"),
        (b"#include <linux/bpf.h>".to_vec(), "not an ELF file"),
        (b"\x7fE".to_vec(), "not an ELF file"),
        (small()[..40].to_vec(), "the file header ends at byte 64, the file at byte 40"),
        (changed(18, &[62, 0]), "x86-64 ELF, not eBPF: pass the .bpf.o"),
        (changed(18, &[183, 0]), "aarch64"),
        (changed(4, &[1]), "32-bit"),
        (big_endian, "--target=bpfel"),
        (changed(16, &[2, 0]), "an executable"),
        (build(vec![part("xdp", EXEC, &[0; 8])], &[]), "no symbol table"),
        (build(vec![part("license", 3, b"GPL\0")], &[("x", OBJECT, 1, 0)]), "no eBPF program"),
        (changed(58, &[9, 0]), "damaged"),
    ] {
        let error = inspect(&object).expect_err(says).to_string();
        assert!(error.contains(says), "{error}");
        assert_eq!(error.lines().count(), 1, "one sentence: {error}");
    }
}

#[test]
fn every_cut_of_the_file_is_truncated_and_says_where() {
    let object = small();
    for bytes in 4..object.len() {
        let error = inspect(&object[..bytes]).expect_err("cut");
        let ObjectError::Truncated { end, bytes: has, .. } = error else { panic!("{bytes}: {error}") };
        assert!(end > has && has == bytes as u64, "{bytes}: {error}");
    }
}

#[test]
fn more_functions_than_the_limit_are_refused() {
    let names: Vec<_> = (0..=PROGRAMS_MAX).map(|_| ("again", FUNC, 1, 0)).collect();
    let object = build(vec![part("xdp", EXEC, &[0; 8])], &names);
    assert!(matches!(inspect(&object), Err(ObjectError::TooMany { max: PROGRAMS_MAX, .. })));
}

#[test]
fn only_what_whole_functions_are_tagged_with_is_told() {
    const PROTOTYPE: u32 = 13;
    const FUNCTION: u32 = 12;
    const TAG: u32 = 17;
    let names = b"\0run\0must fail\0of a parameter\0";
    let mut types = Vec::new();
    for word in [
        [0, PROTOTYPE << 24, 0].as_slice(),
        &[1, FUNCTION << 24, 1],
        &[5, TAG << 24, 2, u32::MAX],
        &[15, TAG << 24, 2, 0],
        &[15, TAG << 24, 1, u32::MAX],
    ]
    .concat()
    {
        types.extend(word.to_le_bytes());
    }
    let mut btf = vec![0x9f, 0xeb, 1, 0];
    for word in [24, 0, types.len(), types.len(), names.len()] {
        btf.extend(u32::try_from(word).expect("small").to_le_bytes());
    }
    btf.extend(types);
    btf.extend(names);
    let object = build(vec![part("xdp", EXEC, &[0; 8]), part(".BTF", 3, &btf)], &[("run", FUNC, 1, 0)]);
    let tags = function_tags(&object).expect("good types");
    assert_eq!(tags, [FunctionTag { function: "run".to_owned(), text: "must fail".to_owned() }]);
    assert_eq!(function_tags(&build(vec![part("xdp", EXEC, &[0; 8])], &[("run", FUNC, 1, 0)])), Ok(vec![]));
    let damaged =
        build(vec![part("xdp", EXEC, &[0; 8]), part(".BTF", 3, &btf[..30])], &[("run", FUNC, 1, 0)]);
    assert!(function_tags(&damaged).expect_err("cut").to_string().contains("type information"));
}

proptest! {
    #[test]
    fn no_damage_makes_it_panic(changes in prop::collection::vec((0usize..1200, any::<u8>()), 1..12)) {
        let mut object = small();
        for (at, byte) in changes {
            let place = at % object.len();
            object[place] = byte;
        }
        match inspect(&object) {
            Ok(facts) => {
                prop_assert!(!facts.programs.is_empty());
                prop_assert!(globals(&object).map_or(0, |all| all.len()) < object.len());
                prop_assert!(function_tags(&object).map_or(0, |all| all.len()) < object.len());
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
