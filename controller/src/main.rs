//! `bpfcompat-controller`: the controller as a daemon.

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use controller::{Controller, Flags, Order, Settings};
use std::io::IsTerminal as _;
use std::path::PathBuf;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// Remembers questions about eBPF objects, gives them to workers, judges and serves the answers.
#[derive(Parser)]
#[command(name = "bpfcompat-controller", version)]
struct Arguments {
    /// Settings in TOML; environment variables BPFCOMPAT_CONTROLLER_* and flags win over it
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Print the effective settings without secrets, and end
    #[arg(long)]
    print_config: bool,
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    /// Judge stored evidence again by the rules of this version, tell what changed, and end
    Rejudge(Order),
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
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    log.with_ansi(std::io::stderr().is_terminal()).init();
    if let Some(Verb::Rejudge(order)) = arguments.verb {
        let unknown = controller::rejudge(settings.config()?, order, &mut std::io::stdout()).await?.unknown;
        anyhow::ensure!(unknown == 0, "{unknown} verdicts could not be judged again");
        return Ok(());
    }
    let controller = Controller::start(settings.config()?, controller::on_signals()?).await?;
    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("cannot listen on {}", settings.listen))?;
    tracing::info!(listen = %listener.local_addr()?, "the controller is up");
    controller.listen(listener).await?;
    tracing::info!("the controller is down");
    Ok(())
}
