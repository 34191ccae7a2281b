//! What the verifier counted while it looked at programs, kept from their load until somebody asks.
//!
//! Only the binary's wrapper of loads fills it; in another program it stays empty.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What the counts of all programs of one load may take, which travel in one frame; a thousand programs
/// fit.
const COUNTS_BYTES_MAX: usize = 256 * 1024;

/// What is kept of one load: the kernel's lines, and the memory it took at most where that is known.
type Kept = (String, Option<u64>);

/// The counts of the programs that were loaded since they were last taken, by program.
static KEPT: Mutex<BTreeMap<String, Kept>> = Mutex::new(BTreeMap::new());

/// Keeps what is known of the load of one program, if there is room.
pub fn keep(program: String, text: String, memory_peak_bytes: Option<u64>) {
    let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if all.values().map(|(text, _)| text.len()).sum::<usize>() + text.len() <= COUNTS_BYTES_MAX {
        all.insert(program, (text, memory_peak_bytes));
    }
}

/// The counts of the programs that were loaded since the last call, by program.
pub(crate) fn take() -> BTreeMap<String, Kept> {
    std::mem::take(&mut *KEPT.lock().unwrap_or_else(PoisonError::into_inner))
}
