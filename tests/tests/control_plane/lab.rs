//! A controller to try things on.

use controller::{Config, Controller, Listener, Timing};
use domain::digest::Digest;
use domain::kernel::Kernel;
use hyper_util::rt::TokioIo;
use proto::wire;
use proto::wire::fleet_service_client::FleetServiceClient;
use proto::wire::run_service_client::RunServiceClient;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use std::io;
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tempfile::TempDir;
use tests::postgres;
use tokio::io::{DuplexStream, duplex};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint};
use tonic::{Status, Streaming};

/// Ends a test that hangs; nothing is ever expected to take this long.
pub(crate) const HANG: Duration = Duration::from_secs(60);

/// A running controller with a database and an object store of its own.
pub(crate) struct Lab {
    /// The controller's database, to look behind its back.
    pub(crate) db: PgPool,
    pub(crate) validator: Digest,
    shutdown: CancellationToken,
    dial: mpsc::Sender<io::Result<DuplexStream>>,
    serving: JoinHandle<()>,
    store: Arc<TempDir>,
}

/// Intervals in which nothing happens by the passing of time.
pub(crate) fn patient() -> Timing {
    let never = Duration::from_secs(3_600);
    Timing {
        lease: never,
        reap: never,
        poll: never,
        attended: never,
        give_back: Duration::ZERO,
        ..Timing::default()
    }
}

impl Lab {
    pub(crate) async fn start(timing: Timing) -> Self {
        let store = Arc::new(tempfile::tempdir().expect("a folder"));
        Self::start_on(postgres::database().await, store, timing).await
    }

    /// Another controller on the same database and object store.
    pub(crate) async fn beside(other: &Self, timing: Timing) -> Self {
        let database = (*other.db.connect_options()).clone();
        Self::start_on(database, Arc::clone(&other.store), timing).await
    }

    async fn start_on(database: PgConnectOptions, store: Arc<TempDir>, timing: Timing) -> Self {
        let config = Config {
            database: database.clone(),
            connections: 10,
            store: store.path().to_owned(),
            listener: Listener::default(),
            timing,
        };
        let shutdown = CancellationToken::new();
        let controller = Controller::start(config, shutdown.clone()).await.expect("it starts");
        let (dial, incoming) = mpsc::channel(16);
        let serving = tokio::spawn(async move {
            controller.serve(ReceiverStream::new(incoming)).await.expect("it serves");
        });
        let db = PgPool::connect_with(database).await.expect("the database is there");
        let validator = Digest::of(b"validator");
        Self { db, validator, shutdown, dial, serving, store }
    }

    /// What another program needs to work on the same database and object store.
    pub(crate) fn config(&self) -> Config {
        let database = (*self.db.connect_options()).clone();
        Config {
            database,
            connections: 3,
            store: self.store.path().to_owned(),
            listener: Listener::default(),
            timing: patient(),
        }
    }

    /// A new connection to the controller.
    pub(crate) async fn channel(&self) -> Channel {
        let dial = self.dial.clone();
        let connect = tower::service_fn(move |_| {
            let dial = dial.clone();
            async move {
                let (ours, theirs) = duplex(1 << 20);
                dial.send(Ok(theirs)).await.map_err(io::Error::other)?;
                Ok::<_, io::Error>(TokioIo::new(ours))
            }
        });
        Endpoint::from_static("http://controller")
            .connect_with_connector(connect)
            .await
            .expect("a connection")
    }

    pub(crate) async fn runs(&self) -> RunServiceClient<Channel> {
        RunServiceClient::new(self.channel().await).max_decoding_message_size(proto::MESSAGE_BYTES_MAX)
    }

    pub(crate) async fn fleet(&self) -> FleetServiceClient<Channel> {
        FleetServiceClient::new(self.channel().await)
    }

    /// Uploads the `number`-th object.
    pub(crate) async fn upload(&self, number: usize) -> Vec<u8> {
        let mut bytes = object().to_vec();
        // What follows the sections belongs to nobody, but makes the digest another one.
        bytes.extend_from_slice(&number.to_le_bytes());
        self.upload_bytes("probe.bpf.o", &bytes).await.expect("it is an object").digest
    }

    pub(crate) async fn upload_bytes(&self, name: &str, bytes: &[u8]) -> Result<wire::Object, Status> {
        self.upload_as(name, bytes, false).await
    }

    /// Uploads bytes as an object, or as the archive of a command.
    pub(crate) async fn upload_as(
        &self,
        name: &str,
        bytes: &[u8],
        command: bool,
    ) -> Result<wire::Object, Status> {
        let first = wire::UploadObjectRequest { name: name.to_owned(), data: Vec::new(), command };
        let pieces = bytes.chunks(proto::PIECE_BYTES).map(|piece| wire::UploadObjectRequest {
            name: String::new(),
            data: piece.to_vec(),
            command,
        });
        let all: Vec<_> = [first].into_iter().chain(pieces).collect();
        let answer = self.runs().await.upload_object(tokio_stream::iter(all)).await?;
        Ok(answer.into_inner().object.expect("an object"))
    }

    pub(crate) async fn submit(&self, request: wire::SubmitRunRequest) -> Result<wire::Run, Status> {
        let answer = self.runs().await.submit_run(request).await?;
        Ok(answer.into_inner().run.expect("a run"))
    }

    pub(crate) async fn run(&self, id: &str) -> wire::GetRunResponse {
        let request = wire::GetRunRequest { id: id.to_owned() };
        self.runs().await.get_run(request).await.expect("the run is there").into_inner()
    }

    pub(crate) async fn watch(&self, id: &str) -> Streaming<wire::WatchRunResponse> {
        let request = wire::WatchRunRequest { id: id.to_owned(), attends: true };
        self.runs().await.watch_run(request).await.expect("the run is there").into_inner()
    }

    /// Watches the run until it is over.
    pub(crate) async fn finished(&self, id: &str) -> wire::GetRunResponse {
        let mut changes = self.watch(id).await;
        let over = async { while changes.message().await.expect("the watch goes on").is_some() {} };
        tokio::time::timeout(HANG, over).await.expect("the run ends");
        self.run(id).await
    }

    /// Waits until the query about that id answers yes.
    pub(crate) async fn eventually(&self, query: &'static str, id: &str) {
        let asking = async {
            while !sqlx::query_scalar::<_, bool>(query).bind(id).fetch_one(&self.db).await.expect("an answer")
            {
            }
        };
        tokio::time::timeout(HANG, asking).await.expect(query);
    }

    /// Shuts the controller down and waits until it is.
    pub(crate) async fn stop(self) -> PgPool {
        self.shutdown.cancel();
        tokio::time::timeout(HANG, self.serving).await.expect("it ends").expect("it does not panic");
        self.db
    }
}

/// A question about objects on kernels, without haste.
pub(crate) fn ask(objects: &[Vec<u8>], kernels: &str) -> wire::SubmitRunRequest {
    wire::SubmitRunRequest { objects: objects.to_vec(), kernels: kernels.to_owned(), ..Default::default() }
}

/// A kernel that could exist.
pub(crate) fn kernel(series: &str) -> Kernel {
    let (release, version) = (format!("{series}.0-1-cloud-amd64"), format!("{series}.1-1"));
    Kernel {
        id: Kernel::id_of("debian", &release, &version),
        digest: Digest::of(release.as_bytes()),
        release,
        version,
        series: series.parse().expect("a series"),
        distro: "debian".to_owned(),
        suites: vec!["trixie".to_owned()],
        flavour: "cloud".to_owned(),
        arch: "amd64".to_owned(),
        download_bytes: 1,
    }
}

/// A compiled object with the one program `probe`.
fn object() -> &'static [u8] {
    static OBJECT: OnceLock<Vec<u8>> = OnceLock::new();
    OBJECT.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let source = folder.path().join("probe.bpf.c");
        let code = r#"
            __attribute__((section("license"), used)) char gpl[] = "GPL";
            __attribute__((section("tracepoint/syscalls/sys_enter_openat"), used)) int probe(void *context)
            { return 0; }"#;
        std::fs::write(&source, code).expect("a file");
        let output = folder.path().join("probe.bpf.o");
        let compiled = Command::new("clang")
            .args(["-target", "bpf", "-O2", "-g", "-c"])
            .arg(&source)
            .arg("-o")
            .arg(&output)
            .status()
            .expect("clang is installed");
        assert!(compiled.success(), "clang compiles the object");
        std::fs::read(output).expect("the object")
    })
}
