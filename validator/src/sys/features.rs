//! What libbpf asks the kernel about itself, asked before there is an object.

use super::{last_errno, size_field};
use domain::errno::Errno;
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

/// The kernel's own `ENOTSUPP`, which no header for programs has.
const ENOTSUPP: c_int = 524;

/// How a kernel answers to a type that it does not know or was built without: `EINVAL`,
/// `ENOTSUPP` and `EOPNOTSUPP`. Any other refusal is about something else, such as memory.
const KNOWS_NOT: [i32; 3] = [22, ENOTSUPP, 95];

/// Whether the kernel takes programs of a type; `None` when it could not be tried.
pub(crate) fn program_type(number: u32) -> Option<bool> {
    // SAFETY: null options are the only ones.
    tried(unsafe { libbpf_sys::libbpf_probe_bpf_prog_type(number, std::ptr::null()) }, last_errno())
}

/// Whether the kernel makes maps of a type; `None` when it could not be tried.
pub(crate) fn map_type(number: u32) -> Option<bool> {
    if number == libbpf_sys::BPF_MAP_TYPE_STRUCT_OPS {
        return tried(struct_ops_map(), last_errno());
    }
    // SAFETY: null options are the only ones.
    tried(unsafe { libbpf_sys::libbpf_probe_bpf_map_type(number, std::ptr::null()) }, last_errno())
}

/// Asks for a map of a struct that the kernel has no operations of, which one with such maps refuses in
/// its own way. libbpf's question has a field that kernels before 6.9 refuse before they look at the type.
fn struct_ops_map() -> c_int {
    let options = libbpf_sys::bpf_map_create_opts {
        sz: size_field::<libbpf_sys::bpf_map_create_opts>(),
        btf_vmlinux_value_type_id: 1,
        ..Default::default()
    };
    // SAFETY: a null name is none, and the options live through the call.
    let made = unsafe {
        libbpf_sys::bpf_map_create(
            libbpf_sys::BPF_MAP_TYPE_STRUCT_OPS,
            std::ptr::null(),
            4,
            4,
            1,
            &raw const options,
        )
    };
    c_int::from(made == -ENOTSUPP)
}

/// The answer of libbpf's probes: 1, or 0 with the kernel's errno still standing, or a negative error
/// number when libbpf does not know how to try.
fn tried(answer: c_int, errno: Errno) -> Option<bool> {
    match answer {
        1.. => Some(true),
        0 if KNOWS_NOT.contains(&errno.0) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::libbpf;
    use domain::errno::Errno;

    /// Defects H2 and V2 of the earlier tool: its probes could not answer "supported".
    #[test]
    fn every_answer_of_a_probe_can_be_reached() {
        let tried = |answer, errno| super::tried(answer, Errno(errno));
        assert_eq!([tried(1, 0), tried(0, 22), tried(0, 524)], [Some(true), Some(false), Some(false)]);
        // EPERM and ENOMEM of the kernel, EOPNOTSUPP of libbpf.
        assert_eq!([tried(0, 1), tried(0, 12), tried(-95, 95)], [None; 3]);
    }

    #[test]
    fn the_features_were_counted_in_this_libbpf() {
        assert_eq!(libbpf::version(), "1.7");
    }
}
