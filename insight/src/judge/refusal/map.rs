//! Rules for a map that was not created.

use crate::judge::classify::Finding;
use crate::log::libbpf;
use domain::cause::CauseCode;
use domain::errno::Errno;
use domain::evidence::{KernelFacts, MapFact};

/// One map that the kernel refused.
pub(in crate::judge) struct Refusal<'a> {
    pub(in crate::judge) map: &'a MapFact,
    pub(in crate::judge) errno: Errno,
    pub(in crate::judge) facts: Option<&'a KernelFacts>,
    /// What was filled in for the object's loader.
    pub(in crate::judge) inferred: &'a [String],
    /// Flags without which the kernel created it.
    pub(in crate::judge) without_flags: Option<u32>,
    pub(in crate::judge) log: &'a str,
}

/// Map types whose size libbpf or the kernel chooses.
const SIZELESS: &[&str] = &[
    "perf_event_array",
    "sk_storage",
    "inode_storage",
    "task_storage",
    "cgrp_storage",
    "arena",
    "struct_ops",
];

pub(in crate::judge) fn no_memory(refusal: &Refusal<'_>) -> Option<Finding> {
    let Refusal { map, .. } = refusal;
    (refusal.errno == Errno::ENOMEM).then(|| {
        let says =
            format!("The guest had too little memory for map `{}` of {} entries.", map.name, map.max_entries);
        Finding::certain(CauseCode::GuestMemory, &map.name, says)
    })
}

/// E2BIG too: it is how old kernels refuse attributes that came with newer map types.
pub(in crate::judge) fn type_unknown(refusal: &Refusal<'_>) -> Option<Finding> {
    let Refusal { map, .. } = refusal;
    let known = refusal.facts.and_then(|facts| facts.map_types)?;
    (matches!(refusal.errno, Errno::EINVAL | Errno::E2BIG) && map.number >= known).then(|| {
        let says = format!(
            "This kernel does not know map type `{}` (number {}): it has the types below {known}.",
            map.kind, map.number
        );
        Finding::certain(CauseCode::MapTypeUnknown, &map.name, says)
    })
}

pub(in crate::judge) fn struct_ops_missing(refusal: &Refusal<'_>) -> Option<Finding> {
    let (name, line) =
        libbpf::missing_struct_ops(refusal.log).filter(|_| refusal.map.kind == "struct_ops")?;
    let says = format!("This kernel has no struct_ops interface `{name}`.");
    Some(Finding::certain(CauseCode::StructOpsMissing, name, says).on(line))
}

pub(in crate::judge) fn too_large(refusal: &Refusal<'_>) -> Option<Finding> {
    let Refusal { map, .. } = refusal;
    (refusal.errno == Errno::E2BIG).then(|| {
        let says = format!(
            "Map `{}` is larger than this kernel allows: {} entries of {} + {} bytes.",
            map.name, map.max_entries, map.key_bytes, map.value_bytes
        );
        Finding::certain(CauseCode::MapTooLarge, &map.name, says)
    })
}

/// Flags of `BPF_MAP_CREATE` by their bits (`linux/bpf.h` of 7.3).
const FLAGS: [&str; 20] = [
    "BPF_F_NO_PREALLOC",
    "BPF_F_NO_COMMON_LRU",
    "BPF_F_NUMA_NODE",
    "BPF_F_RDONLY",
    "BPF_F_WRONLY",
    "BPF_F_STACK_BUILD_ID",
    "BPF_F_ZERO_SEED",
    "BPF_F_RDONLY_PROG",
    "BPF_F_WRONLY_PROG",
    "BPF_F_CLONE",
    "BPF_F_MMAPABLE",
    "BPF_F_PRESERVE_ELEMS",
    "BPF_F_INNER_MAP",
    "BPF_F_LINK",
    "BPF_F_PATH_FD",
    "BPF_F_VTYPE_BTF_OBJ_FD",
    "BPF_F_TOKEN_FD",
    "BPF_F_SEGV_ON_FAULT",
    "BPF_F_NO_USER_CONV",
    "BPF_F_RB_OVERWRITE",
];

/// Proven by the kernel: it creates the map without.
pub(in crate::judge) fn flag_refused(refusal: &Refusal<'_>) -> Option<Finding> {
    let Refusal { map, .. } = refusal;
    let dropped = refusal.without_flags?;
    let bits = (0..u32::BITS).filter(|bit| dropped & (1 << bit) != 0);
    let name = |bit: u32| {
        let known = usize::try_from(bit).ok().and_then(|bit| FLAGS.get(bit));
        known.map_or_else(|| format!("{:#x}", 1_u32 << bit), |name| (*name).to_owned())
    };
    let names = bits.map(name).collect::<Vec<_>>().join(" | ");
    let says = format!(
        "This kernel creates no map of type `{}` with {names}: it refused map `{}` ({}) and created it without.",
        map.kind, map.name, refusal.errno
    );
    Some(Finding::certain(CauseCode::MapFlagRefused, &names, says))
}

pub(in crate::judge) fn inner_map_missing(refusal: &Refusal<'_>) -> Option<Finding> {
    let Refusal { map, .. } = refusal;
    let of_maps = map.kind == "array_of_maps" || map.kind == "hash_of_maps";
    let told = inferred(refusal).any(|sentence| sentence.contains(" holds maps "));
    (of_maps && refusal.errno == Errno::EINVAL && !told).then(|| {
        let says =
            format!("Map `{}` holds maps and declares no inner map; its own loader sets one.", map.name);
        Finding::likely(CauseCode::LoaderContract, &map.name, says)
    })
}

pub(in crate::judge) fn size_missing(refusal: &Refusal<'_>) -> Option<Finding> {
    let Refusal { map, .. } = refusal;
    let sized = map.max_entries > 0 || SIZELESS.contains(&map.kind.as_str());
    (!sized && refusal.errno == Errno::EINVAL && inferred(refusal).next().is_none()).then(|| {
        let says = format!("Map `{}` declares no size; its own loader sets one.", map.name);
        Finding::likely(CauseCode::LoaderContract, &map.name, says)
    })
}

pub(in crate::judge) fn refused(refusal: &Refusal<'_>) -> Finding {
    let Refusal { map, errno, .. } = refusal;
    let says = format!(
        "This kernel refused map `{}` ({errno}): type `{}` with {} entries of {} + {} bytes, its flags, or \
         the type is switched off in this build.",
        map.name, map.kind, map.max_entries, map.key_bytes, map.value_bytes
    );
    let types = refusal.facts.and_then(|facts| facts.map_types);
    match types {
        Some(_) => Finding::certain(CauseCode::MapRefused, &map.name, says),
        None => Finding::likely(CauseCode::MapRefused, &map.name, says),
    }
}

/// What the validator set for the map because the object does not: a size, or a prototype of what it holds.
fn inferred<'a>(refusal: &'a Refusal<'_>) -> impl Iterator<Item = &'a String> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let of_map =
        move |sentence: &&String| sentence.split(|c| !is_name(c)).any(|word| word == refusal.map.name);
    refusal.inferred.iter().filter(of_map)
}
