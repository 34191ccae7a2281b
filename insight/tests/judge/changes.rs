//! What of a remedy is offered to be tried.

use super::*;
use domain::change::Change;

fn refused_map(shape: MapFact, errno: Errno, without_flags: Option<u32>) -> CellVerdict {
    let log = "libbpf: map 'm': failed to create: -EINVAL\nlibbpf: failed to load object 'x'\n";
    let mut evidence = evidence(vec![program("p", "xdp", "xdp")]);
    evidence.open.as_mut().expect("opened").maps = vec![shape];
    evidence.maps = vec![MapCreate { map: "m".into(), errno: Some(errno), without_flags }];
    let evidence = loads(evidence, LoadScope::Whole, Some(errno), log);
    judge(&loads(evidence, alone("p"), Some(errno), log), Level::Attach)
}

#[test]
fn a_flag_is_dropped_where_the_kernel_did_without() {
    let ring = || MapFact { flags: 1 << 19 | 1 << 2, ..map("ringbuf", 27, 4096) };
    let verdict = refused_map(ring(), Errno::EINVAL, Some(1 << 19));
    let cause = verdict.cause.as_ref().expect("a cause");
    assert_eq!((cause.code, cause.subject.as_str()), (CauseCode::MapFlagRefused, "BPF_F_RB_OVERWRITE"));
    assert_eq!(cause.confidence, Confidence::Certain);
    let since = cause.since.as_ref().expect("the table has it");
    assert_eq!(since.version, "6.19");
    assert_eq!(verdict.changes(), [Change::Flags { map: "m".into(), kept: 1 << 2, dropped: 1 << 19 }]);
    let unknown = refused_map(ring(), Errno::EINVAL, Some(1 << 30));
    assert_eq!(unknown.cause.expect("a cause").subject, "0x40000000");
    assert_eq!(refused_map(ring(), Errno::EINVAL, None).cause.expect("a cause").code, CauseCode::MapRefused);
}

#[test]
fn maps_get_smaller_and_ring_buffers_become_perf_buffers() {
    let entries = |shape| refused_map(shape, Errno::E2BIG, None).changes();
    assert_eq!(
        entries(map("hash", 1, 3_000_000_000)),
        [Change::Entries { map: "m".into(), entries: 1 << 18 }]
    );
    // One entry is the least there is.
    let wide = MapFact { value_bytes: u32::MAX, ..map("array", 2, 2) };
    assert_eq!(entries(wide.clone()), [Change::Entries { map: "m".into(), entries: 1 }]);
    assert_eq!(entries(MapFact { max_entries: 1, ..wide }), []);
    let ring = refused_map(map("ringbuf", 34, 4096), Errno::EINVAL, None);
    assert_eq!(ring.cause.as_ref().map(|cause| cause.code), Some(CauseCode::MapTypeUnknown));
    assert_eq!(ring.changes(), [Change::PerfBuffer { map: "m".into() }]);
    assert_eq!(refused_map(map("arena", 34, 4096), Errno::EINVAL, None).changes(), []);
}

/// Two programs, of which the first is refused.
fn one_of_two(change: impl FnOnce(&mut Evidence)) -> CellVerdict {
    let mut evidence = evidence(vec![program("p", "xdp", "xdp"), program("q", "xdp", "xdp")]);
    change(&mut evidence);
    let log = "libbpf: prog 'p': failed to load: -EINVAL\nlibbpf: failed to load object 'x'\n";
    let evidence = loads(evidence, LoadScope::Whole, Some(Errno::EINVAL), log);
    let evidence = loads(evidence, alone("p"), Some(Errno::EINVAL), log);
    let evidence = loads(evidence, alone("q"), None, "");
    judge(&attaches(evidence, "q", AttachOutcome::Attached, ""), Level::Attach)
}

#[test]
fn a_refused_program_is_left_out_if_another_decides() {
    let leave_out = Change::LeaveOut { program: "p".into() };
    let verdict = one_of_two(|_| {});
    assert_eq!((verdict.verdict, verdict.changes()), (Verdict::Fails, vec![leave_out]));
    let open = |evidence: &mut Evidence| evidence.open.as_mut().expect("opened").programs[1].autoload = false;
    assert_eq!(one_of_two(open).changes(), [], "nothing would be left");
    let excused = |evidence: &mut Evidence| {
        let text = "version: 1\nexpected_failures:\n  - {kernels: all, reason: known, until: 2999-01-01}";
        evidence.contract = insight::manifest::parse("m.yaml", text).expect("a manifest").contract;
    };
    assert_eq!(one_of_two(excused).changes(), [], "a failure that is expected needs no help");
}

#[test]
fn another_candidate_is_taken_while_there_is_one() {
    let group = |candidates: &str| {
        let text = format!("version: 1\nvariants: {{g: [{candidates}]}}");
        insight::manifest::parse("m.yaml", &text).expect("a manifest").contract
    };
    let kept = |evidence: &mut Evidence, candidates: &str| {
        evidence.contract = group(candidates);
        let choice =
            domain::evidence::Choice { group: "g".into(), kept: Some("p".into()), passed_over: vec![] };
        evidence.open.as_mut().expect("opened").choices = vec![choice];
    };
    let two =
        one_of_two(|evidence| kept(evidence, "{program: p, requires: {trial_load: true}}, {program: q}"));
    assert_eq!(two.changes(), [Change::PassOver { group: "g".into(), program: "p".into() }]);
    let last = one_of_two(|evidence| kept(evidence, "{program: p}"));
    assert_eq!(last.changes(), [Change::LeaveOut { program: "p".into() }]);
}

#[test]
fn what_the_environment_lacks_is_given() {
    let mut evidence = passing();
    let open = evidence.open.as_mut().expect("opened");
    open.programs.iter_mut().for_each(|program| program.kind = "lsm".into());
    evidence.kernel.as_mut().expect("facts").lsm = vec!["capability".into(), "yama".into()];
    let verdict = judge(&evidence, Level::Attach);
    assert_eq!(verdict.verdict, Verdict::NotAttempted);
    assert_eq!(verdict.changes(), [Change::Lsm { modules: "yama+bpf".parse().expect("modules") }]);
    // What a guest calls its modules is no word for a command line.
    for hostile in ["yama init=/bin/sh", "a+b", "", "yama"] {
        evidence.kernel.as_mut().expect("facts").lsm = vec!["yama".into(), hostile.into()];
        let offered = judge(&evidence, Level::Attach).changes();
        let names = hostile == "a+b";
        assert_eq!(!offered.is_empty(), names, "{hostile}: {offered:?}");
    }

    let mut evidence = super::environment::under(&[("memlock", "64K")], "xdp", "xdp");
    evidence.kernel.as_mut().expect("facts").helpers = Some(150);
    evidence.open.as_mut().expect("opened").maps = vec![map("hash", 1, 8)];
    evidence.maps = vec![MapCreate { map: "m".into(), errno: Some(Errno::EPERM), without_flags: None }];
    let log = "libbpf: map 'm': failed to create: -EPERM\nlibbpf: failed to load object 'x'\n";
    let verdict = judge(&loads(evidence, LoadScope::Whole, Some(Errno::EPERM), log), Level::Attach);
    assert_eq!(verdict.cause.as_ref().map(|cause| cause.code), Some(CauseCode::MemlockLimit));
    assert_eq!(verdict.changes(), [Change::Memlock]);
}

#[test]
fn a_map_of_an_interface_that_is_missing_is_skipped_with_its_programs() {
    let log =
        "libbpf: struct_ops init_kern: struct bpf_struct_ops_sched_ext_ops is not found in kernel BTF\n";
    let mut evidence =
        evidence(vec![program("p", "struct_ops/init", "struct_ops"), program("q", "xdp", "xdp")]);
    evidence.open.as_mut().expect("opened").maps = vec![map("struct_ops", 26, 1)];
    let evidence = loads(evidence, LoadScope::Whole, Some(Errno::ESRCH), log);
    let evidence = loads(evidence, alone("p"), Some(Errno::ESRCH), log);
    let evidence = loads(evidence, alone("q"), Some(Errno::ESRCH), log);
    let changes = judge(&evidence, Level::Attach).changes();
    assert!(changes.contains(&Change::SkipMap { map: "m".into() }), "{changes:?}");
    assert!(changes.contains(&Change::LeaveOut { program: "p".into() }), "{changes:?}");
}
