//! Templates: guests frozen once they waited for a job, and the clones that begin there.
//!
//! What comes in: a plan for a guest. What goes out: a machine restored from the template with
//! that plan's key, made by booting if there is none. Deliberately absent: what a clone answers,
//! and what is done when it does not (the hypervisor).
//!
//! ```text
//!              memory ── miss ──► disk ── miss or damaged ──► boot and freeze
//!                │                 │                              │
//!   sealed file ◄┴──── read ───────┘◄──────── kept ───────────────┘
//!        │
//!        ├──► clone: a private view of the file; a spare waits with its process started
//!        └──► clone …
//! ```
//!
//! The memory of a template is a sealed file in memory: every clone maps it privately, and none,
//! however hostile, can change it for the next. Both places have a budget and give up what was
//! used longest ago.

mod cloner;
mod key;
mod resident;
mod shelf;
mod spare;

pub use cloner::Cloner;
pub(super) use resident::TEMPLATE_TRIES;
pub use resident::TemplateError;

use super::freeze::Identity;
use domain::digest::Digest;
use serde::{Deserialize, Serialize};
use std::os::fd::OwnedFd;

/// How much of the host templates may take. Keys of `[templates]` in a worker's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Whether guests are clones at all; if not, every cell boots its guest.
    pub enabled: bool,
    /// Bytes on disk, where a template takes 100 to 200 MB. 0 keeps none.
    pub disk_bytes: u64,
    /// Bytes in memory, where a template takes as much. One is always kept.
    pub memory_bytes: u64,
    /// Started processes that wait for the next cell of a kernel; a process takes some 40 MB.
    pub spares: usize,
}

impl Default for Settings {
    /// Room on disk for every kernel of one flavour, in memory for the four to eight that most
    /// questions are about, and a spare for each processor of a small host.
    fn default() -> Self {
        Self { enabled: true, disk_bytes: 16 << 30, memory_bytes: 1 << 30, spares: 4 }
    }
}

/// A template that clones can begin with.
#[derive(Debug)]
pub struct Template {
    key: Digest,
    identity: Identity,
    memory: OwnedFd,
    memory_bytes: u64,
    state: Vec<u8>,
}

impl Template {
    /// What the frozen guest knows of itself.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Host memory its sealed file takes up.
    fn resident_bytes(&self) -> u64 {
        // A file in memory always has a size.
        nix::sys::stat::fstat(&self.memory)
            .map_or(0, |stat| u64::try_from(stat.st_blocks).unwrap_or_default() * shelf::BLOCK_BYTES)
    }
}
