//! What came of a trial, told where the remedy is.

use crate::store::verdicts::StoredVerdict;
use domain::change::Change;
use proto::wire;

/// Tells of every change that was made in the trial, at the cause that offers it, what came of it: the verdict of its
/// map or program there, or of the whole trial where that was left out of it.
pub(super) fn tell(verdict: &mut wire::CellVerdict, (changes, trial): (&[Change], &StoredVerdict)) {
    let whole = trial.answer.verdict;
    let evidence = trial.evidence.map(|digest| digest.0.to_vec()).unwrap_or_default();
    // Rules of another day may offer something else than was tried.
    let made: Vec<String> = changes.iter().map(ToString::to_string).collect();
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
    let programs = verdict.programs.iter_mut().map(|one| (program(&one.name), &mut one.cause));
    let maps = verdict.maps.iter_mut().map(|one| (map(&one.name), &mut one.cause));
    for (came, cause) in programs.chain(maps) {
        let is_decided = *cause == decided;
        let Some(remedy) = cause.as_mut().and_then(|cause| cause.remedy.as_mut()) else { continue };
        if made.contains(&remedy.change) {
            remedy.tried = Some(wire::Verdict::from(came).into());
            remedy.evidence.clone_from(&evidence);
            if is_decided {
                verdict.cause.clone_from(cause);
            }
        }
    }
}
