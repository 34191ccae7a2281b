//! The smallest map that takes CAP_BPF and the smallest program there is: what a kernel gives to whoever may have
//! any. In a user namespace a thread has every capability by name, and the kernel asks for those of the first
//! namespace.
//!
//! Asked without libbpf, which tries out what a kernel can do when it is first used, and would remember for its
//! whole process that a kernel that refuses everything can do nothing.

use super::last_errno;
use domain::errno::Errno;
use libbpf_sys as raw;
use std::os::fd::{FromRawFd as _, OwnedFd};

/// A trie with one entry, which no kernel gives to who lacks CAP_BPF: arrays are anybody's where programs
/// without capabilities are allowed.
pub(crate) fn map() -> Result<OwnedFd, Errno> {
    let mut wanted = raw::bpf_attr::default();
    wanted.__bindgen_anon_1 = raw::bpf_attr__bindgen_ty_1 {
        map_type: raw::BPF_MAP_TYPE_LPM_TRIE,
        // The length of the prefix, and four bytes.
        key_size: 8,
        value_size: 4,
        max_entries: 1,
        map_flags: raw::BPF_F_NO_PREALLOC,
        ..Default::default()
    };
    ask(raw::BPF_MAP_CREATE, &wanted)
}

/// A socket filter of `r0 = 0; exit`.
pub(crate) fn program() -> Result<OwnedFd, Errno> {
    program_of(2)
}

/// A socket filter of so many instructions that does as little.
pub(crate) fn program_of(count: usize) -> Result<OwnedFd, Errno> {
    let mut instructions = vec![raw::bpf_insn { code: 0xb7, ..Default::default() }; count];
    if let Some(last) = instructions.last_mut() {
        last.code = 0x95;
    }
    let mut wanted = raw::bpf_attr::default();
    wanted.__bindgen_anon_3 = raw::bpf_attr__bindgen_ty_4 {
        prog_type: raw::BPF_PROG_TYPE_SOCKET_FILTER,
        insn_cnt: u32::try_from(count).map_err(|_| Errno(libc::E2BIG))?,
        insns: instructions.as_ptr() as u64,
        license: c"GPL".as_ptr() as u64,
        ..Default::default()
    };
    ask(raw::BPF_PROG_LOAD, &wanted)
}

fn ask(command: raw::bpf_cmd, wanted: &raw::bpf_attr) -> Result<OwnedFd, Errno> {
    // SAFETY: the kernel reads the union, and the instructions and the text it points to, during the call.
    let fd = unsafe {
        libc::syscall(libc::SYS_bpf, command, std::ptr::from_ref(wanted), size_of::<raw::bpf_attr>())
    };
    match i32::try_from(fd) {
        // SAFETY: the descriptor was just opened and belongs to nobody else.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(last_errno()),
    }
}
