//! Connections to the controller without any network: each is a pipe in memory.

use futures_util::StreamExt as _;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;

/// Bytes in flight each way: a few messages; writers wait beyond it.
const PIPE_BYTES: usize = 1024 * 1024;
/// Connections waiting to be accepted; a local run opens two.
const BACKLOG: usize = 4;

/// The calling end.
#[derive(Debug)]
pub(super) struct Pipe {
    connections: mpsc::Sender<DuplexStream>,
}

impl Pipe {
    /// The calling end, and the connections that arrive at the other.
    pub(super) fn new() -> (Self, impl Stream<Item = Result<DuplexStream, Infallible>>) {
        let (connections, incoming) = mpsc::channel(BACKLOG);
        (Self { connections }, ReceiverStream::new(incoming).map(Ok))
    }

    /// A channel of its own; connected at its first call, and again whenever it broke.
    pub(super) fn channel(&self) -> Channel {
        let connections = self.connections.clone();
        let connect = service_fn(move |_| {
            let connections = connections.clone();
            async move {
                let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
                let gone = |_| io::Error::from(io::ErrorKind::ConnectionRefused);
                connections.send(theirs).await.map_err(gone)?;
                Ok::<_, io::Error>(TokioIo::new(ours))
            }
        });
        // The address is never looked up.
        Endpoint::from_static("http://local").connect_with_connector_lazy(connect)
    }
}
