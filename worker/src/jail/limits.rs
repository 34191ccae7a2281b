//! Limits that hold on every host.

use nix::sys::resource::{Resource, setrlimit};
use std::io;

/// Open files of one QEMU; it uses about thirty.
const FILES_MAX: u64 = 256;

/// Threads of one QEMU; with one guest processor it has about five.
pub(super) const THREADS_MAX: u64 = 256;

/// Address space of one QEMU beyond its guest's memory: libraries, the stack of each thread and
/// the allocator's arenas are mapped far more generously than they are used.
const ADDRESS_SPACE_BYTES: u64 = 2 << 30;

/// Limits the calling process. It writes no file: its state goes to a pipe, its guest's memory to
/// a mapping. Threads are counted per user, so they are limited only where the user is its own.
pub(super) fn apply(guest_memory_bytes: u64, own_user: bool) -> io::Result<()> {
    for (resource, limit) in [
        (Resource::RLIMIT_AS, guest_memory_bytes + ADDRESS_SPACE_BYTES),
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_FSIZE, 0),
        (Resource::RLIMIT_MEMLOCK, 0),
        (Resource::RLIMIT_NOFILE, FILES_MAX),
    ] {
        setrlimit(resource, limit, limit)?;
    }
    if own_user {
        setrlimit(Resource::RLIMIT_NPROC, THREADS_MAX, THREADS_MAX)?;
    }
    Ok(())
}
