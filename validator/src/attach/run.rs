//! Programs without a hook, run once.

use super::Attempt;
use crate::sys::libbpf::Program;
use crate::sys::run;

/// The largest context a syscall program may be given, in bytes: the kernel takes 16 bits of size, and asks
/// for at least as much as the program may read.
const SYSCALL_BYTES: usize = 65_535;
/// As many arguments of 8 bytes as a raw tracepoint may have (`MAX_BPF_FUNC_ARGS`).
const TRACEPOINT_BYTES: usize = 12 * 8;

/// Runs a syscall program on a context of zeros.
pub(super) fn syscall(program: Program<'_>) -> Attempt {
    once(program, &mut vec![0; SYSCALL_BYTES])
}

/// Runs a raw tracepoint program whose section names no tracepoint on arguments of zero.
pub(super) fn tracepoint(program: Program<'_>) -> Attempt {
    once(program, &mut [0; TRACEPOINT_BYTES])
}

fn once(program: Program<'_>, context: &mut [u8]) -> Attempt {
    let hook = "run once";
    match run::once(program, context) {
        Ok(returned) => Attempt::attached(hook, &format!("test run, returned {}", returned.cast_signed())),
        Err(errno) => Attempt::failed(hook, "test run", errno),
    }
}
