//! What this process, and those it starts, may do.

use super::last_errno;
use domain::errno::Errno;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// Sets of 64 capabilities, in two halves (`_LINUX_CAPABILITY_VERSION_3` of linux/capability.h).
const VERSION: u32 = 0x2008_0522;
/// Capabilities in a set; the kernel says where those it knows end.
const CAPABILITIES_MAX: u32 = 64;

#[repr(C)]
struct Header {
    version: u32,
    process: i32,
}

#[derive(Clone, Copy, Default)]
#[repr(C)]
struct Half {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// The capabilities in effect, a bit for each number.
pub(crate) fn effective() -> Result<u64, Errno> {
    let [low, high] = sets()?;
    Ok(u64::from(high.effective) << 32 | u64::from(low.effective))
}

/// Puts those permitted capabilities into effect that are in `mask`, and no other. What is permitted stays so,
/// and with it the way back.
pub(crate) fn put_into_effect(mask: u64) -> Result<(), Errno> {
    let mut halves = sets()?;
    for (half, shift) in halves.iter_mut().zip([0, 32]) {
        half.effective = half.permitted & u32::try_from(mask >> shift & 0xffff_ffff).unwrap_or(0);
    }
    let header = Header { version: VERSION, process: 0 };
    // SAFETY: the kernel reads one header and, in this version, two halves.
    let result = unsafe { libc::syscall(libc::SYS_capset, &raw const header, halves.as_ptr()) };
    if result < 0 { Err(last_errno()) } else { Ok(()) }
}

fn sets() -> Result<[Half; 2], Errno> {
    let header = Header { version: VERSION, process: 0 };
    let mut halves = [Half::default(); 2];
    // SAFETY: the kernel reads one header and writes, in this version, two halves.
    let result = unsafe { libc::syscall(libc::SYS_capget, &raw const header, halves.as_mut_ptr()) };
    if result < 0 { Err(last_errno()) } else { Ok(halves) }
}

/// Has the command run without the capabilities that are not in `kept`, and with at most `memlock` bytes of
/// locked memory. As user 0 it gets back all that are left to it when it is executed, and no other.
pub(crate) fn confine(command: &mut Command, kept: u64, memlock: libc::rlimit) {
    let confine = move || {
        // SAFETY: the kernel reads one limit.
        if unsafe { libc::setrlimit(libc::RLIMIT_MEMLOCK, &raw const memlock) } < 0 {
            return Err(io::Error::last_os_error());
        }
        for number in (0..CAPABILITIES_MAX).filter(|number| kept >> number & 1 == 0) {
            // SAFETY: this request takes numbers only.
            if unsafe { libc::prctl(libc::PR_CAPBSET_DROP, libc::c_ulong::from(number), 0, 0, 0) } < 0 {
                let error = io::Error::last_os_error();
                // The kernel knows no more capabilities.
                return if error.raw_os_error() == Some(libc::EINVAL) { Ok(()) } else { Err(error) };
            }
        }
        Ok(())
    };
    // SAFETY: between fork and exec it makes system calls and allocates nothing.
    unsafe { command.pre_exec(confine) };
}
