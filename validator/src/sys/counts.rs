//! What the verifier counted while it looked at programs, kept from their load until somebody asks.
//!
//! Only the binary's wrapper of loads fills it; in another program it stays empty.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What the counts of all programs of one load may take, which travel in one frame; a thousand programs
/// fit.
const COUNTS_BYTES_MAX: usize = 256 * 1024;

/// The counts of the programs that were loaded since they were last taken, by program.
static KEPT: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

/// Keeps the kernel's lines about one program, if there is room.
pub fn keep(program: String, text: String) {
    let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if all.values().map(String::len).sum::<usize>() + text.len() <= COUNTS_BYTES_MAX {
        all.insert(program, text);
    }
}

/// The counts of the programs that were loaded since the last call, by program.
pub(crate) fn take() -> BTreeMap<String, String> {
    std::mem::take(&mut *KEPT.lock().unwrap_or_else(PoisonError::into_inner))
}
