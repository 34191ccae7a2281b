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

/// Whether the kernel takes programs of a type; `None` when it could not be tried.
pub(crate) fn program_type(number: u32) -> Option<bool> {
    // SAFETY: null options are the only ones.
    tried(unsafe { libbpf_sys::libbpf_probe_bpf_prog_type(number, std::ptr::null()) })
}

/// Whether the kernel makes maps of a type; `None` when it could not be tried.
pub(crate) fn map_type(number: u32) -> Option<bool> {
    // SAFETY: null options are the only ones.
    tried(unsafe { libbpf_sys::libbpf_probe_bpf_map_type(number, std::ptr::null()) })
}

/// The answer of libbpf's probes: 1 or 0, or a negative error number.
fn tried(answer: c_int) -> Option<bool> {
    match answer {
        0 => Some(false),
        1.. => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::libbpf;

    /// Defects H2 and V2 of the earlier tool: its probes could not answer "supported".
    #[test]
    fn every_answer_of_a_probe_can_be_reached() {
        assert_eq!([super::tried(1), super::tried(0), super::tried(-22)], [Some(true), Some(false), None]);
    }

    #[test]
    fn the_features_were_counted_in_this_libbpf() {
        assert_eq!(libbpf::version(), "1.7");
    }
}
