//! The program with which libbpf asks before every load whether the kernel takes programs at all.
//!
//! The answer is the same for every object, so it is asked once. The linker (`build.rs`) leads
//! libbpf's loads of programs here, and the one that only asks gets another descriptor of the program
//! that answered before.

use libbpf_sys as raw;
use std::ffi::{c_char, c_int};
use std::sync::atomic::{AtomicI32, Ordering};

/// The loaded program, or a negative number until there is one.
static LOADED: AtomicI32 = AtomicI32::new(-1);

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

#[unsafe(no_mangle)]
extern "C" fn __wrap_bpf_prog_load(
    kind: raw::bpf_prog_type,
    name: *const c_char,
    license: *const c_char,
    instructions: *const raw::bpf_insn,
    count: raw::size_t,
    options: *mut raw::bpf_prog_load_opts,
) -> c_int {
    let loaded = LOADED.load(Ordering::Acquire);
    // An object's own program has a name.
    if loaded >= 0 && kind == raw::BPF_PROG_TYPE_SOCKET_FILTER && name.is_null() && count == 2 {
        // SAFETY: takes numbers only.
        return unsafe { libc::fcntl(loaded, libc::F_DUPFD_CLOEXEC, 3) };
    }
    // SAFETY: the caller's own arguments.
    unsafe { __real_bpf_prog_load(kind, name, license, instructions, count, options) }
}

/// Loads it, for every object to come. A kernel that refuses is asked again by libbpf.
pub(crate) fn load() {
    // `r0 = 0; exit`
    let instructions = [0xb7, 0x95].map(|code| raw::bpf_insn { code, ..Default::default() });
    // SAFETY: libbpf reads the license and the instructions during the call; no name and no options.
    let loaded = unsafe {
        raw::bpf_prog_load(
            raw::BPF_PROG_TYPE_SOCKET_FILTER,
            std::ptr::null(),
            c"GPL".as_ptr(),
            instructions.as_ptr(),
            2,
            std::ptr::null_mut(),
        )
    };
    LOADED.store(loaded, Ordering::Release);
}
