//! libbpf's words for sections, program types and map types, for those who cannot ask libbpf.
//!
//! A test of the validator, which has libbpf inside, holds the lists to it.

/// Sections of libbpf 1.7. One that ends in `+` stands alone or with `/target` behind it; the others
/// are matched whole.
pub const SECTIONS: &[&str] = &[
    "socket", "sk_reuseport/migrate", "sk_reuseport", "kprobe+", "uprobe+", "uprobe.s+", "kretprobe+",
    "uretprobe+", "uretprobe.s+", "kprobe.multi+", "kretprobe.multi+", "kprobe.session+", "uprobe.multi+",
    "uretprobe.multi+", "uprobe.session+", "uprobe.multi.s+", "uretprobe.multi.s+", "uprobe.session.s+",
    "ksyscall+", "kretsyscall+", "usdt+", "usdt.s+", "tc/ingress", "tc/egress", "tcx/ingress", "tcx/egress",
    "tc", "classifier", "action", "netkit/primary", "netkit/peer", "tracepoint+", "tp+", "raw_tracepoint+",
    "raw_tp+", "raw_tracepoint.w+", "raw_tp.w+", "tp_btf+", "fentry+", "fmod_ret+", "fexit+", "fentry.s+",
    "fmod_ret.s+", "fexit.s+", "fsession+", "fsession.s+", "freplace+", "lsm+", "lsm.s+", "lsm_cgroup+",
    "iter+", "iter.s+", "syscall", "xdp.frags/devmap", "xdp/devmap", "xdp.frags/cpumap", "xdp/cpumap",
    "xdp.frags", "xdp", "perf_event", "lwt_in", "lwt_out", "lwt_xmit", "lwt_seg6local", "sockops",
    "sk_skb/stream_parser", "sk_skb/stream_verdict", "sk_skb/verdict", "sk_skb", "sk_msg", "lirc_mode2",
    "flow_dissector", "cgroup_skb/ingress", "cgroup_skb/egress", "cgroup/skb", "cgroup/sock_create",
    "cgroup/sock_release", "cgroup/sock", "cgroup/post_bind4", "cgroup/post_bind6", "cgroup/bind4",
    "cgroup/bind6", "cgroup/connect4", "cgroup/connect6", "cgroup/connect_unix", "cgroup/sendmsg4",
    "cgroup/sendmsg6", "cgroup/sendmsg_unix", "cgroup/recvmsg4", "cgroup/recvmsg6", "cgroup/recvmsg_unix",
    "cgroup/getpeername4", "cgroup/getpeername6", "cgroup/getpeername_unix", "cgroup/getsockname4",
    "cgroup/getsockname6", "cgroup/getsockname_unix", "cgroup/sysctl", "cgroup/getsockopt",
    "cgroup/setsockopt", "cgroup/dev", "struct_ops+", "struct_ops.s+", "sk_lookup", "netfilter",
];

/// libbpf's names of program types, by number.
pub const PROGRAM_TYPES: &[&str] = &[
    "unspec", "socket_filter", "kprobe", "sched_cls", "sched_act", "tracepoint", "xdp", "perf_event",
    "cgroup_skb", "cgroup_sock", "lwt_in", "lwt_out", "lwt_xmit", "sock_ops", "sk_skb", "cgroup_device",
    "sk_msg", "raw_tracepoint", "cgroup_sock_addr", "lwt_seg6local", "lirc_mode2", "sk_reuseport",
    "flow_dissector", "cgroup_sysctl", "raw_tracepoint_writable", "cgroup_sockopt", "tracing", "struct_ops",
    "ext", "lsm", "sk_lookup", "syscall", "netfilter",
];

/// libbpf's names of map types, by number.
pub const MAP_TYPES: &[&str] = &[
    "unspec", "hash", "array", "prog_array", "perf_event_array", "percpu_hash", "percpu_array",
    "stack_trace", "cgroup_array", "lru_hash", "lru_percpu_hash", "lpm_trie", "array_of_maps",
    "hash_of_maps", "devmap", "sockmap", "cpumap", "xskmap", "sockhash", "cgroup_storage",
    "reuseport_sockarray", "percpu_cgroup_storage", "queue", "stack", "sk_storage", "devmap_hash",
    "struct_ops", "ringbuf", "inode_storage", "task_storage", "bloom_filter", "user_ringbuf",
    "cgrp_storage", "arena", "insn_array",
];

/// Whether libbpf knows the section, with or without a target.
pub fn is_known(section: &str) -> bool {
    SECTIONS.iter().any(|name| match name.strip_suffix('+') {
        None => *name == section,
        Some(stem) => section.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
    })
}

/// What a section names behind its kind, where its kind takes a target.
pub fn target(section: &str) -> Option<&str> {
    let kinds = SECTIONS.iter().filter_map(|name| name.strip_suffix('+'));
    let mut targets = kinds.filter_map(|stem| section.strip_prefix(stem)?.strip_prefix('/'));
    targets.next().filter(|target| !target.is_empty())
}

/// The number of a program type or a map type in one of the lists above.
pub fn number(names: &[&str], name: &str) -> Option<u32> {
    names.iter().position(|known| *known == name).and_then(|at| u32::try_from(at).ok())
}
