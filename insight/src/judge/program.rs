//! The verdict of each program.

use super::classify::{self, Finding};
use super::modules::Searched;
use super::refusal::{attach, load};
use super::{bounded, cause, cell, environment, loader, since, symbol, terms};
use crate::log::verifier::Rejection;
use crate::log::{counts, kind, libbpf};
use domain::axis::Loader;
use domain::cause::{Cause, CauseCode, Location, Remedy, Stage};
use domain::evidence::{
    Attach, AttachOutcome, Evidence, LineCost, Load, LoadScope, Loaded, LogSubject, ProgramFact,
};
use domain::level::Level;
use domain::verdict::{ProgramVerdict, Reached, Verdict, Verification};

/// Source lines told of one program; the evidence has more.
const LINES_MAX: usize = 20;

/// Programs in the object's order; none when the object did not open.
pub(super) fn verdicts(evidence: &Evidence, level: Level) -> Vec<ProgramVerdict> {
    let programs = evidence.open.as_ref().map(|open| open.programs.as_slice()).unwrap_or_default();
    programs.iter().map(|program| verdict(evidence, level, program)).collect()
}

fn verdict(evidence: &Evidence, level: Level, program: &ProgramFact) -> ProgramVerdict {
    let level = terms::level(evidence, &program.name, level);
    let (required, terms) = terms::required(evidence, program);
    let stats = accepted(evidence, &program.name);
    let attach = evidence.attach(&program.name);
    let attached = attach.filter(|attach| attach.outcome == AttachOutcome::Attached);
    let cause = match stats {
        None => Some(not_loaded(evidence, program)),
        Some(_) if level == Level::Load => None,
        Some(_) => not_attached(evidence, program, attach),
    };
    let cause =
        cause.map(|cause| symbol::told(evidence, program, since::of_program(evidence, program, cause)));
    let reached = match (stats, attached) {
        (_, Some(_)) => Reached::Attached,
        (Some(_), None) => Reached::Loaded,
        (None, None) => Reached::Opened,
    };
    ProgramVerdict {
        name: program.name.clone(),
        section: program.section.clone(),
        kind: program.kind.clone(),
        required,
        asked: level,
        reached,
        verdict: cause.as_ref().map_or(Verdict::Passes, |cause| cause.code.verdict()),
        hook: attached.map(|attach| attach.hook.clone()).unwrap_or_default(),
        how: attached.map(|attach| attach.how.clone()).unwrap_or_default(),
        cause,
        terms,
        stats: stats.cloned(),
        verification: counted(evidence, &program.name),
        line_costs: dearest(evidence, &program.name),
    }
}

/// What the kernel said of the program in the first load that accepted it.
fn accepted<'a>(evidence: &'a Evidence, program: &str) -> Option<&'a Loaded> {
    evidence.loads.iter().flat_map(|load| &load.loaded).find(|loaded| loaded.program == program)
}

/// What the verifier counted in the last load that came to the program: what is loaded whole is loaded
/// alone only after a refusal, and then that is what counts.
fn counted(evidence: &Evidence, program: &str) -> Option<Verification> {
    let counts = evidence.loads.iter().flat_map(|load| &load.counts);
    let counts = counts.rev().find(|counts| counts.program == program)?;
    Some(Verification { memory_peak_bytes: counts.memory_peak_bytes, ..counts::read(&counts.text)? })
}

/// The source lines a person looks at.
fn dearest(evidence: &Evidence, program: &str) -> Vec<LineCost> {
    let costs = evidence.line_costs.iter().find(|costs| costs.program == program);
    costs.iter().flat_map(|costs| &costs.lines).take(LINES_MAX).cloned().collect()
}

fn not_loaded(evidence: &Evidence, program: &ProgramFact) -> Cause {
    let name = &program.name;
    if let Some(says) = terms::left_out(evidence, name) {
        let says = format!("`{name}` was {says}.");
        return cause(Stage::Load, None, Finding::certain(CauseCode::NotExercised, name, says), None);
    }
    let alone = |load: &&Load| matches!(&load.scope, LoadScope::Alone(of) if of == name);
    let unable = evidence.loads.iter().find(alone).and_then(|load| load.unable.as_ref());
    if let Some(unable) = unable {
        return loader::program(evidence, program, unable);
    }
    if let Some(errno) = evidence.loads.iter().find(alone).and_then(|load| load.errno) {
        let log = evidence.log(&LogSubject::LoadAlone(name.clone()));
        return refused(evidence, program, errno, log);
    }
    if let Some(cause) = cell::broken_off(evidence) {
        return cause;
    }
    if let Some(AttachOutcome::NotAttempted(why)) = evidence.attach(name).map(|attach| &attach.outcome) {
        return cause(Stage::Load, None, without_target(evidence, program, why), None);
    }
    let whole = evidence.loads.iter().find(|load| load.scope == LoadScope::Whole);
    if let Some(unable) = whole.and_then(|load| load.unable.as_ref()) {
        return loader::object(evidence, unable, Stage::Load);
    }
    let refused_map = evidence.maps.iter().find(|map| map.errno.is_some());
    if let Some(map) = refused_map.filter(|_| evidence.loader != Loader::Libbpf && program.autoload) {
        let says = format!("`{name}` was not tried: map `{}` could not be created.", map.map);
        return cause(Stage::Load, None, Finding::certain(CauseCode::Blocked, name, says), None);
    }
    let Some(errno) = whole.and_then(|load| load.errno).filter(|_| program.autoload) else {
        let says = if program.autoload {
            format!("Nothing loaded `{name}`.")
        } else {
            format!("`{name}` is off by default and nothing loaded it.")
        };
        return cause(Stage::Load, None, Finding::certain(CauseCode::NotExercised, name, says), None);
    };
    let log = evidence.log(&LogSubject::LoadWhole);
    match libbpf::failed_program(log) {
        Some(first) if first != name => {
            let says = format!("`{name}` was not tried: `{first}` was refused before it.");
            cause(Stage::Load, None, Finding::certain(CauseCode::Blocked, name, says), None)
        }
        Some(_) | None => refused(evidence, program, errno, log),
    }
}

/// Why a program that replaces a function of another one was not loaded: its own loader knows that program,
/// unless it is one of the object that was not loaded either.
fn without_target(evidence: &Evidence, program: &ProgramFact, why: &str) -> Finding {
    let name = &program.name;
    let programs = evidence.open.as_ref().map(|open| open.programs.as_slice()).unwrap_or_default();
    let mut others = programs.iter().filter(|other| other.kind != program.kind);
    if program.kind == "ext" && others.all(|other| accepted(evidence, &other.name).is_some()) {
        let says = format!(
            "`{name}` lacks the program it extends, which is not in the object; its own loader names it."
        );
        return Finding::certain(CauseCode::LoaderContract, name, says);
    }
    let says = format!("`{name}` was not loaded: {}.", why.trim_end_matches('.'));
    Finding::certain(CauseCode::NotExercised, name, says)
}

/// The cause of a refused load, with the verifier's words and place where it has some.
pub(super) fn refused(
    evidence: &Evidence,
    program: &ProgramFact,
    errno: domain::errno::Errno,
    log: &str,
) -> Cause {
    if let Some(cause) = terms::not_applied(evidence, program) {
        return cause;
    }
    let open_log = evidence.log(&LogSubject::Open);
    let programs = evidence.open.as_ref().map(|open| open.programs.as_slice()).unwrap_or_default();
    let refusal = load::Refusal::new(program, errno, searched(evidence), log, (programs, open_log))
        .by(&evidence.loader);
    let of_environment = environment::of_load(evidence, program, errno, log);
    let mut finding =
        of_environment.unwrap_or_else(|| environment::doubted(evidence, program, classify::load(&refusal)));
    let rejection = refusal.rejection();
    if finding.line.is_empty() {
        let line = rejection.map(|rejection| rejection.line).or_else(|| libbpf::last_failure(log));
        line.unwrap_or_default().clone_into(&mut finding.line);
    }
    let location = rejection.map(|rejection| placed(evidence, program, rejection.location.clone()));
    let cause = cause(Stage::Load, Some(errno), finding, location);
    // The sentence with which a walk ended explains nothing but a refusal.
    if cause.code.verdict() == Verdict::Fails { explained(cause, rejection) } else { cause }
}

/// With file and line where the verifier did not tell them and the object does.
fn placed(evidence: &Evidence, program: &ProgramFact, location: Location) -> Location {
    let alone = LoadScope::Alone(program.name.clone());
    let load = evidence.loads.iter().find(|load| load.scope == alone);
    let place = load.and_then(|load| load.refused_at.as_ref());
    match place.filter(|place| location.file.is_none() && location.instruction == Some(place.instruction)) {
        None => location,
        Some(place) => Location {
            file: Some(place.file.clone()),
            line: Some(place.line),
            source: Some(place.text.clone()).filter(|text| !text.is_empty()).or(location.source),
            ..location
        },
    }
}

/// With why the verifier insists, how the program came there, and what to change. A relocation with which
/// libbpf gave up itself never came to the verifier, and what helps is the same.
fn explained(mut cause: Cause, rejection: Option<&Rejection<'_>>) -> Cause {
    let suggestion = match rejection {
        Some(rejection) => {
            cause.why = bounded(rejection.why.clone());
            cause.path.clone_from(&rejection.path);
            rejection.suggestion.clone()
        }
        None if is_relocation(cause.code) => kind::relocation_guard(),
        None => None,
    };
    if let Some(says) = suggestion {
        cause.remedy = Some(Remedy { says: bounded(says), change: None });
    }
    cause
}

fn is_relocation(code: CauseCode) -> bool {
    use CauseCode::{CoreEnumeratorMissing, CoreFieldMissing, CoreTypeMissing};
    matches!(code, CoreTypeMissing | CoreFieldMissing | CoreEnumeratorMissing)
}

fn not_attached(evidence: &Evidence, program: &ProgramFact, attach: Option<&Attach>) -> Option<Cause> {
    let name = &program.name;
    let not_tried = |why: &str| {
        let says = format!("`{name}` was loaded and not attached: {why}.");
        cause(Stage::Attach, None, Finding::certain(CauseCode::NotExercised, name, says), None)
    };
    let Some(attach) = attach else {
        return Some(cell::broken_off(evidence).unwrap_or_else(|| not_tried("nothing tried")));
    };
    match &attach.outcome {
        AttachOutcome::Attached => inert(evidence, program)
            .or_else(|| never_migrates(evidence, program))
            .or_else(|| symbol::blind(evidence, program)),
        AttachOutcome::NotAttempted(why) => Some(not_tried(why.trim_end_matches('.'))),
        AttachOutcome::Failed(errno) => {
            let log = evidence.log(&LogSubject::Attach(name.clone()));
            let facts = evidence.kernel.as_ref();
            let maps = evidence.open.as_ref().map(|open| open.maps.as_slice()).unwrap_or_default();
            let modules = searched(evidence);
            let symbol = symbol::of(evidence, program);
            let refusal =
                attach::Refusal { program, attach, errno: *errno, maps, facts, modules, symbol, log };
            let finding = environment::of_attach(evidence, program, attach, *errno);
            let finding = finding.unwrap_or_else(|| classify::attach(&refusal));
            Some(cause(Stage::Attach, Some(*errno), finding, None))
        }
    }
}

fn searched(evidence: &Evidence) -> Searched<'_> {
    Searched { modules: &evidence.modules, facts: evidence.kernel.as_ref() }
}

/// The section of programs that are also asked about the connections of a listener that goes away.
const MIGRATING: &str = "sk_reuseport/migrate";
/// The number of program type `syscall`, which came with that use of programs in 5.14.
const SYSCALL_TYPE: u32 = 31;

/// Earlier kernels do not look at the attach type of these programs, and so take one they do not know.
fn never_migrates(evidence: &Evidence, program: &ProgramFact) -> Option<Cause> {
    let known = evidence.kernel.as_ref()?.program_types?;
    (program.section == MIGRATING && known <= SYSCALL_TYPE).then(|| {
        let says = format!(
            "This kernel attaches `{}` and never asks it about migration: it ignores the attach type of section \
             `{MIGRATING}`, which it does not know.",
            program.name
        );
        let finding = Finding::certain(CauseCode::AttachUnsupported, MIGRATING, says);
        cause(Stage::Attach, None, finding, None)
    })
}

/// A policy program attaches on a kernel whose list of active modules lacks bpf, and is never
/// called.
fn inert(evidence: &Evidence, program: &ProgramFact) -> Option<Cause> {
    let facts = evidence.kernel.as_ref().filter(|_| program.kind == "lsm")?;
    let active = facts.lsm.iter().any(|module| module == "bpf");
    (!active).then(|| {
        let says =
            format!("`{}` is attached and never called: bpf is not an active security module.", program.name);
        let finding = Finding::certain(CauseCode::LsmInactive, &program.name, says);
        cause(Stage::Attach, None, finding, None)
    })
}
