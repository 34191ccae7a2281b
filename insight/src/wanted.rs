//! The kernel symbols that an object needs: what its programs hook and what they call.
//!
//! In: sections of programs and undefined symbols, as strangers wrote them. Out: names to look for in
//! a kernel's modules. Deliberately absent: hooks that no module has (cgroups, sockets), names with
//! wildcards, targets of user-space probes, and whether a kernel has any of it.

use crate::module::{NAME_BYTES_MAX, TRACEPOINT, is_name};
use std::collections::HashSet;

/// Names that are looked for. The largest known objects name some 300.
pub const WANTED_MAX: usize = 4096;

/// Kinds of sections that name a function after a slash; with `.s` they may sleep.
const FUNCTIONS: &[&str] = &[
    "kprobe",
    "kretprobe",
    "kprobe.multi",
    "kretprobe.multi",
    "kprobe.session",
    "fentry",
    "fexit",
    "fmod_ret",
    "fsession",
];
/// Kinds of sections that name a tracepoint after a slash; with `.w` they may write.
const TRACEPOINTS: &[&str] = &["tp_btf", "raw_tp", "raw_tracepoint"];
/// Kinds of sections that name a category and an event, which has the name of its tracepoint.
const EVENTS: &[&str] = &["tp", "tracepoint"];

/// One symbol that is needed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// Its name; tracepoint `NAME` is the symbol `__tracepoint_NAME`.
    pub symbol: String,
    /// The module it is asked of, where the section says so (`fentry/nf_nat:nf_nat_packet`).
    pub module: Option<String>,
}

/// What programs in `sections` hook, and the undefined symbols `externs`: each once, in this order,
/// up to [`WANTED_MAX`].
pub fn collect<'a>(
    sections: impl IntoIterator<Item = &'a str>,
    externs: impl IntoIterator<Item = &'a str>,
) -> Vec<Wanted> {
    let externs = externs.into_iter().filter(|name| is_of_kernel(name) && is_symbol(name));
    let externs = externs.map(|name| Wanted { symbol: name.to_owned(), module: None });
    let mut known = HashSet::new();
    let names = sections.into_iter().filter_map(of_section).chain(externs);
    names.filter(|wanted| known.insert(wanted.clone())).take(WANTED_MAX).collect()
}

/// Whether an undefined symbol is the kernel's; libbpf knows the others by itself.
pub fn is_of_kernel(symbol: &str) -> bool {
    !["CONFIG_", "LINUX_"].iter().any(|start| symbol.starts_with(start))
}

/// What a program in `section` hooks, if that is one kernel symbol.
pub fn of_section(section: &str) -> Option<Wanted> {
    let (kind, target) = section.split_once('/')?;
    if EVENTS.contains(&kind) {
        let (_, event) = target.split_once('/')?;
        return tracepoint(event);
    }
    if TRACEPOINTS.contains(&kind.strip_suffix(".w").unwrap_or(kind)) {
        return tracepoint(target);
    }
    if !FUNCTIONS.contains(&kind.strip_suffix(".s").unwrap_or(kind)) {
        return None;
    }
    let (module, function) = match target.split_once(':') {
        Some((module, function)) => (Some(module), function),
        None => (None, target),
    };
    let function = function.split('+').next().unwrap_or_default();
    let named = is_symbol(function) && module.is_none_or(is_name);
    named.then(|| Wanted { symbol: function.to_owned(), module: module.map(str::to_owned) })
}

fn tracepoint(name: &str) -> Option<Wanted> {
    is_symbol(name).then(|| Wanted { symbol: format!("{TRACEPOINT}{name}"), module: None })
}

/// Compilers put dots into names of functions they changed.
fn is_symbol(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
    !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sections_name_functions_and_tracepoints() {
        for (section, expected) in [
            ("kprobe/nf_conntrack_in", Some("nf_conntrack_in")),
            ("kretprobe/nf_conntrack_in", Some("nf_conntrack_in")),
            ("kprobe/tcp_ack+0x10", Some("tcp_ack")),
            ("kprobe/bictcp_acked.isra.0", Some("bictcp_acked.isra.0")),
            ("kprobe.multi/xfs_file_open", Some("xfs_file_open")),
            ("kprobe.multi/xfs_file_*", None),
            ("fentry.s/nfs_file_open", Some("nfs_file_open")),
            ("fmod_ret/btrfs_sync_file", Some("btrfs_sync_file")),
            ("tp/kvm/kvm_exit", Some("__tracepoint_kvm_exit")),
            ("tracepoint/xfs/xfs_ilock", Some("__tracepoint_xfs_ilock")),
            ("tracepoint/kvm", None),
            ("tp_btf/kvm_exit", Some("__tracepoint_kvm_exit")),
            ("raw_tp.w/nbd_send_request", Some("__tracepoint_nbd_send_request")),
            ("kprobe", None),
            ("kprobe/", None),
            ("uprobe//bin/sh:main", None),
            ("lsm/file_open", None),
            ("xdp", None),
            ("fentry/../etc", None),
        ] {
            assert_eq!(of_section(section).map(|wanted| wanted.symbol).as_deref(), expected, "{section}");
        }
        let named = of_section("fentry/nf_nat:nf_nat_packet").expect("a function");
        assert_eq!((named.symbol.as_str(), named.module.as_deref()), ("nf_nat_packet", Some("nf_nat")));
    }

    #[test]
    fn each_name_is_wanted_once_and_configuration_is_not() {
        let wanted = collect(
            ["kprobe/f", "xdp", "kretprobe/f"],
            ["bpf_ct_release", "CONFIG_HZ", "LINUX_KERNEL_VERSION", "f"],
        );
        let names: Vec<&str> = wanted.iter().map(|wanted| wanted.symbol.as_str()).collect();
        assert_eq!(names, ["f", "bpf_ct_release"]);
    }

    proptest! {
        #[test]
        fn whatever_a_section_says_names_stay_short_and_plain(section in "(kprobe|tp|tp_btf|fentry.s)/.{0,600}") {
            if let Some(wanted) = of_section(&section) {
                prop_assert!(wanted.symbol.len() <= TRACEPOINT.len() + NAME_BYTES_MAX);
                prop_assert!(wanted.symbol.bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}
