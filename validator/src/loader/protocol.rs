//! The loader protocol: what a loader is asked and what it may say, as JSON, one message in a line.
//!
//! `docs/LOADERS.md` describes it, and a test holds the document to these types. Everything a loader says is
//! hostile: a message that is not one of these ends the conversation.

use domain::contract::{Contract, GlobalBytes};
use domain::evidence::MapFact;
use domain::level::Level;
use serde::{Deserialize, Serialize};

/// The version of the protocol.
pub(crate) const VERSION: u32 = 1;

/// The one line on a loader's standard input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Task {
    /// Of this protocol.
    pub(crate) version: u32,
    /// Where the object lies.
    pub(crate) object: String,
    /// How far programs are to be taken.
    #[serde(with = "by_name")]
    pub(crate) level: Level,
    /// The object's programs and their sections.
    pub(crate) programs: Vec<Entry>,
    /// What is declared of its loader.
    pub(crate) contract: Contract,
    /// The declared variables as they stand in memory.
    pub(crate) globals: Vec<GlobalBytes>,
}

/// Levels as manifests and reports write them.
mod by_name {
    use domain::level::Level;
    use serde::de::{Deserialize as _, Deserializer, Error as _};
    use serde::ser::Serializer;

    pub(super) fn serialize<S: Serializer>(level: &Level, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(level.name())
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Level, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// A program of the object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) section: String,
}

/// A message of a loader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Said {
    /// First: who speaks.
    Hello { version: u32, loader: String },
    /// It can read the object.
    Opened {
        #[serde(default)]
        maps: Vec<MapFact>,
        /// What it set of the contract, one sentence each.
        #[serde(default)]
        applied: Vec<String>,
        /// What it has no way to set.
        #[serde(default)]
        not_applied: Vec<Setting>,
    },
    /// It can not read the object, or, after `Opened`, not load it as a whole.
    Refused(Refusal),
    /// A map was refused.
    Map {
        name: String,
        #[serde(flatten)]
        refusal: Refusal,
    },
    /// A program was accepted, or refused if anything of the refusal is there.
    Program {
        name: String,
        #[serde(default)]
        size: Size,
        #[serde(flatten)]
        refusal: Refusal,
    },
    /// A program was attached, refused, or not tried.
    Attach(Attempt),
    /// Last: everything was said.
    Done {},
}

/// What came of attaching a program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Attempt {
    pub(crate) name: String,
    pub(crate) hook: String,
    pub(crate) how: String,
    /// What the kernel returned.
    pub(crate) errno: Option<i32>,
    /// Why it was not tried.
    pub(crate) not_tried: Option<String>,
    pub(crate) says: String,
}

/// A declaration that the loader could not follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Setting {
    pub(crate) subject: String,
    pub(crate) setting: String,
}

/// Why something failed. Without `errno` the loader gave up by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Refusal {
    /// What the kernel returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) errno: Option<i32>,
    /// The loader's own words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) says: String,
    /// The verifier's log.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) log: String,
    /// What the loader looked for in the kernel's types and did not find.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) missing: Option<String>,
}

impl Refusal {
    /// Whether anything failed.
    pub(crate) fn is_one(&self) -> bool {
        *self != Self::default()
    }
}

/// What the kernel says of a program it accepted; 0 for what is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Size {
    pub(crate) verified_instructions: u32,
    pub(crate) translated_bytes: u32,
    pub(crate) jited_bytes: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const DOCUMENT: &str = include_str!("../../../docs/LOADERS.md");

    /// What stands in the document is understood, whole, and every message has an example there.
    #[test]
    fn the_document_is_what_is_understood() {
        let examples = DOCUMENT.lines().filter(|line| line.starts_with("{\""));
        let (tasks, messages): (Vec<&str>, Vec<&str>) =
            examples.partition(|line| line.starts_with("{\"version\""));
        let [task] = tasks[..] else { panic!("one task, not {tasks:?}") };
        let read: Task = serde_json::from_str(task).expect(task);
        assert_eq!((read.version, read.programs.len()), (VERSION, 1));
        let mut kinds = BTreeSet::new();
        for line in messages {
            let said: Said = serde_json::from_str(line).expect(line);
            let told = serde_json::to_value(&said).expect("plain data always encodes");
            let shown: serde_json::Value = serde_json::from_str(line).expect(line);
            let (kind, fields) = shown.as_object().and_then(|message| message.iter().next()).expect(line);
            for (field, value) in fields.as_object().expect(line) {
                assert_eq!(&told[kind][field], value, "{field} of {line}");
            }
            kinds.insert(kind.clone());
        }
        let all = ["attach", "done", "hello", "map", "opened", "program", "refused"];
        assert_eq!(kinds, all.map(str::to_owned).into());
    }
}
