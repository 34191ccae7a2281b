//! `bpfcompat`: asks real kernels whether eBPF objects load and attach, and says why not.

mod args;
mod command;
mod connection;
mod exit;
mod input;
mod interrupt;
mod local;
mod remote;
mod render;
mod settings;

use args::typed::Typed;
use clap::Parser as _;
use clap::error::ErrorKind;
use exit::{Exit, Failure};
use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long work that cannot be cancelled (a write, a name lookup) may go on after the end.
const LINGER: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let typed = match Typed::try_parse() {
        Ok(typed) => typed,
        Err(error) => {
            let asked_for_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            // Whoever closed the stream does not want to read it.
            drop(error.print());
            return if asked_for_help { Exit::Works } else { Exit::Misuse }.into();
        }
    };
    if typed.global.verbose {
        let colour = std::io::stderr().is_terminal() && !typed.global.no_color;
        tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).with_ansi(colour).init();
    }
    let ended = tokio::runtime::Runtime::new().map_err(Failure::environment).and_then(|runtime| {
        let ended = runtime.block_on(until_the_end(typed));
        runtime.shutdown_timeout(LINGER);
        ended
    });
    let exit = ended.unwrap_or_else(|failure| {
        eprintln!("bpfcompat: {failure}");
        failure.exit()
    });
    exit.into()
}

async fn until_the_end(typed: Typed) -> Result<Exit, Failure> {
    let stop = CancellationToken::new();
    tokio::select! {
        ended = command::run(typed, stop.clone()) => ended,
        aborted = interrupt::twice(&stop) => Err(aborted),
    }
}
