//! `bpfcompat-worker`: the daemon on a host that runs machines.

use anyhow::Context as _;
use clap::Parser;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tonic::transport::Endpoint;
use worker::config::Config;
use worker::{Worker, session};

/// Runs eBPF compatibility cells in QEMU guests for a bpfcompat controller.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// A TOML file; the environment (BPFCOMPAT_WORKER_…) overrides it.
    #[arg(long, env = "BPFCOMPAT_WORKER_CONFIG_FILE")]
    config: Option<PathBuf>,
    /// Print the effective settings and exit.
    #[arg(long)]
    print_config: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let config = Config::read(arguments.config.as_deref())?;
    if arguments.print_config {
        println!("{}", serde_json::to_string_pretty(&config)?);
        return Ok(());
    }
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    let controller = Endpoint::from_shared(config.controller.clone())
        .with_context(|| format!("`controller = {}` is not an address", config.controller))?;
    let shutdown = CancellationToken::new();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        stop.cancel();
    });
    let worker = Worker::prepare(&config, &|_| {}).await?;
    session::run(Arc::new(worker), controller.connect_lazy(), shutdown).await;
    Ok(())
}
