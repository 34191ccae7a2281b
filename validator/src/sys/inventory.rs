//! What BPF programs and maps the kernel holds, whoever loaded them.

use super::libbpf::{self, check, text};
use domain::command::Found;
use domain::errno::Errno;
use libbpf_sys as raw;
use std::collections::BTreeMap;
use std::ffi::c_int;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// Objects looked at. More than a guest can hold in use.
const LOOKED_AT_MAX: usize = 65_536;

/// Programs and maps by kind and number; numbers are never used twice.
pub(crate) type Inventory = BTreeMap<(&'static str, u32), Found>;

/// Everything there is; an error where the caller may not know.
pub(crate) fn take() -> Result<Inventory, Errno> {
    let programs = each(raw::bpf_prog_get_next_id, raw::bpf_prog_get_fd_by_id, program)?;
    let maps = each(raw::bpf_map_get_next_id, raw::bpf_map_get_fd_by_id, map)?;
    let programs = programs.into_iter().map(|(id, found)| (("program", id), found));
    Ok(programs.chain(maps.into_iter().map(|(id, found)| (("map", id), found))).collect())
}

fn each(
    next: unsafe extern "C" fn(u32, *mut u32) -> c_int,
    open: unsafe extern "C" fn(u32) -> c_int,
    describe: fn(&OwnedFd) -> Option<Found>,
) -> Result<Vec<(u32, Found)>, Errno> {
    let (mut all, mut id) = (Vec::new(), 0);
    while all.len() < LOOKED_AT_MAX {
        // SAFETY: the kernel writes one number.
        match check(unsafe { next(id, &raw mut id) }) {
            Ok(()) => {}
            Err(Errno::ENOENT) => break,
            Err(errno) => return Err(errno),
        }
        // SAFETY: takes a number only.
        let fd = unsafe { open(id) };
        if fd < 0 {
            // It went away in between.
            continue;
        }
        // SAFETY: the descriptor was just opened and belongs to nobody else.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        all.extend(describe(&fd).map(|found| (id, found)));
    }
    Ok(all)
}

fn program(fd: &OwnedFd) -> Option<Found> {
    let mut info = raw::bpf_prog_info::default();
    let mut size = u32::try_from(size_of::<raw::bpf_prog_info>()).ok()?;
    // SAFETY: the kernel writes at most `size` bytes into `info`, whose pointers are all null.
    check(unsafe { raw::bpf_prog_get_info_by_fd(fd.as_raw_fd(), &raw mut info, &raw mut size) }).ok()?;
    let kind = libbpf::program_type_name(info.type_).unwrap_or_else(|| info.type_.to_string());
    // SAFETY: the kernel ends names with NUL.
    Some(Found { what: "program".to_owned(), name: unsafe { text(info.name.as_ptr()) }, kind })
}

fn map(fd: &OwnedFd) -> Option<Found> {
    let mut info = raw::bpf_map_info::default();
    let mut size = u32::try_from(size_of::<raw::bpf_map_info>()).ok()?;
    // SAFETY: the kernel writes at most `size` bytes into `info`.
    check(unsafe { raw::bpf_map_get_info_by_fd(fd.as_raw_fd(), &raw mut info, &raw mut size) }).ok()?;
    let kind = libbpf::map_type_name(info.type_).unwrap_or_else(|| info.type_.to_string());
    // SAFETY: the kernel ends names with NUL.
    Some(Found { what: "map".to_owned(), name: unsafe { text(info.name.as_ptr()) }, kind })
}
