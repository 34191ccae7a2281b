//! Changes: what can be tried of a remedy without the object's author.
//!
//! A change is made to the contract or to the environment and never to the object's own file, so that a
//! trial is a cell like any other: the same object, asked about under other terms.

use crate::axis::{Axes, Memlock, SecurityModules};
use crate::contract::{Contract, Entries};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Changes of one trial at most. An object with more refused parts than this needs its author.
pub const CHANGES_MAX: usize = 64;
/// Bytes of all changes of one trial: names of the longest programs and maps, many times over. What a guest says they
/// are called may be longer.
pub const CHANGES_BYTES_MAX: usize = 32 * 1024;

/// One change to what a loader sets or to where it works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The program is not loaded.
    LeaveOut {
        /// Its name.
        program: String,
    },
    /// A group of alternatives is chosen from without this one.
    PassOver {
        /// The group.
        group: String,
        /// The candidate that is not taken.
        program: String,
    },
    /// The map is not created, nor what is attached with it.
    SkipMap {
        /// Its name.
        map: String,
    },
    /// The map has another size.
    Entries {
        /// Its name.
        map: String,
        /// Entries, or bytes for ring buffers.
        entries: u32,
    },
    /// The map is created without some of its flags.
    Flags {
        /// Its name.
        map: String,
        /// The flags it keeps.
        kept: u32,
        /// Those it does without.
        dropped: u32,
    },
    /// A ring buffer becomes a perf event array, and calls that output to it are rewritten.
    PerfBuffer {
        /// The map's name.
        map: String,
    },
    /// The loader may lock as much memory as there is.
    Memlock,
    /// These security modules are active, bpf among them.
    Lsm {
        /// As the axis has them.
        modules: SecurityModules,
    },
}

impl Change {
    fn apply(&self, contract: &mut Contract, axes: &mut Axes) {
        match self {
            Self::LeaveOut { program } => {
                let terms = contract.programs.entry(program.clone()).or_default();
                terms.autoload = Some(false);
                terms.required = None;
            }
            Self::PassOver { group, program } => {
                if let Some(candidates) = contract.variants.get_mut(group) {
                    candidates.retain(|candidate| candidate.program != *program);
                }
                contract.programs.entry(program.clone()).or_default().autoload = Some(false);
            }
            Self::SkipMap { map } => {
                contract.maps.entry(map.clone()).or_default().autocreate = Some(false);
            }
            Self::Entries { map, entries } => {
                contract.maps.entry(map.clone()).or_default().max_entries = Some(Entries::Count(*entries));
            }
            Self::Flags { map, kept, .. } => {
                contract.maps.entry(map.clone()).or_default().flags = Some(*kept);
            }
            Self::PerfBuffer { map } => {
                contract.maps.entry(map.clone()).or_default().r#type = Some(PERF_EVENT_ARRAY.to_owned());
            }
            Self::Memlock => axes.memlock = Memlock::Unlimited,
            Self::Lsm { modules } => axes.lsm = modules.clone(),
        }
    }
}

/// libbpf's name of the type of perf buffers.
pub const PERF_EVENT_ARRAY: &str = "perf_event_array";

/// As it follows "tried": `with 1024 entries of map `m``.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeaveOut { program } => write!(f, "without `{program}` (autoload off)"),
            Self::PassOver { group, program } => {
                write!(f, "with another candidate of group `{group}` than `{program}`")
            }
            Self::SkipMap { map } => write!(f, "without map `{map}` (autocreate off)"),
            Self::Entries { map, entries } => write!(f, "with {entries} entries of map `{map}`"),
            Self::Flags { map, dropped, .. } => write!(f, "without flags {dropped:#x} of map `{map}`"),
            Self::PerfBuffer { map } => write!(f, "with map `{map}` as a perf buffer"),
            Self::Memlock => f.write_str("with an unlimited RLIMIT_MEMLOCK"),
            Self::Lsm { modules } => write!(f, "with lsm={modules}"),
        }
    }
}

/// Whether so many changes, with names as long as these, are those of one trial.
pub fn fit(changes: &[Change]) -> bool {
    let bytes = postcard::to_stdvec(changes).expect("plain data always encodes").len();
    changes.len() <= CHANGES_MAX && bytes <= CHANGES_BYTES_MAX
}

/// The contract once the changes are made.
#[must_use]
pub fn terms(changes: &[Change], mut contract: Contract) -> Contract {
    changes.iter().for_each(|change| change.apply(&mut contract, &mut Axes::default()));
    contract
}

/// The environment once the changes are made.
#[must_use]
pub fn environment(changes: &[Change], mut axes: Axes) -> Axes {
    changes.iter().for_each(|change| change.apply(&mut Contract::default(), &mut axes));
    axes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Candidate, MapTerms, ProgramTerms, Requirement};

    #[test]
    fn each_change_is_made_and_nothing_else_is() {
        let candidate = |program: &str| Candidate { program: program.into(), requires: Requirement::Nothing };
        let required = ProgramTerms { required: Some(true), ..ProgramTerms::default() };
        let contract = Contract {
            programs: [("p".to_owned(), required)].into(),
            maps: [("m".to_owned(), MapTerms { key_size: Some(4), ..MapTerms::default() })].into(),
            variants: [("g".to_owned(), vec![candidate("a"), candidate("b")])].into(),
            ..Contract::default()
        };
        let changes = [
            Change::LeaveOut { program: "p".into() },
            Change::PassOver { group: "g".into(), program: "a".into() },
            Change::SkipMap { map: "o".into() },
            Change::Entries { map: "m".into(), entries: 8 },
            Change::Flags { map: "m".into(), kept: 1, dropped: 0x800 },
            Change::PerfBuffer { map: "n".into() },
            Change::Memlock,
            Change::Lsm { modules: "bpf".parse().expect("a module") },
        ];
        let then = terms(&changes, contract.clone());
        let off = ProgramTerms { autoload: Some(false), ..ProgramTerms::default() };
        assert_eq!(then.programs, [("a".to_owned(), off.clone()), ("p".to_owned(), off)].into());
        assert_eq!(then.variants, [("g".to_owned(), vec![candidate("b")])].into());
        let m = MapTerms {
            key_size: Some(4),
            max_entries: Some(Entries::Count(8)),
            flags: Some(1),
            ..MapTerms::default()
        };
        let n = MapTerms { r#type: Some(PERF_EVENT_ARRAY.to_owned()), ..MapTerms::default() };
        let o = MapTerms { autocreate: Some(false), ..MapTerms::default() };
        assert_eq!(then.maps, [("m".to_owned(), m), ("n".to_owned(), n), ("o".to_owned(), o)].into());
        assert_eq!(environment(&changes, Axes::default()).unusual(), "lsm=bpf memlock=unlimited");
        assert_eq!(terms(&[], contract.clone()), contract);
        assert!(fit(&changes) && fit(&[]));
        assert!(!fit(&[Change::LeaveOut { program: "p".repeat(CHANGES_BYTES_MAX) }]));
        assert!(!fit(&vec![Change::Memlock; CHANGES_MAX + 1]));
    }
}
