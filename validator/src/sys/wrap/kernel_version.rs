//! The kernel's version, found out once.
//!
//! libbpf looks for a distribution's own version in `/proc` and then asks the kernel, at every opening
//! of an object.

use std::sync::OnceLock;

unsafe extern "C" {
    /// Internal to libbpf; as `LINUX_VERSION_CODE`.
    fn __real_get_kernel_version() -> u32;
}

static VERSION: OnceLock<u32> = OnceLock::new();

#[unsafe(no_mangle)]
extern "C" fn __wrap_get_kernel_version() -> u32 {
    // SAFETY: takes nothing and returns a number.
    *VERSION.get_or_init(|| unsafe { __real_get_kernel_version() })
}

/// Finds it out, for every object to come.
pub(crate) fn find_out() {
    __wrap_get_kernel_version();
}
