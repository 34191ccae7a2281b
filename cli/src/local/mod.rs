//! Local mode: the real controller and the real worker, in this process.
//!
//! ```text
//!   verb ──channel──► controller ◄──channel── worker ──► QEMU
//!                         │
//!                      Postgres (private, shared by local runs)
//! ```
//!
//! In: the settings. Out: [`Local`], a channel to a controller that is up. Both channels are
//! pipes in memory: nothing listens on any port. Everything is stopped in reverse order of its
//! start. Deliberately absent: a second way to answer questions.

mod crew;
mod pipe;
mod postgres;

pub(crate) use crew::{Crew, worker};
pub(crate) use postgres::Programs;

use crate::exit::Failure;
use crate::render::status::Status;
use crate::settings::Settings;
use controller::{Config, Controller, Listener, Timing};
use crew::Hired;
use pipe::Pipe;
use postgres::Cluster;
use sqlx::postgres::PgConnectOptions;
use std::os::unix::fs::DirBuilderExt as _;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

/// Connections to Postgres of one local run. Five of them share a cluster comfortably.
const CONNECTIONS: u32 = 10;
/// Longest wait for the controller to end: it answers what it was asked and closes its sessions.
const STOP_DEADLINE: Duration = Duration::from_secs(20);

/// A controller in this process, and perhaps a worker.
#[derive(Debug)]
pub(crate) struct Local {
    channel: Channel,
    cluster: Cluster,
    controller: JoinHandle<Result<(), controller::ServeError>>,
    stop_controller: CancellationToken,
    worker: Option<Hired>,
}

impl Local {
    /// Starts what the crew needs. A worker is prepared first: whether kernels match and
    /// programs exist is known before any database runs.
    ///
    /// # Errors
    /// Misuse when no kernel matches, else what is broken; nothing is left running.
    pub(crate) async fn start(
        settings: &Settings,
        crew: Crew<'_>,
        status: &Status,
        stop: &CancellationToken,
    ) -> Result<Self, Failure> {
        let folder = &settings.data_dir;
        // Others may pass through: the user Postgres runs as has a folder of its own inside.
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o755).create(folder);
        made.map_err(|error| {
            let folder = folder.display();
            Failure::environment(format!(
                "{folder}: the data folder cannot be made ({error}); see --data-dir"
            ))
        })?;
        let programs = Programs::find().await.map_err(Failure::environment)?;
        Cluster::check(folder, &programs).map_err(Failure::environment)?;
        let worker = crew.prepare(settings, status, stop).await?;
        status.say("starting Postgres");
        let cluster = Cluster::start(folder, programs).await.map_err(Failure::environment)?;
        status.say("starting the controller");
        let stop_controller = CancellationToken::new();
        let (pipe, incoming) = Pipe::new();
        let started = Controller::start(config(settings, &cluster), stop_controller.clone()).await;
        let controller = match started {
            Ok(controller) => tokio::spawn(controller.serve(incoming)),
            Err(error) => {
                cluster.stop().await.map_err(Failure::environment)?;
                return Err(Failure::environment(error));
            }
        };
        let channel = pipe.channel();
        let mut local = Self { channel, cluster, controller, stop_controller, worker: None };
        if let Some(worker) = worker {
            status.say("starting the worker");
            let hired = Hired::start(worker, pipe.channel());
            let joined = hired.joined(&local.channel).await;
            local.worker = Some(hired);
            if let Err(failure) = joined {
                local.stop().await?;
                return Err(failure);
            }
        }
        Ok(local)
    }

    /// A channel to the controller.
    pub(crate) fn channel(&self) -> &Channel {
        &self.channel
    }

    /// Stops worker, controller and, if nobody else uses it, Postgres.
    ///
    /// # Errors
    /// The first that does not stop; the others are still stopped.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        let worker = match self.worker {
            Some(worker) => worker.stop().await,
            None => Ok(()),
        };
        drop(self.channel);
        self.stop_controller.cancel();
        let controller = match tokio::time::timeout(STOP_DEADLINE, self.controller).await {
            Ok(Ok(served)) => served.map_err(Failure::environment),
            Ok(Err(panic)) => Err(Failure::environment(format!("the controller crashed: {panic}"))),
            Err(_) => Err(Failure::environment("the controller did not stop")),
        };
        let cluster = self.cluster.stop().await.map_err(Failure::environment);
        worker.and(controller).and(cluster)
    }
}

fn config(settings: &Settings, cluster: &Cluster) -> Config {
    let database = PgConnectOptions::new_without_pgpass()
        .socket(cluster.socket_dir())
        .port(postgres::PORT)
        .username(postgres::ROLE)
        .database("postgres");
    Config {
        database,
        connections: CONNECTIONS,
        store: settings.data_dir.join("store"),
        listener: Listener::default(),
        timing: Timing::default(),
    }
}
