//! The loader contract: what somebody declares that an object's own loader sets before it loads.
//!
//! A [`Manifest`] is what a file says, with the places where it says it. Its [`Contract`] is the part
//! that answers depend on. What cannot hold on a kernel is cut away by [`Contract::on`], so that cells
//! which the rest does not concern share their answers. `Contract::default()` declares nothing.
//!
//! Deliberately absent: reading the file and holding it to an object (`insight::manifest`), and what the
//! validator infers by itself.

use crate::axis::{AxisChoices, Loader};
use crate::cause::CauseCode;
use crate::check::Check;
use crate::command::CommandTerms;
use crate::digest::Digest;
use crate::kernel::Kernel;
use crate::level::Level;
use crate::selector::{Selector, SelectorError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use time::Date;

time::serde::format_description!(pub(crate) day, Date, "[year]-[month]-[day]");

/// Largest manifest as a file and in its canonical form, in bytes. The largest loader known to the
/// authors sets some two hundred things; a thousand fit.
pub const MANIFEST_BYTES_MAX: usize = 256 * 1024;
/// Bytes of all declared globals as they stand in memory. Configuration is small; tables belong into maps.
pub const GLOBALS_BYTES_MAX: usize = 64 * 1024;

/// Where something stands in a file; both count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A manifest as read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Manifest {
    /// The file's name, for messages.
    pub file: String,
    /// What its author calls it; may be empty.
    pub name: String,
    /// Whatever its author wants to find in reports again.
    pub metadata: BTreeMap<String, String>,
    /// Kernels that decide where the question names none.
    pub required_kernels: Option<String>,
    /// Kernels that are shown where the question names none.
    pub optional_kernels: Option<String>,
    /// Loaders that are asked where the question names none; empty for the settings' choice.
    pub loaders: Vec<Loader>,
    /// What they work in where the question does not say.
    pub axes: AxisChoices,
    /// What is declared.
    pub contract: Contract,
    /// Where each name stands, under the path of its declaration, such as `programs.on_exec`.
    pub places: BTreeMap<String, Place>,
}

/// What is declared about an object, by the names of its parts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Contract {
    /// Programs by function name. What is submitted may name a section instead, until it is held to an object.
    pub programs: BTreeMap<String, ProgramTerms>,
    /// Maps by name.
    pub maps: BTreeMap<String, MapTerms>,
    /// Values of global variables by name.
    pub globals: BTreeMap<String, Value>,
    /// Groups of alternatives by the group's name; the first candidate whose requirement holds is kept.
    pub variants: BTreeMap<String, Vec<Candidate>>,
    /// Programs that are loaded together with a candidate that is tried.
    pub companions: Vec<String>,
    /// Failures that are known and do not decide.
    pub expected_failures: Vec<ExpectedFailure>,
    /// Commands that are run while the programs are attached, in this order.
    pub checks: Vec<Check>,
    /// A command of somebody's own that is run instead of loading an object.
    pub command: Option<CommandTerms>,
    /// Whether every program is loaded once more to count the verifier's walk by source line, which takes
    /// several times longer than the load.
    pub line_costs: bool,
}

/// What is declared of one program.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProgramTerms {
    /// Whether its loader loads it.
    pub autoload: Option<bool>,
    /// Whether it decides; without a word what is loaded decides.
    pub required: Option<bool>,
    /// How far it must get, if not as far as the rest.
    pub level: Option<Level>,
    /// libbpf's name of the program type it is loaded as.
    pub r#type: Option<String>,
    /// The section it is exercised as if it stood there; says type, attach type and target.
    pub section: Option<String>,
}

/// What is declared of one map.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MapTerms {
    /// libbpf's name of the map type. What is sent to a ring buffer goes through the perf event array that it
    /// becomes.
    pub r#type: Option<String>,
    /// Its flags, all of them.
    pub flags: Option<u32>,
    /// Entries, or bytes for ring buffers.
    pub max_entries: Option<Entries>,
    /// Bytes of a key.
    pub key_size: Option<u32>,
    /// Bytes of a value.
    pub value_size: Option<u32>,
    /// Whether its loader creates it.
    pub autocreate: Option<bool>,
    /// The prototype of the maps in a map of maps.
    pub inner_map: Option<InnerMap>,
}

/// A number of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entries {
    /// This many.
    Count(u32),
    /// One for each processor the kernel could bring up.
    Cpus,
}

/// The prototype of the maps in a map of maps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InnerMap {
    /// libbpf's name of the map type.
    pub r#type: String,
    /// Bytes of a key.
    pub key_size: u32,
    /// Bytes of a value.
    pub value_size: u32,
    /// Entries, or bytes for ring buffers.
    pub max_entries: u32,
}

/// The value of a global variable. Its type in the object says what it means there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A number from -2^63 to 2^64 - 1.
    Integer(i128),
    /// A truth value.
    Boolean(bool),
    /// A text for an array of characters, without its final NUL.
    Text(String),
    /// The memory of the variable, byte by byte.
    Bytes(Vec<u8>),
    /// Elements of an array; those that are missing are 0.
    List(Vec<Value>),
}

/// One alternative of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Function name.
    pub program: String,
    /// What must hold for it.
    pub requires: Requirement,
}

/// What a kernel must offer to a candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// Nothing: the last resort.
    Nothing,
    /// A helper for programs of the candidate's type, by name without `bpf_`.
    Helper(String),
    /// A function of this name in the kernel's BTF.
    Kfunc(String),
    /// A type in the kernel's BTF, or with a dot and a name a member of it.
    BtfType(String),
    /// The candidate loads, with the companions and nothing else.
    TrialLoad,
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Helper(name) => write!(f, "helper {name}"),
            Self::Kfunc(name) => write!(f, "kernel function {name}"),
            Self::BtfType(name) => write!(f, "type {name}"),
            Self::TrialLoad => f.write_str("a trial load"),
        }
    }
}

/// A failure that is known and does not decide, for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedFailure {
    /// The program; `None` for anything in the object.
    pub program: Option<String>,
    /// Where: a selector that does not depend on which kernels there are.
    pub kernels: String,
    /// The cause it must have; `None` for any.
    pub cause: Option<CauseCode>,
    /// Why it is accepted.
    pub reason: String,
    /// The last day on which it is.
    #[serde(with = "day")]
    pub until: Date,
}

impl ExpectedFailure {
    /// Whether it still excuses anything.
    pub fn holds(&self, today: Date) -> bool {
        today <= self.until
    }

    /// Whether it is about this kernel.
    ///
    /// # Errors
    /// Its selector means nothing, or means other kernels tomorrow.
    pub fn concerns(&self, kernel: &Kernel) -> Result<bool, SelectorError> {
        self.kernels.parse::<Selector>()?.admits(kernel)
    }
}

impl Contract {
    /// Whether nothing is declared.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What of it concerns one kernel.
    #[must_use]
    pub fn on(&self, kernel: &Kernel) -> Self {
        let concerns = |expected: &&ExpectedFailure| expected.concerns(kernel).unwrap_or(false);
        let expected_failures = self.expected_failures.iter().filter(concerns).cloned().collect();
        Self { expected_failures, ..self.clone() }
    }

    /// The digest of what it means today: an expectation that ran out is another declaration.
    pub fn digest(&self, today: Date) -> Digest {
        let held: Vec<bool> = self.expected_failures.iter().map(|expected| expected.holds(today)).collect();
        let bytes = postcard::to_stdvec(&(self, held)).expect("plain data always encodes");
        Digest::of(&bytes)
    }

    /// Bytes it takes on its way to a guest.
    pub fn encoded_bytes(&self) -> usize {
        postcard::to_stdvec(self).expect("plain data always encodes").len()
    }

    /// The group a program is a candidate of.
    pub fn group_of(&self, program: &str) -> Option<&str> {
        let holds = |candidates: &[Candidate]| candidates.iter().any(|one| one.program == program);
        let group = self.variants.iter().find(|(_, candidates)| holds(candidates));
        group.map(|(name, _)| name.as_str())
    }
}

/// One global variable as bytes, ready to be written into the object's data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlobalBytes {
    /// Its name.
    pub name: String,
    /// The section it stands in, for example `.rodata`.
    pub section: String,
    /// Its offset there.
    pub offset: u32,
    /// What is written.
    pub bytes: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn an_expectation_that_ran_out_is_another_question() {
        let expected = ExpectedFailure {
            program: None,
            kernels: "<5.15".to_owned(),
            cause: Some(CauseCode::HelperUnknown),
            reason: "known".to_owned(),
            until: date!(2027 - 01 - 31),
        };
        let contract = Contract { expected_failures: vec![expected], ..Contract::default() };
        let on = |day| contract.digest(day);
        assert_eq!(on(date!(2026 - 12 - 01)), on(date!(2027 - 01 - 31)), "the last day counts");
        assert_ne!(on(date!(2027 - 01 - 31)), on(date!(2027 - 02 - 01)));
        assert_ne!(on(date!(2026 - 12 - 01)), Contract::default().digest(date!(2026 - 12 - 01)));
    }
}
