//! Verdicts: what evidence means, for a program, for a cell and for a run.

use crate::cause::Cause;
use crate::check::CommandRun;
use crate::evidence::{Loaded, Splat};
use crate::level::Level;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The four answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The evidence level asked for was reached.
    Passes,
    /// The kernel refused.
    Fails,
    /// Nothing exercised it.
    NotAttempted,
    /// Infrastructure broke; never the object's fault.
    Inconclusive,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 4] = [Self::Passes, Self::Fails, Self::NotAttempted, Self::Inconclusive];

    /// The name used in SQL and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passes => "passes",
            Self::Fails => "fails",
            Self::NotAttempted => "not_attempted",
            Self::Inconclusive => "inconclusive",
        }
    }

    /// The verdict with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.name() == name)
    }

    /// The verdict of a whole from the verdicts of its required parts: a failure decides; else
    /// anything inconclusive, else anything not attempted. A whole without parts was not
    /// attempted, so nothing is green by being empty.
    pub fn of_all(parts: impl IntoIterator<Item = Self>) -> Self {
        let rank = |verdict: &Self| match verdict {
            Self::Passes => 0,
            Self::NotAttempted => 1,
            Self::Inconclusive => 2,
            Self::Fails => 3,
        };
        parts.into_iter().max_by_key(rank).unwrap_or(Self::NotAttempted)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How far a program got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reached {
    /// Nothing was observed.
    Nothing,
    /// The object was opened and the program found.
    Opened,
    /// The kernel accepted the program.
    Loaded,
    /// The program was attached.
    Attached,
}

impl Reached {
    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Opened => "opened",
            Self::Loaded => "loaded",
            Self::Attached => "attached",
        }
    }
}

/// The verdict of one program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramVerdict {
    /// Function name.
    pub name: String,
    /// ELF section.
    pub section: String,
    /// libbpf's name of the program type.
    pub kind: String,
    /// Whether it decides the cell: programs that are off by default do not.
    pub required: bool,
    /// The level asked for.
    pub asked: Level,
    /// How far it got.
    pub reached: Reached,
    /// The verdict.
    pub verdict: Verdict,
    /// What it was attached to; empty when it was not attached.
    pub hook: String,
    /// The way of attachment; empty when it was not attached.
    pub how: String,
    /// Why it does not pass.
    pub cause: Option<Cause>,
    /// What the kernel said of it once loaded.
    pub stats: Option<Loaded>,
}

/// The verdict of one map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapVerdict {
    /// Map name.
    pub name: String,
    /// libbpf's name of the map type.
    pub kind: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Why it does not pass.
    pub cause: Option<Cause>,
}

/// The verdict of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckVerdict {
    /// The check's name.
    pub name: String,
    /// Whether it decides the cell.
    pub required: bool,
    /// The verdict.
    pub verdict: Verdict,
    /// Why it does not pass.
    pub cause: Option<Cause>,
    /// How its command went, if it was started.
    pub command: Option<CommandRun>,
}

/// The verdict of one cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellVerdict {
    /// The answer.
    pub verdict: Verdict,
    /// Why it is not a pass: the first cause that decided it.
    pub cause: Option<Cause>,
    /// Programs in the object's order.
    pub programs: Vec<ProgramVerdict>,
    /// Maps in the object's order.
    pub maps: Vec<MapVerdict>,
    /// Checks in their order.
    #[serde(default)]
    pub checks: Vec<CheckVerdict>,
    /// What the validator filled in for the object's own loader.
    pub inferred: Vec<String>,
    /// Kernel trouble seen meanwhile.
    pub splats: Vec<Splat>,
}

/// The exit code of a run: 0 works, 1 does not, 2 could not tell. Optional cells never decide,
/// so only the verdicts of required cells are given here.
pub fn exit_code(required: impl IntoIterator<Item = Verdict>) -> u8 {
    match Verdict::of_all(required) {
        Verdict::Passes => 0,
        Verdict::Fails => 1,
        Verdict::NotAttempted | Verdict::Inconclusive => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_green_by_being_empty_unexercised_or_broken() {
        assert_eq!(exit_code([]), 2);
        assert_eq!(exit_code([Verdict::Passes]), 0);
        assert_eq!(exit_code([Verdict::Passes, Verdict::NotAttempted]), 2);
        assert_eq!(exit_code([Verdict::Passes, Verdict::Inconclusive]), 2);
        assert_eq!(exit_code([Verdict::Fails, Verdict::Inconclusive]), 1);
    }
}
