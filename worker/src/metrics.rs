//! Figures for a monitoring system: the tally and the budget, read over HTTP.
//!
//! Comes in: connections to a loopback address, if one is set. Goes out: `/metrics` in the text
//! format of Prometheus, made of names and numbers of this crate alone. Nothing can be changed
//! here, and a reader that is slow or one of many costs little: each connection is read once.

use crate::slot::capacity::Capacity;
use crate::tally::{Event, Tally};
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::fmt::{Display, Write as _};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Readers at once; a host has one or two monitoring systems. Others wait to be accepted.
const READERS_MAX: usize = 8;
/// How long a reader may take from connecting to the end of the answer, which is a few kilobytes.
const READ_DEADLINE: Duration = Duration::from_secs(10);
/// Bytes of a request: a line and some headers.
const REQUEST_BYTES_MAX: usize = 16 * 1024;
/// Pause after the system refused a connection, as it does when it is out of descriptors.
const REFUSED_PAUSE: Duration = Duration::from_secs(1);

/// Keys of `[metrics]` in a worker's configuration.
#[derive(Debug, Clone, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where `/metrics` is served, for example `127.0.0.1:9464`; nowhere when unset.
    #[schemars(with = "Option<String>")]
    pub listen: Option<Loopback>,
}

/// An address that only this host reaches. Figures are served to whoever asks, so they are not
/// served to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "SocketAddr", into = "SocketAddr")]
pub struct Loopback(SocketAddr);

/// The address is one that others reach too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a loopback address; use one like 127.0.0.1:9464")]
pub struct NotLoopback(SocketAddr);

impl TryFrom<SocketAddr> for Loopback {
    type Error = NotLoopback;

    fn try_from(address: SocketAddr) -> Result<Self, NotLoopback> {
        if address.ip().is_loopback() { Ok(Self(address)) } else { Err(NotLoopback(address)) }
    }
}

impl From<Loopback> for SocketAddr {
    fn from(address: Loopback) -> Self {
        address.0
    }
}

/// A worker's figures, ready to be served.
#[derive(Debug)]
pub struct Metrics {
    listener: TcpListener,
    figures: Arc<Figures>,
}

#[derive(Debug)]
struct Figures {
    tally: Arc<Tally>,
    capacity: Arc<Capacity>,
}

impl Metrics {
    /// Takes the address.
    ///
    /// # Errors
    /// It is in use, or not this host's.
    pub async fn bind(address: Loopback, tally: Arc<Tally>, capacity: Arc<Capacity>) -> io::Result<Self> {
        let listener = TcpListener::bind(address.0).await?;
        Ok(Self { listener, figures: Arc::new(Figures { tally, capacity }) })
    }

    /// The address taken, with the port the system chose when port 0 was asked for.
    ///
    /// # Errors
    /// The operating system does not tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `shutdown`. No connection outlives it.
    pub async fn serve(self, shutdown: &CancellationToken) {
        let readers = Arc::new(Semaphore::new(READERS_MAX));
        let mut connections = JoinSet::new();
        loop {
            let reader = Arc::clone(&readers).acquire_owned();
            let accepted = tokio::select! {
                () = shutdown.cancelled() => return,
                Some(_) = connections.join_next() => continue,
                accepted = async { (reader.await, self.listener.accept().await) } => accepted,
            };
            match accepted {
                (reader, Ok((stream, _))) => {
                    let figures = Arc::clone(&self.figures);
                    connections.spawn(async move {
                        let _reader = reader;
                        answer(stream, &figures).await;
                    });
                }
                (_, Err(error)) => {
                    tracing::warn!(%error, "a reader of metrics was refused");
                    sleep(REFUSED_PAUSE).await;
                }
            }
        }
    }
}

async fn answer(stream: TcpStream, figures: &Figures) {
    let service = service_fn(async |request: Request<_>| Ok::<_, Infallible>(figures.respond(&request)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .keep_alive(false)
        .max_buf_size(REQUEST_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    match timeout(READ_DEADLINE, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a reader of metrics broke off"),
        Err(_) => tracing::debug!("a reader of metrics was too slow"),
    }
}

impl Figures {
    fn respond<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        let status = match (request.method(), request.uri().path()) {
            (&Method::GET | &Method::HEAD, "/metrics") => StatusCode::OK,
            (_, "/metrics") => StatusCode::METHOD_NOT_ALLOWED,
            _ => StatusCode::NOT_FOUND,
        };
        let text = if status == StatusCode::OK { self.text() } else { format!("{status}\n") };
        let response = Response::builder().status(status);
        let response = response.header(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
        response.body(text.into()).expect("a status and one header that are constants")
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for event in Event::ALL {
            let name = format!("{}_total", event.name());
            family(&mut text, &name, "counter", event.help(), self.tally.of(*event));
        }
        let budget = self.capacity.budget();
        let mut gauge = |name, help, value: &dyn Display| family(&mut text, name, "gauge", help, value);
        gauge("budget_cells", "Cells that may be in flight.", &budget.cells);
        gauge("cells_in_flight", "Cells whose guest runs or is about to.", &self.capacity.promised().cells);
        gauge("slots", "Cells that may ever be in flight.", &self.capacity.slots());
        gauge("load_of_others", "Load of other programs than guests.", &budget.load_of_others);
        if let Some(bytes) = self.capacity.seen().available_bytes {
            gauge("available_bytes", "Host memory to be had without swapping.", &bytes);
        }
        text
    }
}

fn family(text: &mut String, name: &str, kind: &str, help: &str, value: impl Display) {
    let name = format!("bpfcompat_worker_{name}");
    writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}")
        .expect("a string takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_host_is_served() {
        for (address, good) in [
            ("127.0.0.1:9464", true),
            ("[::1]:9464", true),
            ("0.0.0.0:9464", false),
            ("[::]:9464", false),
            ("192.0.2.1:9464", false),
        ] {
            let address: SocketAddr = address.parse().expect("an address");
            assert_eq!(Loopback::try_from(address).is_ok(), good, "{address}");
        }
    }
}
