//! Iterators: attached, opened and read once.

use super::{Attempt, way_of};
use crate::sys::attach;
use crate::sys::libbpf::Program;
use domain::errno::Errno;
use std::fs::File;
use std::io::Read;

/// Bytes asked of an iterator: enough to make it run, whatever it prints.
const READ_BYTES: usize = 64 * 1024;

/// Iterators that walk something their own loader names when it attaches them.
const PARAMETRIC: [&str; 3] = ["bpf_map_elem", "bpf_sk_storage_map", "cgroup"];

pub(super) fn attach(program: Program<'_>, target: &str) -> Attempt {
    if target.is_empty() {
        return Attempt::skipped(target, "the section names no target");
    }
    if PARAMETRIC.contains(&target) {
        return Attempt::skipped(target, "its own loader names what is walked");
    }
    let link = match attach::by_section(program) {
        Ok(link) => link,
        Err(errno) => return Attempt::failed(target, "iter link", errno),
    };
    let read = link.iterate().and_then(|fd| {
        File::from(fd)
            .read(&mut vec![0; READ_BYTES])
            .map_err(|error| Errno(error.raw_os_error().unwrap_or(Errno::EINVAL.0)))
    });
    match read {
        Ok(bytes) => Attempt::attached(target, &format!("{}, {bytes} bytes read", way_of(&link))),
        Err(errno) => Attempt::failed(target, "reading the iterator", errno),
    }
}
