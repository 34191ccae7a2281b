//! How the program ends. The numbers are scripted against and never change.

use crate::render::printable;
use domain::verdict::Verdict;
use insight::compare::Outcome;
use std::error::Error;
use std::fmt::{self, Display};
use std::process::ExitCode;

/// The four endings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: every required cell passes or fails as expected, or the verb did what it was asked.
    Works,
    /// 1: a required cell fails, or a comparison found what it fails on.
    DoesNot,
    /// 2: infrastructure was in the way, or the run was cancelled.
    CouldNotTell,
    /// 3: the question itself was wrong.
    Misuse,
}

impl Exit {
    /// The number the shell sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Works => 0,
            Self::DoesNot => 1,
            Self::CouldNotTell => 2,
            Self::Misuse => 3,
        }
    }

    /// The ending of a run with this verdict.
    pub(crate) fn of_run(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Passes => Self::Works,
            Verdict::Fails => Self::DoesNot,
            Verdict::NotAttempted | Verdict::Inconclusive => Self::CouldNotTell,
        }
    }

    /// The ending of a comparison.
    pub(crate) fn of_comparison(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Nothing => Self::Works,
            Outcome::Found => Self::DoesNot,
            Outcome::CouldNotTell => Self::CouldNotTell,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a verb ended without an answer: whose turn it is, and what to tell them.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    says: String,
}

impl Failure {
    /// Something the caller typed or passed is wrong.
    pub(crate) fn misuse(error: impl Into<Box<dyn Error>>) -> Self {
        Self { exit: Exit::Misuse, says: chain(error.into().as_ref()) }
    }

    /// Something around the question is broken: a program, a disk, a connection.
    pub(crate) fn environment(error: impl Into<Box<dyn Error>>) -> Self {
        Self { exit: Exit::CouldNotTell, says: chain(error.into().as_ref()) }
    }

    /// How the program ends because of it.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It may quote a file name, or a controller that is not to be trusted with a terminal.
        let lines: Vec<String> = self.says.lines().map(printable).collect();
        f.write_str(&lines.join("\n"))
    }
}

/// An error with its sources, outermost first. Libraries differ in whether a message repeats its
/// source; a part that the text already ends with is not said twice.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut says = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let part = error.to_string();
        if !says.contains(&part) {
            says.push_str(": ");
            says.push_str(&part);
        }
        source = error.source();
    }
    says
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_agree_with_the_domain() {
        for verdict in Verdict::ALL {
            assert_eq!(Exit::of_run(verdict).code(), domain::verdict::exit_code(verdict), "{verdict}");
        }
        assert_eq!(Exit::Misuse.code(), 3);
    }

    #[test]
    fn a_message_keeps_its_lines_and_nothing_that_a_terminal_obeys() {
        let failure = Failure::misuse("no\x1b[2J: cannot be read\nnor this");
        assert_eq!(failure.to_string(), "no\u{fffd}[2J: cannot be read\nnor this");
    }
}
