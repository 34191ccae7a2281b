//! A run's life.
//!
//! ```text
//!   queued ──start──► running ──finish──► finished
//!     │  └───────────finish (all cells answered from the store)──►┘
//!     └──cancel──► cancelled ◄──cancel── running
//! ```
//!
//! The database accepts the same edges by a trigger; `tests/` proves that both agree.

use crate::cell::Refused;
use serde::{Deserialize, Serialize};

/// Where a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RunState {
    /// No cell was claimed yet.
    Queued,
    /// A cell was claimed.
    Running,
    /// Every cell has a verdict.
    Finished,
    /// Somebody stopped it, or nobody watched an attended one any more.
    Cancelled,
}

/// What can happen to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunEvent {
    /// Its first cell was claimed.
    Start,
    /// Its last cell was settled.
    Finish,
    /// It was cancelled.
    Cancel,
}

impl RunEvent {
    /// Every event.
    pub const ALL: [Self; 3] = [Self::Start, Self::Finish, Self::Cancel];
}

impl RunState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Queued, Self::Running, Self::Finished, Self::Cancelled];

    /// The name used in SQL and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether nothing more will happen.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Finished | Self::Cancelled)
    }

    /// The state after `event`.
    ///
    /// # Errors
    /// `Refused` when the picture above has no such edge.
    pub fn next(self, event: RunEvent) -> Result<Self, Refused> {
        match (self, event) {
            (Self::Queued, RunEvent::Start) => Ok(Self::Running),
            (Self::Queued | Self::Running, RunEvent::Finish) => Ok(Self::Finished),
            (Self::Queued | Self::Running, RunEvent::Cancel) => Ok(Self::Cancelled),
            (Self::Running, RunEvent::Start) | (Self::Finished | Self::Cancelled, _) => {
                Err(Refused { state: self.name().to_owned(), event: format!("{event:?}").to_lowercase() })
            }
        }
    }
}
