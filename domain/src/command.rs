//! Commands: programs of somebody's own that load objects themselves, run in the guest as the verdict.
//!
//! A [`CommandTerms`] is declared, a [`CommandEvidence`] is what the validator observed.

use crate::check::CommandRun;
use serde::{Deserialize, Serialize};

/// Largest archive with a command's files, in bytes: as large as an object, and it travels the same way.
pub const ARCHIVE_BYTES_MAX: usize = crate::OBJECT_BYTES_MAX;
/// Files, folders and links in it. A program with its libraries has a few dozen.
pub const ARCHIVE_ENTRIES_MAX: usize = 10_000;
/// Arguments of a command.
pub const ARGUMENTS_MAX: usize = 256;
/// Bytes of all arguments together: half of what may be declared, as the rest of the contract goes with them.
pub const ARGUMENTS_BYTES_MAX: usize = crate::contract::MANIFEST_BYTES_MAX / 2;
/// Programs and maps of each list that are told.
pub const FOUND_MAX: usize = 1024;

/// Which command, and what must come of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandTerms {
    /// Path of the program in its archive.
    pub program: String,
    /// Path of the object it is told of, if any.
    #[serde(default)]
    pub object: Option<String>,
    /// What it is given.
    pub arguments: Vec<String>,
    /// Milliseconds it may take.
    pub timeout_ms: u32,
    /// How it must end.
    pub expect: Ending,
}

/// How a command must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// By itself, with this status.
    Exit(u8),
    /// Not at all: it still runs when its time is over, as a daemon does.
    Running,
}

/// A program or map that the kernel holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// `program` or `map`.
    pub what: String,
    /// Its name, up to 15 bytes as kernels keep it; may be empty.
    pub name: String,
    /// libbpf's name of its type.
    pub kind: String,
}

/// What was observed of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandEvidence {
    /// How it went.
    pub run: CommandRun,
    /// What the kernel was seen to hold that was not there before, while it ran and at its end.
    pub loaded: Vec<Found>,
    /// What of it was still there when all it started was dead: pinned, or attached to what outlives it.
    pub left: Vec<Found>,
    /// The kernel did not let the validator list what it holds, so that both lists say nothing: in a user
    /// namespace nobody may.
    #[serde(default)]
    pub unlisted: bool,
    /// Why it could not be run; then the rest says nothing.
    pub hindered: Option<String>,
}
