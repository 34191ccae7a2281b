//! What libbpf asks the kernel about itself, asked before there is an object.

use std::ffi::{c_int, c_void};

/// Entries of libbpf's table of features, which a test ties to the version they were counted in.
const FEATURES: c_int = 24;

unsafe extern "C" {
    /// Internal to libbpf. A null cache is the global one, which every load looks at.
    fn feat_supported(cache: *mut c_void, feature: c_int) -> bool;
}

/// Fills libbpf's cache of features. Each question loads tiny programs, maps or types and lets them
/// go at once; the first program also makes the kernel parse its own BTF.
pub(crate) fn probe() {
    for feature in 0..FEATURES {
        // SAFETY: the number is one of the table's, and libbpf writes only into its own cache.
        unsafe { feat_supported(std::ptr::null_mut(), feature) };
    }
}

#[cfg(test)]
mod tests {
    use super::super::libbpf;

    #[test]
    fn the_features_were_counted_in_this_libbpf() {
        assert_eq!(libbpf::version(), "1.7");
    }
}
