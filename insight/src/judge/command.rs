//! The verdict of a command that loads by itself.

use super::classify::Finding;
use super::{cause, cell, trouble};
use domain::cause::{CauseCode, Stage};
use domain::check::CommandEnd;
use domain::command::{CommandEvidence, CommandTerms, Ending};
use domain::evidence::Evidence;
use domain::verdict::{CellVerdict, Verdict};

/// What the dynamic loader of glibc says, with status 127, of libraries that are not there.
const NO_LIBRARY: (u8, &str) = (127, "error while loading shared libraries");

/// The verdict of the cell.
pub(super) fn judge(evidence: &Evidence, terms: &CommandTerms) -> CellVerdict {
    let found = match &evidence.command {
        Some(command) => disappointment(terms, command),
        None => Some(Finding::certain(
            CauseCode::Infrastructure,
            &terms.program,
            "The guest finished without running the command.".to_owned(),
        )),
    };
    let broken = cell::broken_off(evidence).or_else(|| {
        let passes = found.is_none();
        trouble::survived(evidence).filter(|_| passes)
    });
    let cause = broken.or_else(|| found.map(|finding| cause(Stage::Behave, None, finding, None)));
    let verdict = cause.as_ref().map_or(Verdict::Passes, |cause| cause.code.verdict());
    CellVerdict {
        command: evidence.command.clone(),
        splats: trouble::told(evidence),
        ..CellVerdict::without_parts(verdict, cause)
    }
}

fn disappointment(terms: &CommandTerms, command: &CommandEvidence) -> Option<Finding> {
    let program = &terms.program;
    if let Some(why) = &command.hindered {
        let says = format!("`{program}` could not be run: {}.", why.trim_end_matches('.'));
        return Some(Finding::certain(CauseCode::Infrastructure, program, says));
    }
    let last = command.run.stderr.text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    let failed = |what: String| {
        let says = format!("`{program}` {what}.");
        Some(Finding::certain(CauseCode::CommandFailed, program, says).on(last))
    };
    match (command.run.end, terms.expect) {
        (CommandEnd::Exited(status), Ending::Exit(expected)) if status == expected => None,
        (CommandEnd::TimedOut, Ending::Running) => None,
        (CommandEnd::NotStarted(errno), _) => {
            let says = format!(
                "`{program}` cannot be started in the guest ({errno}): it needs an interpreter or a library that was not shipped with it."
            );
            Some(Finding::certain(CauseCode::NotExercised, program, says))
        }
        (CommandEnd::Exited(status), _)
            if status == NO_LIBRARY.0 && command.run.stderr.text.contains(NO_LIBRARY.1) =>
        {
            let says = format!("`{program}` needs a library that was not shipped with it.");
            Some(Finding::likely(CauseCode::NotExercised, program, says).on(last))
        }
        (CommandEnd::Exited(status), Ending::Exit(expected)) => {
            failed(format!("exited with {status}, not {expected}"))
        }
        (CommandEnd::Exited(status), Ending::Running) => {
            failed(format!("exited with {status} and should have kept running"))
        }
        (CommandEnd::Signalled(signal), _) => failed(format!("died of signal {signal}")),
        (CommandEnd::TimedOut, Ending::Exit(_)) => {
            failed(format!("did not end within {} ms", terms.timeout_ms))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::check::{CommandRun, Output};
    use domain::errno::Errno;

    fn ended(end: CommandEnd, stderr: &str) -> CommandEvidence {
        let stderr = Output { text: stderr.to_owned(), bytes: 0 };
        let run = CommandRun { end, took_ms: 1, stdout: Output::default(), stderr };
        CommandEvidence { run, loaded: Vec::new(), left: Vec::new(), unlisted: false, hindered: None }
    }

    /// Defect V16 of the earlier tool among them: a loader that could not be started was the kernel's failure.
    #[test]
    fn every_end_means_something() {
        let terms = |expect| CommandTerms {
            object: None,
            program: "loader".to_owned(),
            arguments: Vec::new(),
            timeout_ms: 1000,
            expect,
        };
        let (exit, running) = (Ending::Exit(0), Ending::Running);
        for (expect, end, stderr, verdict) in [
            (exit, CommandEnd::Exited(0), "", Verdict::Passes),
            (Ending::Exit(3), CommandEnd::Exited(3), "", Verdict::Passes),
            (exit, CommandEnd::Exited(1), "no", Verdict::Fails),
            (exit, CommandEnd::Signalled(11), "", Verdict::Fails),
            (exit, CommandEnd::TimedOut, "", Verdict::Fails),
            (running, CommandEnd::TimedOut, "", Verdict::Passes),
            (running, CommandEnd::Exited(0), "", Verdict::Fails),
            (
                exit,
                CommandEnd::Exited(127),
                "x: error while loading shared libraries: y",
                Verdict::NotAttempted,
            ),
            (exit, CommandEnd::Exited(127), "something else", Verdict::Fails),
            (exit, CommandEnd::NotStarted(Errno::ENOENT), "", Verdict::NotAttempted),
        ] {
            let found = disappointment(&terms(expect), &ended(end, stderr));
            assert_eq!(found.map_or(Verdict::Passes, |found| found.code.verdict()), verdict, "{end:?}");
        }
        let hindered =
            CommandEvidence { hindered: Some("no shell".to_owned()), ..ended(CommandEnd::Exited(0), "") };
        let found = disappointment(&terms(exit), &hindered).expect("a finding");
        assert_eq!(found.code.verdict(), Verdict::Inconclusive);
    }
}
