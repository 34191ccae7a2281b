//! The program with which libbpf asks before every load whether the kernel takes programs at all.
//!
//! The answer is the same for every object, so it is asked once. The load that only asks gets another
//! descriptor of the program that answered before.

use super::program_load::ProgramLoad;
use libbpf_sys as raw;
use std::ffi::c_int;
use std::sync::atomic::{AtomicI32, Ordering};

/// The operations of `r0 = 0; exit`.
const INSTRUCTIONS: [u8; 2] = [0xb7, 0x95];

/// The loaded program, or a negative number until there is one.
static LOADED: AtomicI32 = AtomicI32::new(-1);

/// Another descriptor of the program, if that is what is to be loaded.
pub(super) fn known(load: &ProgramLoad) -> Option<c_int> {
    let loaded = LOADED.load(Ordering::Acquire);
    // An object's own program has a name, and a helper is looked for with a call in front.
    let asks = load.kind == raw::BPF_PROG_TYPE_SOCKET_FILTER
        && load.name.is_null()
        && load.count == 2
        && load.first_code() == Some(INSTRUCTIONS[0]);
    // SAFETY: takes numbers only.
    (loaded >= 0 && asks).then(|| unsafe { libc::fcntl(loaded, libc::F_DUPFD_CLOEXEC, 3) })
}

/// Loads it, for every object to come. A kernel that refuses is asked again by libbpf.
pub(crate) fn load() {
    let instructions = INSTRUCTIONS.map(|code| raw::bpf_insn { code, ..Default::default() });
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
