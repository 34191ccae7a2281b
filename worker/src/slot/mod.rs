//! Slots: how many cells a worker answers at once, and how one of them is answered.
//!
//! In comes an assignment, out goes delivered evidence or the reason why there is none. How many
//! cells are in flight follows the host's processors, memory and load, so that a worker never swaps
//! its host to death: `host` looks, `budget` decides, `capacity` remembers what was promised to
//! whom. Deliberately absent: the stream to the controller (`session`) and the machine itself
//! (`machine`).

pub mod answer;
pub mod budget;
pub mod capacity;
pub mod host;
pub mod order;
