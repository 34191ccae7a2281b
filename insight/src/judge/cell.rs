//! The verdict of the cell from those of its parts.

use super::classify::Finding;
use super::{cause, environment, loader, terms, trouble};
use crate::log::libbpf;
use domain::cause::{Cause, CauseCode, Confidence, Stage};
use domain::errno::Errno;
use domain::evidence::{End, Evidence, LoadScope, LogSubject};
use domain::verdict::{CheckVerdict, MapVerdict, ProgramVerdict, Verdict};
use std::collections::BTreeMap;
use time::Date;

/// The cell's verdict and the first cause that decided it. `excused` are programs whose failure was expected.
pub(super) fn fold(
    evidence: &Evidence,
    programs: &[ProgramVerdict],
    (maps, checks): (&[MapVerdict], &[CheckVerdict]),
    excused: &BTreeMap<String, Date>,
) -> (Verdict, Option<Cause>) {
    let settled = |cause: Cause| (cause.code.verdict(), Some(cause));
    if let Some(cause) = broken_off(evidence).or_else(|| not_opened(evidence)) {
        return settled(cause);
    }
    let parts = required(evidence, programs, checks, excused);
    let (verdict, decided) = match not_loaded_whole(evidence, programs, maps).map(settled) {
        // What stopped the whole decides, unless a part is worse off by itself.
        Some(whole) if Verdict::of_all([whole.0, parts.0]) == whole.0 => whole,
        Some(_) | None => parts,
    };
    match trouble::survived(evidence).filter(|_| matches!(verdict, Verdict::Passes | Verdict::NotAttempted)) {
        Some(trouble) => settled(trouble),
        None => (verdict, decided),
    }
}

/// Why the conversation with the guest did not come to its end, or was not about the environment asked for.
pub(super) fn broken_off(evidence: &Evidence) -> Option<Cause> {
    if let Some(trouble) = trouble::fatal(evidence) {
        return Some(trouble);
    }
    let (code, says) = match &evidence.end {
        End::Finished if evidence.guest.nonce_ok => return environment::unmet(evidence),
        End::Finished => {
            (CauseCode::Infrastructure, "The guest's answer does not carry its nonces.".to_owned())
        }
        End::Died(how) => (CauseCode::GuestDied, format!("The guest died before it finished: {how}")),
        End::Deadline(step) => (CauseCode::Deadline, format!("The guest did not answer in time: {step}")),
        End::Misbehaved(how) => (CauseCode::Infrastructure, format!("The guest broke the protocol: {how}")),
        End::Refused(why) => (CauseCode::Infrastructure, format!("The validator refused the job: {why}")),
    };
    Some(cause(Stage::Guest, None, Finding::certain(code, "", says), None))
}

fn not_opened(evidence: &Evidence) -> Option<Cause> {
    let Some(open) = &evidence.open else {
        let says = "The guest finished without opening the object.".to_owned();
        let finding = Finding::certain(CauseCode::Infrastructure, "", says);
        return Some(cause(Stage::Open, None, finding, None));
    };
    if let Some(unable) = &open.unable {
        return Some(loader::object(evidence, unable, Stage::Open));
    }
    let errno = open.errno?;
    let log = evidence.log(&LogSubject::Open);
    let line = libbpf::last_failure(log).or_else(|| libbpf::last_line(log)).unwrap_or_default();
    let finding = if errno == Errno::ENOMEM {
        Finding::certain(
            CauseCode::GuestMemory,
            "",
            "The guest had too little memory to open the object.".to_owned(),
        )
    } else if let Some(unknown) = libbpf::line_that_begins(log, "Unsupported BTF_KIND:") {
        let says = format!("{} is too old for the object's BTF: {unknown}.", evidence.loader);
        Finding::likely(CauseCode::LoaderTooOld, evidence.loader.name(), says)
    } else {
        let why = line.strip_prefix("elf: ").unwrap_or(line);
        let why = if why.is_empty() { errno.to_string() } else { why.to_owned() };
        Finding::certain(
            CauseCode::NotAnObject,
            "",
            format!("{} cannot open the object: {why}.", evidence.loader),
        )
    };
    Some(cause(Stage::Open, Some(errno), finding.on(line), None))
}

/// The cause of what stopped the load of the whole object: a map, a required program, or else
/// the load itself.
fn not_loaded_whole(evidence: &Evidence, programs: &[ProgramVerdict], maps: &[MapVerdict]) -> Option<Cause> {
    let whole = evidence.loads.iter().find(|load| load.scope == LoadScope::Whole)?;
    if let Some(unable) = &whole.unable {
        return Some(loader::object(evidence, unable, Stage::Load));
    }
    let errno = whole.errno?;
    let log = evidence.log(&LogSubject::LoadWhole);
    let failed_map = libbpf::failed_map(log).map(|(name, _, _)| name);
    let decides = |cause: &&Cause| cause.code != CauseCode::Blocked;
    let of_map = |map: &&MapVerdict| failed_map.is_none_or(|name| name == map.name);
    let map = maps.iter().filter(of_map).find_map(|map| map.cause.as_ref().filter(decides));
    let stopped_at = libbpf::failed_program(log);
    let stopper = programs.iter().find(|program| stopped_at == Some(program.name.as_str()));
    // Its loader gets along without a program that does not decide, so the others do, each alone.
    if map.is_none() && stopper.is_some_and(|program| !program.required && program.cause.is_some()) {
        return None;
    }
    let required = || programs.iter().filter(|program| program.required);
    let named = required().filter(|program| stopped_at == Some(program.name.as_str()));
    let program = named.chain(required()).find_map(|program| {
        let cause = program.cause.as_ref().filter(decides)?;
        (cause.stage == Stage::Load).then_some(cause)
    });
    Some(map.or(program).cloned().unwrap_or_else(|| {
        let subject = stopped_at.or(failed_map).unwrap_or_default();
        let line = libbpf::last_failure(log).unwrap_or_default();
        let says = format!(
            "The object does not load as a whole ({errno}), though its parts were not refused alone."
        );
        let finding = Finding::likely(CauseCode::Unexplained, subject, says).on(line);
        cause(Stage::Load, Some(errno), Finding { confidence: Confidence::Unknown, ..finding }, None)
    }))
}

/// Whether anything is left that decides.
pub(super) fn is_decided(programs: &[ProgramVerdict], evidence: &Evidence) -> bool {
    programs.iter().any(|program| program.required) || terms::without_variant(evidence).is_some()
}

fn required(
    evidence: &Evidence,
    programs: &[ProgramVerdict],
    checks: &[CheckVerdict],
    excused: &BTreeMap<String, Date>,
) -> (Verdict, Option<Cause>) {
    let required = || programs.iter().filter(|program| program.required);
    let (missing, unmet) = (terms::without_variant(evidence), terms::unmet(evidence));
    // A check that did not come to run follows from what kept it; one that failed does not.
    let failed = |check: &CheckVerdict| {
        check.required && matches!(check.verdict, Verdict::Fails | Verdict::Inconclusive)
    };
    let others = missing.is_some() || unmet.is_some() || checks.iter().any(failed);
    if required().next().is_none() && !others {
        // A failure that was expected is one all the same.
        let expected = programs.iter().find(|program| excused.contains_key(&program.name));
        if let Some(program) = expected {
            return (program.verdict, program.cause.clone());
        }
        let says = "The object has no program that is on by default, so nothing was exercised.".to_owned();
        let finding = Finding::certain(CauseCode::NotExercised, "", says);
        return (Verdict::NotAttempted, Some(cause(Stage::Load, None, finding, None)));
    }
    let of_programs = required().map(|program| (program.verdict, program.cause.as_ref()));
    let of_groups = missing.as_ref().map(|cause| (cause.code.verdict(), Some(cause)));
    let of_unmet = unmet.as_ref().map(|cause| (cause.code.verdict(), Some(cause)));
    // Last, so that a program that was not attached is the cause, and not what it could not do.
    let of_checks = checks.iter().filter(|check| check.required);
    let of_checks = of_checks.map(|check| (check.verdict, check.cause.as_ref()));
    let parts: Vec<_> = of_programs.chain(of_groups).chain(of_unmet).chain(of_checks).collect();
    let verdict = Verdict::of_all(parts.iter().map(|(verdict, _)| *verdict));
    let decided = parts.into_iter().find(|(part, _)| *part == verdict);
    (verdict, decided.and_then(|(_, cause)| cause.cloned()))
}
