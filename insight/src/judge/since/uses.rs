//! What sections ask of a kernel beyond their program type.

use crate::since::Kind;

/// Sections, alone or with a target behind a slash, and the feature that their programs are loaded or attached
/// with (`section_defs` of libbpf). Of those whose feature is as old as their program type none is here.
const USES: &[(&str, Kind, &str)] = &[
    ("kprobe.multi", Kind::AttachType, "trace_kprobe_multi"),
    ("kretprobe.multi", Kind::AttachType, "trace_kprobe_multi"),
    ("kprobe.session", Kind::AttachType, "trace_kprobe_session"),
    ("uprobe.multi", Kind::AttachType, "trace_uprobe_multi"),
    ("uretprobe.multi", Kind::AttachType, "trace_uprobe_multi"),
    ("uprobe.multi.s", Kind::AttachType, "trace_uprobe_multi"),
    ("uretprobe.multi.s", Kind::AttachType, "trace_uprobe_multi"),
    ("uprobe.session", Kind::AttachType, "trace_uprobe_session"),
    ("uprobe.session.s", Kind::AttachType, "trace_uprobe_session"),
    ("fmod_ret", Kind::AttachType, "modify_return"),
    ("fsession", Kind::AttachType, "trace_fsession"),
    ("fsession.s", Kind::AttachType, "trace_fsession"),
    ("iter", Kind::AttachType, "trace_iter"),
    ("lsm_cgroup", Kind::AttachType, "lsm_cgroup"),
    ("netfilter", Kind::AttachType, "netfilter"),
    ("tcx/ingress", Kind::AttachType, "tcx_ingress"),
    ("tcx/egress", Kind::AttachType, "tcx_egress"),
    ("netkit/primary", Kind::AttachType, "netkit_primary"),
    ("netkit/peer", Kind::AttachType, "netkit_peer"),
    ("xdp.frags", Kind::Ability, "xdp_fragments"),
    ("xdp/devmap", Kind::AttachType, "xdp_devmap"),
    ("xdp/cpumap", Kind::AttachType, "xdp_cpumap"),
    ("sk_reuseport/migrate", Kind::AttachType, "sk_reuseport_select_or_migrate"),
    ("sk_skb/verdict", Kind::AttachType, "sk_skb_verdict"),
    ("lirc_mode2", Kind::AttachType, "lirc_mode2"),
    ("cgroup/sock_release", Kind::AttachType, "cgroup_inet_sock_release"),
    ("cgroup/recvmsg4", Kind::AttachType, "cgroup_udp4_recvmsg"),
    ("cgroup/recvmsg6", Kind::AttachType, "cgroup_udp6_recvmsg"),
    ("cgroup/getpeername4", Kind::AttachType, "cgroup_inet4_getpeername"),
    ("cgroup/getpeername6", Kind::AttachType, "cgroup_inet6_getpeername"),
    ("cgroup/getsockname4", Kind::AttachType, "cgroup_inet4_getsockname"),
    ("cgroup/getsockname6", Kind::AttachType, "cgroup_inet6_getsockname"),
    ("cgroup/connect_unix", Kind::AttachType, "cgroup_unix_connect"),
    ("cgroup/sendmsg_unix", Kind::AttachType, "cgroup_unix_sendmsg"),
    ("cgroup/recvmsg_unix", Kind::AttachType, "cgroup_unix_recvmsg"),
    ("cgroup/getpeername_unix", Kind::AttachType, "cgroup_unix_getpeername"),
    ("cgroup/getsockname_unix", Kind::AttachType, "cgroup_unix_getsockname"),
];

/// What the section of a program asks for.
pub(super) fn of_section(section: &str) -> Option<(Kind, &'static str)> {
    let is_of =
        |name: &str| section.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    USES.iter().find(|(name, ..)| is_of(name)).map(|(_, kind, feature)| (*kind, *feature))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::section::SECTIONS;

    #[test]
    fn every_use_is_of_a_section_and_a_feature() {
        for (section, kind, feature) in USES {
            let known = SECTIONS.iter().any(|known| known.strip_suffix('+').unwrap_or(known) == *section);
            assert!(known, "{section}");
            assert!(crate::since::row(*kind, feature).is_some(), "{feature}");
        }
        assert_eq!(of_section("kprobe.multi/vfs_*"), Some((Kind::AttachType, "trace_kprobe_multi")));
        assert_eq!(of_section("xdp.frags/devmap"), Some((Kind::Ability, "xdp_fragments")));
        assert_eq!((of_section("kprobe.multiple"), of_section("xdp")), (None, None));
    }
}
