//! Since when there is what is missing: never by a kernel's version alone.

use super::*;

/// The cause of program `p` after this load failed on a kernel of this release.
fn on(release: &str, section: &str, kind: &str, errno: Errno, log: &str) -> Cause {
    let mut evidence = evidence(vec![program("p", section, kind)]);
    evidence.kernel.as_mut().expect("facts").release = release.to_owned();
    let evidence = loads(evidence, LoadScope::Whole, Some(errno), log);
    let verdict = judge(&loads(evidence, alone("p"), Some(errno), log), Level::Load);
    verdict.programs[0].cause.clone().expect("a refusal has a cause")
}

fn without_kfunc(release: &str, kfunc: &str) -> Cause {
    let log = format!("libbpf: extern (func ksym) '{kfunc}': not found in kernel or module BTFs\n");
    on(release, "xdp", "xdp", Errno::ESRCH, &log)
}

fn without_ops(release: &str, ops: &str) -> Cause {
    let log = format!("libbpf: struct_ops init_kern: struct {ops} is not found in kernel BTF\n");
    on(release, "struct_ops/init", "struct_ops", Errno::ESRCH, &log)
}

fn without_target(release: &str, section: &str, kind: &str, target: &str) -> Cause {
    let log = format!("libbpf: prog 'p': failed to find kernel BTF type ID of '{target}': -ESRCH\n");
    on(release, section, kind, Errno::ESRCH, &log)
}

fn version(cause: &Cause) -> Option<&str> {
    cause.since.as_ref().map(|since| since.version.as_str())
}

#[track_caller]
fn ends(cause: &Cause, with: &str, since: Option<&str>) {
    assert!(cause.says.ends_with(with), "{}", cause.says);
    assert_eq!(version(cause), since, "{}", cause.says);
}

#[test]
fn what_came_later_says_since_when() {
    let acquire = without_kfunc("6.1.0-56-cloud-amd64", "bpf_task_acquire");
    ends(&acquire, "Upstream lets programs call it since 6.2.", Some("6.2"));
    assert_eq!(acquire.since.and_then(|since| since.commit).as_deref(), Some("3f00c5239344"));
    ends(&without_kfunc("6.12.118", "bpf_no_such_kfunc"), "that programs may call.", None);
    let line = "unknown func bpf_cgrp_storage_get#210";
    let mut of_5_10 = evidence(vec![program("p", "tp_btf/sched_switch", "tracing")]);
    let facts = of_5_10.kernel.as_mut().expect("facts");
    (facts.release, facts.helpers) = ("5.10.0-46-cloud-amd64".to_owned(), Some(156));
    let of_5_10 = loads(of_5_10, alone("p"), Some(Errno::EINVAL), &rejected_with(line));
    let verdict = judge(&of_5_10, Level::Load);
    ends(verdict.programs[0].cause.as_ref().expect("a cause"), "Upstream has it since 6.2.", Some("6.2"));
}

#[test]
fn what_was_left_out_of_a_build_is_no_matter_of_age() {
    let off =
        "Upstream has it since 6.12; this kernel, a 6.12, is built without it (CONFIG_SCHED_CLASS_EXT).";
    ends(&without_ops("6.12.118+deb13-cloud-amd64", "sched_ext_ops"), off, Some("6.12"));
    let off = "this kernel, a 6.16, is built without it (CONFIG_NET_SCH_BPF).";
    ends(&without_ops("6.16.12+deb13-cloud-amd64", "Qdisc_ops"), off, Some("6.16"));
    let off = "this kernel, a 7.3, is built without it (CONFIG_HID_BPF).";
    ends(&without_ops("7.3.4", "hid_bpf_ops"), off, Some("6.11"));
    let lirc = on("6.12.118", "lirc_mode2", "lirc_mode2", Errno::EINVAL, REFUSED);
    ends(&lirc, "this kernel, a 6.12, is built without it (CONFIG_BPF_LIRC_MODE2).", Some("4.18"));
    let line = "program of this type cannot use helper bpf_override_return#58";
    let probe = on("6.12.118", "kprobe/x", "kprobe", Errno::EINVAL, &rejected_with(line));
    ends(&probe, "this kernel, a 6.12, is built without it (CONFIG_BPF_KPROBE_OVERRIDE).", Some("4.16"));
    // Another type may not call it in any build.
    assert_eq!(version(&on("6.12.118", "xdp", "xdp", Errno::EINVAL, &rejected_with(line))), None);
}

/// As a kernel answers that refuses a program before it verifies it.
const REFUSED: &str = "libbpf: prog 'p': BPF program load failed: -EINVAL\n";

#[test]
fn what_is_in_a_module_is_not_said_to_be_left_out() {
    let lookup = without_kfunc("6.12.118", "bpf_skb_ct_lookup");
    let says = "this kernel, a 6.12, has it in module `nf_conntrack` or is built without it.";
    ends(&lookup, says, Some("5.18"));
}

#[test]
fn what_was_removed_or_renamed_is_not_awaited() {
    let stream = |release| without_kfunc(release, "bpf_stream_vprintk");
    let until = "Upstream lets programs call it since 6.17, and until 6.18, from when on \
                 `bpf_stream_vprintk_impl` has its place; it is back since 7.0.";
    ends(&stream("6.12.118"), until, Some("6.17"));
    let gone = "From 6.18 on `bpf_stream_vprintk_impl` has its place; it is back since 7.0.";
    ends(&stream("6.19.14"), gone, Some("6.17"));
    ends(&without_kfunc("7.3.4", "scx_bpf_cpu_rq"), "It was removed in 7.3.", Some("6.12"));
    let dispatch = without_kfunc("6.18.15", "scx_bpf_dispatch");
    ends(&dispatch, "From 6.17 on `scx_bpf_dsq_insert` has its place.", Some("6.12"));
    let unlink = without_target("7.3.4", "fentry/do_unlinkat", "tracing", "do_unlinkat");
    ends(&unlink, "From 7.0 on `filename_unlinkat` has its place.", None);
    let hook = "bpf_map_alloc_security";
    let hook = without_target("6.12.118", "lsm/bpf_map_alloc_security", "lsm", hook);
    ends(&hook, "From 6.9 on `bpf_map_create` has its place.", Some("5.7"));
    let flush = without_kfunc("6.16.12", "cgroup_rstat_flush");
    ends(&flush, "From 6.16 on `css_rstat_flush` has its place.", Some("6.1"));
    let congestion = without_kfunc("7.1.4", "cubictcp_cwnd_event");
    ends(&congestion, "From 7.1 on `cubictcp_cwnd_event_tx_start` has its place.", Some("5.13"));
    // A compiler may have swallowed a function that nobody removed.
    let swallowed = without_target("6.1.192", "fentry/do_unlinkat", "tracing", "do_unlinkat");
    assert_eq!(version(&swallowed), None);
    assert!(!swallowed.says.contains("7.0"), "{}", swallowed.says);
}

#[test]
fn functions_that_many_hook_say_what_has_their_place() {
    for (release, function, place) in [
        ("6.12.118", "kmem_cache_alloc", "From 6.10 on `kmem_cache_alloc_noprof` has its place."),
        ("6.12.118", "migrate_misplaced_page", "From 6.7 on `migrate_misplaced_folio` has its place."),
        ("7.3.4", "do_filp_open", "From 7.0 on `do_file_open` has its place."),
    ] {
        let section = format!("fentry/{function}");
        ends(&without_target(release, &section, "tracing", function), place, None);
    }
}

#[test]
fn what_a_kernel_has_is_not_said_to_be_missing() {
    // A distribution's kernel of an old version that names the helper has it, whatever upstream did.
    let line = "program of this type cannot use helper bpf_user_ringbuf_drain#209";
    assert_eq!(version(&on("4.18.0-553.el8", "xdp", "xdp", Errno::EINVAL, &rejected_with(line))), None);
    let line = "calling kernel function bpf_task_acquire is not allowed";
    assert_eq!(version(&on("5.14.0-503.el9", "xdp", "xdp", Errno::EACCES, &rejected_with(line))), None);
    let otherwise =
        "libbpf: extern (func ksym) 'bpf_task_acquire': func_proto [7] incompatible with vmlinux [9]\n";
    assert_eq!(version(&on("6.1.192", "xdp", "xdp", Errno::EINVAL, otherwise)), None);
    // A refusal at or past the first version has a reason of its own.
    assert_eq!(version(&on("6.12.118", "xdp.frags", "xdp", Errno::EINVAL, REFUSED)), None);
}

#[test]
fn ways_to_attach_and_abilities_have_a_first_version() {
    let unix = on("6.1.192", "cgroup/connect_unix", "cgroup_sock_addr", Errno::EINVAL, REFUSED);
    ends(&unix, "Upstream has this way to attach since 6.7.", Some("6.7"));
    let frags = on("5.10.262", "xdp.frags", "xdp", Errno::EINVAL, REFUSED);
    ends(&frags, "Upstream has xdp fragments since 5.18.", Some("5.18"));
    let long = on("6.1.192", "xdp", "xdp", Errno::EINVAL, &rejected_with("unknown opcode 06"));
    ends(&long, "Upstream has long jumps since 6.6.", Some("6.6"));
    let iterator = without_target("6.12.118", "iter/dmabuf", "tracing", "bpf_iter_dmabuf");
    ends(&iterator, "Upstream has it since 6.16.", Some("6.16"));
}

#[test]
fn maps_have_a_first_version_too() {
    let mut evidence = evidence(vec![program("p", "xdp", "xdp")]);
    let facts = evidence.kernel.as_mut().expect("facts");
    (facts.release, facts.map_types) = ("5.10.0-46-cloud-amd64".to_owned(), Some(29));
    evidence.open.as_mut().expect("opened").maps.push(map("bloom_filter", 30, 8));
    evidence.maps.push(MapCreate { map: "m".into(), errno: Some(Errno::EINVAL), without_flags: None });
    let evidence = loads(evidence, LoadScope::Whole, Some(Errno::EINVAL), "");
    let verdict = judge(&evidence, Level::Load);
    ends(verdict.maps[0].cause.as_ref().expect("a cause"), "Upstream has it since 5.16.", Some("5.16"));
}

#[test]
fn kprobe_multi_without_its_option_says_so() {
    let mut evidence = evidence(vec![program("p", "kprobe.multi/vfs_*", "kprobe")]);
    evidence.kernel.as_mut().expect("facts").release = "6.1.0-56-cloud-amd64".to_owned();
    let mut evidence = loads(evidence, LoadScope::Whole, None, "");
    let outcome = AttachOutcome::Failed(Errno::EOPNOTSUPP);
    let (hook, how) = ("vfs_*".into(), "functions".into());
    evidence.attaches.push(Attach { program: "p".into(), hook, how, outcome });
    let verdict = judge(&evidence, Level::Attach);
    let cause = verdict.programs[0].cause.as_ref().expect("a cause");
    ends(cause, "this kernel, a 6.1, is built without it (CONFIG_FPROBE).", Some("5.18"));
}
