//! Why an input leads to no object.

use crate::args::object::ObjectFileError;
use std::error::Error;
use std::fmt::Display;
use std::time::Duration;

/// Why an input leads to no object: what was named, what is wrong with it, what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// A file is not an object that can be asked about.
    #[error(transparent)]
    File(#[from] ObjectFileError),
    /// What was named is wrong.
    #[error("{input}: {says}")]
    Wrong { input: String, says: String },
    /// What is needed to reach it does not work.
    #[error("{input}: {says}")]
    Broken { input: String, says: String },
}

impl Refusal {
    /// The input is wrong; `says` has the remedy.
    pub(super) fn wrong(input: impl Display, says: impl Display) -> Self {
        Self::Wrong { input: input.to_string(), says: says.to_string() }
    }

    /// Something between us and the input does not do what it should.
    pub(super) fn broken(input: impl Display, says: impl Display, error: impl Error) -> Self {
        Self::Broken { input: input.to_string(), says: format!("{says} ({})", crate::exit::chain(&error)) }
    }

    /// As [`Refusal::broken`], where no error tells more.
    pub(super) fn ours(input: impl Display, says: impl Display) -> Self {
        Self::Broken { input: input.to_string(), says: says.to_string() }
    }

    pub(super) fn late(input: &str, max: Duration) -> Self {
        let says = format!("did not arrive within {} seconds: ask again, or fetch it by hand", max.as_secs());
        Self::ours(input, says)
    }

    /// Whether nobody can tell if the input is right.
    pub(crate) fn is_environment(&self) -> bool {
        matches!(self, Self::Broken { .. })
    }
}
