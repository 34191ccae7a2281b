//! Evidence: what the guest said, sealed for the way home.
//!
//! What comes in: [`domain::evidence::Evidence`], as `insight::collect` folded it. What goes out: its
//! compressed bytes. Deliberately absent: judgement.

pub mod seal;
