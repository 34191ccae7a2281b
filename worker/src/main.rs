//! `bpfcompat-worker`: the daemon on a host that runs machines.

use anyhow::Context as _;
use clap::Parser;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use worker::config::{Config, Flags};
use worker::serve::serve;
use worker::{Worker, session};

/// Runs eBPF compatibility cells in QEMU guests for a controller.
#[derive(Parser)]
#[command(name = "bpfcompat-worker", version)]
struct Arguments {
    /// Settings in TOML; environment variables BPFCOMPAT_WORKER_* and flags win over it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print the effective settings, and end
    #[arg(long)]
    print_config: bool,
    #[command(flatten)]
    flags: Flags,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let config = Config::read(arguments.config.as_deref(), &arguments.flags)?;
    if arguments.print_config {
        println!("{}", serde_json::to_string_pretty(&config)?);
        return Ok(());
    }
    let filter = EnvFilter::try_from_env("BPFCOMPAT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    let channel = session::channel(&config.controller)
        .with_context(|| format!("`controller = {}` is not an address", config.controller))?;
    let shutdown = CancellationToken::new();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        stop.cancel();
    });
    let worker = Worker::prepare(&config, &|_| {}).await?;
    serve(Arc::new(worker), channel, shutdown).await?;
    Ok(())
}
