//! What a refusal means in another environment than the usual one.

use super::*;
use domain::axis::Axes;
use domain::evidence::{Environment, PrivilegedLoad};

/// Evidence of one program that was refused in an environment, which the guest told as it was asked for.
pub(super) fn under(asked: &[(&str, &str)], kind: &str, section: &str) -> Evidence {
    let with = |axes: Axes, (name, value): &(&str, &str)| axes.with(name, value).expect("a value");
    let axes = asked.iter().fold(Axes::default(), with);
    let capabilities = axes.capabilities.to_string();
    let mut evidence = evidence(vec![program("p", section, kind)]);
    evidence.guest.environment = Some(Environment {
        lockdown: Some(axes.lockdown.name().to_owned()),
        capabilities: capabilities.split('+').map(str::to_owned).filter(|name| name != "none").collect(),
        user_namespace: capabilities == "token",
        cgroups: vec![if axes.cgroup.name() == "v1" { "cgroup" } else { "cgroup2" }.to_owned()],
        unprivileged_bpf_disabled: Some(if axes.unprivileged_bpf.name() == "allowed" { 0 } else { 2 }),
        memlock_bytes: axes.memlock.to_string().parse().ok(),
    });
    evidence.kernel.as_mut().expect("facts").cpus = axes.cpus.into();
    evidence.axes = axes;
    evidence
}

fn cause_of(evidence: &Evidence) -> (CauseCode, String, Confidence) {
    let verdict = judge(evidence, Level::Attach);
    let cause = verdict.cause.expect("no pass");
    (cause.code, cause.subject, cause.confidence)
}

fn refused(evidence: Evidence, errno: Errno, log: &str) -> Evidence {
    let evidence = loads(evidence, LoadScope::Whole, Some(errno), log);
    loads(evidence, alone("p"), Some(errno), log)
}

#[test]
fn a_capability_is_the_cause_if_the_program_loads_with_all_of_them() {
    let denied = "libbpf: prog 'p': BPF program load failed: -EPERM\n";
    for (own, kind, lacks) in
        [("none", "xdp", "bpf"), ("bpf+perfmon", "xdp", "net_admin"), ("bpf", "kprobe", "perfmon")]
    {
        let mut evidence = refused(under(&[("capabilities", own)], kind, kind), Errno::EPERM, denied);
        // Nobody tried it with all, as with other loaders than libbpf.
        assert_eq!(cause_of(&evidence), (CauseCode::CapabilityMissing, lacks.to_owned(), Confidence::Likely));
        evidence.privileged =
            vec![PrivilegedLoad { program: "p".to_owned(), errno: Some(Errno::EPERM), lacked: vec![] }];
        assert_eq!(cause_of(&evidence).0, CauseCode::AttachUnsupported, "it does not load with all either");
        evidence.privileged[0] =
            PrivilegedLoad { program: "p".to_owned(), errno: None, lacked: vec![lacks.to_owned()] };
        let cause = cause_of(&evidence);
        assert_eq!(cause, (CauseCode::CapabilityMissing, lacks.to_owned(), Confidence::Certain));
        assert_eq!(judge(&evidence, Level::Load).verdict, Verdict::Fails);
    }
    // The verifier is stricter with who lacks one, and its words stay in the cause.
    let log = rejected_with("R1 leaks addr into map");
    let mut evidence = refused(under(&[("capabilities", "bpf")], "kprobe", "kprobe/f"), Errno::EACCES, &log);
    let untried = judge(&evidence, Level::Load).cause.expect("no pass");
    assert_eq!((untried.code, untried.confidence), (CauseCode::VerifierPointer, Confidence::Likely));
    assert!(untried.says.ends_with("With more capabilities it was not tried."), "{untried:?}");
    evidence.privileged =
        vec![PrivilegedLoad { program: "p".to_owned(), errno: None, lacked: vec!["perfmon".to_owned()] }];
    let verdict = judge(&evidence, Level::Load);
    let cause = verdict.cause.expect("no pass");
    assert_eq!(cause.code, CauseCode::CapabilityMissing);
    assert!(cause.log_line.contains("leaks addr"), "{cause:?}");
}

#[test]
fn an_attachment_is_denied_to_who_lacks_a_capability() {
    for (own, kind, lacks) in [
        ("bpf+perfmon", "kprobe", "sys_admin"),
        ("bpf", "tracing", "perfmon"),
        ("none", "cgroup_skb", "bpf"),
        ("token", "kprobe", "perfmon"),
    ] {
        let loaded = loads(under(&[("capabilities", own)], kind, kind), LoadScope::Whole, None, "");
        let evidence = attaches(loaded, "p", AttachOutcome::Failed(Errno::EACCES), "");
        assert_eq!(cause_of(&evidence), (CauseCode::CapabilityMissing, lacks.to_owned(), Confidence::Likely));
    }
}

#[test]
fn a_kernel_that_is_locked_down_is_the_cause_of_what_it_keeps_to_itself() {
    let unknown = rejected_with("unknown func bpf_probe_read_kernel#113");
    let said = |evidence: &mut Evidence| {
        let text = "<5>[ 3.6] Lockdown: init: use of bpf to read kernel RAM is restricted; see man kernel_lockdown.7\n";
        let (subject, raw_bytes) = (LogSubject::Kernel, 0);
        evidence.logs.push(Log { subject, text: text.to_owned(), raw_bytes, cut: false });
    };
    let mode = |mode| refused(under(&[("lockdown", mode)], "kprobe", "kprobe/f"), Errno::EINVAL, &unknown);
    assert_eq!(cause_of(&mode("integrity")).0, CauseCode::HelperUnknown);
    let mut confidential = mode("confidentiality");
    let subject = "bpf_probe_read_kernel".to_owned();
    assert_eq!(cause_of(&confidential), (CauseCode::LockedDown, subject.clone(), Confidence::Likely));
    said(&mut confidential);
    assert_eq!(cause_of(&confidential), (CauseCode::LockedDown, subject, Confidence::Certain));
    let loaded =
        loads(under(&[("lockdown", "confidentiality")], "kprobe", "kprobe/f"), LoadScope::Whole, None, "");
    let denied = attaches(loaded, "p", AttachOutcome::Failed(Errno::EPERM), "");
    assert_eq!(cause_of(&denied).0, CauseCode::LockedDown);
    let axes = Axes::default().with("lockdown", "integrity").expect("a mode");
    let mut honest = Evidence { axes, ..denied };
    honest.guest.environment.as_mut().expect("told").lockdown = Some("integrity".to_owned());
    assert_ne!(cause_of(&honest).0, CauseCode::LockedDown, "integrity keeps nobody from attaching");
}

#[test]
fn a_limit_of_locked_memory_is_the_cause_where_nothing_else_denies() {
    let denied = "libbpf: map 'm': failed to create: -EPERM\n";
    for (asked, helpers, code) in [
        (&[("memlock", "64K")][..], 156, CauseCode::MemlockLimit),
        // A kernel from 5.11 on counts nothing against the limit.
        (&[("memlock", "64K")], 163, CauseCode::MapRefused),
        (&[("memlock", "64K"), ("capabilities", "none")], 156, CauseCode::CapabilityMissing),
        (&[("capabilities", "bpf")], 156, CauseCode::CapabilityMissing),
        (&[("capabilities", "bpf+net_admin")], 156, CauseCode::MapRefused),
    ] {
        let mut evidence =
            loads(under(asked, "kprobe", "kprobe/f"), LoadScope::Whole, Some(Errno::EPERM), denied);
        evidence.open.as_mut().expect("opened").maps = vec![map("hash", 1, 8)];
        evidence.kernel.as_mut().expect("facts").helpers = Some(helpers);
        evidence.maps =
            vec![MapCreate { map: "m".to_owned(), errno: Some(Errno::EPERM), without_flags: None }];
        assert_eq!(cause_of(&evidence).0, code, "{asked:?}");
    }
}

#[test]
fn version_1_of_control_groups_takes_no_programs() {
    let loaded =
        loads(under(&[("cgroup", "v1")], "cgroup_skb", "cgroup_skb/egress"), LoadScope::Whole, None, "");
    let evidence = attaches(loaded, "p", AttachOutcome::Failed(Errno(9)), "");
    assert_eq!(cause_of(&evidence).0, CauseCode::AttachUnsupported);
}

#[test]
fn an_environment_that_a_kernel_cannot_give_decides_nothing() {
    let mut evidence = evidence(Vec::new());
    (evidence.open, evidence.axes) = (None, Axes::default().with("capabilities", "token").expect("a value"));
    evidence.unavailable = Some("a BPF token cannot be had".to_owned());
    let verdict = judge(&evidence, Level::Attach);
    assert_eq!(settled(&verdict), (Verdict::NotAttempted, Some(CauseCode::EnvironmentUnavailable)));
}

#[test]
fn another_environment_than_was_asked_for_proves_nothing() {
    let passes = |evidence: Evidence| {
        let loaded = loads(evidence, LoadScope::Whole, None, "");
        attaches(loaded, "p", AttachOutcome::Attached, "")
    };
    for asked in [
        ("cpus", "2"),
        ("lockdown", "integrity"),
        ("lsm", "lockdown+bpf"),
        ("capabilities", "bpf"),
        ("capabilities", "token"),
        ("memlock", "64K"),
        ("memlock", "unlimited"),
        ("cgroup", "v1"),
        ("unprivileged_bpf", "allowed"),
    ] {
        let mut evidence = passes(under(&[asked], "xdp", "xdp"));
        evidence.kernel.as_mut().expect("facts").lsm.push("lockdown".to_owned());
        assert_eq!(judge(&evidence, Level::Attach).verdict, Verdict::Passes, "{asked:?}");
        let cgroups = vec!["cgroup2".to_owned()];
        let memlock_bytes = Some(1);
        evidence.guest.environment = Some(Environment { cgroups, memlock_bytes, ..Environment::default() });
        let facts = evidence.kernel.as_mut().expect("facts");
        (facts.cpus, facts.lsm) = if asked.0 == "cpus" { (1, vec![]) } else { (facts.cpus, vec![]) };
        let verdict = judge(&evidence, Level::Attach);
        assert_eq!(settled(&verdict), (Verdict::Inconclusive, Some(CauseCode::Infrastructure)), "{asked:?}");
        evidence.guest.environment = None;
        assert_eq!(judge(&evidence, Level::Attach).verdict, Verdict::Inconclusive, "{asked:?}");
    }
}
