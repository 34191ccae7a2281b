//! A worker at work: its session with a controller, and its figures beside it.

use crate::metrics::Metrics;
use crate::{Worker, session};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

/// Why a worker cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Its figures cannot be served where the settings say.
    #[error("`metrics.listen = {address}` cannot be used; choose another address, or none")]
    Metrics {
        /// As set.
        address: SocketAddr,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
}

/// Serves one controller, and the readers of metrics if they have an address, until `shutdown`.
///
/// # Errors
/// The address of the metrics cannot be had; nothing was started then.
pub async fn serve(
    worker: Arc<Worker>,
    channel: Channel,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    let Some(listen) = worker.metrics.listen else {
        session::run(worker, channel, shutdown).await;
        return Ok(());
    };
    let metrics = Metrics::bind(listen, Arc::clone(&worker.tally), Arc::clone(&worker.capacity)).await;
    let metrics = metrics.map_err(|source| ServeError::Metrics { address: listen.into(), source })?;
    tracing::info!(listen = %SocketAddr::from(listen), "metrics are served");
    tokio::join!(metrics.serve(&shutdown), session::run(worker, channel, shutdown.clone()));
    Ok(())
}
