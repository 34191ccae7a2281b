//! Memory a job will need, fetched in ahead of it.
//!
//! Every first touch of a page is a fault, whose handling is among the longest paths of a kernel.

use std::hint::black_box;

/// What a typical job allocates: 1 MB, more with the types of the kernel.
const HEAP_BYTES: usize = 4 * 1024 * 1024;
/// What it needs of its stack.
const STACK_BYTES: usize = 256 * 1024;
const PAGE_BYTES: usize = 4096;

/// Makes the process' own pages present: its program, its stack, and a heap that is larger than most
/// jobs need. The heap is returned to the allocator, which keeps it. Not inlined: the stack it reaches
/// into is to be below its caller's.
#[inline(never)]
pub(crate) fn fault_in() {
    // SAFETY: these set numbers of the allocator: blocks that would get a mapping of their own come
    // from the heap, and what is freed at its end stays.
    unsafe {
        let heap = i32::try_from(HEAP_BYTES).expect("a few megabytes");
        libc::mallopt(libc::M_MMAP_THRESHOLD, 2 * heap);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 4 * heap);
    }
    touch(&mut vec![0; HEAP_BYTES]);
    touch(&mut [0; STACK_BYTES]);
    // SAFETY: locking and unlocking change where pages are, not what they hold. A kernel that
    // refuses leaves them to be faulted in.
    unsafe {
        libc::mlockall(libc::MCL_CURRENT);
        libc::munlockall();
    }
}

/// Keeps libbpf from raising the limit of locked memory (RLIMIT_MEMLOCK) of its process, which it does before
/// its first load on kernels that hold BPF to it, those before 5.11. On later ones this changes nothing.
pub(crate) fn keep_limit() {
    // SAFETY: sets a number of libbpf's. Refused where it has raised the limit already.
    unsafe { libbpf_sys::libbpf_set_memlock_rlim(0) };
}

#[inline(never)]
fn touch(bytes: &mut [u8]) {
    bytes.iter_mut().step_by(PAGE_BYTES).for_each(|byte| *black_box(byte) = 1);
}
