//! The validator as a program: the first process of a guest.

#[path = "sys/wrap/mod.rs"]
mod wrap;

use std::process::ExitCode;

fn main() -> ExitCode {
    bpfcompat_validator::first_process::run(wrap::warm_up)
}
