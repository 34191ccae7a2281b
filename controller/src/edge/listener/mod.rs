//! Who may connect to a listening socket, and over what.
//!
//! Comes in: connections of a socket. Goes out: those that spoke TLS as they must, or came in plain text from where
//! that is allowed. Deliberately absent: who the caller is; a connection proves an address and no identity.

mod certificate;
mod handshake;

use crate::config::{Listener, TlsFiles};
use crate::parts::Parts;
use certificate::Certificate;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::transport::server::TcpIncoming;

/// The protocols that are spoken after the handshake.
const ALPN: &[&[u8]] = &[b"h2"];

/// Why a listener cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ListenerError {
    /// A file cannot be read, or is not what it must be.
    #[error("{}: {what}; {remedy}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// What to do.
        remedy: &'static str,
    },
    /// Certificate and key are no pair.
    #[error("{} and {} do not belong together; name the key the certificate was made for", certificate.display(), key.display())]
    Pair {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// The library cannot do what is asked of it.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
}

/// A listener whose certificate was read.
#[derive(Debug)]
pub(crate) struct Opened {
    listener: Listener,
    tls: Option<Secured>,
}

/// What TLS is spoken with.
#[derive(Debug, Clone)]
pub(crate) struct Secured {
    certificate: Arc<Certificate>,
    config: Arc<ServerConfig>,
}

impl Opened {
    /// Reads the certificate, if there is one.
    ///
    /// # Errors
    /// The files are no certificate with its key.
    pub(crate) fn new(listener: Listener) -> Result<Self, ListenerError> {
        let tls = listener.tls.as_ref().map(Secured::new).transpose()?;
        Ok(Self { listener, tls })
    }

    /// What TLS is spoken with; plain text without.
    pub(crate) fn secured(&self) -> Option<Secured> {
        self.tls.clone()
    }

    /// Connections in plain text, of those who may.
    pub(crate) fn plain(&self, socket: TcpListener) -> impl Stream<Item = io::Result<TcpStream>> + use<> {
        let listener = self.listener.clone();
        // Small answers that wait to be sent together cost each cell 40 ms, several times.
        TcpIncoming::from(socket).with_nodelay(Some(true)).filter(move |accepted| {
            let Ok(stream) = accepted else { return true };
            let peer = stream.peer_addr().ok();
            let may = peer.is_some_and(|peer| may_be_plain(&listener, peer.ip()));
            if !may {
                tracing::warn!(
                    ?peer,
                    "a connection in plain text was refused: it came from no trusted proxy"
                );
            }
            may
        })
    }
}

impl Secured {
    fn new(files: &TlsFiles) -> Result<Self, ListenerError> {
        let certificate = Arc::new(Certificate::read(files)?);
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&certificate) as _);
        config.alpn_protocols = ALPN.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(Self { certificate, config: Arc::new(config) })
    }

    /// Connections that speak TLS with a certificate that is read again when its files change.
    pub(crate) fn connections(
        self,
        socket: TcpListener,
        parts: &Arc<Parts>,
    ) -> ReceiverStream<io::Result<TlsStream<TcpStream>>> {
        parts.tasks.spawn(certificate::keep_fresh(self.certificate, parts.shutdown.clone()));
        handshake::secured(socket, TlsAcceptor::from(self.config), parts)
    }
}

/// Whether an address may speak plain text: this machine where no proxy is named, else the proxies alone.
fn may_be_plain(listener: &Listener, peer: IpAddr) -> bool {
    let peer = peer.to_canonical();
    if listener.trusted_proxies.is_empty() { peer.is_loopback() } else { listener.is_proxy(peer) }
}
