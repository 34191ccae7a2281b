//! libbpf's loads of programs on their way to the kernel.
//!
//! The first who has something to do with one answers: [`trivial`] knows one already, [`counts`] has the
//! verifier tell what it counted. What neither answers goes to the kernel as libbpf wants it.

use super::{counts, trivial};
use libbpf_sys as raw;
use std::ffi::{c_char, c_int};

unsafe extern "C" {
    fn __real_bpf_prog_load(
        kind: raw::bpf_prog_type,
        name: *const c_char,
        license: *const c_char,
        instructions: *const raw::bpf_insn,
        count: raw::size_t,
        options: *mut raw::bpf_prog_load_opts,
    ) -> c_int;
}

/// The arguments of one load. They are libbpf's and live while it waits for the result.
#[derive(Debug)]
pub(super) struct ProgramLoad {
    pub(super) kind: raw::bpf_prog_type,
    /// Null for what libbpf only tries out.
    pub(super) name: *const c_char,
    license: *const c_char,
    instructions: *const raw::bpf_insn,
    pub(super) count: raw::size_t,
    /// Null for none.
    pub(super) options: *mut raw::bpf_prog_load_opts,
}

impl ProgramLoad {
    /// The operation of the first instruction.
    pub(super) fn first_code(&self) -> Option<u8> {
        // SAFETY: libbpf's own instructions, of which there are `count`.
        (self.count > 0).then(|| unsafe { (*self.instructions).code })
    }

    /// Asks the kernel: a descriptor, or a negative error number that is also left in `errno`.
    pub(super) fn ask(&self) -> c_int {
        // SAFETY: libbpf's own arguments, of which the options may have been given a buffer that lives
        // as long.
        unsafe {
            __real_bpf_prog_load(
                self.kind,
                self.name,
                self.license,
                self.instructions,
                self.count,
                self.options,
            )
        }
    }
}

#[unsafe(no_mangle)]
extern "C" fn __wrap_bpf_prog_load(
    kind: raw::bpf_prog_type,
    name: *const c_char,
    license: *const c_char,
    instructions: *const raw::bpf_insn,
    count: raw::size_t,
    options: *mut raw::bpf_prog_load_opts,
) -> c_int {
    let load = ProgramLoad { kind, name, license, instructions, count, options };
    trivial::known(&load).or_else(|| counts::counted(&load)).unwrap_or_else(|| load.ask())
}
