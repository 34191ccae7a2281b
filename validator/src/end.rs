//! How the validator ends: with its guest, or at once where it is not the first process of one.

use crate::{clock, environment, loader};
use nix::sys::reboot::{RebootMode, reboot};
use std::process::ExitCode;
use std::time::Duration;

/// The exit status for a use the validator was not made for.
const MISUSE: u8 = 3;
/// How long a finished guest waits for the worker to end it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where it is not the first process of a guest it is one of those that the first one starts.
pub(crate) fn elsewhere() -> ExitCode {
    let arguments = || std::env::args().skip(1);
    loader::builtin(arguments()).or_else(|| environment::live_in_namespace(arguments())).unwrap_or_else(
        || {
            eprintln!("bpfcompat-validator is the first process of a guest and does nothing elsewhere");
            ExitCode::from(MISUSE)
        },
    )
}

/// Everything was said; the worker ends the guest.
pub(crate) fn wait_for_it() -> ! {
    clock::pass(PATIENCE);
    end("the worker did not end this guest")
}

/// Says why on the console and ends the machine. A restart does it on every machine type, as
/// workers run QEMU with `-no-reboot`; powering off needs ACPI.
pub(crate) fn end(says: &str) -> ! {
    let line = format!("bpfcompat-validator: {says}\n");
    // The kernel gave the console as standard error if the initramfs has its node.
    if std::fs::write("/dev/console", &line).is_err() {
        eprint!("{line}");
    }
    let refused = reboot(RebootMode::RB_AUTOBOOT);
    panic!("the machine cannot be restarted: {refused:?}")
}
