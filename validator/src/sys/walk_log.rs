//! A load whose log shows each step of the verifier's walk, and the source lines of a program.

use super::libbpf::{Object, Program, check, text};
use domain::errno::Errno;
use libbpf_sys as raw;
use std::ffi::CStr;
use std::ptr::NonNull;

/// Room for a log, in bytes, of which only what is written takes memory: a quarter of a guest's. A step
/// takes about 100 bytes, on old kernels up to 400. Of a longer log kernels before 6.4 keep the
/// beginning and refuse the program, later ones keep the end.
const LOG_BYTES: usize = 256 * 1024 * 1024;
/// `BPF_LOG_LEVEL2` and `BPF_LOG_STATS` of the kernel's `include/linux/bpf_verifier.h`.
const LOG_LEVEL: u32 = 2 | 4;

/// Where a source line begins in a program.
#[derive(Debug)]
pub(crate) struct SourceLine {
    pub(crate) instruction: u32,
    pub(crate) file: String,
    pub(crate) line: u32,
    pub(crate) text: String,
}

/// Memory for a log; given back when dropped.
#[derive(Debug)]
pub(crate) struct WalkLog(NonNull<libc::c_char>);

impl WalkLog {
    /// An empty log.
    pub(crate) fn new() -> Result<Self, Errno> {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: an anonymous mapping at an address the kernel chooses overlaps nothing of ours.
        let mapped = unsafe {
            libc::mmap(std::ptr::null_mut(), LOG_BYTES, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0)
        };
        if mapped == libc::MAP_FAILED {
            return Err(super::last_errno());
        }
        NonNull::new(mapped.cast()).map(Self).ok_or(Errno::ENOMEM)
    }

    /// What was written.
    pub(crate) fn text(&self) -> &[u8] {
        // SAFETY: the mapping begins as zeros, and the kernel ends what it writes with one inside of it.
        unsafe { CStr::from_ptr(self.0.as_ptr()) }.to_bytes()
    }
}

impl Drop for WalkLog {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours and nobody borrows from it.
        unsafe { libc::munmap(self.0.as_ptr().cast(), LOG_BYTES) };
    }
}

impl Object {
    /// Loads what is marked for loading, with the walk through `program` in `log`. The log is as good
    /// after a refusal.
    pub(crate) fn load_walking(&self, program: Program<'_>, log: &mut WalkLog) -> Result<(), Errno> {
        let size = raw::size_t::try_from(LOG_BYTES).expect("it fits size_t");
        // SAFETY: the program is alive; libbpf writes into the log during the load and never after it,
        // for it loads an object once.
        unsafe {
            check(raw::bpf_program__set_log_level(program.as_ptr(), LOG_LEVEL))?;
            check(raw::bpf_program__set_log_buf(program.as_ptr(), log.0.as_ptr(), size))?;
        }
        self.load()
    }

    /// The source lines of a program of this object whose maps are created, in the order of their
    /// instructions; none if it was compiled without.
    pub(crate) fn source_lines(&self, program: Program<'_>) -> Vec<SourceLine> {
        // SAFETY: the object and the program are alive; libbpf owns as many records as it counts, or
        // returns null or an error that reads as none.
        let (records, btf) = unsafe {
            let records = raw::bpf_program__line_info(program.as_ptr());
            if records.is_null() || raw::libbpf_get_error(records.cast()) != 0 {
                return Vec::new();
            }
            let count = usize::try_from(raw::bpf_program__line_info_cnt(program.as_ptr())).unwrap_or(0);
            (std::slice::from_raw_parts(records, count), raw::bpf_object__btf(self.as_ptr()))
        };
        // SAFETY: the texts are those of the object's BTF, which lives as long as the object, or null.
        let named = |offset| unsafe { text(raw::btf__str_by_offset(btf, offset)) };
        records
            .iter()
            .map(|record| SourceLine {
                instruction: record.insn_off,
                file: named(record.file_name_off),
                // The kernel's `BPF_LINE_INFO_LINE_NUM`.
                line: record.line_col >> 10,
                text: named(record.line_off),
            })
            .collect()
    }
}
