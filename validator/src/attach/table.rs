//! Every section of libbpf 1.7 and what is done with it, in libbpf's own order of matching.

use super::network::Place;
use super::user::Probe;
use crate::sys::attach::Flow;

/// How a program is attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By libbpf, from the section's text alone.
    Section,
    /// As [`Way::Section`]; the hook is called only if `bpf` is an active security module.
    Lsm,
    /// By libbpf, then read once.
    Iterator,
    /// To a user-space function.
    User(Probe),
    /// To a perf event of the CPU's clock.
    Perf,
    /// To the fixture control group.
    Cgroup,
    /// To the loopback interface.
    Network(Place),
    /// To the guest's network namespace.
    Namespace,
    /// Not at all; the text says why.
    Never(&'static str),
}

const SOCKET: Way = Way::Never("a socket filter is attached to a socket its own loader opens");
const REUSEPORT: Way = Way::Never("a reuseport program is attached to a socket its own loader opens");
const SOCKET_MAP: Way = Way::Never("the program is attached to a socket map its own loader fills");
const TUNNEL: Way = Way::Never("a lightweight tunnel program is attached by a route");
const NETKIT: Way = Way::Never("the guest has no netkit device");
const MAP_ENTRY: Way = Way::Never("the program runs from a map entry its own loader sets");
const STATIC_PROBE: Way = Way::Never("the traced user-space program is not in the guest");
const STRUCT_OPS: Way = Way::Never("the program is attached through its struct_ops map");
const ACTION: Way = Way::Never("libbpf cannot attach traffic control actions");
const REPLACEMENT: Way = Way::Never("the program it would replace is not in the guest");
const SYSCALL: Way = Way::Never("a syscall program is run on demand and has no hook");
const NO_DIRECTION: Way = Way::Never("the section names no direction");
const INFRARED: Way = Way::Never("the guest has no infrared device");
const NETFILTER: Way = Way::Never("the netfilter hook is chosen by its own loader");

const UPROBE: Way = Way::User(Probe { at_return: false, multi: false, session: false });
const URETPROBE: Way = Way::User(Probe { at_return: true, multi: false, session: false });
const UPROBE_MULTI: Way = Way::User(Probe { at_return: false, multi: true, session: false });
const URETPROBE_MULTI: Way = Way::User(Probe { at_return: true, multi: true, session: false });
const UPROBE_SESSION: Way = Way::User(Probe { at_return: false, multi: true, session: true });

/// Section, then way. A section that ends in `+` stands alone or with `/target` behind it; the
/// others are matched whole.
const TABLE: &[(&str, Way)] = &[
    ("socket", SOCKET),
    ("sk_reuseport/migrate", REUSEPORT),
    ("sk_reuseport", REUSEPORT),
    ("kprobe+", Way::Section),
    ("uprobe+", UPROBE),
    ("uprobe.s+", UPROBE),
    ("kretprobe+", Way::Section),
    ("uretprobe+", URETPROBE),
    ("uretprobe.s+", URETPROBE),
    ("kprobe.multi+", Way::Section),
    ("kretprobe.multi+", Way::Section),
    ("kprobe.session+", Way::Section),
    ("uprobe.multi+", UPROBE_MULTI),
    ("uretprobe.multi+", URETPROBE_MULTI),
    ("uprobe.session+", UPROBE_SESSION),
    ("uprobe.multi.s+", UPROBE_MULTI),
    ("uretprobe.multi.s+", URETPROBE_MULTI),
    ("uprobe.session.s+", UPROBE_SESSION),
    ("ksyscall+", Way::Section),
    ("kretsyscall+", Way::Section),
    ("usdt+", STATIC_PROBE),
    ("usdt.s+", STATIC_PROBE),
    ("tc/ingress", Way::Network(Place::TcxOrClsact(Flow::Ingress))),
    ("tc/egress", Way::Network(Place::TcxOrClsact(Flow::Egress))),
    ("tcx/ingress", Way::Network(Place::Tcx(Flow::Ingress))),
    ("tcx/egress", Way::Network(Place::Tcx(Flow::Egress))),
    ("tc", Way::Network(Place::Clsact(Flow::Ingress))),
    ("classifier", Way::Network(Place::Clsact(Flow::Ingress))),
    ("action", ACTION),
    ("netkit/primary", NETKIT),
    ("netkit/peer", NETKIT),
    ("tracepoint+", Way::Section),
    ("tp+", Way::Section),
    ("raw_tracepoint+", Way::Section),
    ("raw_tp+", Way::Section),
    ("raw_tracepoint.w+", Way::Section),
    ("raw_tp.w+", Way::Section),
    ("tp_btf+", Way::Section),
    ("fentry+", Way::Section),
    ("fmod_ret+", Way::Section),
    ("fexit+", Way::Section),
    ("fentry.s+", Way::Section),
    ("fmod_ret.s+", Way::Section),
    ("fexit.s+", Way::Section),
    ("fsession+", Way::Section),
    ("fsession.s+", Way::Section),
    ("freplace+", REPLACEMENT),
    ("lsm+", Way::Lsm),
    ("lsm.s+", Way::Lsm),
    ("lsm_cgroup+", Way::Cgroup),
    ("iter+", Way::Iterator),
    ("iter.s+", Way::Iterator),
    ("syscall", SYSCALL),
    ("xdp.frags/devmap", MAP_ENTRY),
    ("xdp/devmap", MAP_ENTRY),
    ("xdp.frags/cpumap", MAP_ENTRY),
    ("xdp/cpumap", MAP_ENTRY),
    ("xdp.frags", Way::Network(Place::Xdp)),
    ("xdp", Way::Network(Place::Xdp)),
    ("perf_event", Way::Perf),
    ("lwt_in", TUNNEL),
    ("lwt_out", TUNNEL),
    ("lwt_xmit", TUNNEL),
    ("lwt_seg6local", TUNNEL),
    ("sockops", Way::Cgroup),
    ("sk_skb/stream_parser", SOCKET_MAP),
    ("sk_skb/stream_verdict", SOCKET_MAP),
    ("sk_skb/verdict", SOCKET_MAP),
    ("sk_skb", SOCKET_MAP),
    ("sk_msg", SOCKET_MAP),
    ("lirc_mode2", INFRARED),
    ("flow_dissector", Way::Namespace),
    ("cgroup_skb/ingress", Way::Cgroup),
    ("cgroup_skb/egress", Way::Cgroup),
    ("cgroup/skb", NO_DIRECTION),
    ("cgroup+", Way::Cgroup),
    ("struct_ops+", STRUCT_OPS),
    ("struct_ops.s+", STRUCT_OPS),
    ("sk_lookup", Way::Namespace),
    ("netfilter", NETFILTER),
];

/// The way of a section and its target; an empty target where the section names none.
pub(super) fn find(section: &str) -> Option<(Way, &str)> {
    TABLE.iter().find_map(|(name, way)| match name.strip_suffix('+') {
        None => (*name == section).then_some((*way, "")),
        Some(stem) => match section.strip_prefix(stem)? {
            "" => Some((*way, "")),
            rest => rest.strip_prefix('/').map(|target| (*way, target)),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::{libbpf, print};
    use std::sync::{Arc, Mutex};

    #[test]
    fn sections_are_matched_as_libbpf_matches_them() {
        for (section, way, target) in [
            ("kprobe/vfs_read", Way::Section, "vfs_read"),
            ("kprobe", Way::Section, ""),
            ("kprobe.multi/vfs_*", Way::Section, "vfs_*"),
            ("tp/syscalls/sys_enter_openat", Way::Section, "syscalls/sys_enter_openat"),
            ("lsm.s/bpf", Way::Lsm, "bpf"),
            ("cgroup/skb", NO_DIRECTION, ""),
            ("cgroup/connect4", Way::Cgroup, "connect4"),
            ("xdp/cpumap", MAP_ENTRY, ""),
            ("xdp.frags", Way::Network(Place::Xdp), ""),
            ("uretprobe.s//bin/sh:main", URETPROBE, "/bin/sh:main"),
        ] {
            assert_eq!(find(section), Some((way, target)), "{section}");
        }
        for unknown in ["xdp_prog", "kprobes/x", "", "xdp/other", "kprobe.s/x"] {
            assert_eq!(find(unknown), None, "{unknown}");
        }
    }

    /// A libbpf with a new section fails here until somebody decides what is done with it.
    #[test]
    fn every_section_libbpf_knows_is_in_the_table() {
        let said = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&said);
        print::listen(Box::new(move |_, text| {
            heard.lock().expect("one thread").push_str(&String::from_utf8_lossy(text));
        }));
        assert!(!libbpf::knows_section("no such section"));
        let said = said.lock().expect("one thread");
        let (_, names) = said.split_once("names are:").expect("libbpf names its sections");
        let names: Vec<&str> = names.split_whitespace().collect();
        assert!(names.len() > 90, "{names:?}");
        for name in names {
            assert!(find(name.trim_end_matches('+')).is_some(), "{name}");
        }
    }

    #[test]
    fn the_table_holds_nothing_libbpf_does_not_know() {
        for (name, _) in TABLE {
            // libbpf lists the control group hooks one by one.
            let name = if *name == "cgroup+" { "cgroup/connect4" } else { name.trim_end_matches('+') };
            assert!(libbpf::knows_section(name), "{name}");
        }
    }
}
