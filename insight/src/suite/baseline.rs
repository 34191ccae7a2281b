//! Baselines: the failures of a suite that are known, so that only new ones decide.
//!
//! A file of one failure a line, sorted, so that a change of it reads well in a review. There are failures in it
//! and nothing else: what could not be told is never known.

use crate::manifest::problem::short;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The name of the format, first in every baseline.
pub const SCHEMA: &str = "bpfcompat.baseline/1";
/// Longest baseline, in bytes.
pub const BASELINE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Failures in one: some dozens for every case of a suite.
pub const FAILURES_MAX: usize = 20_000;
/// Longest name in one, in bytes: several names of objects with the same bytes are joined to one.
const NAME_BYTES_MAX: usize = 8 * crate::object::NAME_BYTES_MAX;

/// One failure that is known, by what it is found again with: an object is rebuilt and a series gets new
/// builds, so neither digest is part of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// The case's name.
    pub case: String,
    /// The object's name, as reports have it.
    pub object: String,
    /// The program that fails; `None` where the object fails as a whole, or a check does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The check that fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// The kernel's series.
    pub series: String,
    /// The kernel's flavour.
    pub flavour: String,
    /// What loads the object.
    pub loader: String,
    /// What it works in, as far as that is not usual; see [`domain::axis::Axes::unusual`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub axes: String,
    /// Why it fails.
    pub cause: String,
}

/// Every failure of a suite that is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Baseline(pub BTreeSet<Failure>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    suite: String,
    failures: Vec<Failure>,
}

/// Why a baseline cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaselineError {
    /// It is no JSON of this form; the text has line and column.
    #[error("no baseline: {0}; take the file away, and `--update-baseline` writes one")]
    Form(String),
    /// Another format.
    #[error("a baseline begins with `\"schema\": \"{SCHEMA}\"`, and this one with `{0}`")]
    Schema(String),
    /// It belongs elsewhere.
    #[error(
        "this is the baseline of the suite `{found}`, not of `{wanted}`; name another with --baseline, or mend its `suite` if yours was renamed"
    )]
    Suite {
        /// Whose it is.
        found: String,
        /// Whose it should be.
        wanted: String,
    },
    /// It has too much in it.
    #[error("{0} failures, and a baseline has at most {FAILURES_MAX}")]
    TooMany(usize),
    /// A name that is none.
    #[error("failure {0} has a name that is empty or too long")]
    Name(usize),
}

impl Baseline {
    /// Reads the baseline of a suite.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(suite: &str, text: &str) -> Result<Self, BaselineError> {
        let file: File =
            serde_json::from_str(text).map_err(|error| BaselineError::Form(error.to_string()))?;
        if file.schema != SCHEMA {
            return Err(BaselineError::Schema(short(&file.schema).to_owned()));
        }
        if file.suite != suite {
            return Err(BaselineError::Suite { found: file.suite, wanted: suite.to_owned() });
        }
        let baseline = Self(file.failures.into_iter().collect());
        baseline.check()?;
        Ok(baseline)
    }

    /// Whether it would be read again.
    ///
    /// # Errors
    /// What would be wrong with it.
    pub fn check(&self) -> Result<(), BaselineError> {
        if self.0.len() > FAILURES_MAX {
            return Err(BaselineError::TooMany(self.0.len()));
        }
        self.0.iter().enumerate().try_for_each(|(at, failure)| failure.check(at + 1))
    }

    /// The file, one failure a line.
    pub fn print(&self, suite: &str) -> String {
        let lines: Vec<String> = self.0.iter().map(|failure| format!("\n    {}", json(failure))).collect();
        let end = if lines.is_empty() { "" } else { "\n  " };
        format!(
            "{{\n  \"schema\": {},\n  \"suite\": {},\n  \"failures\": [{}{end}]\n}}\n",
            json(SCHEMA),
            json(suite),
            lines.join(",")
        )
    }
}

fn json(value: impl Serialize) -> String {
    serde_json::to_string(&value).expect("texts always encode")
}

impl Failure {
    fn check(&self, at: usize) -> Result<(), BaselineError> {
        let needed = [&self.case, &self.object, &self.series, &self.flavour, &self.loader, &self.cause];
        let sound = |name: &&String| name.len() <= NAME_BYTES_MAX;
        let others = [self.program.as_ref(), self.check.as_ref(), Some(&self.axes)];
        if !needed.into_iter().all(|name| !name.is_empty() && sound(&name))
            || !others.into_iter().flatten().all(|name| sound(&name))
        {
            return Err(BaselineError::Name(at));
        }
        Ok(())
    }
}
