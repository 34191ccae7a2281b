//! `bpfcompat-worker`: the daemon on a host that runs machines.

mod arguments;

use anyhow::Context as _;
use arguments::{Arguments, Command};
use clap::Parser as _;
use domain::kernel::Kernel;
use std::io::IsTerminal as _;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use worker::config::Config;
use worker::serve::serve;
use worker::warm::{WarmError, warm};
use worker::{Worker, session};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let config = Config::read(arguments.config.as_deref(), &arguments.flags)?;
    if let Some(Command::Config(verb)) = arguments.command {
        return verb.run(|| Ok(settings::show(&config.shown())?), || Ok(config.check()?));
    }
    let filter = EnvFilter::try_from_env("BPFCOMPAT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    let channel = session::channel(&config.controller, config.controller_ca.as_deref())?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        stop.cancel();
    });
    let worker = Worker::prepare(&config, &|_| {}).await?;
    match arguments.command {
        Some(Command::Warm { kernels }) => {
            let warmed = shutdown.run_until_cancelled(warm(&worker, &kernels, &say)).await;
            warmed.context("stopped before every template was made")??;
        }
        Some(Command::Config(_)) | None => serve(Arc::new(worker), channel, shutdown).await?,
    }
    Ok(())
}

fn say(kernel: &Kernel, warmed: Result<(), &WarmError>) {
    match warmed {
        Ok(()) => println!("{}  ready", kernel.id),
        Err(error) => println!("{}  {error}", kernel.id),
    }
}
