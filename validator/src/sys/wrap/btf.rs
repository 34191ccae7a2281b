//! The kernel's description of its own types, parsed once for everybody.
//!
//! libbpf parses these megabytes anew for every load, the largest part of many a job, and has no
//! option to take them from its caller. libbpf only reads this BTF, also where a module's BTF stands on top
//! of it, so one instance can serve all.

use libbpf_sys as raw;
use std::sync::atomic::{AtomicPtr, Ordering};

/// The one instance, from the first successful parsing to the end of the process.
static SHARED: AtomicPtr<raw::btf> = AtomicPtr::new(std::ptr::null_mut());

unsafe extern "C" {
    fn __real_btf__load_vmlinux_btf() -> *mut raw::btf;
    fn __real_btf__free(btf: *mut raw::btf);
}

/// The shared instance. A failure is libbpf's own and is not remembered.
#[unsafe(no_mangle)]
extern "C" fn __wrap_btf__load_vmlinux_btf() -> *mut raw::btf {
    let shared = SHARED.load(Ordering::Acquire);
    if !shared.is_null() {
        return shared;
    }
    // SAFETY: takes nothing and returns an owned pointer or null.
    let parsed = unsafe { __real_btf__load_vmlinux_btf() };
    SHARED.store(parsed, Ordering::Release);
    parsed
}

/// Frees any BTF but the shared one.
#[unsafe(no_mangle)]
extern "C" fn __wrap_btf__free(btf: *mut raw::btf) {
    if btf != SHARED.load(Ordering::Acquire) {
        // SAFETY: the caller gives up a pointer that libbpf made.
        unsafe { __real_btf__free(btf) };
    }
}
