//! Checks: commands that are run while an object's programs are attached, and what must come of them.
//!
//! A [`Check`] is declared, a [`CheckRun`] is what the validator observed of it. Both hold expectations in the
//! same order.
//!
//! Deliberately absent: what a missed expectation means (`insight::judge`).

use crate::errno::Errno;
use serde::{Deserialize, Serialize};

/// Checks of one object. The earlier tool of this field allowed as many.
pub const CHECKS_MAX: usize = 32;
/// Expectations of one check.
pub const EXPECTATIONS_MAX: usize = 32;
/// Longest command and longest expected text, in bytes. A longer script belongs into a file of its own.
pub const COMMAND_BYTES_MAX: usize = 16 * 1024;
/// Longest time a check may take, in milliseconds: less than the silence after which a guest is given up.
pub const CHECK_MS_MAX: u32 = 4 * 60 * 1000;
/// Longest time all checks of an object may take together, in milliseconds: a cell may take half an hour, and
/// five minutes of it are left for everything else.
pub const CHECKS_MS_MAX: u32 = 25 * 60 * 1000;
/// Time of a check that does not say one, in milliseconds: room for a slow guest.
pub const CHECK_MS: u32 = 30 * 1000;
/// Bytes kept of each output: half from its beginning, half from its end. All of it is searched.
pub const OUTPUT_BYTES_MAX: usize = 64 * 1024;

/// A command, and what must come of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What people call it.
    pub name: String,
    /// A line for the guest's shell.
    pub command: String,
    /// Milliseconds it may take. Then everything it started is killed.
    pub timeout_ms: u32,
    /// Whether it decides.
    pub required: bool,
    /// Status it must exit with.
    pub exit: u8,
    /// What else must hold.
    pub expect: Vec<Expectation>,
}

/// Something that must hold when the command has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expectation {
    /// Its output has this text somewhere.
    Stdout(String),
    /// Its error output has this text somewhere.
    Stderr(String),
    /// The kernel's trace, as `bpf_printk` writes it, has this text since the command began.
    Trace(String),
    /// A map has this number at this key; the numbers of all processors are added up.
    Entry {
        /// The map's name.
        map: String,
        /// The key, as it stands in memory.
        key: Vec<u8>,
        /// What the value, read as an unsigned number of 1, 2, 4 or 8 bytes, must be.
        value: Range,
    },
    /// A global variable has this number.
    Global {
        /// Its name.
        name: String,
        /// What it, read as an unsigned number of 1, 2, 4 or 8 bytes, must be.
        value: Range,
    },
    /// A map has this many entries.
    Entries {
        /// The map's name.
        map: String,
        /// How many.
        count: Range,
    },
    /// A ring buffer or perf buffer got this many events since the command began.
    Events {
        /// The map's name.
        map: String,
        /// How many.
        count: Range,
        /// Only events with these bytes somewhere count; any if there are none.
        containing: Vec<u8>,
    },
}

/// Where a global variable stands in the memory of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlobalPlace {
    /// Its name.
    pub name: String,
    /// The section it stands in, for example `.bss`.
    pub section: String,
    /// Its offset there, in bytes.
    pub offset: u32,
    /// Its size, in bytes.
    pub bytes: u32,
}

/// A range of numbers, ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The smallest.
    pub from: u64,
    /// The largest.
    pub to: u64,
}

impl Range {
    /// Whether it holds this number.
    pub fn contains(self, number: u64) -> bool {
        (self.from..=self.to).contains(&number)
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommandEnd {
    /// By itself, with this status.
    Exited(u8),
    /// By this signal, which the validator did not send.
    Signalled(i32),
    /// Not in time; it was killed with everything it started.
    TimedOut,
    /// It could not be started.
    NotStarted(Errno),
}

/// What a command wrote to one of its outputs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Output {
    /// Its beginning and its end; bytes that are not UTF-8 are replaced.
    pub text: String,
    /// Bytes there were in all.
    pub bytes: u64,
}

/// How a command went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandRun {
    /// How it ended.
    pub end: CommandEnd,
    /// Milliseconds on the guest's clock.
    pub took_ms: u64,
    /// What it wrote.
    pub stdout: Output,
    /// What it complained about.
    pub stderr: Output,
}

/// What was seen of an expectation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Saw {
    /// Whether the text was there.
    Text(bool),
    /// The number there was.
    Number(u64),
    /// It could not be looked at; the text says why.
    Nothing(String),
    /// The map has no such key.
    NoKey,
}

/// What was observed of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRun {
    /// The check's name.
    pub name: String,
    /// How its command went.
    pub command: CommandRun,
    /// What was seen of each expectation, in their order.
    pub saw: Vec<Saw>,
}
