//! How a comparison ends.

use super::{Comparison, Kind};
use serde::Serialize;
use std::str::FromStr;

/// What makes a comparison fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailOn {
    /// Regressions.
    Regression,
    /// Failures of what was not there or not exercised before.
    NewFailure,
    /// These, failures for another reason, and figures that grew or came near a limit.
    Any,
}

/// A word that is none of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is nothing to fail on; use regression, new-failure or any")]
pub struct NotAReason(String);

impl FromStr for FailOn {
    type Err = NotAReason;

    fn from_str(text: &str) -> Result<Self, NotAReason> {
        match text {
            "regression" => Ok(Self::Regression),
            "new-failure" => Ok(Self::NewFailure),
            "any" => Ok(Self::Any),
            other => Err(NotAReason(other.to_owned())),
        }
    }
}

/// How it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was found to fail on.
    Nothing,
    /// Something was.
    Found,
    /// Nothing was, and something that decides could not be compared; or nothing could be at all.
    CouldNotTell,
}

impl Comparison<'_> {
    /// How it ends for somebody who fails on these.
    pub fn outcome(&self, fail_on: &[FailOn]) -> Outcome {
        let decides = |kinds: &[Kind]| {
            self.findings.iter().any(|finding| finding.decides && kinds.contains(&finding.kind))
        };
        let figures = || {
            self.figures.iter().any(|figure| figure.decides) || self.alarms.iter().any(|alarm| alarm.decides)
        };
        let found = |fail_on: &FailOn| match fail_on {
            FailOn::Regression => decides(&[Kind::Regression]),
            FailOn::NewFailure => decides(&[Kind::NewFailure]),
            FailOn::Any => decides(&[Kind::Regression, Kind::NewFailure, Kind::OtherCause]) || figures(),
        };
        if fail_on.iter().any(found) {
            Outcome::Found
        } else if self.compared == 0 || decides(&[Kind::CouldNotCompare]) {
            Outcome::CouldNotTell
        } else {
            Outcome::Nothing
        }
    }
}
