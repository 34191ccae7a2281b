//! The real system in one process: a controller on a throw-away database, and a worker whose
//! guests are real.

use crate::postgres;
use anyhow::Context as _;
use controller::{Config, Controller, Listener, Timing};
use domain::contract::Manifest;
use proto::wire;
use proto::wire::run_service_client::RunServiceClient;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint};
use worker::{Worker, session};

/// Largest answer a test reads: a run of the whole corpus with every verdict.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A running system. Everything stops when it is dropped.
#[derive(Debug)]
pub struct System {
    channel: Channel,
    address: SocketAddr,
    shutdown: CancellationToken,
    tasks: JoinSet<()>,
    _store: TempDir,
}

impl System {
    /// Starts Postgres, a controller and a worker, and connects to them.
    ///
    /// # Errors
    /// What is missing on this machine, with its remedy.
    pub async fn start() -> anyhow::Result<Self> {
        let mut system = Self::without_worker().await?;
        system.hire(&worker_config()).await?;
        Ok(system)
    }

    /// Starts Postgres and a controller, and connects to it.
    ///
    /// # Errors
    /// What is missing on this machine, with its remedy.
    pub async fn without_worker() -> anyhow::Result<Self> {
        let store = tempfile::tempdir()?;
        let shutdown = CancellationToken::new();
        let config = Config {
            database: postgres::database().await,
            connections: 16,
            store: store.path().to_path_buf(),
            listener: Listener::default(),
            timing: Timing::default(),
        };
        let controller = Controller::start(config, shutdown.child_token()).await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            controller.listen(listener).await.expect("the controller serves");
        });
        let channel = Endpoint::from_shared(format!("http://{address}"))?.connect().await?;
        Ok(Self { channel, address, shutdown, tasks, _store: store })
    }

    /// Starts a worker in this process and waits until the controller knows it.
    ///
    /// # Errors
    /// What is missing on this machine, with its remedy.
    pub async fn hire(&mut self, config: &worker::config::Config) -> anyhow::Result<()> {
        let worker = Worker::prepare(config, &|_| {}).await?;
        let worker = session::run(Arc::new(worker), self.channel.clone(), self.shutdown.child_token());
        self.tasks.spawn(worker);
        self.wait_for_worker().await
    }

    /// Where workers find the controller.
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A client of the run service.
    pub fn runs(&self) -> RunServiceClient<Channel> {
        RunServiceClient::new(self.channel.clone()).max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// Uploads objects, asks about them at `level`, whatever is known, and returns the finished run.
    ///
    /// # Errors
    /// What the controller refused.
    pub async fn ask(
        &self,
        objects: Vec<(String, Vec<u8>)>,
        kernels: &str,
        level: wire::Level,
    ) -> anyhow::Result<wire::GetRunResponse> {
        let kernels = kernels.to_owned();
        let request =
            wire::SubmitRunRequest { kernels, level: level.into(), fresh: true, ..Default::default() };
        self.submit(objects, request).await
    }

    /// Uploads objects, submits `request` about them, and returns the finished run.
    ///
    /// # Errors
    /// What the controller refused.
    pub async fn submit(
        &self,
        objects: Vec<(String, Vec<u8>)>,
        request: wire::SubmitRunRequest,
    ) -> anyhow::Result<wire::GetRunResponse> {
        let manifest: Manifest = serde_json::from_slice(&request.manifest).unwrap_or_default();
        let command = manifest.contract.command.is_some();
        let mut runs = self.runs();
        let mut digests = Vec::new();
        for (name, data) in objects {
            let pieces: Vec<wire::UploadObjectRequest> = data
                .chunks(proto::PIECE_BYTES)
                .map(|piece| wire::UploadObjectRequest { name: name.clone(), data: piece.to_vec(), command })
                .collect();
            let uploaded =
                runs.upload_object(tokio_stream::iter(pieces)).await.with_context(|| name.clone())?;
            digests.push(uploaded.into_inner().object.context("an object")?.digest);
        }
        let request = wire::SubmitRunRequest { objects: digests, ..request };
        let run = runs.submit_run(request).await?.into_inner().run.context("a run")?;
        let mut changes =
            runs.watch_run(wire::WatchRunRequest { id: run.id.clone(), attends: false }).await?.into_inner();
        while changes.message().await?.is_some() {}
        Ok(runs.get_run(wire::GetRunRequest { id: run.id }).await?.into_inner())
    }

    /// The stored evidence with this digest.
    ///
    /// # Errors
    /// The controller does not have it.
    pub async fn evidence(&self, digest: &[u8]) -> anyhow::Result<domain::evidence::Evidence> {
        let request = wire::GetEvidenceRequest { digest: digest.to_vec() };
        let mut pieces = self.runs().get_evidence(request).await?.into_inner();
        let mut json = Vec::new();
        while let Some(piece) = pieces.message().await? {
            json.extend_from_slice(&piece.data);
        }
        Ok(serde_json::from_slice(&json)?)
    }

    /// Stops worker and controller in this order and waits for both.
    pub async fn stop(mut self) {
        self.shutdown.cancel();
        while self.tasks.join_next().await.is_some() {}
    }

    /// Waits until the controller knows a worker.
    ///
    /// # Errors
    /// None came within 30 seconds.
    pub async fn wait_for_worker(&self) -> anyhow::Result<()> {
        let mut workers = wire::worker_service_client::WorkerServiceClient::new(self.channel.clone());
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(50));
        for _ in 0..600 {
            ticks.tick().await;
            if !workers.list_workers(wire::ListWorkersRequest {}).await?.into_inner().workers.is_empty() {
                return Ok(());
            }
        }
        anyhow::bail!("the worker did not connect within 30 s")
    }
}

/// Where kernels are kept between test runs: the folder the command line uses, so that a test
/// does not fetch what a demonstration already has.
pub fn data_dir() -> PathBuf {
    if let Some(dir) = std::env::var_os("BPFCOMPAT_DATA_DIR") {
        return PathBuf::from(dir);
    }
    if nix::unistd::Uid::effective().is_root() {
        return PathBuf::from("/var/lib/bpfcompat");
    }
    PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".local/share/bpfcompat")
}

/// The worker's settings in tests: the validator that `make` put beside the debug binaries.
pub fn worker_config() -> worker::config::Config {
    worker::config::Config {
        name: "test".to_owned(),
        data_dir: data_dir(),
        validator: Some(repository().join("target/debug/bpfcompat-validator")),
        ..Default::default()
    }
}

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ has a parent")
}
