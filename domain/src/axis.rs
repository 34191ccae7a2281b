//! The other dimensions of a question, beside object and kernel.

use serde::{Deserialize, Serialize};

/// The library that opens and loads the object inside the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
pub enum Loader {
    /// libbpf, built into the validator at one pinned version.
    #[default]
    Libbpf,
}

impl Loader {
    /// The name used in SQL and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Libbpf => "libbpf",
        }
    }
}

/// What the guest looks like apart from its kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Axes {
    /// Processors the guest has.
    pub cpus: u16,
}

impl Default for Axes {
    fn default() -> Self {
        Self { cpus: 1 }
    }
}
