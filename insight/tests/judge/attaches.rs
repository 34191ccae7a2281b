//! What it means that a loaded program was not attached.

use super::*;

/// Defect V12 of the earlier tool: the errno was another call's and libbpf's words were lost.
#[test]
fn refused_attaches() {
    let said = "libbpf: prog 'p': failed to attach: -EOPNOTSUPP\n";
    for (section, kind, errno, log, code) in [
        ("kprobe/x", "kprobe", Errno::ENOENT, "", CauseCode::SymbolMissing),
        ("kprobe.multi/x", "kprobe", Errno::ESRCH, "", CauseCode::SymbolMissing),
        ("kprobe.multi/x", "kprobe", Errno::EOPNOTSUPP, said, CauseCode::AttachUnsupported),
        ("kprobe.multi/x", "kprobe", Errno::EINVAL, said, CauseCode::AttachUnsupported),
        ("syscall", "syscall", Errno::EOPNOTSUPP, "", CauseCode::NotExercised),
        ("tc", "sched_cls", Errno::ENOENT, "", CauseCode::AttachUnsupported),
        ("uprobe//usr/bin/x:main", "kprobe", Errno::ENOENT, "", CauseCode::NotExercised),
        ("xdp", "xdp", EBUSY, "", CauseCode::Infrastructure),
        ("fentry/x", "tracing", EBUSY, "", CauseCode::AttachUnsupported),
        ("fexit.s/x", "tracing", EBUSY, "", CauseCode::AttachUnsupported),
        ("tp_btf/x", "tracing", EBUSY, "", CauseCode::Infrastructure),
        ("usdt", "kprobe", Errno::ESRCH, "", CauseCode::LoaderUnable),
        ("xdp", "xdp", Errno::ENOMEM, "", CauseCode::GuestMemory),
        ("xdp", "xdp", EFAULT, "", CauseCode::Unexplained),
    ] {
        let evidence = loads(evidence(vec![program("p", section, kind)]), LoadScope::Whole, None, "");
        let verdict = judge(&attaches(evidence, "p", AttachOutcome::Failed(errno), log), Level::Attach);
        let cause = verdict.cause.expect("a cause");
        assert_eq!((cause.code, cause.errno), (code, Some(errno)), "{section}");
        assert_eq!(verdict.programs[0].reached, Reached::Loaded);
    }
}

#[test]
fn a_guest_that_could_not_mount_tracefs_proves_nothing_about_tracepoints() {
    let mut evidence = evidence(vec![program("p", "tp/a/b", "tracepoint")]);
    evidence.kernel.as_mut().expect("facts").lacks = vec!["tracefs was not mounted: ENODEV".into()];
    let evidence = loads(evidence, LoadScope::Whole, None, "");
    let verdict = judge(&attaches(evidence, "p", AttachOutcome::Failed(Errno::ENOENT), ""), Level::Attach);
    assert_eq!(verdict.verdict, Verdict::Inconclusive);
}

#[test]
fn a_guest_without_the_modules_of_filters_proves_nothing_about_filters() {
    let verdict = |lack: &str| {
        let mut evidence = evidence(vec![program("p", "classifier", "sched_cls")]);
        evidence.kernel.as_mut().expect("facts").lacks = vec![lack.into()];
        let evidence = loads(evidence, LoadScope::Whole, None, "");
        judge(&attaches(evidence, "p", AttachOutcome::Failed(Errno::ENOENT), ""), Level::Attach).verdict
    };
    assert_eq!(verdict("module sch_ingress is not in the packages"), Verdict::Inconclusive);
    assert_eq!(verdict("module cls_bpf could not be loaded: ENOEXEC"), Verdict::Inconclusive);
    assert_eq!(verdict("module act_bpf is not in the packages"), Verdict::Fails);
}
