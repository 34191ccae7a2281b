//! Slots: how many cells a worker answers at once, and how one of them is answered.
//!
//! In comes an assignment, out goes delivered evidence or the reason why there is none. The
//! number of slots follows the host's processors and memory, so that a worker never swaps its
//! host to death; it is decided once at start and told to the controller. Deliberately absent:
//! the stream to the controller (`session`) and the machine itself (`machine`).

pub mod answer;
pub mod budget;
pub mod order;
