//! What the kernel offers: read from its BTF, and tried where that is cheap.
//!
//! In: the running kernel. Out: [`Offers`], what is not told left open. Done once, in the guest that is to
//! be a template; no object's cell pays for it. Deliberately absent: which helpers each program type may
//! call. That is a load for each of some 7000 pairs, and the answer also depends on where a program is
//! attached; an object that calls a helper is the better probe.

use crate::sys::btf::{KernelBtf, TypeKind};
use crate::sys::{features, libbpf};
use domain::offers::{NAMES_MAX, Offer, Offers, Support, TYPES_MAX};
use std::collections::HashSet;

/// Looks at everything. Without BTF only what can be tried is known.
pub(crate) fn offers() -> Offers {
    let btf = KernelBtf::read().ok();
    let btf = btf.as_ref();
    let members = |name| btf.map(|btf| btf.enum_members(name)).unwrap_or_default();
    let structs = btf.map(|btf| btf.names(TypeKind::Struct)).unwrap_or_default();
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
        attach_types: told(lower(&members("bpf_attach_type"), "BPF_")),
        helpers: told(lower(&members("bpf_func_id"), "BPF_FUNC_")),
        kfuncs: btf.and_then(|btf| told(btf.tagged("bpf_kfunc"))),
        lsm_hooks: btf.and_then(|btf| told(lsm_hooks(btf))),
        iterators: told(iterators(&structs)),
        struct_ops: btf.and_then(|btf| told(struct_ops(btf, &structs))),
        // A guest does not see what its kernel was configured with.
        options: None,
    }
}

/// A list that is empty tells of no kernel: it is BTF that says nothing of the matter.
fn told(mut names: Vec<String>) -> Option<Vec<String>> {
    names.truncate(NAMES_MAX);
    Some(names).filter(|names| !names.is_empty())
}

/// The members of the union of all hooks for which there is a function that programs attach to. Its name
/// alone makes no function one: the kernel has others that begin so.
fn lsm_hooks(btf: &KernelBtf) -> Vec<String> {
    let all: HashSet<String> = btf.member_names("security_list_options").into_iter().collect();
    let functions = btf.names(TypeKind::Function).into_iter();
    let hooks = functions.filter_map(|name| name.strip_prefix("bpf_lsm_").map(str::to_owned));
    hooks.filter(|hook| all.contains(hook)).collect()
}

/// What has a context for programs that walk it. `__safe_` marks the kernel's notes on such a context.
fn iterators(structs: &[String]) -> Vec<String> {
    let contexts = structs.iter().filter_map(|name| name.strip_prefix("bpf_iter__"));
    contexts.filter(|name| !name.contains("__safe_")).map(str::to_owned).collect()
}

/// The structs around which the kernel has put one for a map of them.
fn struct_ops(btf: &KernelBtf, structs: &[String]) -> Vec<String> {
    let known: HashSet<&str> = structs.iter().map(String::as_str).collect();
    let wrapped = structs.iter().filter_map(|name| name.strip_prefix("bpf_struct_ops_"));
    let holds = |name: &str| btf.has_type(&format!("bpf_struct_ops_{name}"), Some("data"));
    wrapped.filter(|name| known.contains(name) && holds(name)).map(str::to_owned).collect()
}

/// Every type either side knows. What could not be tried is as much as the kernel's BTF says of it: named,
/// or unknown to this kernel; without a word in BTF it is left out.
fn types(
    members: &[(String, u32)],
    prefix: &str,
    known: fn(u32) -> Option<String>,
    probe: fn(u32) -> Option<bool>,
) -> Vec<Offer> {
    let named = |number: u32| members.iter().find(|(_, value)| *value == number).map(|(name, _)| name);
    let name = |number: u32| {
        known(number)
            .or_else(|| named(number).map(|name| name.trim_start_matches(prefix).to_ascii_lowercase()))
    };
    let offer = |(number, name)| {
        let support = match probe(number) {
            Some(true) => Support::Supported,
            Some(false) => Support::Unsupported,
            None if named(number).is_some() => Support::Named,
            None if members.is_empty() => return None,
            None => Support::Unsupported,
        };
        Some(Offer { name, support })
    };
    // Number 0 is no type. Types are tried up to the larger of what libbpf and the kernel know.
    (1..).take(TYPES_MAX).map_while(|number| Some((number, name(number)?))).filter_map(offer).collect()
}

fn lower(members: &[(String, u32)], prefix: &str) -> Vec<String> {
    let named = members.iter().filter(|(name, _)| name != "BPF_FUNC_unspec");
    named.map(|(name, _)| name.trim_start_matches(prefix).to_ascii_lowercase()).collect()
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

        // Where BTF says nothing, what could not be tried is nobody's to deny.
        let silent = types(&[], "BPF_MAP_TYPE_", known, |number| (number == 1).then_some(true));
        assert_eq!(silent.len(), 1, "{silent:?}");
    }

    #[test]
    fn a_list_nobody_told_is_not_an_empty_one() {
        assert_eq!(told(Vec::new()), None);
        assert_eq!(told(vec!["task".to_owned()]), Some(vec!["task".to_owned()]));
        let structs = ["bpf_iter__task", "bpf_iter__task__safe_trusted", "bpf_iter_num"].map(str::to_owned);
        assert_eq!(iterators(&structs), ["task"]);
    }
}
