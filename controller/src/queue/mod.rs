//! Cells that wait, and everything that takes them out of waiting other than an answer.
//!
//! Comes in: notifications and the passing of time. Goes out: wake-ups for whoever may have
//! something to do, cells of dead workers given back, runs cancelled. Claiming is one statement
//! in `store::leases`. Deliberately absent: which worker deserves which cell; the oldest cell
//! goes to whoever has room and can boot its kernel.

pub(crate) mod cancel;
pub(crate) mod reap;
pub(crate) mod wake;
