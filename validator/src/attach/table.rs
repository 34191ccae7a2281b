//! Every section of libbpf 1.7 and what is done with it, in libbpf's own order of matching.

use super::map_entry::Kind;
use super::network::Place;
use super::route::Tunnel;
use super::socket::{MapRole, Role};
use super::user::Probe;
use crate::sys::attach::Flow;

/// How a program is attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By libbpf, from the section's text alone.
    Section,
    /// As [`Way::Section`]; without a target it is run once.
    RawTracepoint,
    /// As [`Way::Section`]; the hook is called only if `bpf` is an active security module.
    Lsm,
    /// By libbpf, then read once.
    Iterator,
    /// To a user-space function.
    User(Probe),
    /// To a static probe in user space.
    StaticProbe,
    /// To a perf event.
    Perf,
    /// To the fixture control group.
    Cgroup,
    /// The same; the section names no direction.
    CgroupIngress,
    /// To an interface, below the network stack.
    Xdp,
    /// To the netkit device.
    Netkit,
    /// To the loopback interface.
    TrafficControl(Place),
    /// To a traffic control action.
    Action,
    /// To a route.
    Tunnel(Tunnel),
    /// To an entry of a map.
    MapEntry(Kind),
    /// To the guest's network namespace.
    Namespace,
    /// To a hook of the packet filter.
    Netfilter,
    /// To a socket.
    Socket(Role),
    /// To a socket map.
    SocketMap(MapRole),
    /// Through its struct_ops map.
    StructOps,
    /// Not to a hook: it is run once.
    Syscall,
    /// Not at all; the text says why.
    Never(&'static str),
}

const INFRARED: Way = Way::Never("the guest has no infrared device");

const UPROBE: Way = Way::User(Probe { at_return: false, multi: false, session: false });
const URETPROBE: Way = Way::User(Probe { at_return: true, multi: false, session: false });
const UPROBE_MULTI: Way = Way::User(Probe { at_return: false, multi: true, session: false });
const URETPROBE_MULTI: Way = Way::User(Probe { at_return: true, multi: true, session: false });
const UPROBE_SESSION: Way = Way::User(Probe { at_return: false, multi: true, session: true });

/// Section, then way. A section that ends in `+` stands alone or with `/target` behind it; the
/// others are matched whole.
const TABLE: &[(&str, Way)] = &[
    ("socket", Way::Socket(Role::Filter)),
    ("sk_reuseport/migrate", Way::Socket(Role::Choose)),
    ("sk_reuseport", Way::Socket(Role::Choose)),
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
    ("usdt+", Way::StaticProbe),
    ("usdt.s+", Way::StaticProbe),
    ("tc/ingress", Way::TrafficControl(Place::TcxOrClsact(Flow::Ingress))),
    ("tc/egress", Way::TrafficControl(Place::TcxOrClsact(Flow::Egress))),
    ("tcx/ingress", Way::TrafficControl(Place::Tcx(Flow::Ingress))),
    ("tcx/egress", Way::TrafficControl(Place::Tcx(Flow::Egress))),
    ("tc", Way::TrafficControl(Place::Clsact(Flow::Ingress))),
    ("classifier", Way::TrafficControl(Place::Clsact(Flow::Ingress))),
    ("action", Way::Action),
    ("netkit/primary", Way::Netkit),
    ("netkit/peer", Way::Netkit),
    ("tracepoint+", Way::Section),
    ("tp+", Way::Section),
    ("raw_tracepoint+", Way::RawTracepoint),
    ("raw_tp+", Way::RawTracepoint),
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
    ("freplace+", Way::Section),
    ("lsm+", Way::Lsm),
    ("lsm.s+", Way::Lsm),
    ("lsm_cgroup+", Way::Cgroup),
    ("iter+", Way::Iterator),
    ("iter.s+", Way::Iterator),
    ("syscall", Way::Syscall),
    ("xdp.frags/devmap", Way::MapEntry(Kind::Device)),
    ("xdp/devmap", Way::MapEntry(Kind::Device)),
    ("xdp.frags/cpumap", Way::MapEntry(Kind::Cpu)),
    ("xdp/cpumap", Way::MapEntry(Kind::Cpu)),
    ("xdp.frags", Way::Xdp),
    ("xdp", Way::Xdp),
    ("perf_event", Way::Perf),
    ("lwt_in", Way::Tunnel(Tunnel::In)),
    ("lwt_out", Way::Tunnel(Tunnel::Out)),
    ("lwt_xmit", Way::Tunnel(Tunnel::Xmit)),
    ("lwt_seg6local", Way::Tunnel(Tunnel::Segment)),
    ("sockops", Way::Cgroup),
    ("sk_skb/stream_parser", Way::SocketMap(MapRole::Parser)),
    ("sk_skb/stream_verdict", Way::SocketMap(MapRole::StreamVerdict)),
    ("sk_skb/verdict", Way::SocketMap(MapRole::Verdict)),
    ("sk_skb", Way::SocketMap(MapRole::StreamVerdict)),
    ("sk_msg", Way::SocketMap(MapRole::Message)),
    ("lirc_mode2", INFRARED),
    ("flow_dissector", Way::Namespace),
    ("cgroup_skb/ingress", Way::Cgroup),
    ("cgroup_skb/egress", Way::Cgroup),
    ("cgroup/skb", Way::CgroupIngress),
    ("cgroup+", Way::Cgroup),
    ("struct_ops+", Way::StructOps),
    ("struct_ops.s+", Way::StructOps),
    ("sk_lookup", Way::Namespace),
    ("netfilter", Way::Netfilter),
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
            ("cgroup/skb", Way::CgroupIngress, ""),
            ("cgroup/connect4", Way::Cgroup, "connect4"),
            ("xdp/cpumap", Way::MapEntry(Kind::Cpu), ""),
            ("xdp.frags", Way::Xdp, ""),
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
        let _turn = print::tests::turn();
        let said = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&said);
        print::listen(Box::new(move |_, text| {
            heard.lock().expect("one thread").push_str(&String::from_utf8_lossy(text));
        }));
        assert_eq!(libbpf::kind_of_section("no such section"), None);
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
            assert!(libbpf::kind_of_section(name).is_some(), "{name}");
        }
    }
}
