//! `bpfcompat completions SHELL`

use crate::args::typed::Typed;
use crate::exit::{Exit, Failure};
use clap::CommandFactory as _;
use clap_complete::{Shell, generate};

/// Prints a completion script.
pub(super) fn run(shell: Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    generate(shell, &mut Typed::command(), "bpfcompat", &mut script);
    super::print(&String::from_utf8_lossy(&script))
}
