//! What of a remedy can be tried without the object's author.
//!
//! Each part that is refused gets at most one change: to what its loader sets, or to where it works. Whether
//! it helps is never said here: another guest is asked.

use super::terms;
use domain::axis::Memlock;
use domain::cause::{Cause, CauseCode};
use domain::change::Change;
use domain::evidence::{Evidence, MapFact, ProgramFact};
use domain::verdict::{MapVerdict, ProgramVerdict, Verdict};

/// Bytes of a map that is tried with fewer entries: real use for most, and a small part of a guest's memory.
const SMALLER_BYTES: u64 = 16 << 20;
/// Bytes that a hash takes for an element beside its key and value (`struct htab_elem` of 6.12).
const ELEMENT_BYTES: u64 = 48;

pub(super) fn of_maps(evidence: &Evidence, maps: &mut [MapVerdict]) {
    let facts = evidence.open.as_ref().map(|open| open.maps.as_slice()).unwrap_or_default();
    for map in maps {
        let fact = facts.iter().find(|fact| fact.name == map.name);
        if let Some((cause, fact)) = map.cause.as_mut().zip(fact) {
            offer(cause, |code| of_map(evidence, fact, code));
        }
    }
}

fn of_map(evidence: &Evidence, map: &MapFact, code: CauseCode) -> Option<Change> {
    match code {
        CauseCode::MapTooLarge => fewer(map),
        CauseCode::MapFlagRefused => {
            let dropped = without_flags(evidence, map)?;
            Some(Change::Flags { map: map.name.clone(), kept: map.flags & !dropped, dropped })
        }
        CauseCode::MapTypeUnknown if map.kind == "ringbuf" => {
            Some(Change::PerfBuffer { map: map.name.clone() })
        }
        // Its programs are left out with it.
        CauseCode::StructOpsMissing => Some(Change::SkipMap { map: map.name.clone() }),
        CauseCode::MemlockLimit => memlock(evidence),
        _ => None,
    }
}

/// The flags without which the kernel created a map that it refused.
pub(super) fn without_flags(evidence: &Evidence, map: &MapFact) -> Option<u32> {
    evidence.maps.iter().find(|created| created.map == map.name)?.without_flags
}

fn fewer(map: &MapFact) -> Option<Change> {
    let bytes = u64::from(map.key_bytes) + u64::from(map.value_bytes) + ELEMENT_BYTES;
    let entries = u32::try_from((SMALLER_BYTES / bytes).max(1)).ok()?;
    // The largest power of two, which ring buffers and hashes are sized in.
    let entries = 1 << entries.ilog2();
    (entries < map.max_entries).then(|| Change::Entries { map: map.name.clone(), entries })
}

pub(super) fn of_programs(evidence: &Evidence, programs: &mut [ProgramVerdict]) {
    let facts = evidence.open.as_ref().map(|open| open.programs.as_slice()).unwrap_or_default();
    for program in programs {
        let fact = facts.iter().find(|fact| fact.name == program.name);
        let verdict = program.verdict;
        if let Some((cause, fact)) = program.cause.as_mut().zip(fact) {
            offer(cause, |code| of_program(evidence, fact, (code, verdict)));
        }
    }
}

fn of_program(
    evidence: &Evidence,
    program: &ProgramFact,
    (code, verdict): (CauseCode, Verdict),
) -> Option<Change> {
    match code {
        CauseCode::MemlockLimit => memlock(evidence),
        CauseCode::LsmInactive => {
            let active = &evidence.kernel.as_ref()?.lsm;
            // Every kernel has it, whatever is asked for.
            let named = active.iter().map(String::as_str).filter(|module| *module != "capability");
            let named: Vec<&str> = named.chain(["bpf"]).collect();
            // They go to a kernel's command line, and a guest said them.
            Some(Change::Lsm { modules: named.join("+").parse().ok()? })
        }
        _ if verdict != Verdict::Fails => None,
        _ => passed_over(evidence, program).or_else(|| {
            let others = evidence
                .open
                .as_ref()?
                .programs
                .iter()
                .any(|other| other.name != program.name && terms::required(evidence, other).0);
            (program.autoload && others).then(|| Change::LeaveOut { program: program.name.clone() })
        }),
    }
}

/// Another candidate in the place of one that was chosen and refused.
fn passed_over(evidence: &Evidence, program: &ProgramFact) -> Option<Change> {
    let group = evidence.contract.group_of(&program.name)?;
    let candidates = evidence.contract.variants.get(group)?;
    // Those before it were passed over already.
    let after = candidates.iter().skip_while(|candidate| candidate.program != program.name).count();
    (after > 1).then(|| Change::PassOver { group: group.to_owned(), program: program.name.clone() })
}

fn memlock(evidence: &Evidence) -> Option<Change> {
    matches!(evidence.axes.memlock, Memlock::Bytes(_)).then_some(Change::Memlock)
}

fn offer(cause: &mut Cause, change: impl FnOnce(CauseCode) -> Option<Change>) {
    let code = cause.code;
    if let Some(remedy) = &mut cause.remedy {
        remedy.change = change(code);
    }
}
