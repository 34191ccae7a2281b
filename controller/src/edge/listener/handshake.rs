//! Handshakes beside each other, so that a caller who says nothing keeps nobody out.

use crate::parts::Parts;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;

/// Handshakes at once. Each holds some ten kilobytes; more callers wait in the socket's own queue.
const HANDSHAKES_MAX: usize = 256;
/// Time for one: a few round trips of a slow line.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);
/// Connections that are secured and not yet taken.
const AHEAD: usize = 16;
/// Pause after the system has no more files or memory for a connection.
const PAUSE: Duration = Duration::from_millis(100);

/// The connections of a socket whose handshake succeeded.
pub(super) fn secured(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    parts: &Arc<Parts>,
) -> ReceiverStream<io::Result<TlsStream<TcpStream>>> {
    let (told, taken) = mpsc::channel(AHEAD);
    let shutdown = parts.shutdown.clone();
    parts.tasks.spawn(async move {
        tokio::select! {
            () = accept(listener, acceptor, told) => {}
            () = shutdown.cancelled() => {}
        }
    });
    ReceiverStream::new(taken)
}

async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    told: mpsc::Sender<io::Result<TlsStream<TcpStream>>>,
) {
    let turns = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    while let Ok(turn) = Arc::clone(&turns).acquire_owned().await {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                sleep(PAUSE).await;
                continue;
            }
        };
        let (acceptor, told) = (acceptor.clone(), told.clone());
        tokio::spawn(async move {
            // Small answers that wait to be sent together cost each cell 40 ms, several times.
            let secured = match stream.set_nodelay(true) {
                Ok(()) => timeout(HANDSHAKE_DEADLINE, acceptor.accept(stream)).await,
                Err(error) => Ok(Err(error)),
            };
            match secured {
                // Nobody takes it when the server has ended. Until somebody does, it counts.
                Ok(Ok(stream)) => drop(told.send(Ok(stream)).await),
                Ok(Err(error)) => tracing::debug!(%peer, %error, "no handshake"),
                Err(_) => tracing::debug!(%peer, "no handshake in {HANDSHAKE_DEADLINE:?}"),
            }
            drop(turn);
        });
    }
}
