//! Where bytes arrive and leave.
//!
//! Comes in: gRPC. Goes out: gRPC. Here and nowhere else messages become domain values and
//! errors become statuses. Deliberately absent: decisions.

pub(crate) mod grpc;
pub(crate) mod listener;
