//! Evidence: what the guest said, folded into one value and sealed for the way home.
//!
//! What comes in: messages that already are well-formed frames, still hostile in order, number
//! and content. What goes out: [`domain::evidence::Evidence`] and its compressed bytes.
//! Deliberately absent: judgement. A guest that breaks a rule ends the conversation, and what it
//! said before is kept, because it was observed.

pub mod collect;
mod inflate;
pub mod seal;
pub mod splat;
pub(crate) mod text;
