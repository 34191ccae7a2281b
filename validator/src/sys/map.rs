//! Maps of the validator's own, and programs attached through an entry or to a whole map.

use super::delegation::with_token;
use super::libbpf::{Map, Program, check, number};
use super::{last_errno, size_field};
use domain::errno::Errno;
use libbpf_sys as raw;
use std::ffi::c_void;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};

/// Creates a map with keys of four bytes and one entry.
pub(crate) fn create(kind: raw::bpf_map_type, value_bytes: u32) -> Result<OwnedFd, Errno> {
    let options = with_token(raw::bpf_map_create_opts {
        sz: size_field::<raw::bpf_map_create_opts>(),
        ..Default::default()
    });
    // SAFETY: no name, and libbpf reads the options during the call.
    let fd = unsafe { raw::bpf_map_create(kind, std::ptr::null(), 4, value_bytes, 1, &raw const options) };
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

/// Most keys that are counted. More than any check should ask about.
pub(crate) const KEYS_MAX: u64 = 1 << 20;

/// The value at a key; for maps with a value for each processor all of them, one behind the other.
pub(crate) fn value(map: Map<'_>, key: &[u8], bytes: usize) -> Result<Vec<u8>, Errno> {
    let mut value = vec![0; bytes];
    let size = |bytes: usize| raw::size_t::try_from(bytes).map_err(|_| Errno::EINVAL);
    // SAFETY: libbpf compares both sizes with the map's before it passes the pointers on.
    check(unsafe {
        raw::bpf_map__lookup_elem(
            map.as_ptr(),
            key.as_ptr().cast::<c_void>(),
            size(key.len())?,
            value.as_mut_ptr().cast::<c_void>(),
            size(bytes)?,
            0,
        )
    })?;
    Ok(value)
}

/// How many keys a map has; `None` if there are more than [`KEYS_MAX`].
pub(crate) fn count_keys(map: Map<'_>) -> Result<Option<u64>, Errno> {
    let bytes = usize::try_from(map.key_bytes()).map_err(|_| Errno::EINVAL)?;
    let size = raw::size_t::try_from(bytes).map_err(|_| Errno::EINVAL)?;
    let (mut last, mut next) = (vec![0_u8; bytes], vec![0_u8; bytes]);
    let mut current: *const c_void = std::ptr::null();
    for count in 0..KEYS_MAX {
        // SAFETY: null or a key that was read before; the next one has the size the map has.
        let result = unsafe {
            raw::bpf_map__get_next_key(map.as_ptr(), current, next.as_mut_ptr().cast::<c_void>(), size)
        };
        match check(result) {
            Ok(()) => {}
            Err(Errno::ENOENT) => return Ok(Some(count)),
            Err(errno) => return Err(errno),
        }
        std::mem::swap(&mut last, &mut next);
        current = last.as_ptr().cast::<c_void>();
    }
    Ok(None)
}
