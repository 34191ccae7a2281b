//! The verdict of each check.

use super::classify::Finding;
use super::{cause, cell, terms};
use domain::axis::Loader;
use domain::cause::{Cause, CauseCode, Stage};
use domain::check::{Check, CheckRun, CommandEnd, Expectation, Range, Saw};
use domain::evidence::{AttachOutcome, Evidence, LoadScope};
use domain::verdict::{CheckVerdict, Verdict};

/// What a shell exits with when it cannot run a command: found and not executable, and not found.
const SHELL_CANNOT: [u8; 2] = [126, 127];

/// Checks in the order of their declaration.
pub(super) fn verdicts(evidence: &Evidence) -> Vec<CheckVerdict> {
    let checks = evidence.contract.checks.iter();
    checks
        .map(|check| {
            let runs = evidence.behaviour.iter().flat_map(|behaviour| &behaviour.checks);
            let run = runs.into_iter().find(|run| run.name == check.name);
            let finding = match run {
                Some(run) => absentee(evidence, check).or_else(|| disappointment(check, run)),
                None => Some(not_run(evidence, check)),
            };
            let cause = finding.map(|finding| cause(Stage::Behave, None, finding, None));
            let cause = match run {
                None => cell::broken_off(evidence).or(cause),
                Some(_) => cause,
            };
            CheckVerdict {
                name: check.name.clone(),
                required: check.required,
                verdict: cause.as_ref().map_or(Verdict::Passes, |cause: &Cause| cause.code.verdict()),
                cause,
                command: run.map(|run| run.command.clone()),
            }
        })
        .collect()
}

fn not_run(evidence: &Evidence, check: &Check) -> Finding {
    let name = &check.name;
    if let Some(why) = evidence.behaviour.as_ref().and_then(|behaviour| behaviour.hindered.as_ref()) {
        let says = format!("Check `{name}` could not be run: {}.", why.trim_end_matches('.'));
        // Other loaders are not asked to, which no other guest changes.
        let code = match evidence.loader {
            Loader::Libbpf => CauseCode::Infrastructure,
            _ => CauseCode::NotExercised,
        };
        return Finding::certain(code, name, says);
    }
    let whole = evidence.loads.iter().find(|load| load.scope == LoadScope::Whole);
    match whole.and_then(|load| load.errno) {
        Some(errno) => {
            let says = format!("Check `{name}` was not run: the object does not load as a whole ({errno}).");
            Finding::certain(CauseCode::Blocked, name, says)
        }
        None => Finding::certain(CauseCode::NotExercised, name, format!("Nothing ran check `{name}`.")),
    }
}

/// A program without which the check says nothing: it decides, was attached alone, and not beside the others.
fn absentee(evidence: &Evidence, check: &Check) -> Option<Finding> {
    let live = &evidence.behaviour.as_ref()?.live;
    let programs = evidence.open.iter().flat_map(|open| &open.programs);
    let absent = programs.into_iter().find(|program| {
        let attach = evidence.attach(&program.name).map(|attach| &attach.outcome);
        attach == Some(&AttachOutcome::Attached)
            && !live.contains(&program.name)
            && terms::required(evidence, program).0
    })?;
    let says = format!(
        "Check `{}` says nothing: `{}` cannot be attached beside the other programs, so it was not at work; \
         declare `level: load` of what is not meant to be.",
        check.name, absent.name
    );
    Some(Finding::certain(CauseCode::NotExercised, &check.name, says))
}

/// The first thing that is not as expected.
fn disappointment(check: &Check, run: &CheckRun) -> Option<Finding> {
    let name = &check.name;
    let failed =
        |what: String| Finding::certain(CauseCode::CheckFailed, name, format!("Check `{name}`: {what}."));
    match run.command.end {
        CommandEnd::NotStarted(errno) => {
            let says = format!("Check `{name}` could not be started in the guest: {errno}.");
            return Some(Finding::certain(CauseCode::Infrastructure, name, says));
        }
        CommandEnd::TimedOut => {
            return Some(failed(format!("its command did not end within {} ms", check.timeout_ms)));
        }
        CommandEnd::Signalled(signal) => return Some(failed(format!("its command died of signal {signal}"))),
        CommandEnd::Exited(status) if status == check.exit => {}
        CommandEnd::Exited(status) if SHELL_CANNOT.contains(&status) => {
            let said = run.command.stderr.text.trim();
            let says = format!("Check `{name}` says nothing: the guest's shell could not run it ({said}).");
            return Some(Finding::certain(CauseCode::NotExercised, name, says));
        }
        CommandEnd::Exited(status) => {
            let last =
                run.command.stderr.text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
            let what = format!("its command exited with {status}, not {}", check.exit);
            return Some(failed(what).on(last));
        }
    }
    let seen = check.expect.iter().zip(&run.saw);
    if run.saw.len() != check.expect.len() {
        let says = format!(
            "The guest looked at {} of the {} expectations of `{name}`.",
            run.saw.len(),
            check.expect.len()
        );
        return Some(Finding::certain(CauseCode::Infrastructure, name, says));
    }
    let unseen = run.saw.iter().find_map(|saw| match saw {
        Saw::Nothing(why) => Some(why),
        _ => None,
    });
    let unseen = unseen.map(|why| {
        Finding::certain(
            CauseCode::NotExercised,
            name,
            format!("Check `{name}` could not be looked at: {why}."),
        )
    });
    seen.into_iter().find_map(|(expectation, saw)| missed(expectation, saw)).map(failed).or(unseen)
}

/// What of an expectation does not hold, where it was looked at.
fn missed(expectation: &Expectation, saw: &Saw) -> Option<String> {
    let number = |what: String, wanted: Range| match saw {
        Saw::Number(number) if wanted.contains(*number) => None,
        Saw::Number(number) => Some(format!("{what} is {number}, not {}", range(wanted))),
        Saw::Nothing(_) => None,
        Saw::NoKey => Some(format!("{what} is not there: it has no such key")),
        Saw::Text(_) => Some(format!("{what} was not counted")),
    };
    match expectation {
        Expectation::Stdout(text) => absent("the output", text, saw),
        Expectation::Stderr(text) => absent("the error output", text, saw),
        Expectation::Trace(text) => absent("the kernel's trace", text, saw),
        Expectation::Entry { map, value, .. } => number(format!("the number in map `{map}`"), *value),
        Expectation::Global { name, value } => number(format!("variable `{name}`"), *value),
        Expectation::Entries { map, count } => number(format!("the count of entries in map `{map}`"), *count),
        Expectation::Events { map, count, .. } => {
            number(format!("the count of events from map `{map}`"), *count)
        }
    }
}

fn absent(where_: &str, text: &str, saw: &Saw) -> Option<String> {
    match saw {
        Saw::Text(true) => None,
        Saw::Nothing(_) => None,
        Saw::Text(false) | Saw::Number(_) | Saw::NoKey => Some(format!("{where_} lacks `{text}`")),
    }
}

fn range(Range { from, to }: Range) -> String {
    match (from, to) {
        (from, u64::MAX) => format!("at least {from}"),
        (from, to) if from == to => from.to_string(),
        (0, to) => format!("at most {to}"),
        (from, to) => format!("{from} to {to}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::check::{CommandRun, Output};

    fn check(expect: Vec<Expectation>) -> Check {
        let (name, command) = ("counts".to_owned(), "true".to_owned());
        Check { name, command, timeout_ms: 1000, required: true, exit: 0, expect }
    }

    fn ran(end: CommandEnd, saw: Vec<Saw>) -> CheckRun {
        let command = CommandRun { end, took_ms: 1, stdout: Output::default(), stderr: Output::default() };
        CheckRun { name: "counts".to_owned(), command, saw }
    }

    #[test]
    fn every_expectation_decides() {
        let entry = |from, to| Expectation::Entry {
            map: "hits".to_owned(),
            key: vec![0; 4],
            value: Range { from, to },
        };
        for (expectation, saw, says) in [
            (Expectation::Stdout("ok".to_owned()), Saw::Text(false), "the output lacks `ok`"),
            (Expectation::Trace("x".to_owned()), Saw::Text(false), "the kernel's trace lacks `x`"),
            (entry(1, u64::MAX), Saw::Number(0), "the number in map `hits` is 0, not at least 1"),
            (entry(2, 2), Saw::Number(3), "is 3, not 2"),
            (entry(0, 2), Saw::NoKey, "has no such key"),
        ] {
            let finding = disappointment(&check(vec![expectation]), &ran(CommandEnd::Exited(0), vec![saw]));
            let finding = finding.expect(says);
            assert!(finding.says.contains(says), "{}", finding.says);
            assert_eq!(finding.code, CauseCode::CheckFailed);
        }
        let seen = ran(CommandEnd::Exited(0), vec![Saw::Number(7)]);
        assert_eq!(disappointment(&check(vec![entry(7, 7)]), &seen), None);
    }

    /// Defect V16 of the earlier tool: a command that is not there was the kernel's failure.
    #[test]
    fn a_command_the_guest_lacks_says_nothing_about_the_object() {
        let finding =
            disappointment(&check(vec![]), &ran(CommandEnd::Exited(127), vec![])).expect("a finding");
        assert_eq!(finding.code.verdict(), Verdict::NotAttempted);
        let finding = disappointment(&check(vec![]), &ran(CommandEnd::Exited(1), vec![])).expect("a finding");
        assert_eq!(finding.code.verdict(), Verdict::Fails);
    }

    #[test]
    fn what_cannot_be_looked_at_is_not_the_objects_failure() {
        let unseen = || Saw::Nothing("the trace could not be read".to_owned());
        let trace = || Expectation::Trace("x".to_owned());
        let one = disappointment(&check(vec![trace()]), &ran(CommandEnd::Exited(0), vec![unseen()]));
        assert_eq!(one.expect("a finding").code.verdict(), Verdict::NotAttempted);
        let expect = vec![trace(), Expectation::Stdout("ok".to_owned())];
        let both = ran(CommandEnd::Exited(0), vec![unseen(), Saw::Text(false)]);
        let both = disappointment(&check(expect), &both).expect("a finding");
        assert_eq!(both.code, CauseCode::CheckFailed);
    }

    #[test]
    fn an_expectation_nobody_looked_at_is_no_pass() {
        let expect = vec![Expectation::Stdout("ok".to_owned())];
        let finding = disappointment(&check(expect), &ran(CommandEnd::Exited(0), vec![])).expect("a finding");
        assert_eq!(finding.code.verdict(), Verdict::Inconclusive);
    }
}
