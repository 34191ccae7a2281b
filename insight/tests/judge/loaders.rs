//! Loaders other than libbpf: what they refuse by themselves, and what the kernel told them.

use super::{alone, evidence, judge, loads, map, program, settled};
use domain::axis::Loader;
use domain::cause::{CauseCode, Stage};
use domain::errno::Errno;
use domain::evidence::{Evidence, KernelFacts, Load, LoadScope, Log, LogSubject, MapCreate, Open, Unable};
use domain::level::Level;
use domain::verdict::{CellVerdict, Verdict};

fn unable(says: &str, missing: Option<&str>) -> Option<Unable> {
    Some(Unable { says: says.to_owned(), missing: missing.map(str::to_owned) })
}

/// aya opened an object with program `p`.
fn by_aya(section: &str, kind: &str) -> Evidence {
    Evidence { loader: Loader::Aya, ..evidence(vec![program("p", section, kind)]) }
}

/// The load of `scope` ended so.
fn gave_up(mut evidence: Evidence, scope: LoadScope, unable: Option<Unable>) -> CellVerdict {
    let (loaded, counts) = (Vec::new(), Vec::new());
    evidence.loads.push(Load { scope, errno: None, loaded, counts, took_us: 0, unable, refused_at: None });
    judge(&evidence, Level::Load)
}

#[test]
fn what_a_loader_refuses_by_itself_is_not_the_kernels_fault() {
    let not_opened = Open { unable: unable("invalid program section `tc`", None), ..Open::default() };
    let verdict = judge(&Evidence { open: Some(not_opened), ..by_aya("tc", "sched_cls") }, Level::Load);
    assert_eq!(settled(&verdict), (Verdict::Fails, Some(CauseCode::LoaderUnable)));
    let cause = verdict.cause.expect("a failure has one");
    assert_eq!((cause.stage, cause.errno), (Stage::Open, None));
    assert!(cause.says.contains("aya") && cause.says.contains("section `tc`"), "{}", cause.says);
    let unsupported = unable("type of m (BPF_MAP_TYPE_ARENA) is unsupported", None);
    let whole = gave_up(by_aya("tp/a/b", "tracepoint"), LoadScope::Whole, unsupported);
    assert_eq!(settled(&whole), (Verdict::Fails, Some(CauseCode::LoaderUnable)));
    let one = gave_up(by_aya("tp/a/b", "tracepoint"), alone("p"), unable("it cannot", None));
    assert_eq!(settled(&one), (Verdict::Fails, Some(CauseCode::LoaderUnable)));
}

#[test]
fn what_a_loader_did_not_find_in_the_kernel_is() {
    let missing = || unable("unknown BTF type `gone`", Some("gone"));
    let verdict = gave_up(by_aya("fentry/gone", "tracing"), alone("p"), missing());
    assert_eq!(settled(&verdict), (Verdict::Fails, Some(CauseCode::SymbolMissing)));
    let without_btf = Some(KernelFacts { btf_bytes: 0, ..KernelFacts::default() });
    let without_btf = Evidence { kernel: without_btf, ..by_aya("fentry/gone", "tracing") };
    let verdict = gave_up(without_btf, alone("p"), missing());
    assert_eq!(settled(&verdict), (Verdict::Fails, Some(CauseCode::KernelWithoutBtf)));
}

/// aya's errors name no cause: errno, facts and the verifier's words do, as with libbpf.
#[test]
fn errno_and_the_verifier_decide_whatever_the_loader_says() {
    let log = "the BPF_PROG_LOAD syscall returned Permission denied (os error 13)\n\
        libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n7: (79) r1 = *(u64 *)(r0 +0)\n\
        R0 invalid mem access 'map_value_or_null'\n-- END PROG LOAD LOG --\n";
    for (errno, log, code) in [
        (Errno::EACCES, log, CauseCode::VerifierNull),
        (
            Errno::EINVAL,
            "the BPF_PROG_LOAD syscall returned Invalid argument\n",
            CauseCode::AttachUnsupported,
        ),
    ] {
        let evidence = loads(by_aya("lsm/file_open", "lsm"), LoadScope::Whole, None, "");
        let mut evidence = loads(evidence, alone("p"), Some(errno), log);
        // The whole load of such a loader makes maps and loads no program.
        evidence.loads[0].loaded.clear();
        assert_eq!(settled(&judge(&evidence, Level::Load)), (Verdict::Fails, Some(code)), "{log}");
    }
}

#[test]
fn a_map_that_was_refused_blocks_programs_and_is_the_cause() {
    let mut refused = loads(by_aya("xdp", "xdp"), LoadScope::Whole, Some(Errno::EINVAL), "map error\n");
    refused.open.as_mut().expect("it opened").maps.push(map("arena", 40, 1));
    refused.maps.push(MapCreate { map: "m".to_owned(), errno: Some(Errno::EINVAL), without_flags: None });
    let text = "failed to create map `m`\n".to_owned();
    refused.logs.push(Log { subject: LogSubject::Map("m".to_owned()), raw_bytes: 25, text, cut: false });
    let verdict = judge(&refused, Level::Load);
    assert_eq!(settled(&verdict), (Verdict::Fails, Some(CauseCode::MapTypeUnknown)));
    assert_eq!(verdict.programs[0].verdict, Verdict::NotAttempted);
}
