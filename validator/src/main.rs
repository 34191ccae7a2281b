//! The validator: the only process of a guest.
//!
//! It gets the guest ready, says so, takes one job, exercises the job's object with libbpf and
//! reports what the kernel answered. It judges nothing. The worker ends the guest.

mod alone;
mod attach;
mod behave;
mod checks;
mod clock;
mod command;
mod contract;
mod devices;
mod exercise;
mod facts;
mod group;
mod guest;
mod kmsg;
mod line_costs;
mod load;
mod loader;
mod log;
mod maps;
mod modules;
mod mounts;
mod netlink;
mod open;
mod prepare;
mod probe;
mod settle;
mod sys;
mod tools;

use nix::sys::reboot::{RebootMode, reboot};
use std::process::ExitCode;
use std::time::Duration;

/// The exit status for a use the validator was not made for.
const MISUSE: u8 = 3;
/// How long a finished guest waits for the worker to end it.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    if nix::unistd::getpid().as_raw() != 1 {
        if let Some(done) = loader::builtin(std::env::args().skip(1)) {
            return done;
        }
        eprintln!("bpfcompat-validator is the first process of a guest and does nothing elsewhere");
        return ExitCode::from(MISUSE);
    }
    std::panic::set_hook(Box::new(|panic| end(&panic.to_string())));
    match guest::serve() {
        Ok(()) => {
            clock::pass(PATIENCE);
            end("the worker did not end this guest")
        }
        Err(error) => end(&guest::whole_chain(&error)),
    }
}

/// Says why on the console and ends the machine. A restart does it on every machine type, as
/// workers run QEMU with `-no-reboot`; powering off needs ACPI.
fn end(says: &str) -> ! {
    let line = format!("bpfcompat-validator: {says}\n");
    // The kernel gave the console as standard error if the initramfs has its node.
    if std::fs::write("/dev/console", &line).is_err() {
        eprint!("{line}");
    }
    let refused = reboot(RebootMode::RB_AUTOBOOT);
    panic!("the machine cannot be restarted: {refused:?}")
}
