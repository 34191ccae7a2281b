//! Sizes of maps that their loader sets, inferred.
//!
//! Objects leave sizes at 0 where their loader computes them at run time (from the number of CPUs,
//! from its flags). The kernel refuses such maps, which says nothing about the object, so a size of
//! 0 is replaced where 0 can only mean "set later". Every replacement is recorded.

use crate::sys::libbpf::{self, Map};
use domain::errno::Errno;
use libbpf_sys as raw;

/// Entries of a map whose loader would have chosen: room for real use, little memory.
const ENTRIES: u32 = 4096;
/// Bytes of a ring buffer whose loader would have chosen: a power of two and whole pages.
pub(super) const RING_BYTES: u32 = 256 * 1024;

/// Bytes of a stack whose loader would have chosen: the kernel's default depth of 127 frames
/// (`kernel.perf_event_max_stack`) of 8 bytes.
const STACK_BYTES: u32 = 127 * 8;

/// Replaces sizes of 0 that nobody declared and says so, one sentence each.
pub(super) fn infer(map: Map<'_>) -> Result<Vec<String>, Errno> {
    let mut inferred = Vec::new();
    if map.max_entries() == 0
        && let Some(entries) = entries_for(map.number(), libbpf::possible_cpus().unwrap_or(1))
    {
        map.set_max_entries(entries)?;
        inferred.push(sentence(map, "entries", entries));
    }
    if map.value_bytes() == 0 && map.number() == raw::BPF_MAP_TYPE_STACK_TRACE {
        map.set_value_bytes(STACK_BYTES)?;
        inferred.push(sentence(map, "bytes a value", STACK_BYTES));
    }
    Ok(inferred)
}

fn sentence(map: Map<'_>, what: &str, used: u32) -> String {
    format!("map `{}` asks for 0 {what}, as its loader sets them; {used} were used", map.name())
}

/// Entries for a map type where 0 is refused by the kernel and not filled in by libbpf. `None` for
/// the storage maps, where 0 is right, for perf event arrays, which libbpf sizes, and for kinds
/// whose size has a meaning no guess can have.
fn entries_for(number: u32, cpus: u32) -> Option<u32> {
    match number {
        raw::BPF_MAP_TYPE_HASH
        | raw::BPF_MAP_TYPE_ARRAY
        | raw::BPF_MAP_TYPE_PROG_ARRAY
        | raw::BPF_MAP_TYPE_PERCPU_HASH
        | raw::BPF_MAP_TYPE_PERCPU_ARRAY
        | raw::BPF_MAP_TYPE_STACK_TRACE
        | raw::BPF_MAP_TYPE_CGROUP_ARRAY
        | raw::BPF_MAP_TYPE_LRU_HASH
        | raw::BPF_MAP_TYPE_LRU_PERCPU_HASH
        | raw::BPF_MAP_TYPE_LPM_TRIE
        | raw::BPF_MAP_TYPE_ARRAY_OF_MAPS
        | raw::BPF_MAP_TYPE_HASH_OF_MAPS
        | raw::BPF_MAP_TYPE_DEVMAP
        | raw::BPF_MAP_TYPE_DEVMAP_HASH
        | raw::BPF_MAP_TYPE_SOCKMAP
        | raw::BPF_MAP_TYPE_SOCKHASH
        | raw::BPF_MAP_TYPE_XSKMAP
        | raw::BPF_MAP_TYPE_REUSEPORT_SOCKARRAY
        | raw::BPF_MAP_TYPE_QUEUE
        | raw::BPF_MAP_TYPE_STACK
        | raw::BPF_MAP_TYPE_BLOOM_FILTER => Some(ENTRIES),
        raw::BPF_MAP_TYPE_CPUMAP => Some(cpus),
        raw::BPF_MAP_TYPE_RINGBUF | raw::BPF_MAP_TYPE_USER_RINGBUF => Some(RING_BYTES),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sizes_that_a_loader_sets_are_inferred() {
        assert_eq!(entries_for(raw::BPF_MAP_TYPE_HASH, 1), Some(ENTRIES));
        assert_eq!(entries_for(raw::BPF_MAP_TYPE_CPUMAP, 3), Some(3));
        assert_eq!(entries_for(raw::BPF_MAP_TYPE_RINGBUF, 1), Some(RING_BYTES));
        for right_at_zero in [
            raw::BPF_MAP_TYPE_PERF_EVENT_ARRAY,
            raw::BPF_MAP_TYPE_TASK_STORAGE,
            raw::BPF_MAP_TYPE_SK_STORAGE,
            raw::BPF_MAP_TYPE_CGRP_STORAGE,
            raw::BPF_MAP_TYPE_CGROUP_STORAGE,
            raw::BPF_MAP_TYPE_STRUCT_OPS,
            9999,
        ] {
            assert_eq!(entries_for(right_at_zero, 1), None);
        }
    }

    #[test]
    fn a_ring_has_a_size_the_kernel_takes() {
        assert!(RING_BYTES.is_power_of_two() && RING_BYTES.is_multiple_of(4096));
    }
}
