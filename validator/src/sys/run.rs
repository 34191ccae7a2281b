//! Running a loaded program once, without a hook (`BPF_PROG_TEST_RUN`).

use super::libbpf::{Program, check};
use super::size_field;
use domain::errno::Errno;
use libbpf_sys as raw;
use std::ffi::c_void;

/// Runs the program on `context`, which it may change, and yields what it returned.
pub(crate) fn once(program: Program<'_>, context: &mut [u8]) -> Result<u32, Errno> {
    let mut options = raw::bpf_test_run_opts {
        sz: size_field::<raw::bpf_test_run_opts>(),
        ctx_in: context.as_mut_ptr().cast::<c_void>(),
        ctx_size_in: u32::try_from(context.len()).map_err(|_| Errno::EINVAL)?,
        ..Default::default()
    };
    let fd = program.fd().ok_or(Errno::EINVAL)?;
    // SAFETY: the kernel reads the context, writes it back after a syscall program, and writes the options; both
    // are ours alone and outlive the call.
    check(unsafe { raw::bpf_prog_test_run_opts(fd, &raw mut options) })?;
    Ok(options.retval)
}
