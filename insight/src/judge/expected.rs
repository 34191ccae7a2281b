//! Failures that were expected: they stay failures and decide nothing, until their last day.

use domain::cause::Cause;
use domain::contract::ExpectedFailure;
use domain::evidence::Evidence;
use domain::verdict::{ProgramVerdict, Verdict};
use std::collections::BTreeMap;
use time::Date;

/// What came of the expectations of one cell.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// One sentence for each.
    pub(super) says: Vec<String>,
    /// Programs whose failure was expected, each with the last day on which it is.
    pub(super) excused: BTreeMap<String, Date>,
}

/// Takes the right to decide from programs that fail as expected.
pub(super) fn programs(evidence: &Evidence, programs: &mut [ProgramVerdict], today: Date) -> Outcome {
    let mut outcome = Outcome::default();
    for expected in &evidence.contract.expected_failures {
        let named = |program: &&mut ProgramVerdict| expected.program.as_ref() == Some(&program.name);
        let Some(program) = programs.iter_mut().find(named) else { continue };
        let (excuses, says) =
            compare(expected, &format!("`{}`", program.name), program.verdict, program.cause.as_ref(), today);
        if excuses {
            program.required = false;
            program.terms = format!("expected to fail until {}: {}", expected.until, expected.reason);
            let until = outcome.excused.entry(program.name.clone()).or_insert(expected.until);
            *until = (*until).max(expected.until);
        }
        outcome.says.push(says);
    }
    outcome
}

/// The last day on which the failure of the whole object is expected, if it is; says what came of it.
pub(super) fn object(
    evidence: &Evidence,
    (verdict, cause): (Verdict, Option<&Cause>),
    today: Date,
    says: &mut Vec<String>,
) -> Option<Date> {
    let mut excused = None;
    for expected in evidence.contract.expected_failures.iter().filter(|one| one.program.is_none()) {
        let (excuses, sentence) = compare(expected, "the object", verdict, cause, today);
        excused = excused.max(excuses.then_some(expected.until));
        says.push(sentence);
    }
    excused
}

/// Whether a failure is the expected one, and a sentence about it.
fn compare(
    expected: &ExpectedFailure,
    who: &str,
    verdict: Verdict,
    cause: Option<&Cause>,
    today: Date,
) -> (bool, String) {
    let ExpectedFailure { reason, until, .. } = expected;
    let code = cause.map(|cause| cause.code);
    match (verdict, expected.cause) {
        (Verdict::Fails, Some(other)) if code != Some(other) => {
            let code = code.map_or("no cause", |code| code.name());
            (false, format!("{who} was expected to fail with {other} and fails with {code}, so it decides"))
        }
        (Verdict::Fails, _) if expected.holds(today) => {
            (true, format!("{who} fails as expected until {until}: {reason}"))
        }
        (Verdict::Fails, _) => {
            (false, format!("the expectation that {who} fails ran out on {until}, so it decides: {reason}"))
        }
        (Verdict::Passes, _) => {
            (false, format!("{who} was expected to fail and passes; take the expectation away: {reason}"))
        }
        (Verdict::NotAttempted | Verdict::Inconclusive, _) => {
            (false, format!("{who} was expected to fail and that was not seen; the verdict is {verdict}"))
        }
    }
}
