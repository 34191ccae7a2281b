//! `bpfcompat-controller`: the controller as a daemon.

use anyhow::Context as _;
use clap::Parser;
use controller::{Controller, Flags, Settings};
use std::io::IsTerminal as _;
use std::path::PathBuf;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// Remembers questions about eBPF objects, gives them to workers, judges and serves the answers.
#[derive(Parser)]
#[command(name = "bpfcompat-controller", version)]
struct Arguments {
    /// Settings in TOML; environment variables BPFCOMPAT_CONTROLLER_* and flags win over it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print the effective settings without secrets, and end
    #[arg(long)]
    print_config: bool,
    #[command(flatten)]
    flags: Flags,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let settings = Settings::read(arguments.config.as_deref(), &arguments.flags)?;
    if arguments.print_config {
        print!("{}", settings.show());
        return Ok(());
    }
    let filter = EnvFilter::try_from_env("BPFCOMPAT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();

    let shutdown = CancellationToken::new();
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        stop.cancel();
    });

    let controller = Controller::start(settings.config()?, shutdown).await?;
    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("cannot listen on {}", settings.listen))?;
    tracing::info!(listen = %listener.local_addr()?, "the controller is up");
    controller.listen(listener).await?;
    tracing::info!("the controller is down");
    Ok(())
}
