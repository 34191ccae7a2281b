//! What happens once before a guest is frozen, so that it does not happen in every clone of it.
//!
//! A kernel goes on starting while its first process already runs: it measures its clock again and
//! then stops all processors to change over to it, and frees what booting needed.

use crate::clock;
use crate::sys::memory;
use std::time::{Duration, Instant};

/// Where the kernel says by what it tells the time. `tsc-early` is the one it replaces.
const CLOCK_SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
const PROVISIONAL: &str = "-early";

/// The second measurement takes one second from the first, which is a part of the boot.
const CLOCK_SOURCE_MAX: Duration = Duration::from_millis(1500);
const CLOCK_SOURCE_POLL: Duration = Duration::from_millis(10);

/// What booting needed is freed after two or three grace periods of some 20 ms.
const QUIET: Duration = Duration::from_millis(100);

/// What a kernel does for itself every second or half, put off for as long as a guest lives: to add
/// up statistics, to look whether memory should be compacted, to watch how memory is used.
const CHORES: [(&str, &str); 3] = [
    ("/proc/sys/vm/stat_interval", "3600"),
    ("/proc/sys/vm/compaction_proactiveness", "0"),
    ("/sys/module/damon_stat/parameters/enabled", "N"),
];

/// Puts the chores off. To be done early: those whose time is already set are done once more.
pub(crate) fn put_off_chores() {
    for (path, value) in CHORES {
        // Not every kernel has each of them.
        drop(std::fs::write(path, value));
    }
}

/// Waits until the kernel has nothing left to do for itself, then fetches in all memory.
pub(crate) fn settle() {
    let begun = Instant::now();
    while begun.elapsed() < CLOCK_SOURCE_MAX && provisional_clock() {
        clock::pass(CLOCK_SOURCE_POLL);
    }
    memory::fault_in();
    clock::pass(QUIET);
}

fn provisional_clock() -> bool {
    std::fs::read_to_string(CLOCK_SOURCE).is_ok_and(|source| source.trim().ends_with(PROVISIONAL))
}
