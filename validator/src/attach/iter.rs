//! Iterators: attached, opened and read once.

use super::{Attempt, way_of};
use crate::mounts::CGROUP;
use crate::sys::attach::{self, Link, Walked};
use crate::sys::libbpf::{Map, Object, Program};
use domain::errno::Errno;
use libbpf_sys as raw;
use std::fs::File;
use std::io::Read;
use std::os::fd::AsFd;

/// Bytes asked of an iterator: enough to make it run, whatever it prints.
const READ_BYTES: usize = 64 * 1024;

/// Iterators over the entries of a map that is named when they are attached, and the kinds of map they take.
const OVER_A_MAP: [(&str, &[raw::bpf_map_type]); 3] = [
    (
        "bpf_map_elem",
        &[
            raw::BPF_MAP_TYPE_HASH,
            raw::BPF_MAP_TYPE_LRU_HASH,
            raw::BPF_MAP_TYPE_PERCPU_HASH,
            raw::BPF_MAP_TYPE_LRU_PERCPU_HASH,
            raw::BPF_MAP_TYPE_ARRAY,
            raw::BPF_MAP_TYPE_PERCPU_ARRAY,
        ],
    ),
    ("bpf_sk_storage_map", &[raw::BPF_MAP_TYPE_SK_STORAGE]),
    ("sockmap", &[raw::BPF_MAP_TYPE_SOCKMAP, raw::BPF_MAP_TYPE_SOCKHASH]),
];

pub(super) fn attach(object: &Object, program: Program<'_>, target: &str) -> Attempt {
    if target.is_empty() {
        return Attempt::skipped(target, "the section names no target");
    }
    if target == "cgroup" {
        return match File::open(CGROUP) {
            Ok(group) => read(target, attach::iterator(program, Walked::Group(group.as_fd()))),
            Err(error) => Attempt::skipped(target, &format!("the guest has no control group: {error}")),
        };
    }
    match OVER_A_MAP.iter().find(|(name, _)| *name == target) {
        Some((_, kinds)) => over_a_map(object, program, target, kinds),
        None => read(target, attach::by_section(program)),
    }
}

/// Walks the first of the object's own maps that the kernel lets this program walk: which one its loader
/// names is not known, and the kernel compares what the program reads with the map's sizes.
fn over_a_map(object: &Object, program: Program<'_>, target: &str, kinds: &[raw::bpf_map_type]) -> Attempt {
    let fits = |map: &Map<'_>| !map.is_internal() && kinds.contains(&map.number());
    let mut last =
        Attempt::skipped(target, "its loader names the map it walks, and the object has none of that kind");
    for map in object.maps().filter(fits) {
        let hook = format!("{target} of {}", map.name());
        last = read(&hook, attach::iterator(program, Walked::Map(map)));
        if last.held.is_some() {
            break;
        }
    }
    last
}

/// Reads what an attached iterator yields.
fn read(hook: &str, link: Result<Link, Errno>) -> Attempt {
    let link = match link {
        Ok(link) => link,
        Err(errno) => return Attempt::failed(hook, "iter link", errno),
    };
    let read = link.iterate().and_then(|fd| {
        File::from(fd)
            .read(&mut vec![0; READ_BYTES])
            .map_err(|error| Errno(error.raw_os_error().unwrap_or(Errno::EINVAL.0)))
    });
    match read {
        Ok(bytes) => Attempt::attached(hook, &format!("{}, {bytes} bytes read", way_of(&link))).holding(link),
        Err(errno) => Attempt::failed(hook, "reading the iterator", errno),
    }
}
