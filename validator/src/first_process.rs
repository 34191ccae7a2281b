//! The validator as the only process of a guest, which is what this package's binary is.
//!
//! It gets the guest ready, says so, takes one job, exercises the job's object with libbpf and
//! reports what the kernel answered. It judges nothing. The worker ends the guest.

use crate::{end, guest};
use std::process::ExitCode;

pub use crate::charged::memory_peak;
pub use crate::sys::counts::keep as keep_counts;

/// Serves one guest; outside of one it is only one of the loaders it carries. `warm_up` does once what every
/// object would need.
pub fn run(warm_up: fn()) -> ExitCode {
    if nix::unistd::getpid().as_raw() != 1 {
        return end::elsewhere();
    }
    std::panic::set_hook(Box::new(|panic| end::end(&panic.to_string())));
    match guest::serve(warm_up) {
        Ok(()) => end::wait_for_it(),
        Err(error) => end::end(&guest::whole_chain(&error)),
    }
}
