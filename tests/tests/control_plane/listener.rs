//! Who comes in over a listening socket, and over what.

use crate::lab::{HANG, Lab, patient};
use controller::{Config, Controller, Listener, ServeError, TlsFiles};
use proto::wire;
use proto::wire::run_service_client::RunServiceClient;
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

/// An authority and the files of what it issued.
struct Issued {
    authority: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Issued {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("names");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let authority = CertifiedIssuer::self_signed(params, key).expect("an authority");
        let issued = Self { authority, folder: tempfile::tempdir().expect("a folder") };
        fs::write(issued.ca(), issued.authority.pem()).expect("written");
        issued.renew();
        issued
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn ca(&self) -> PathBuf {
        self.path("ca.pem")
    }

    fn files(&self) -> TlsFiles {
        TlsFiles { certificate: self.path("tls.crt"), key: self.path("tls.key") }
    }

    /// Another certificate with another key, in the same files. Returns it.
    fn renew(&self) -> CertificateDer<'static> {
        let key = KeyPair::generate().expect("a key");
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let params = CertificateParams::new(names).expect("names");
        let certificate = params.signed_by(&key, &self.authority).expect("signed");
        fs::write(self.files().certificate, certificate.pem()).expect("written");
        fs::write(self.files().key, key.serialize_pem()).expect("written");
        certificate.der().clone()
    }

    /// The certificate that is shown at this address to somebody who trusts the authority.
    async fn shown(&self, address: SocketAddr) -> CertificateDer<'static> {
        let mut roots = RootCertStore::empty();
        let ca = CertificateDer::from_pem_file(self.ca()).expect("a certificate");
        roots.add(ca).expect("an authority");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(address).await.expect("a connection");
        let name = ServerName::try_from("localhost").expect("a name");
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("a handshake");
        stream.get_ref().1.peer_certificates().expect("certificates")[0].clone().into_owned()
    }
}

/// A controller behind a listener on a socket of its own.
struct Listening {
    _lab: Lab,
    address: SocketAddr,
    shutdown: CancellationToken,
    serving: tokio::task::JoinHandle<Result<(), ServeError>>,
}

impl Listening {
    async fn with(listener: Listener) -> Self {
        let lab = Lab::start(patient()).await;
        let shutdown = CancellationToken::new();
        let config = Config { listener, ..lab.config() };
        let controller = Controller::start(config, shutdown.clone()).await.expect("it starts");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a socket");
        let address = listener.local_addr().expect("an address");
        let serving = tokio::spawn(async move { controller.listen(listener).await });
        Self { _lab: lab, address, shutdown, serving }
    }

    /// What somebody is answered who asks for the list of runs.
    async fn asked(&self, scheme: &str, ca: Option<PathBuf>) -> Result<(), String> {
        let url = format!("{scheme}://{}", self.address);
        let endpoint = proto::endpoint(&url, ca.as_deref()).map_err(|error| error.to_string())?;
        let channel = endpoint.connect().await.map_err(|error| error.to_string())?;
        let asked = RunServiceClient::new(channel).list_runs(wire::ListRunsRequest::default()).await;
        asked.map(drop).map_err(|status| status.to_string())
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.serving.await.expect("it ends").expect("it served");
    }
}

/// Whether what is shown becomes this.
async fn becomes(issued: &Issued, address: SocketAddr, wanted: &CertificateDer<'_>) {
    let shown = async {
        while issued.shown(address).await != *wanted {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(HANG, shown).await.expect("the renewed certificate is shown");
}

#[tokio::test]
async fn who_speaks_tls_and_trusts_the_authority_is_answered_and_nobody_else() {
    let issued = Issued::new();
    let listening = Listening::with(Listener { tls: Some(issued.files()), ..Listener::default() }).await;
    listening.asked("https", Some(issued.ca())).await.expect("an answer");
    assert!(listening.asked("http", None).await.is_err());
    let other = Issued::new();
    assert!(listening.asked("https", Some(other.ca())).await.is_err());
    listening.stop().await;
}

#[tokio::test]
async fn callers_who_say_nothing_keep_nobody_out() {
    let issued = Issued::new();
    let listening = Listening::with(Listener { tls: Some(issued.files()), ..Listener::default() }).await;
    let mut silent = Vec::new();
    for _ in 0..64 {
        silent.push(TcpStream::connect(listening.address).await.expect("a connection"));
    }
    let asked = listening.asked("https", Some(issued.ca()));
    timeout(HANG, asked).await.expect("no hang").expect("an answer");
    drop(silent);
    listening.stop().await;
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_without_a_restart_and_a_broken_one_never() {
    let issued = Issued::new();
    let listening = Listening::with(Listener { tls: Some(issued.files()), ..Listener::default() }).await;
    let renewed = issued.renew();
    becomes(&issued, listening.address, &renewed).await;
    fs::write(issued.files().key, "no key").expect("written");
    // Long enough for the files to be looked at.
    sleep(Duration::from_secs(3)).await;
    assert_eq!(issued.shown(listening.address).await, renewed);
    let mended = issued.renew();
    becomes(&issued, listening.address, &mended).await;
    listening.stop().await;
}

#[tokio::test]
async fn plain_text_is_for_this_machine_or_for_trusted_proxies() {
    for (proxies, may) in
        [(vec![], true), (vec!["127.0.0.0/8"], true), (vec!["10.0.0.0/8", "fd00::/8"], false)]
    {
        let trusted_proxies = proxies.iter().map(|net| net.parse().expect("a network")).collect();
        let listening = Listening::with(Listener { tls: None, trusted_proxies }).await;
        assert_eq!(listening.asked("http", None).await.is_ok(), may, "{proxies:?}");
        listening.stop().await;
    }
}

#[tokio::test]
async fn files_that_are_no_certificate_with_its_key_are_named_and_not_quoted() {
    let lab = Lab::start(patient()).await;
    let (issued, other) = (Issued::new(), Issued::new());
    let files = issued.files();
    fs::write(issued.path("text"), "-----BEGIN PRIVATE KEY-----\nsecret\n").expect("written");
    for (files, named) in [
        (TlsFiles { certificate: issued.path("nowhere"), ..files.clone() }, "nowhere"),
        (TlsFiles { key: issued.path("text"), ..files.clone() }, "text"),
        (TlsFiles { certificate: issued.path("tls.key"), ..files.clone() }, "has no certificate"),
        (TlsFiles { key: other.files().key, ..files.clone() }, "do not belong together"),
    ] {
        let config =
            Config { listener: Listener { tls: Some(files), ..Listener::default() }, ..lab.config() };
        let says = Controller::start(config, CancellationToken::new()).await.expect_err(named).to_string();
        assert!(says.contains(named) && !says.contains("secret"), "{says}");
    }
}
