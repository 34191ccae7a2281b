//! Maps of the validator's own, and programs attached through an entry or to a whole map.

use super::last_errno;
use super::libbpf::{Program, check, number};
use domain::errno::Errno;
use libbpf_sys as raw;
use std::ffi::c_void;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};

/// Creates a map with keys of four bytes and one entry.
pub(crate) fn create(kind: raw::bpf_map_type, value_bytes: u32) -> Result<OwnedFd, Errno> {
    // SAFETY: no name and no options.
    let fd = unsafe { raw::bpf_map_create(kind, std::ptr::null(), 4, value_bytes, 1, std::ptr::null()) };
    check(fd)?;
    // SAFETY: the descriptor was just made and belongs to nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Makes the program part of the only entry of `map`, behind the number `first`: how values of cpumaps
/// (`struct bpf_cpumap_val`) and devmaps (`struct bpf_devmap_val`) are laid out.
pub(crate) fn set_entry(map: BorrowedFd<'_>, first: u32, program: Program<'_>) -> Result<(), Errno> {
    let key = 0_u32;
    let value = [first, program.descriptor()?];
    // SAFETY: the map has keys of 4 and values of 8 bytes, which the kernel reads during the call.
    check(unsafe {
        raw::bpf_map_update_elem(
            number(map),
            (&raw const key).cast::<c_void>(),
            (&raw const value).cast::<c_void>(),
            0,
        )
    })
}

/// A program attached to a map without a link.
#[derive(Debug)]
pub(crate) struct MapProgram {
    map: OwnedFd,
    program: i32,
    kind: raw::bpf_attach_type,
}

/// Attaches to a whole map, as kernels without socket map links do it.
pub(crate) fn attach(
    program: Program<'_>,
    map: OwnedFd,
    kind: raw::bpf_attach_type,
) -> Result<MapProgram, Errno> {
    let fd = program.fd().ok_or(Errno::EINVAL)?;
    // SAFETY: takes numbers only.
    if unsafe { raw::bpf_prog_attach(fd, number(map.as_fd()), kind, 0) } < 0 {
        return Err(last_errno());
    }
    Ok(MapProgram { map, program: fd, kind })
}

impl Drop for MapProgram {
    fn drop(&mut self) {
        // SAFETY: takes numbers only. Where the program is gone already, so is the attachment.
        unsafe { raw::bpf_prog_detach2(self.program, number(self.map.as_fd()), self.kind) };
    }
}
