//! A bpffs that hands the use of BPF on to a user namespace, as kernels from 6.9 can, and the token it gives.
//!
//! Two processes make it: whoever lives in the namespace opens the file system there and mounts it, and whoever
//! has all capabilities says in between what it delegates.

use super::last_errno;
use domain::errno::Errno;
use libbpf_sys as raw;
use std::ffi::{CStr, c_long};
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};
use std::sync::OnceLock;

/// Of linux/mount.h.
const FSCONFIG_SET_STRING: u32 = 1;
const FSCONFIG_CMD_CREATE: u32 = 6;
const MOVE_MOUNT_F_EMPTY_PATH: u32 = 4;

/// What a bpffs can delegate, all of it (`bpf_fs_parameters` in kernel/bpf/inode.c).
const DELEGATED: [&CStr; 4] = [c"delegate_cmds", c"delegate_maps", c"delegate_progs", c"delegate_attachs"];

/// A bpffs to be, of the user namespace of the caller.
pub(crate) fn open() -> Result<OwnedFd, Errno> {
    // SAFETY: the kernel reads the name.
    owned(unsafe { libc::syscall(libc::SYS_fsopen, c"bpf".as_ptr(), 0) })
}

/// Has it delegate everything.
pub(crate) fn delegate(context: BorrowedFd<'_>) -> Result<(), Errno> {
    let context = context.as_raw_fd();
    for key in DELEGATED {
        // SAFETY: the kernel reads the two texts.
        said(unsafe {
            libc::syscall(libc::SYS_fsconfig, context, FSCONFIG_SET_STRING, key.as_ptr(), c"any".as_ptr(), 0)
        })?;
    }
    Ok(())
}

/// Makes it.
pub(crate) fn create(context: BorrowedFd<'_>) -> Result<(), Errno> {
    let context = context.as_raw_fd();
    let nothing = std::ptr::null::<u8>();
    // SAFETY: this command takes neither key nor value.
    said(unsafe { libc::syscall(libc::SYS_fsconfig, context, FSCONFIG_CMD_CREATE, nothing, nothing, 0) })
}

/// Mounts one that was made over `place`.
pub(crate) fn mount(context: BorrowedFd<'_>, place: &CStr) -> Result<(), Errno> {
    // SAFETY: takes numbers only.
    let mount = owned(unsafe { libc::syscall(libc::SYS_fsmount, context.as_raw_fd(), 0, 0) })?;
    // SAFETY: the kernel reads two paths.
    said(unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            mount.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_FDCWD,
            place.as_ptr(),
            MOVE_MOUNT_F_EMPTY_PATH,
        )
    })
}

/// The token of this process, for maps that libbpf makes for no object; those of an object it gives one by
/// itself.
static TOKEN: OnceLock<OwnedFd> = OnceLock::new();

/// Takes a token from a bpffs of this namespace.
pub(crate) fn take_token(bpffs: BorrowedFd<'_>) -> Result<(), Errno> {
    // SAFETY: null options are allowed.
    let token = unsafe { raw::bpf_token_create(bpffs.as_raw_fd(), std::ptr::null_mut()) };
    let token = owned(token.into())?;
    TOKEN.get_or_init(|| token);
    Ok(())
}

/// Where libbpf takes the tokens of objects from. An empty path keeps it from looking for one, which the
/// guest's root does not need.
pub(super) fn token_place() -> &'static CStr {
    if TOKEN.get().is_some() { c"/sys/fs/bpf" } else { c"" }
}

/// The same options, with the token of this process if it has one.
pub(super) fn with_token(mut options: raw::bpf_map_create_opts) -> raw::bpf_map_create_opts {
    if let Some(token) = TOKEN.get() {
        options.map_flags |= raw::BPF_F_TOKEN_FD;
        options.token_fd = token.as_raw_fd().cast_unsigned();
    }
    options
}

/// Another process, as a descriptor.
pub(crate) fn process(id: u32) -> Result<OwnedFd, Errno> {
    // SAFETY: takes numbers only.
    owned(unsafe { libc::syscall(libc::SYS_pidfd_open, id, 0) })
}

/// A descriptor of another process, as one of this.
pub(crate) fn take(process: BorrowedFd<'_>, fd: RawFd) -> Result<OwnedFd, Errno> {
    // SAFETY: takes numbers only.
    owned(unsafe { libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), fd, 0) })
}

fn said(result: c_long) -> Result<(), Errno> {
    if result < 0 { Err(last_errno()) } else { Ok(()) }
}

fn owned(result: c_long) -> Result<OwnedFd, Errno> {
    said(result)?;
    let fd = RawFd::try_from(result).map_err(|_| Errno::EINVAL)?;
    // SAFETY: the descriptor was just opened and belongs to nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
