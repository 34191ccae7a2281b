//! The guest's time: set from the job, and waited for where the hardware raises no event.

use nix::sys::time::TimeSpec;
use nix::time::{ClockId, clock_settime};
use std::time::Duration;

/// Sets the wall clock, which in a restored guest stands where its template was frozen.
pub(crate) fn set(unix_seconds: i64) -> nix::Result<()> {
    clock_settime(ClockId::CLOCK_REALTIME, TimeSpec::new(unix_seconds, 0))
}

/// Lets time pass.
#[expect(clippy::disallowed_methods, reason = "fw_cfg raises no interrupt and QEMU's end sends no event")]
pub(crate) fn pass(duration: Duration) {
    std::thread::sleep(duration);
}
