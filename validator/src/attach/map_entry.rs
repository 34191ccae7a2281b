//! XDP programs that run from the entry of a map that packets are redirected through.

use super::Attempt;
use crate::sys::libbpf::Program;
use crate::sys::map;
use libbpf_sys as raw;
use std::ffi::c_int;
use std::os::fd::AsFd;

/// Packets that may wait for the processor.
const QUEUE: u32 = 64;

/// Which kind of map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Cpu,
    Device,
}

pub(super) fn attach(program: Program<'_>, interface: c_int, kind: Kind) -> Attempt {
    let (hook, number, first) = match kind {
        Kind::Cpu => ("cpumap entry", raw::BPF_MAP_TYPE_CPUMAP, QUEUE),
        Kind::Device => ("devmap entry", raw::BPF_MAP_TYPE_DEVMAP, interface.unsigned_abs()),
    };
    let how = "map entry";
    // A descriptor and the number in front of it: 8 bytes.
    let map = match map::create(number, 8) {
        Ok(map) => map,
        Err(errno) => return Attempt::failed(hook, how, errno),
    };
    match map::set_entry(map.as_fd(), first, program) {
        Ok(()) => Attempt::attached(hook, how).holding(map),
        Err(errno) => Attempt::failed(hook, how, errno),
    }
}
