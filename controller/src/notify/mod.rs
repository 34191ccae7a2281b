//! Changes reach whoever watches.
//!
//! Comes in: notices that a run changed. Goes out: what of it changed since the watcher was
//! told last. The tables are compared with what was sent before, so a missed or doubled notice
//! changes nothing. Deliberately absent: anybody who is not connected (no mail, no webhooks).

pub(crate) mod watch;
