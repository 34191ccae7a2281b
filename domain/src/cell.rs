//! A cell's life.
//!
//! ```text
//!              claim                settle
//!   queued ───────────► leased ───────────────► settled
//!     │  ▲                │
//!     │  └── give back ───┤
//!     │                   │
//!     └──── cancel ───────┴───────────────────► cancelled
//!     └──── settle: answered from the store, or given up ► settled
//! ```
//!
//! The database accepts the same edges by a trigger; `tests/` proves that both agree.

use crate::cause::Cause;
use crate::evidence::Splat;
use serde::{Deserialize, Serialize};

/// Where a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CellState {
    /// Waits for a worker.
    Queued,
    /// A worker has a time-limited right to answer it.
    Leased,
    /// It has a verdict.
    Settled,
    /// Nobody wants it any more.
    Cancelled,
}

/// What can happen to a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CellEvent {
    /// A worker took it.
    Claim,
    /// The worker gave it back, or its lease ran out.
    GiveBack,
    /// It got a verdict.
    Settle,
    /// Its run was cancelled.
    Cancel,
}

/// An event that a state does not allow.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{state} does not allow {event}")]
pub struct Refused {
    /// The state it was in.
    pub state: String,
    /// The event that came.
    pub event: String,
}

impl CellState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Queued, Self::Leased, Self::Settled, Self::Cancelled];

    /// The name used in SQL and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Leased => "leased",
            Self::Settled => "settled",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// The state after `event`.
    ///
    /// # Errors
    /// `Refused` when the picture above has no such edge.
    pub fn next(self, event: CellEvent) -> Result<Self, Refused> {
        match (self, event) {
            (Self::Queued, CellEvent::Claim) => Ok(Self::Leased),
            (Self::Leased, CellEvent::GiveBack) => Ok(Self::Queued),
            (Self::Queued | Self::Leased, CellEvent::Settle) => Ok(Self::Settled),
            (Self::Queued | Self::Leased, CellEvent::Cancel) => Ok(Self::Cancelled),
            (Self::Queued, CellEvent::GiveBack)
            | (Self::Leased, CellEvent::Claim)
            | (Self::Settled | Self::Cancelled, _) => {
                Err(Refused { state: self.name().to_owned(), event: format!("{event:?}").to_lowercase() })
            }
        }
    }
}

impl CellEvent {
    /// Every event.
    pub const ALL: [Self; 4] = [Self::Claim, Self::GiveBack, Self::Settle, Self::Cancel];
}

/// Why a worker could not answer a cell. Verdicts do not pass through here: a kernel that says
/// no has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureKind {
    /// Retry elsewhere costs nothing: the worker was told to stop, a download broke.
    Transient,
    /// The guest or the worker crashed on it: retry a few times, then inconclusive.
    Crashed,
}

/// Times a cell is tried before it is settled as inconclusive; a last lack of memory earns it one
/// more, in a large guest.
pub const ATTEMPTS_MAX: u16 = 3;

/// Memory of the guest in which a cell is tried once more when its first guest had too little, in
/// bytes: four times what guests have, and no more than most hosts can spare for a moment.
pub const LARGE_GUEST_BYTES: u64 = 4 << 30;

/// How a try ended that did not settle its cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Why it said nothing conclusive.
    pub cause: Cause,
    /// Kernel trouble seen in its guest.
    pub splats: Vec<Splat>,
}
