//! What each kind of evidence means: every cause by at least one refusal, and how programs and
//! maps add up to a cell. Texts of logs are libbpf's and the verifier's own.

#[path = "judge/attaches.rs"]
mod attaches;
#[path = "judge/changes.rs"]
mod changes;
#[path = "judge/checks.rs"]
mod checks;
#[path = "judge/environment.rs"]
mod environment;
#[path = "judge/loaders.rs"]
mod loaders;
#[path = "judge/maps.rs"]
mod maps;
#[path = "judge/modules.rs"]
mod modules;
#[path = "judge/pretence.rs"]
mod pretence;
#[path = "judge/refusals.rs"]
mod refusals;
#[path = "judge/since.rs"]
mod since;
#[path = "judge/symbols.rs"]
mod symbols;
#[path = "judge/terms.rs"]
mod terms;
#[path = "judge/trouble.rs"]
mod trouble;

use domain::cause::{Cause, CauseCode, Confidence};
use domain::digest::Digest;
use domain::errno::Errno;
use domain::evidence::{
    Accelerator, Attach, AttachOutcome, Counts, End, Evidence, Guest, KernelFacts, LineCost, LineCosts, Load,
    LoadScope, Loaded, Log, LogSubject, MapCreate, MapFact, Modules, Open, ProgramFact, Start,
};
use domain::level::Level;
use domain::verdict::{CellVerdict, Reached, Verdict};
use insight::judge::LINE_BYTES_MAX;
use time::Date;
use time::macros::date;

const EBUSY: Errno = Errno::EBUSY;
const EFAULT: Errno = Errno(14);

/// The day of every judgement here that does not say another.
const TODAY: Date = date!(2026 - 12 - 01);

fn judge(evidence: &Evidence, level: Level) -> CellVerdict {
    insight::judge::judge(evidence, level, TODAY)
}

fn program(name: &str, section: &str, kind: &str) -> ProgramFact {
    ProgramFact { name: name.into(), section: section.into(), kind: kind.into(), autoload: true }
}

fn map(kind: &str, number: u32, max_entries: u32) -> MapFact {
    MapFact {
        name: "m".into(),
        kind: kind.into(),
        number,
        key_bytes: 4,
        value_bytes: 8,
        max_entries,
        flags: 0,
    }
}

fn evidence(programs: Vec<ProgramFact>) -> Evidence {
    let digest = Digest::of(b"");
    let facts = KernelFacts {
        btf_bytes: 4_000_000,
        map_types: Some(34),
        program_types: Some(33),
        helpers: Some(212),
        lsm: vec!["capability".into(), "bpf".into()],
        ..KernelFacts::default()
    };
    Evidence {
        guest: Guest {
            start: Start::Clone,
            accelerator: Accelerator::Tcg,
            qemu: "7.2.22".into(),
            memory_bytes: 268_435_456,
            cpus: 1,
            validator: digest,
            initramfs: digest,
            nonce_ok: true,
            drawn: String::new(),
            loader_version: String::new(),
            environment: None,
            boot_ms: 100,
            answer_ms: 50,
        },
        kernel: Some(facts),
        loader: domain::axis::Loader::default(),
        axes: domain::axis::Axes::default(),
        unavailable: None,
        privileged: Vec::new(),
        modules: Modules::default(),
        contract: domain::contract::Contract::default(),
        open: Some(Open { errno: None, programs, maps: Vec::new(), ..Open::default() }),
        symbols: Vec::new(),
        maps: Vec::new(),
        loads: Vec::new(),
        attaches: Vec::new(),
        behaviour: None,
        command: None,
        line_costs: Vec::new(),
        logs: Vec::new(),
        splats: Vec::new(),
        console: String::new(),
        end: End::Finished,
    }
}

fn loads(mut evidence: Evidence, scope: LoadScope, errno: Option<Errno>, log: &str) -> Evidence {
    let programs = evidence.open.as_ref().map(|open| open.programs.clone()).unwrap_or_default();
    let accepted = |program: &&ProgramFact| match &scope {
        LoadScope::Whole => program.autoload,
        LoadScope::Alone(name) => program.name == *name,
    };
    let loaded = |program: &ProgramFact| Loaded {
        program: program.name.clone(),
        verified_instructions: 9,
        translated_bytes: 72,
        jited_bytes: 60,
    };
    let loaded = programs.iter().filter(accepted).filter(|_| errno.is_none()).map(loaded).collect();
    let subject = match &scope {
        LoadScope::Whole => LogSubject::LoadWhole,
        LoadScope::Alone(name) => LogSubject::LoadAlone(name.clone()),
    };
    let text = log.to_owned();
    evidence.logs.push(Log { subject, raw_bytes: text.len() as u64, text, cut: false });
    evidence.loads.push(Load {
        scope,
        errno,
        loaded,
        counts: Vec::new(),
        took_us: 1,
        unable: None,
        refused_at: None,
    });
    evidence
}

fn alone(name: &str) -> LoadScope {
    LoadScope::Alone(name.to_owned())
}

fn attaches(mut evidence: Evidence, name: &str, outcome: AttachOutcome, log: &str) -> Evidence {
    let (program, subject) = (name.to_owned(), LogSubject::Attach(name.to_owned()));
    evidence.attaches.push(Attach { program, hook: "the:hook".into(), how: "link".into(), outcome });
    evidence.logs.push(Log { subject, text: log.to_owned(), raw_bytes: 0, cut: false });
    evidence
}

/// The cause of program `p` after this load failed, whole and alone.
fn load_cause(section: &str, kind: &str, errno: Errno, log: &str) -> Cause {
    let evidence = evidence(vec![program("p", section, kind)]);
    let evidence = loads(evidence, LoadScope::Whole, Some(errno), log);
    let verdict = judge(&loads(evidence, alone("p"), Some(errno), log), Level::Load);
    verdict.programs[0].cause.clone().expect("a refusal has a cause")
}

fn rejected_with(line: &str) -> String {
    format!(
        "libbpf: prog 'p': BPF program load failed: -EINVAL\nlibbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n\
         0: R1=ctx() R10=fp0\n3: (85) call unknown#1\n{line}\nprocessed 4 insns (limit 1000000)\n\
         -- END PROG LOAD LOG --\nlibbpf: prog 'p': failed to load: -EINVAL\n"
    )
}

/// Defect H3 of the earlier tool: the verifier's EACCES was a missing capability, missing helpers were unknown.
#[test]
fn refused_loads() {
    let relocation = "libbpf: prog 'p': relo #0: <byte_off> [5] struct rq___new.__lock (0:1 @ offset 4)\n\
                      libbpf: prog 'p': relo #0: no matching targets found\n\
                      libbpf: prog 'p': relo #0: substituting insn #3 w/ invalid insn\n";
    let unverified = "libbpf: prog 'p': BPF program load failed: -EPERM\n";
    let poisoned = relocation.to_owned() + &rejected_with("invalid func unknown#195896080");
    let weak = "libbpf: prog 'p': relo #0: poisoning insn #3 that calls kfunc 'bpf_weak'\n".to_owned()
        + &rejected_with("invalid func unknown#2002000001");
    for (section, kind, errno, log, code, subject) in [
        ("xdp", "xdp", Errno::EINVAL, poisoned.as_str(), CauseCode::CoreTypeMissing, "rq.__lock"),
        ("xdp", "xdp", Errno::EINVAL, &weak, CauseCode::KfuncMissing, "bpf_weak"),
        (
            "xdp",
            "xdp",
            Errno::EACCES,
            &rejected_with("calling kernel function bpf_task_acquire is not allowed"),
            CauseCode::KfuncMissing,
            "bpf_task_acquire",
        ),
        (
            "xdp",
            "xdp",
            Errno::EINVAL,
            &rejected_with("unknown func bpf_get_current_task_btf#158"),
            CauseCode::HelperUnknown,
            "bpf_get_current_task_btf",
        ),
        (
            "xdp",
            "xdp",
            Errno::EINVAL,
            &rejected_with("program of this type cannot use helper bpf_probe_read_kernel#113"),
            CauseCode::HelperUnknown,
            "bpf_probe_read_kernel",
        ),
        (
            "xdp",
            "xdp",
            EFAULT,
            &rejected_with("The sequence of 8193 jumps is too complex."),
            CauseCode::TooManyJumps,
            "p",
        ),
        ("xdp", "xdp", Errno::ENOMEM, &rejected_with("whatever"), CauseCode::GuestMemory, "p"),
        ("xdp", "xdp", Errno::ENOSPC, &rejected_with("whatever"), CauseCode::Infrastructure, "p"),
        ("fentry/x", "tracing", Errno::ENOTSUPP, unverified, CauseCode::AttachUnsupported, "fentry/x"),
        ("xdp", "xdp", Errno::EACCES, "", CauseCode::Unexplained, "p"),
        ("xdp", "xdp", Errno::EINVAL, "", CauseCode::Unexplained, "p"),
    ] {
        let cause = load_cause(section, kind, errno, log);
        assert_eq!((cause.code, cause.subject.as_str(), cause.errno), (code, subject, Some(errno)), "{log}");
        assert!(cause.says.contains(&cause.subject) && cause.says.ends_with('.'), "{}", cause.says);
    }
}

#[test]
fn loads_that_libbpf_stops_itself() {
    for (errno, log, code, subject) in [
        (
            Errno::EINVAL,
            "libbpf: extern 'CONFIG_HZ' (strong): not resolved\n",
            CauseCode::ExternMissing,
            "CONFIG_HZ",
        ),
        (
            Errno::ESRCH,
            "libbpf: extern (var ksym) 'runqueues': not found in kernel BTF\n",
            CauseCode::ExternMissing,
            "runqueues",
        ),
        (
            Errno(9),
            "libbpf: map 'jumps': failed to initialize slot [0] to prog 'q' fd=-1: -EBADF\n",
            CauseCode::NotExercised,
            "p",
        ),
    ] {
        let cause = load_cause("kprobe/x", "kprobe", errno, log);
        assert_eq!((cause.code, cause.subject.as_str()), (code, subject), "{log}");
    }
}

#[test]
fn a_kernel_without_btf_is_the_cause_only_where_btf_is_needed() {
    let log = "libbpf: Error loading vmlinux BTF: -ESRCH\nlibbpf: failed to load object 'x'\n";
    let mut without = evidence(vec![program("p", "fentry/x", "tracing")]);
    without.kernel = Some(KernelFacts::default());
    let verdict = judge(&loads(without, LoadScope::Whole, Some(Errno::ESRCH), log), Level::Load);
    let cause = verdict.cause.expect("a cause");
    assert_eq!((cause.code, cause.confidence), (CauseCode::KernelWithoutBtf, Confidence::Certain));

    let mut rejected = evidence(vec![program("p", "kprobe/x", "kprobe")]);
    rejected.kernel = Some(KernelFacts::default());
    let log = rejected_with("R0 invalid mem access 'inv'");
    let verdict = judge(&loads(rejected, LoadScope::Whole, Some(Errno::EACCES), &log), Level::Load);
    assert_eq!(verdict.cause.expect("a cause").code, CauseCode::VerifierPointer);
}

#[test]
fn a_missing_kfunc_is_the_cause_of_who_calls_it_and_blocks_the_others() {
    let uses = "libbpf: prog 'caller': found extern #0 'bpf_new' (sym 11) for insn #0\n";
    let missing = "libbpf: extern (func ksym) 'bpf_new': not found in kernel or module BTFs\n";
    let both = vec![program("other", "xdp", "xdp"), program("caller", "xdp", "xdp")];
    let mut evidence = loads(evidence(both), LoadScope::Whole, Some(Errno::ESRCH), missing);
    let text = uses.to_owned();
    evidence.logs.push(Log { subject: LogSubject::Open, text, raw_bytes: 0, cut: false });
    for name in ["other", "caller"] {
        evidence = loads(evidence, alone(name), Some(Errno::ESRCH), missing);
    }
    let verdict = judge(&evidence, Level::Attach);
    let codes: Vec<_> =
        verdict.programs.iter().map(|program| program.cause.as_ref().expect("a cause").code).collect();
    assert_eq!(codes, [CauseCode::Blocked, CauseCode::KfuncMissing]);
    assert_eq!(
        (verdict.verdict, verdict.cause.expect("a cause").subject.as_str()),
        (Verdict::Fails, "bpf_new")
    );
}

fn passing() -> Evidence {
    let evidence = loads(evidence(vec![program("p", "xdp", "xdp")]), LoadScope::Whole, None, "");
    attaches(evidence, "p", AttachOutcome::Attached, "")
}

fn settled(verdict: &CellVerdict) -> (Verdict, Option<CauseCode>) {
    (verdict.verdict, verdict.cause.as_ref().map(|cause| cause.code))
}

/// Defects H1 and V1 of the earlier tool: what was attached to nothing passed.
#[test]
fn a_pass_needs_the_level_reached_and_nothing_else() {
    let verdict = judge(&passing(), Level::Attach);
    assert_eq!(settled(&verdict), (Verdict::Passes, None));
    let program = &verdict.programs[0];
    assert_eq!(
        (program.reached, program.hook.as_str(), program.how.as_str()),
        (Reached::Attached, "the:hook", "link")
    );

    let mut unattached = passing();
    unattached.attaches.clear();
    assert_eq!(settled(&judge(&unattached, Level::Load)), (Verdict::Passes, None));
    let expected = (Verdict::NotAttempted, Some(CauseCode::NotExercised));
    assert_eq!(
        settled(&judge(&unattached, Level::Attach)),
        expected,
        "required attach that attached nothing"
    );
    let untried = attaches(unattached, "p", AttachOutcome::NotAttempted("no such fixture".into()), "");
    let verdict = judge(&untried, Level::Attach);
    assert_eq!(settled(&verdict), expected);
    assert!(verdict.cause.expect("a cause").says.contains("no such fixture"));
}

#[test]
fn programs_that_are_off_by_default_never_decide() {
    let mut evidence = passing();
    let off = ProgramFact { autoload: false, ..program("off", "fentry/x", "tracing") };
    evidence.open.as_mut().expect("opened").programs.push(off);
    let log = "libbpf: prog 'off': failed to find kernel BTF type ID of 'x': -ESRCH\n";
    let verdict = judge(&loads(evidence, alone("off"), Some(Errno::ESRCH), log), Level::Attach);
    assert_eq!(settled(&verdict), (Verdict::Passes, None));
    assert_eq!((verdict.programs[1].verdict, verdict.programs[1].required), (Verdict::Fails, false));

    let mut all_off = passing();
    all_off.open.as_mut().expect("opened").programs[0].autoload = false;
    let expected = (Verdict::NotAttempted, Some(CauseCode::NotExercised));
    assert_eq!(settled(&judge(&all_off, Level::Attach)), expected);
}

#[test]
fn a_program_that_works_alone_passes_and_the_cell_fails_by_its_neighbour() {
    let both = vec![program("good", "xdp", "xdp"), program("p", "xdp", "xdp")];
    let log = rejected_with("R0 !read_ok");
    let evidence = loads(evidence(both), LoadScope::Whole, Some(Errno::EACCES), &log);
    let evidence = loads(loads(evidence, alone("good"), None, ""), alone("p"), Some(Errno::EACCES), &log);
    let verdict = judge(&attaches(evidence, "good", AttachOutcome::Attached, ""), Level::Attach);
    assert_eq!(settled(&verdict), (Verdict::Fails, Some(CauseCode::VerifierUninitialised)));
    assert_eq!(verdict.programs[0].verdict, Verdict::Passes);
    let cause = verdict.programs[1].cause.as_ref().expect("a cause");
    assert_eq!(
        (cause.log_line.as_str(), cause.location.as_ref().and_then(|at| at.instruction)),
        ("R0 !read_ok", Some(3))
    );
}

#[test]
fn counts_are_those_of_the_last_load_that_came_to_the_program() {
    let both = vec![program("good", "xdp", "xdp"), program("p", "xdp", "xdp")];
    let mut evidence = loads(evidence(both), LoadScope::Whole, Some(Errno::EACCES), "");
    evidence = loads(loads(evidence, alone("good"), None, ""), alone("p"), Some(Errno::EACCES), "");
    let counts = |program: &str, processed: u32| Counts {
        program: program.to_owned(),
        text: format!("verification time 1 usec\nstack depth 0\nprocessed {processed} insns (limit 100)\n"),
        memory_peak_bytes: None,
    };
    evidence.loads[0].counts = vec![counts("good", 3)];
    evidence.loads[1].counts = vec![counts("good", 4)];
    let processed = |evidence: &Evidence| -> Vec<Option<u32>> {
        let programs = judge(evidence, Level::Load).programs;
        programs.iter().map(|program| program.verification.as_ref().map(|counts| counts.processed)).collect()
    };
    assert_eq!(processed(&evidence), [Some(4), None]);
    evidence.loads[2].counts = vec![counts("p", 9), counts("other", 1)];
    evidence.loads[2].counts[0].memory_peak_bytes = Some(1 << 20);
    assert_eq!(processed(&evidence), [Some(4), Some(9)], "a refused program was counted, too");
    let [good, p] = &judge(&evidence, Level::Load).programs[..] else { panic!("two programs") };
    let memory =
        [good, p].map(|program| program.verification.as_ref().and_then(|counts| counts.memory_peak_bytes));
    assert_eq!(memory, [None, Some(1 << 20)]);
}

#[test]
fn the_dearest_lines_of_each_program_are_told() {
    let mut evidence = passing();
    let line = |n: u32| LineCost { file: "f.c".to_owned(), line: n, text: String::new(), walked: 100 - n };
    let lines: Vec<LineCost> = (1..=50).map(line).collect();
    let of = |program: &str, lines| LineCosts { program: program.to_owned(), walked: 5000, lines };
    evidence.line_costs = vec![of("other", vec![line(7)]), of("p", lines.clone())];
    assert_eq!(judge(&evidence, Level::Attach).programs[0].line_costs, lines[..20]);
}

#[test]
fn without_loads_alone_the_others_are_blocked_by_the_first_that_failed() {
    let both = vec![program("p", "xdp", "xdp"), program("later", "xdp", "xdp")];
    let log = rejected_with("R0 !read_ok");
    let verdict = judge(&loads(evidence(both), LoadScope::Whole, Some(Errno::EACCES), &log), Level::Load);
    assert_eq!(verdict.programs[0].verdict, Verdict::Fails);
    let later = verdict.programs[1].cause.as_ref().expect("a cause");
    assert_eq!((later.code, later.says.contains("`p`")), (CauseCode::Blocked, true));
}

#[test]
fn a_whole_that_fails_though_its_parts_do_not_is_unexplained_and_no_pass() {
    let evidence = evidence(vec![program("p", "xdp", "xdp")]);
    let evidence = loads(evidence, LoadScope::Whole, Some(EFAULT), "libbpf: failed to load object 'x'\n");
    let verdict = judge(&loads(evidence, alone("p"), None, ""), Level::Load);
    assert_eq!(settled(&verdict), (Verdict::Fails, Some(CauseCode::Unexplained)));
    assert_eq!(verdict.programs[0].verdict, Verdict::Passes);
}

#[test]
fn an_unmet_contract_does_not_hide_a_failure_beside_it() {
    let both = vec![program("custom", "loadbalancer", "unspec"), program("p", "xdp", "xdp")];
    let contract = "libbpf: prog 'custom': missing BPF prog type, check ELF section name 'loadbalancer'\n\
                    libbpf: prog 'custom': failed to load: -EINVAL\n";
    let base = loads(evidence(both), LoadScope::Whole, Some(Errno::EINVAL), contract);
    let base = loads(base, alone("custom"), Some(Errno::EINVAL), contract);
    let works = judge(&loads(base.clone(), alone("p"), None, ""), Level::Load);
    assert_eq!(settled(&works), (Verdict::NotAttempted, Some(CauseCode::LoaderContract)));
    let log = rejected_with("R0 !read_ok");
    let fails = judge(&loads(base, alone("p"), Some(Errno::EACCES), &log), Level::Load);
    assert_eq!(settled(&fails), (Verdict::Fails, Some(CauseCode::VerifierUninitialised)));
}

/// Defect V15 of the earlier tool: what a validator had said before it failed was a pass.
#[test]
fn a_conversation_that_broke_off_is_inconclusive_and_keeps_what_was_learnt() {
    for (end, code) in [
        (End::Died("exit status 1".into()), CauseCode::GuestDied),
        (End::Deadline("load".into()), CauseCode::Deadline),
        (End::Misbehaved("frame too long".into()), CauseCode::Infrastructure),
        (End::Refused("digest differs".into()), CauseCode::Infrastructure),
    ] {
        let mut evidence = passing();
        evidence.open.as_mut().expect("opened").programs.push(program("next", "xdp", "xdp"));
        evidence.loads[0].loaded.retain(|loaded| loaded.program == "p");
        evidence.end = end;
        let verdict = judge(&evidence, Level::Attach);
        assert_eq!(settled(&verdict), (Verdict::Inconclusive, Some(code)));
        assert_eq!(verdict.programs[0].verdict, Verdict::Passes);
        assert_eq!(verdict.programs[1].verdict, Verdict::Inconclusive);
    }
    let mut forged = passing();
    forged.guest.nonce_ok = false;
    assert_eq!(
        settled(&judge(&forged, Level::Attach)),
        (Verdict::Inconclusive, Some(CauseCode::Infrastructure))
    );
    let mut silent = passing();
    silent.open = None;
    assert_eq!(
        settled(&judge(&silent, Level::Attach)),
        (Verdict::Inconclusive, Some(CauseCode::Infrastructure))
    );
}

#[test]
fn an_object_that_does_not_open_fails_with_libbpfs_words() {
    let mut evidence = evidence(Vec::new());
    evidence.open.as_mut().expect("opened").errno = Some(Errno::EOPNOTSUPP);
    let text = "libbpf: elf: legacy map definitions in 'maps' section are not supported by libbpf v1.0+\n";
    evidence.logs.push(Log { subject: LogSubject::Open, text: text.into(), raw_bytes: 0, cut: false });
    let verdict = judge(&evidence, Level::Attach);
    assert_eq!(settled(&verdict), (Verdict::Fails, Some(CauseCode::NotAnObject)));
    assert!(verdict.cause.expect("a cause").says.contains("legacy map definitions"));
    evidence.logs[0].text =
        "libbpf: Unsupported BTF_KIND:20\nlibbpf: Error loading ELF section .BTF: -22.\n".into();
    assert_eq!(settled(&judge(&evidence, Level::Attach)).1, Some(CauseCode::LoaderTooOld));
    evidence.open.as_mut().expect("opened").errno = Some(Errno::ENOMEM);
    assert_eq!(settled(&judge(&evidence, Level::Attach)).0, Verdict::Inconclusive);
}

#[test]
fn a_lack_of_memory_names_the_amount() {
    let mut evidence = evidence(vec![program("p", "xdp", "xdp")]);
    evidence.guest.memory_bytes = 4 << 30;
    let verdict = judge(&loads(evidence, LoadScope::Whole, Some(Errno::ENOMEM), ""), Level::Load);
    for cause in [&verdict.cause, &verdict.programs[0].cause] {
        let says = &cause.as_ref().expect("a cause").says;
        assert_eq!(says, "The guest had too little memory to load `p`. It had 4096 MiB.");
    }
}

#[test]
fn lines_from_a_guest_are_bounded() {
    let line = format!("R0 {}", "é".repeat(10 * LINE_BYTES_MAX));
    let cause = load_cause("xdp", "xdp", Errno::EINVAL, &rejected_with(&line));
    assert_eq!(cause.code, CauseCode::VerifierInvalid);
    assert!(cause.log_line.len() <= LINE_BYTES_MAX && cause.says.len() <= LINE_BYTES_MAX);
}

/// A cause nobody can show an example of is a cause nobody needs.
#[test]
fn every_cause_has_an_example_here_or_among_the_recordings() {
    let examples = [
        include_str!("judge.rs"),
        include_str!("judge/attaches.rs"),
        include_str!("judge/changes.rs"),
        include_str!("judge/checks.rs"),
        include_str!("judge/environment.rs"),
        include_str!("../src/judge/command.rs"),
        include_str!("judge/maps.rs"),
        include_str!("judge/modules.rs"),
        include_str!("judge/refusals.rs"),
        include_str!("judge/loaders.rs"),
        include_str!("judge/symbols.rs"),
        include_str!("judge/terms.rs"),
        include_str!("judge/trouble.rs"),
        include_str!("../../tests/corpus/evidence/cells/expected.txt"),
    ]
    .concat();
    for code in CauseCode::ALL {
        let (asserted, recorded) = (format!("CauseCode::{code:?}"), format!(": {code} "));
        assert!(examples.contains(&asserted) || examples.contains(&recorded), "{code} has no example");
    }
}
