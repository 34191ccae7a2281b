//! How far a program must get to pass.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The evidence level a run asks for. Each level includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Level {
    /// The kernel's verifier accepted the program.
    Load,
    /// The program was attached to a hook and the kernel reported success.
    Attach,
    /// It did what the declared checks expect while it was attached.
    Behave,
}

/// A level that does not exist.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not an evidence level; use load, attach or behave")]
pub struct NotALevel(String);

impl Level {
    /// The name used on the command line, in SQL and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Attach => "attach",
            Self::Behave => "behave",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Level {
    type Err = NotALevel;

    fn from_str(text: &str) -> Result<Self, NotALevel> {
        match text {
            "load" => Ok(Self::Load),
            "attach" => Ok(Self::Attach),
            "behave" => Ok(Self::Behave),
            other => Err(NotALevel(other.to_owned())),
        }
    }
}
