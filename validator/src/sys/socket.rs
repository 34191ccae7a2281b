//! Programs attached to a socket by an option of it.

use super::last_errno;
use super::libbpf::Program;
use domain::errno::Errno;
use std::ffi::c_int;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Filters what the socket receives.
pub(crate) fn filter(socket: BorrowedFd<'_>, program: Program<'_>) -> Result<(), Errno> {
    set(socket, libc::SO_ATTACH_BPF, program.fd().ok_or(Errno::EINVAL)?)
}

/// Chooses among the sockets that share the port.
pub(crate) fn choose(socket: BorrowedFd<'_>, program: Program<'_>) -> Result<(), Errno> {
    set(socket, libc::SO_ATTACH_REUSEPORT_EBPF, program.fd().ok_or(Errno::EINVAL)?)
}

fn set(socket: BorrowedFd<'_>, option: c_int, value: c_int) -> Result<(), Errno> {
    let size = libc::socklen_t::try_from(size_of::<c_int>()).expect("an int is small");
    // SAFETY: the kernel reads one int during the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            option,
            (&raw const value).cast::<libc::c_void>(),
            size,
        )
    };
    if result < 0 { Err(last_errno()) } else { Ok(()) }
}
