//! The names in a kernel's description of its own types.
//!
//! In: raw BTF, as in `/sys/kernel/btf/vmlinux`, hostile until parsed. Out: the kernel symbols it
//! tells of, or every name by which a kernel tells what it offers. Deliberately absent: the types themselves.

use crate::module::TRACEPOINT;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

/// `struct btf_header` of `linux/btf.h`: magic, version, flags, its own length, then offset and
/// length of types and of strings, counted from its end.
const MAGIC: u16 = 0xeb9f;
const HEADER_WORDS: usize = 6;
/// `struct btf_type`: name, info, size or type.
const TYPE_BYTES: usize = 12;
/// The start of the type by which a tracepoint is known.
const TRACEPOINT_TYPE: &str = "btf_trace_";

/// The kinds of types that are told apart here, from `linux/btf.h`.
const STRUCT: u32 = 4;
const ENUM: u32 = 6;
const TYPEDEF: u32 = 8;
const FUNCTION: u32 = 12;
const VARIABLE: u32 = 14;
const ENUM64: u32 = 19;

/// Names of the functions, variables and tracepoints (as their symbols `__tracepoint_NAME`) that the
/// BTF describes. They end at the first byte that is not as it should be.
pub fn symbols(btf: &[u8]) -> impl Iterator<Item = Cow<'_, str>> {
    types(btf).filter_map(|one| one.symbol())
}

/// The names by which a kernel tells what it offers to programs.
#[derive(Debug, Default)]
pub struct Names<'a> {
    /// Functions.
    pub functions: HashSet<&'a str>,
    /// Tracepoints.
    pub tracepoints: HashSet<&'a str>,
    /// Structs.
    pub structs: HashSet<&'a str>,
    /// The members of enumerations and their values (the lower half of wide ones), by the enumeration's name,
    /// which is empty for those that have none.
    pub enumerations: BTreeMap<&'a str, Vec<(&'a str, u32)>>,
}

/// All of them, up to the first byte that is not as it should be.
pub fn names(btf: &[u8]) -> Names<'_> {
    let mut names = Names::default();
    for one in types(btf) {
        let Some(name) = one.name() else { continue };
        match one.kind {
            STRUCT => _ = names.structs.insert(name),
            FUNCTION => _ = names.functions.insert(name),
            TYPEDEF => names.tracepoints.extend(name.strip_prefix(TRACEPOINT_TYPE)),
            ENUM | ENUM64 => names.enumerations.entry(name).or_default().extend(one.enumerators()),
            _ => {}
        }
    }
    names
}

/// One type: its name's place among all names, its kind, and what follows its header.
struct Type<'a> {
    name_at: u32,
    kind: u32,
    members: &'a [u8],
    names: &'a [u8],
}

fn types(btf: &[u8]) -> impl Iterator<Item = Type<'_>> {
    let (mut types, names) = sections(btf).unwrap_or_default();
    std::iter::from_fn(move || {
        let (name_at, info) = (word(types, 0)?, word(types, 1)?);
        let (kind, count) = (info >> 24 & 0x1f, info & 0xffff);
        let (one, rest) = types.split_at_checked(TYPE_BYTES + member_bytes(kind, count as usize)?)?;
        types = rest;
        Some(Type { name_at, kind, members: &one[TYPE_BYTES..], names })
    })
}

impl<'a> Type<'a> {
    fn name(&self) -> Option<&'a str> {
        text(self.names, self.name_at as usize)
    }

    fn symbol(&self) -> Option<Cow<'a, str>> {
        match self.kind {
            FUNCTION | VARIABLE => self.name().map(Cow::Borrowed),
            TYPEDEF => {
                let tracepoint = self.name()?.strip_prefix(TRACEPOINT_TYPE)?;
                Some(Cow::Owned(format!("{TRACEPOINT}{tracepoint}")))
            }
            _ => None,
        }
    }

    /// Of an enumeration: each has its name, and its value in one word or two.
    fn enumerators(&self) -> impl Iterator<Item = (&'a str, u32)> + use<'a> {
        let names = self.names;
        let each = if self.kind == ENUM64 { 12 } else { 8 };
        self.members
            .chunks_exact(each)
            .filter_map(move |member| Some((text(names, word(member, 0)? as usize)?, word(member, 1)?)))
    }
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
        let named = super::names(&btf);
        assert_eq!(named.functions, ["do_unlinkat"].into());
        assert_eq!(named.tracepoints, ["sched_switch"].into());
        assert_eq!(named.structs, ["task_struct"].into());
    }

    #[test]
    fn members_of_enumerations_have_values() {
        let mut btf = btf(&[("bpf_prog_type", 6, 2, 16), ("wide", 19, 1, 12), ("BPF_XDP", 6, 0, 0)]);
        let names = btf.len() - "\0bpf_prog_type\0wide\0BPF_XDP\0".len();
        let member = length(b"\0bpf_prog_type\0wide\0");
        for (at, value) in [(36, 6_u32), (44, 7), (64, 8)] {
            btf[at..at + 4].copy_from_slice(&member.to_le_bytes());
            btf[at + 4..at + 8].copy_from_slice(&value.to_le_bytes());
        }
        assert_eq!(names, 24 + 12 + 16 + 12 + 12 + 12);
        let enumerations = super::names(&btf).enumerations;
        assert_eq!(enumerations["bpf_prog_type"], [("BPF_XDP", 6), ("BPF_XDP", 7)]);
        assert_eq!(enumerations["wide"], [("BPF_XDP", 8)]);
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
            prop_assert!(super::names(&btf).functions.len() <= 200);
        }
    }
}
