//! The conversation with the validator inside one guest.
//!
//! What comes in: bytes from port 0xe9 of a guest that may be hostile. What goes out: messages,
//! and how the conversation ended. Deliberately absent: the process that runs the guest
//! (`machine/`) and what the messages add up to (`insight::collect`).

pub(crate) mod conversation;
pub mod link;
pub mod watchdog;
