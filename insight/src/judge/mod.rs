//! From evidence to verdicts: the same evidence gives the same verdict today and in a year.
//!
//! In: everything observed for one cell, with the contract it was observed under; the level that was
//! asked for; and the day, as expectations run out. Out: a verdict for each program and map and for the
//! cell, each that is no pass with its cause.
//!
//! ```text
//! the conversation broke off ──────────────► inconclusive; what is known of programs stays
//! no such environment on this kernel ──────► not attempted
//! the object did not open ─────────────────► fails, not_an_object or, without an errno, loader_unable
//! the object did not load whole ───────────► the verdict of the map or program that stopped it
//! else ────────────────────────────────────► the worst verdict of the required programs
//! a pass with kernel trouble on the console ► inconclusive, until a second guest shows it too
//! ```
//!
//! A program passes if it reached the level, with the others or alone. A program that is off by
//! default (`SEC("?…")`), left out by choice or declared as not required never decides, nor does a
//! failure that was expected. `classify` holds the rules that turn a refusal into a
//! cause; `since` adds since when there is what is missing.
//!
//! Deliberately absent: retries, other cells, and any guess about what was not exercised.

mod cell;
mod change;
mod check;
mod classify;
mod command;
mod environment;
mod expected;
mod loader;
mod map;
mod modules;
mod program;
mod refusal;
mod since;
mod symbol;
mod terms;
pub(crate) mod trouble;

use crate::explain;
use classify::Finding;
use domain::cause::{Cause, CauseCode, Location, Remedy, Stage};
use domain::digest::Digest;
use domain::errno::Errno;
use domain::evidence::Evidence;
use domain::level::Level;
use domain::verdict::{CellVerdict, ProgramVerdict, Verdict};
use std::collections::BTreeMap;
use time::Date;

/// Longest line of a log kept in a cause, in bytes. The whole log stays in the evidence.
pub const LINE_BYTES_MAX: usize = 500;

/// Which rules [`judge`] has: the digest of the sources of this crate that take part in judging, and of `domain`.
/// Evidence judged by other rules may mean something else today.
pub fn rules() -> Digest {
    env!("INSIGHT_RULES").parse().expect("the build writes a digest")
}

/// The verdicts of one cell; `today` says which expected failures still hold.
pub fn judge(evidence: &Evidence, level: Level, today: Date) -> CellVerdict {
    if let Some(terms) = &evidence.contract.command {
        return command::judge(evidence, terms);
    }
    // What programs did together is a matter of the checks.
    let mut programs = program::verdicts(evidence, level.min(Level::Attach));
    let mut maps = map::verdicts(evidence);
    change::of_programs(evidence, &mut programs);
    change::of_maps(evidence, &mut maps);
    let checks = if level == Level::Behave { check::verdicts(evidence) } else { Vec::new() };
    let expected::Outcome { mut says, excused } = expected::programs(evidence, &mut programs, today);
    let (verdict, cause) = cell::fold(evidence, &programs, (&maps, &checks), &excused);
    let of_object = expected::object(evidence, (verdict, cause.as_ref()), today, &mut says);
    let excused_until = of_object.max(only_excused(evidence, &programs, (verdict, cause.as_ref()), &excused));
    let may_miss = symbol::may_miss(evidence, &programs);
    let mut answer = CellVerdict {
        verdict,
        cause,
        programs,
        maps,
        checks,
        command: None,
        inferred: evidence.open.as_ref().map(|open| open.inferred.clone()).unwrap_or_default(),
        declared: terms::declared(evidence),
        chosen: terms::chosen(evidence),
        expectations: says,
        excused: excused_until.is_some(),
        excused_until,
        modules: modules::used(&evidence.modules),
        may_miss,
        splats: trouble::told(evidence),
    };
    name_memory(&mut answer, evidence.guest.memory_bytes);
    answer
}

/// The last day on which nothing decides but programs whose failure is expected, if it is so.
fn only_excused(
    evidence: &Evidence,
    programs: &[ProgramVerdict],
    (verdict, cause): (Verdict, Option<&Cause>),
    excused: &BTreeMap<String, Date>,
) -> Option<Date> {
    let is_cause =
        |program: &ProgramVerdict| excused.contains_key(&program.name) && program.cause.as_ref() == cause;
    let only =
        verdict == Verdict::Fails && !cell::is_decided(programs, evidence) && programs.iter().any(is_cause);
    // The first that runs out decides again.
    excused.values().min().copied().filter(|_| only)
}

/// Says how much memory was too little, wherever it was.
fn name_memory(answer: &mut CellVerdict, memory_bytes: u64) {
    let of_programs = answer.programs.iter_mut().filter_map(|program| program.cause.as_mut());
    let of_maps = answer.maps.iter_mut().filter_map(|map| map.cause.as_mut());
    for cause in answer.cause.iter_mut().chain(of_programs).chain(of_maps) {
        if cause.code == CauseCode::GuestMemory {
            cause.says.push_str(&format!(" It had {} MiB.", memory_bytes >> 20));
        }
    }
}

/// A finding as a cause, with lines from a guest cut to a bounded length.
fn cause(stage: Stage, errno: Option<Errno>, finding: Finding, location: Option<Location>) -> Cause {
    let Finding { code, subject, confidence, says, line } = finding;
    let location = location.map(|location| Location {
        disassembly: location.disassembly.map(bounded),
        file: location.file.map(bounded),
        source: location.source.map(bounded),
        ..location
    });
    Cause {
        code,
        stage,
        subject: bounded(subject),
        errno,
        confidence,
        says: bounded(says),
        log_line: bounded(line),
        location,
        why: String::new(),
        path: Vec::new(),
        since: None,
        remedy: Some(Remedy { says: explain::of(code).change.clone(), change: None }),
    }
}

fn bounded(text: String) -> String {
    if text.len() <= LINE_BYTES_MAX {
        return text;
    }
    let end = text.floor_char_boundary(LINE_BYTES_MAX - '…'.len_utf8());
    format!("{}…", &text[..end])
}
