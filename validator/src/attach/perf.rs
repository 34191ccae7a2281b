//! Perf event programs, on the one event every machine has.

use super::Attempt;
use crate::sys::attach;
use crate::sys::kernel;
use crate::sys::libbpf::Program;

/// Between two runs of the program, in nanoseconds: seldom, as it is attached for a moment only.
const PERIOD_NS: u64 = 100_000_000;
const HOOK: &str = "cpu-clock";

pub(super) fn attach(program: Program<'_>) -> Attempt {
    match kernel::perf_cpu_clock(PERIOD_NS) {
        Ok(event) => Attempt::of(HOOK, "perf event", attach::perf_event(program, event)),
        Err(errno) => Attempt::skipped(HOOK, &format!("the kernel gave no perf event: {errno}")),
    }
}
