//! What the kernel offers: read from its BTF, and tried where that is cheap.
//!
//! Done once, in the guest that is to be a template; no object's cell pays for it.

use crate::sys::btf::{KernelBtf, TypeKind};
use crate::sys::{features, libbpf};
use domain::offers::{NAMES_MAX, Offer, Offers, Support};

/// Types are tried up to the larger of what libbpf and the kernel know; neither has reached this.
const TYPES_MAX: u32 = 128;

/// Looks at everything. Without BTF only what can be tried is known.
pub(crate) fn offers() -> Offers {
    let btf = KernelBtf::read().ok();
    let members = |name: &str| btf.as_ref().map(|btf| btf.enum_members(name)).unwrap_or_default();
    let names = |kind| btf.as_ref().map(|btf| btf.names(kind)).unwrap_or_default();
    let (functions, structs) = (names(TypeKind::Function), names(TypeKind::Struct));
    Offers {
        program_types: types(
            &members("bpf_prog_type"),
            "BPF_PROG_TYPE_",
            libbpf::program_type_name,
            features::program_type,
        ),
        map_types: types(
            &members("bpf_map_type"),
            "BPF_MAP_TYPE_",
            libbpf::map_type_name,
            features::map_type,
        ),
        attach_types: lower(&members("bpf_attach_type"), "BPF_"),
        helpers: lower(&members("bpf_func_id"), "BPF_FUNC_"),
        kfuncs: bounded(btf.as_ref().map(|btf| btf.tagged("bpf_kfunc")).unwrap_or_default().into_iter()),
        lsm_hooks: after(&functions, "bpf_lsm_"),
        iterators: after(&structs, "bpf_iter__"),
        struct_ops: after(&structs, "bpf_struct_ops_"),
    }
}

/// Every type either side knows. One that is only named could not be tried: libbpf does not know how.
fn types(
    members: &[(String, u32)],
    prefix: &str,
    known: fn(u32) -> Option<String>,
    probe: fn(u32) -> Option<bool>,
) -> Vec<Offer> {
    let named = |number: u32| members.iter().find(|(_, value)| *value == number).map(|(name, _)| name);
    let offer = |number: u32| {
        let name = known(number)
            .or_else(|| named(number).map(|name| name.trim_start_matches(prefix).to_ascii_lowercase()))?;
        let support = match probe(number) {
            Some(true) => Support::Supported,
            Some(false) => Support::Unsupported,
            None if named(number).is_some() => Support::Named,
            None => Support::Unsupported,
        };
        Some(Offer { name, support })
    };
    // Number 0 is no type.
    (1..TYPES_MAX).map_while(offer).collect()
}

fn lower(members: &[(String, u32)], prefix: &str) -> Vec<String> {
    let named = members.iter().filter(|(name, _)| name != "BPF_FUNC_unspec");
    bounded(named.map(|(name, _)| name.trim_start_matches(prefix).to_ascii_lowercase()))
}

fn after(names: &[String], prefix: &str) -> Vec<String> {
    bounded(names.iter().filter_map(|name| name.strip_prefix(prefix)).map(str::to_owned))
}

fn bounded(names: impl Iterator<Item = String>) -> Vec<String> {
    names.take(NAMES_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tried_is_told_apart_from_what_is_only_named() {
        let members = [("BPF_MAP_TYPE_HASH".to_owned(), 1), ("BPF_MAP_TYPE_RHASH".to_owned(), 3)];
        let known = |number| ["hash", "array"].get(number as usize - 1).map(|name| (*name).to_owned());
        let probe = |number| [Some(true), Some(false), None].get(number as usize - 1).copied().flatten();
        let offers = types(&members, "BPF_MAP_TYPE_", known, probe);
        let told: Vec<_> = offers.iter().map(|offer| (offer.name.as_str(), offer.support)).collect();
        let expected =
            [("hash", Support::Supported), ("array", Support::Unsupported), ("rhash", Support::Named)];
        assert_eq!(told, expected);
    }
}
