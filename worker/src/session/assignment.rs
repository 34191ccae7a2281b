//! Assignments: the controller's words, checked.

use domain::axis::{Axes, Loader};
use domain::cell::LARGE_GUEST_BYTES;
use domain::contract::Contract;
use domain::digest::Digest;
use domain::evidence::Start;
use domain::id::{CellId, KernelId};
use domain::level::Level;
use proto::{NotUnderstood, wire};
use std::time::Duration;

/// A worker's right to answer one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The cell.
    pub cell: CellId,
    /// Greater than that of every earlier lease of the same cell.
    pub fence: i64,
}

impl From<Lease> for wire::Lease {
    fn from(lease: Lease) -> Self {
        Self { cell_id: lease.cell.to_string(), fence: lease.fence }
    }
}

impl TryFrom<wire::Lease> for Lease {
    type Error = NotUnderstood;

    fn try_from(lease: wire::Lease) -> Result<Self, NotUnderstood> {
        let cell = lease.cell_id.parse().map_err(|error| NotUnderstood::new("cell_id", error))?;
        Ok(Self { cell, fence: lease.fence })
    }
}

/// One cell to answer.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// The right to answer it.
    pub lease: Lease,
    /// The object's digest.
    pub object: Digest,
    /// The object's file name.
    pub object_name: String,
    /// The object's size in bytes, within `domain::OBJECT_BYTES_MAX`.
    pub object_bytes: usize,
    /// The kernel to boot.
    pub kernel: KernelId,
    /// The package digest the kernel must have.
    pub kernel_digest: Digest,
    /// How far to take every program.
    pub level: Level,
    /// What loads the object.
    pub loader: Loader,
    /// What is declared of the object's loader.
    pub contract: Contract,
    /// The guest's shape.
    pub axes: Axes,
    /// Memory of the guest in bytes, at most `LARGE_GUEST_BYTES`; 0 for what guests have.
    pub memory_bytes: u64,
    /// Whether a clone will do.
    pub start: Start,
    /// From `Ready` to the last answer.
    pub timeout: Duration,
}

/// The longest a controller may let one cell take; beyond it a slot would be lost for hours.
const CELL_TIMEOUT_MAX: Duration = Duration::from_secs(3600);

impl TryFrom<wire::Assignment> for Assignment {
    type Error = NotUnderstood;

    fn try_from(assignment: wire::Assignment) -> Result<Self, NotUnderstood> {
        let digest =
            |field, bytes: &[u8]| Digest::try_from(bytes).map_err(|error| NotUnderstood::new(field, error));
        let timeout = Duration::from_millis(assignment.cell_timeout_ms.into());
        Ok(Self {
            lease: assignment.lease.clone().ok_or(NotUnderstood::new("lease", "missing"))?.try_into()?,
            object: digest("object", &assignment.object)?,
            object_bytes: usize::try_from(assignment.object_bytes)
                .ok()
                .filter(|bytes| *bytes <= domain::OBJECT_BYTES_MAX)
                .ok_or(NotUnderstood::new("object_bytes", assignment.object_bytes))?,
            kernel_digest: digest("kernel_digest", &assignment.kernel_digest)?,
            level: assignment.level().into(),
            loader: match assignment.loader.as_str() {
                "" => Loader::default(),
                name => name.parse().map_err(|error| NotUnderstood::new("loader", error))?,
            },
            contract: contract(&assignment.contract)?,
            axes: assignment.axes.clone().unwrap_or_default().try_into()?,
            memory_bytes: Some(assignment.memory_bytes)
                .filter(|bytes| *bytes <= LARGE_GUEST_BYTES)
                .ok_or(NotUnderstood::new("memory_bytes", assignment.memory_bytes))?,
            start: if assignment.cold { Start::Cold } else { Start::Clone },
            timeout: Some(timeout)
                .filter(|timeout| !timeout.is_zero() && *timeout <= CELL_TIMEOUT_MAX)
                .ok_or(NotUnderstood::new("cell_timeout_ms", assignment.cell_timeout_ms))?,
            object_name: assignment.object_name,
            kernel: KernelId(assignment.kernel_id),
        })
    }
}

fn contract(json: &[u8]) -> Result<Contract, NotUnderstood> {
    if json.is_empty() {
        return Ok(Contract::default());
    }
    serde_json::from_slice(json).map_err(|error| NotUnderstood::new("contract", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(memory_bytes: u64, cold: bool) -> Result<Assignment, NotUnderstood> {
        let lease = wire::Lease { cell_id: uuid::Uuid::nil().to_string(), fence: 1 };
        let digest = Digest::of(b"").0.to_vec();
        wire::Assignment {
            lease: Some(lease),
            object: digest.clone(),
            kernel_digest: digest,
            cell_timeout_ms: 1,
            memory_bytes,
            cold,
            ..wire::Assignment::default()
        }
        .try_into()
    }

    #[test]
    fn a_guest_larger_than_large_is_refused() {
        for memory_bytes in [0, LARGE_GUEST_BYTES] {
            assert_eq!(asked(memory_bytes, false).unwrap().memory_bytes, memory_bytes);
        }
        let refused = asked(LARGE_GUEST_BYTES + 1, false).unwrap_err().to_string();
        assert!(refused.contains("memory_bytes"), "{refused}");
    }

    #[test]
    fn a_booted_guest_is_booted_when_it_is_asked_for() {
        assert_eq!(asked(0, true).unwrap().start, Start::Cold);
        assert_eq!(asked(0, false).unwrap().start, Start::Clone);
    }
}
