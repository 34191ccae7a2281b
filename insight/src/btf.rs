//! The names in a kernel's description of its own types.
//!
//! In: raw BTF, as in `/sys/kernel/btf/vmlinux`, hostile until parsed. Out: the kernel symbols it
//! tells of. Deliberately absent: the types themselves.

use crate::module::TRACEPOINT;
use std::borrow::Cow;

/// `struct btf_header` of `linux/btf.h`: magic, version, flags, its own length, then offset and
/// length of types and of strings, counted from its end.
const MAGIC: u16 = 0xeb9f;
const HEADER_WORDS: usize = 6;
/// `struct btf_type`: name, info, size or type.
const TYPE_BYTES: usize = 12;
/// The start of the type by which a tracepoint is known.
const TRACEPOINT_TYPE: &str = "btf_trace_";

/// Names of the functions, variables and tracepoints (as their symbols `__tracepoint_NAME`) that the
/// BTF describes. They end at the first byte that is not as it should be.
pub fn symbols(btf: &[u8]) -> impl Iterator<Item = Cow<'_, str>> {
    let (mut types, names) = sections(btf).unwrap_or_default();
    std::iter::from_fn(move || {
        let (name, info) = (word(types, 0)?, word(types, 1)?);
        let (kind, count) = (info >> 24 & 0x1f, info & 0xffff);
        types = types.get(TYPE_BYTES + member_bytes(kind, count as usize)?..)?;
        Some(symbol(kind, || text(names, name as usize)))
    })
    .flatten()
}

fn sections(btf: &[u8]) -> Option<(&[u8], &[u8])> {
    let magic = u16::from_le_bytes(*btf.first_chunk()?);
    let [header, types_at, types_bytes, names_at, names_bytes] = {
        let mut words = (1..HEADER_WORDS).map(|index| Some(word(btf, index)? as usize));
        [words.next()??, words.next()??, words.next()??, words.next()??, words.next()??]
    };
    let body = btf.get(header..).filter(|_| magic == MAGIC)?;
    let part = |at: usize, bytes: usize| body.get(at..at.checked_add(bytes)?);
    Some((part(types_at, types_bytes)?, part(names_at, names_bytes)?))
}

/// Bytes that follow a type's header, by its kind. `None` for a kind that is not known, behind which
/// nothing can be read.
fn member_bytes(kind: u32, count: usize) -> Option<usize> {
    match kind {
        // Integer, variable, declaration tag.
        1 | 14 | 17 => Some(4),
        // Array.
        3 => Some(12),
        // Structure, union, data section, enumeration of 64 bits.
        4 | 5 | 15 | 19 => Some(12 * count),
        // Enumeration, function prototype.
        6 | 13 => Some(8 * count),
        // Pointer, forward, typedef, qualifiers, function, float, type tag.
        2 | 7..=12 | 16 | 18 => Some(0),
        _ => None,
    }
}

fn symbol<'a>(kind: u32, name: impl Fn() -> Option<&'a str>) -> Option<Cow<'a, str>> {
    const TYPEDEF: u32 = 8;
    const FUNCTION: u32 = 12;
    const VARIABLE: u32 = 14;
    match kind {
        FUNCTION | VARIABLE => name().map(Cow::Borrowed),
        TYPEDEF => {
            let tracepoint = name()?.strip_prefix(TRACEPOINT_TYPE)?;
            Some(Cow::Owned(format!("{TRACEPOINT}{tracepoint}")))
        }
        _ => None,
    }
}

fn word(bytes: &[u8], index: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(index * 4..)?.first_chunk()?))
}

fn text(names: &[u8], at: usize) -> Option<&str> {
    std::str::from_utf8(names.get(at..)?.split(|byte| *byte == 0).next()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn length(bytes: &[u8]) -> u32 {
        u32::try_from(bytes.len()).expect("small")
    }

    /// BTF of these types: name, kind, members, bytes that follow.
    fn btf(types: &[(&str, u32, u32, usize)]) -> Vec<u8> {
        let (mut body, mut names) = (Vec::new(), vec![0]);
        for (name, kind, count, follow) in types {
            for word in [length(&names), kind << 24 | count, 0] {
                body.extend(word.to_le_bytes());
            }
            body.extend(vec![0xff; *follow]);
            names.extend(name.bytes().chain([0]));
        }
        let mut btf = vec![0x9f, 0xeb, 1, 0];
        for word in [24, 0, length(&body), length(&body), length(&names)] {
            btf.extend(word.to_le_bytes());
        }
        [btf, body, names].concat()
    }

    #[test]
    fn functions_variables_and_tracepoints_are_named_and_nothing_else() {
        let btf = btf(&[
            ("int", 1, 0, 4),
            ("task_struct", 4, 2, 24),
            ("do_unlinkat", 12, 1, 0),
            ("states", 6, 3, 24),
            ("btf_trace_sched_switch", 8, 0, 0),
            ("u32", 8, 0, 0),
            ("runqueues", 14, 0, 4),
            ("tomorrow", 30, 0, 0),
            ("behind_what_is_not_known", 12, 0, 0),
        ]);
        let names: Vec<_> = symbols(&btf).collect();
        assert_eq!(names, ["do_unlinkat", "__tracepoint_sched_switch", "runqueues"]);
    }

    proptest! {
        #[test]
        fn damage_is_survived(cut in 0usize..200, at in 0usize..200, byte: u8) {
            let mut btf = btf(&[("int", 1, 0, 4), ("task_struct", 4, 2, 24), ("do_unlinkat", 12, 1, 0)]);
            btf.truncate(cut);
            if let Some(place) = btf.get_mut(at) {
                *place = byte;
            }
            prop_assert!(symbols(&btf).count() <= 200);
        }
    }
}
