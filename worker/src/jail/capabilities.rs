//! Giving up every capability.

use nix::errno::Errno;
use nix::libc;
use std::io;

/// Set and locked: no privileges for user 0, none kept, none ambient (linux/securebits.h).
const SECUREBITS: libc::c_ulong = 0xeb;

/// Sets of 64 capabilities, in two halves (linux/capability.h).
const CAPABILITY_VERSION: u32 = 0x2008_0522;

/// More than there are; the kernel says where they end.
const CAPABILITIES_MAX: libc::c_ulong = 64;

#[repr(C)]
struct Header {
    version: u32,
    process: i32,
}

#[repr(C)]
struct Half {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Empties the bounding set and locks the rule that user 0 is nobody special. A process that may
/// not has no capability to lose, and `no_new_privs` keeps it from gaining one.
pub(super) fn empty_bounding_set() -> io::Result<()> {
    for capability in 0..CAPABILITIES_MAX {
        match control(libc::PR_CAPBSET_DROP, capability) {
            Err(Errno::EINVAL | Errno::EPERM) => break,
            other => other?,
        }
    }
    match control(libc::PR_SET_SECUREBITS, SECUREBITS) {
        Err(Errno::EPERM) => Ok(()),
        other => Ok(other?),
    }
}

/// Empties the effective, permitted and inheritable sets, and with them the ambient one.
pub(super) fn empty() -> io::Result<()> {
    let header = Header { version: CAPABILITY_VERSION, process: 0 };
    let nothing = [const { Half { effective: 0, permitted: 0, inheritable: 0 } }; 2];
    // SAFETY: the kernel reads one header and, in this version, two halves.
    #[allow(unsafe_code, reason = "nix does not know this system call")]
    let result = unsafe { libc::syscall(libc::SYS_capset, &raw const header, nothing.as_ptr()) };
    Ok(Errno::result(result).map(drop)?)
}

fn control(request: libc::c_int, value: libc::c_ulong) -> Result<(), Errno> {
    // SAFETY: both requests take numbers only.
    #[allow(unsafe_code, reason = "nix does not know these requests")]
    Errno::result(unsafe { libc::prctl(request, value, 0, 0, 0) }).map(drop)
}
