//! Typed identifiers, one list: a run can never be passed where a cell is meant.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// A text that is not the identifier it was taken for.
#[derive(Debug, thiserror::Error)]
#[error("`{given}` is not a {kind} id; ids look like 0198c5f2-7b1e-7cc0-8000-0123456789ab")]
pub struct NotAnId {
    kind: &'static str,
    given: String,
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new identifier; later ones sort after earlier ones (UUID version 7).
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                Uuid::parse_str(text)
                    .map(Self)
                    .map_err(|_| NotAnId { kind: $kind, given: text.to_owned() })
            }
        }
    };
}

uuid_id!(
    /// One cell: an object on a kernel.
    CellId, "cell"
);
uuid_id!(
    /// One run: the set of cells somebody asked for.
    RunId, "run"
);
uuid_id!(
    /// One worker process.
    WorkerId, "worker"
);

/// The exact name of one kernel build: `distro/release@version`,
/// for example `debian/6.1.0-50-cloud-amd64@6.1.176-1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KernelId(pub String);

impl fmt::Display for KernelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
