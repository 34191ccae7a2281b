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
mod end;
mod environment;
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
mod own_loader;
mod prepare;
mod privileged;
mod probe;
mod settle;
mod sys;
mod tools;

use std::process::ExitCode;

fn main() -> ExitCode {
    if nix::unistd::getpid().as_raw() != 1 {
        return end::elsewhere();
    }
    std::panic::set_hook(Box::new(|panic| end::end(&panic.to_string())));
    match guest::serve() {
        Ok(()) => end::wait_for_it(),
        Err(error) => end::end(&guest::whole_chain(&error)),
    }
}
