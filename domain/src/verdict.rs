//! Verdicts: what evidence means, for a program, for a cell and for a run.

use crate::cause::Cause;
use crate::change::{self, Change};
use crate::check::CommandRun;
use crate::command::CommandEvidence;
use crate::evidence::{LineCost, Loaded, Splat};
use crate::level::Level;
use serde::{Deserialize, Serialize};
use std::fmt;
use time::Date;

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

    /// The verdict of a run from its required cells, each with whether its failure is excused. What is
    /// excused decides nothing, so a run that requires nothing else holds, as a suite of expected failures
    /// does in a test runner. `Passes` is then said of the run and of none of its cells.
    pub fn of_run(required: impl IntoIterator<Item = (Self, bool)>) -> Self {
        let (excused, deciding): (Vec<_>, Vec<_>) = required.into_iter().partition(|(_, excused)| *excused);
        if deciding.is_empty() && !excused.is_empty() {
            return Self::Passes;
        }
        Self::of_all(deciding.into_iter().map(|(verdict, _)| verdict))
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
    /// What was declared or chosen that makes it decide or not, against what the object says; may be empty.
    #[serde(default)]
    pub terms: String,
    /// What the kernel said of it once loaded.
    pub stats: Option<Loaded>,
    /// What the verifier counted, also of a program it refused.
    #[serde(default)]
    pub verification: Option<Verification>,
    /// The source lines on which the verifier spent most of its walk, dearest first; none unless they
    /// were asked for.
    #[serde(default)]
    pub line_costs: Vec<LineCost>,
}

/// What the verifier counted of one program. `None` and an empty list are what a kernel does not tell.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Verification {
    /// Microseconds of the guest's clock. Emulated guests take many times longer than real machines.
    pub took_us: Option<u32>,
    /// Instructions walked, over all paths.
    pub processed: u32,
    /// Instructions this kernel walks at most.
    pub processed_max: u32,
    /// Most states kept for one instruction.
    pub states_per_instruction: Option<u32>,
    /// States kept.
    pub total_states: Option<u32>,
    /// States kept at the same time, at most.
    pub peak_states: Option<u32>,
    /// Longest chain of states walked to mark a register as read; 0 in kernels that no longer walk one.
    pub mark_read: Option<u32>,
    /// Stack of each subprogram, the program itself first. Their sum is veristat's `stack depth`.
    pub stack_bytes: Vec<u32>,
    /// Stack of the deepest chain of calls.
    pub deepest_stack_bytes: Option<u32>,
    /// Memory the kernel took for the load at most, in steps of up to 256 KiB.
    #[serde(default)]
    pub memory_peak_bytes: Option<u64>,
}

/// Bytes of an instruction: `struct bpf_insn` of `include/uapi/linux/bpf.h`.
pub const INSTRUCTION_BYTES: u32 = 8;
/// Stack of a chain of calls at most: `MAX_BPF_STACK` of `include/linux/filter.h`.
pub const STACK_BYTES_MAX: u32 = 512;

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
    /// How the command went, if it was one.
    #[serde(default)]
    pub command: Option<Box<CommandEvidence>>,
    /// What the validator filled in for the object's own loader.
    pub inferred: Vec<String>,
    /// What was declared and set, or could not be, one sentence each.
    #[serde(default)]
    pub declared: Vec<String>,
    /// What was chosen among alternatives, one sentence for each group.
    #[serde(default)]
    pub chosen: Vec<String>,
    /// What came of the failures that were expected, one sentence each.
    #[serde(default)]
    pub expectations: Vec<String>,
    /// Whether its failure was expected, so that it does not decide the run.
    #[serde(default)]
    pub excused: bool,
    /// The last day on which it is, if it is.
    #[serde(default, with = "crate::contract::day::option")]
    pub excused_until: Option<Date>,
    /// Modules that were loaded because they have what the object hooks or calls.
    #[serde(default)]
    pub modules: Vec<String>,
    /// What programs that pass may not see, one sentence each: the compiler made other functions of the one they
    /// hook.
    #[serde(default)]
    pub may_miss: Vec<String>,
    /// Kernel trouble seen meanwhile.
    pub splats: Vec<Splat>,
}

impl CellVerdict {
    /// What can be tried in another guest to have it pass: every change that a cause of its parts offers.
    /// Nothing where it passes, its failure is excused, or nothing that decides would be left.
    pub fn changes(&self) -> Vec<Change> {
        if self.excused || !matches!(self.verdict, Verdict::Fails | Verdict::NotAttempted) {
            return Vec::new();
        }
        let of_maps = self.maps.iter().filter_map(|map| map.cause.as_ref());
        let of_programs = self.programs.iter().filter_map(|program| program.cause.as_ref());
        let mut changes: Vec<Change> = Vec::new();
        for change in of_maps.chain(of_programs).filter_map(|cause| cause.remedy.as_ref()?.change.as_ref()) {
            if !changes.contains(change) {
                changes.push(change.clone());
            }
        }
        let stays = |program: &ProgramVerdict| {
            program.required && !changes.contains(&Change::LeaveOut { program: program.name.clone() })
        };
        if !change::fit(&changes) || !self.programs.iter().any(stays) {
            return Vec::new();
        }
        changes
    }

    /// A verdict about which nothing else is known.
    pub fn without_parts(verdict: Verdict, cause: Option<Cause>) -> Self {
        Self {
            verdict,
            cause,
            programs: Vec::new(),
            maps: Vec::new(),
            checks: Vec::new(),
            command: None,
            inferred: Vec::new(),
            declared: Vec::new(),
            chosen: Vec::new(),
            expectations: Vec::new(),
            excused: false,
            excused_until: None,
            modules: Vec::new(),
            may_miss: Vec::new(),
            splats: Vec::new(),
        }
    }
}

/// The exit code of a run with this verdict: 0 works, 1 does not, 2 could not tell.
pub fn exit_code(run: Verdict) -> u8 {
    match run {
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
        let exit_code = |required: &[Verdict]| {
            super::exit_code(Verdict::of_run(required.iter().map(|verdict| (*verdict, false))))
        };
        assert_eq!(exit_code(&[]), 2);
        assert_eq!(exit_code(&[Verdict::Passes]), 0);
        assert_eq!(exit_code(&[Verdict::Passes, Verdict::NotAttempted]), 2);
        assert_eq!(exit_code(&[Verdict::Passes, Verdict::Inconclusive]), 2);
        assert_eq!(exit_code(&[Verdict::Fails, Verdict::Inconclusive]), 1);
    }

    #[test]
    fn what_is_excused_decides_nothing_and_everything_else_does() {
        let excused = (Verdict::Fails, true);
        assert_eq!(Verdict::of_run([excused, excused]), Verdict::Passes);
        for verdict in Verdict::ALL {
            assert_eq!(Verdict::of_run([excused, (verdict, false)]), verdict);
        }
    }
}
