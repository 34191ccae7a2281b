//! Perf event programs: on the processor's own counter where the guest has one, else on the one event
//! every machine has.

use super::Attempt;
use crate::sys::attach;
use crate::sys::kernel::{self, PerfEvent};
use crate::sys::libbpf::Program;

/// Between two runs of the program, in cycles or nanoseconds: seldom, as it is attached for a moment only.
const PERIOD: u64 = 100_000_000;
/// The first that the kernel opens is used.
const EVENTS: [(PerfEvent, &str); 2] =
    [(PerfEvent::CpuCycles, "cpu-cycles"), (PerfEvent::CpuClock, "cpu-clock")];

pub(super) fn attach(program: Program<'_>) -> Attempt {
    let mut said = String::new();
    for (event, hook) in EVENTS {
        match kernel::perf_event(event, PERIOD) {
            Ok(event) => return Attempt::of(hook, "perf event", attach::perf_event(program, event)),
            Err(errno) => said = format!("the kernel gave no perf event: {errno}"),
        }
    }
    Attempt::skipped("cpu-clock", &said)
}
