//! A certificate with its key, from files that others renew.

use super::ListenerError;
use crate::config::TlsFiles;
use domain::digest::Digest;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Largest file of certificates or of a key. A chain has some ten kilobytes.
const PEM_BYTES_MAX: u64 = 1024 * 1024;
/// How often the files are looked at: two small reads.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The certificate that is shown, and where it is from.
#[derive(Debug)]
pub(super) struct Certificate {
    files: TlsFiles,
    /// Digests of what the files held when they were first read.
    first: [Digest; 2],
    shown: watch::Sender<Arc<CertifiedKey>>,
}

/// What the files held.
type Texts = [Vec<u8>; 2];

impl Certificate {
    pub(super) fn read(files: &TlsFiles) -> Result<Self, ListenerError> {
        let texts = texts(files)?;
        let shown = watch::Sender::new(Arc::new(certified(files, &texts)?));
        Ok(Self { files: files.clone(), first: digests(&texts), shown })
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.shown.borrow()))
    }
}

/// Shows what the files hold from now on. While they hold nothing usable, as between the renewal of one and of the
/// other, the last certificate stays.
pub(super) async fn keep_fresh(certificate: Arc<Certificate>, shutdown: CancellationToken) {
    let mut last = Some(certificate.first);
    loop {
        tokio::select! {
            () = sleep(LOOK_EVERY) => {}
            () = shutdown.cancelled() => return,
        }
        let found = texts(&certificate.files);
        let now = found.as_ref().ok().map(digests);
        if now == last {
            continue;
        }
        last = now;
        match found
            .as_ref()
            .map_err(ToString::to_string)
            .and_then(|texts| certified(&certificate.files, texts).map_err(|error| error.to_string()))
        {
            Ok(certified) => {
                certificate.shown.send_replace(Arc::new(certified));
                tracing::info!(file = %certificate.files.certificate.display(), "the certificate was renewed");
            }
            Err(error) => {
                tracing::warn!(%error, "the renewed certificate cannot be used, the last one stays")
            }
        }
    }
}

fn digests(texts: &Texts) -> [Digest; 2] {
    texts.each_ref().map(|text| Digest::of(text))
}

fn texts(files: &TlsFiles) -> Result<Texts, ListenerError> {
    Ok([text(&files.certificate)?, text(&files.key)?])
}

fn text(path: &Path) -> Result<Vec<u8>, ListenerError> {
    let refused = |what: String| ListenerError::File {
        path: path.to_owned(),
        what,
        remedy: "name a file in PEM that this process can read",
    };
    let file = std::fs::File::open(path).map_err(|error| refused(error.to_string()))?;
    let mut text = Vec::new();
    file.take(PEM_BYTES_MAX + 1).read_to_end(&mut text).map_err(|error| refused(error.to_string()))?;
    if text.len() as u64 > PEM_BYTES_MAX {
        return Err(refused(format!("has more than {PEM_BYTES_MAX} bytes")));
    }
    Ok(text)
}

fn certified(files: &TlsFiles, [certificate, key]: &Texts) -> Result<CertifiedKey, ListenerError> {
    let refused = |path: &Path, what: String| ListenerError::File {
        path: path.to_owned(),
        what,
        remedy: "write the certificate with its chain, and the key, in PEM",
    };
    let chain = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| refused(&files.certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(refused(&files.certificate, "has no certificate".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_slice(key)
        // The library's sentence may quote what it read, which is a secret.
        .map_err(|_| refused(&files.key, "has no private key".to_owned()))?;
    CertifiedKey::from_der(chain, key, &default_provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            ListenerError::Pair { certificate: files.certificate.clone(), key: files.key.clone() }
        }
        error => refused(&files.key, error.to_string()),
    })
}
