//! Sessions with workers.
//!
//! ```text
//!  worker                     session
//!    │ Hello ────────────────►  │ row in `workers`, kernels it offers
//!    │ ◄──────────────── Welcome│
//!    │ Room(n) ──────────────►  │ claims up to n cells
//!    │ ◄────────────── Assigned │
//!    │ Heartbeat, Progress ──►  │ renews leases, notes progress
//!    │ ◄───────────────  Revoke │ the cell was cancelled, or the lease ran out
//!    │ GiveBack ─────────────►  │ cell back in the queue
//!    │ (end) ────────────────►  │ worker gone, its leases given back
//! ```
//!
//! Work goes down only while the worker has said that it has room. Evidence does not come back
//! here but as a call of its own, so that megabytes never stand before a heartbeat.

pub(crate) mod session;
