//! What the verifier counted while it looked at a program.
//!
//! libbpf asks the kernel without a log first and asks again with one only after a refusal. Nothing in a
//! verifier's walk depends on whether it counts, so the first question is put with a log of nothing but
//! the counts (and, after a refusal, the words of it). libbpf gets the result and sees nothing else: its
//! second question, its log and its words stay as they are.

use super::program_load::ProgramLoad;
use bpfcompat_validator::first_process::{keep_counts, memory_peak};
use std::ffi::{CStr, c_int};
use std::sync::{Mutex, PoisonError};

/// `BPF_LOG_STATS` of the kernel's `include/linux/bpf_verifier.h`, since 5.2; part of no header for
/// programs.
const LOG_STATS: u32 = 4;
/// Room for the log. The counts take some 200 bytes and, from 7.3 on, 80 for each of at most 256
/// subprograms; remarks and the report of a refusal take a few thousand. The kernel touches only what it
/// fills.
const LOG_BYTES: usize = 64 * 1024;
/// How the counts begin, in every kernel that has them.
const BEGINNING: &[u8] = b"verification time ";

static LOG: Mutex<[u8; LOG_BYTES]> = Mutex::new([0; LOG_BYTES]);

/// The result of a load for which libbpf wants no log, made with the counts; `None` for another load and
/// where the log did not fit: old kernels refuse a program for that.
pub(super) fn counted(load: &ProgramLoad) -> Option<c_int> {
    // SAFETY: null or libbpf's options, which nobody else looks at during the load.
    let options = unsafe { load.options.as_mut() }?;
    if load.name.is_null() || options.log_level != 0 || !options.log_buf.is_null() {
        return None;
    }
    let mut log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
    log[0] = 0;
    options.log_level = LOG_STATS;
    options.log_buf = log.as_mut_ptr().cast();
    options.log_size = u32::try_from(LOG_BYTES).expect("it fits 32 bits");
    let (result, memory_peak_bytes) = memory_peak(|| load.ask());
    (options.log_level, options.log_buf, options.log_size) = (0, std::ptr::null_mut(), 0);
    if result == -libc::ENOSPC {
        return None;
    }
    if let Some(text) = counts(&log[..]) {
        // SAFETY: libbpf's name of the program, which lives as long as its object.
        let program = unsafe { CStr::from_ptr(load.name) };
        keep_counts(program.to_string_lossy().into_owned(), text, memory_peak_bytes);
    }
    if result < 0 {
        nix::errno::Errno::set_raw(-result);
    }
    Some(result)
}

/// The lines from the beginning of the counts to the end of a log, which a NUL ends.
fn counts(log: &[u8]) -> Option<String> {
    let end = log.iter().position(|byte| *byte == 0).unwrap_or(log.len());
    let text = &log[..end];
    let at = text.windows(BEGINNING.len()).rposition(|window| window == BEGINNING)?;
    Some(String::from_utf8_lossy(&text[at..]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::counts;

    #[test]
    fn the_counts_end_a_log() {
        let log = b"R0 !read_ok\nverification time 7 usec\nstack depth 0\nprocessed 2 insns\n\0old";
        let kept = "verification time 7 usec\nstack depth 0\nprocessed 2 insns\n";
        assert_eq!(counts(log).as_deref(), Some(kept));
        assert_eq!(counts(b"\0verification time 7 usec"), None, "what an earlier load left behind");
        assert_eq!(counts(b"no counts"), None);
    }
}
