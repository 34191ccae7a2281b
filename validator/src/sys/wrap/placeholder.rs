//! The file that keeps a map's descriptor number until the map is made.
//!
//! libbpf makes an anonymous file in memory for each map and lets it go when the map takes its
//! number over, which costs as much as making the map. Any open file serves, so the system call that
//! makes such a file gets another descriptor of one that stays open.

use libc::{c_char, c_int, c_long};
use std::ffi::CStr;
use std::sync::atomic::{AtomicI32, Ordering};

/// What libbpf calls the file.
const NAME: &CStr = c"libbpf-placeholder-fd";

/// The file, or a negative number until there is one.
static FILE: AtomicI32 = AtomicI32::new(-1);

unsafe extern "C" {
    fn __real_syscall(number: c_long, ...) -> c_long;
}

/// As the C library's `syscall`, which takes as many arguments as the call has. Both calling
/// conventions of Linux guests pass those of a variadic function like any other's.
#[unsafe(no_mangle)]
extern "C" fn __wrap_syscall(
    number: c_long,
    one: c_long,
    two: c_long,
    three: c_long,
    four: c_long,
    five: c_long,
    six: c_long,
) -> c_long {
    let file = FILE.load(Ordering::Acquire);
    if number == libc::SYS_memfd_create && file >= 0 {
        // SAFETY: the first argument of this call is a string of its caller's.
        let name = unsafe { CStr::from_ptr(one as *const c_char) };
        if name == NAME {
            // SAFETY: takes numbers only.
            return unsafe { libc::fcntl(file, libc::F_DUPFD_CLOEXEC, 3) }.into();
        }
    }
    // SAFETY: the caller's own arguments; a call looks only at those it has.
    unsafe { __real_syscall(number, one, two, three, four, five, six) }
}

/// Makes the file, for every map to come.
pub(crate) fn make() {
    // SAFETY: the kernel reads the name during the call.
    let file = unsafe { __real_syscall(libc::SYS_memfd_create, NAME.as_ptr(), libc::MFD_CLOEXEC) };
    FILE.store(c_int::try_from(file).unwrap_or(-1), Ordering::Release);
}
