//! `bpfcompat-controller`: the controller as a daemon.

mod arguments;

use anyhow::Context as _;
use arguments::{Arguments, Verb};
use clap::Parser as _;
use controller::{Controller, Settings};
use std::io::IsTerminal as _;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let settings = Settings::read(arguments.config.as_deref(), &arguments.flags)?;
    if let Some(Verb::Config(verb)) = arguments.verb {
        return verb.run(|| Ok(settings.show()?), || Ok(settings.config()?.check()?));
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
