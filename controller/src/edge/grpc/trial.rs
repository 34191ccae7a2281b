//! What came of a trial, told where the remedy is.

use crate::store::verdicts::StoredVerdict;
use domain::change::Change;
use domain::verdict::Verdict;
use proto::wire;

/// Tells of every change that a cause of the verdict offers what came of it: the verdict of its map or program in the
/// trial, or of the whole trial where that was left out of it.
pub(super) fn tell(verdict: &mut wire::CellVerdict, (changes, trial): (&[Change], &StoredVerdict)) {
    let whole = trial.answer.verdict;
    let evidence = trial.evidence.map(|digest| digest.0.to_vec()).unwrap_or_default();
    let program = |name: &str| {
        let of_trial = trial.answer.programs.iter().find(|program| program.name == name);
        // One that was left out does not decide there.
        of_trial.filter(|program| program.required).map_or(whole, |program| program.verdict)
    };
    let map = |name: &str| {
        let is_skipped = changes.contains(&Change::SkipMap { map: name.to_owned() });
        let of_trial = trial.answer.maps.iter().find(|map| map.name == name && !is_skipped);
        of_trial.map_or(whole, |map| map.verdict)
    };
    let decided = verdict.cause.clone();
    let mut of_cell = None;
    let programs = verdict.programs.iter_mut().map(|one| (program(&one.name), &mut one.cause));
    let maps = verdict.maps.iter_mut().map(|one| (map(&one.name), &mut one.cause));
    for (came, cause) in programs.chain(maps) {
        let is_decided = *cause == decided;
        let Some(cause) = cause.as_mut() else { continue };
        note(cause, came, &evidence);
        if is_decided {
            of_cell = Some(cause.clone());
        }
    }
    verdict.cause = of_cell.or(decided);
}

fn note(cause: &mut wire::Cause, came: Verdict, evidence: &[u8]) {
    if let Some(remedy) = cause.remedy.as_mut().filter(|remedy| !remedy.change.is_empty()) {
        remedy.tried = Some(wire::Verdict::from(came).into());
        remedy.evidence = evidence.to_vec();
    }
}
