//! The worker of local mode.

use crate::exit::Failure;
use crate::remote::{Services, soon};
use crate::render::status::Status;
use crate::settings::Settings;
use domain::selector::Selector;
use proto::wire;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use worker::Worker;

/// Longest wait until the controller knows the worker; both are in this process.
const JOIN_DEADLINE: Duration = Duration::from_secs(30);
/// How often the controller is asked whether it does.
const JOIN_POLL: Duration = Duration::from_millis(20);
/// Longest wait for the worker to stop its guests and give back what it holds.
const STOP_DEADLINE: Duration = Duration::from_secs(20);

/// Who is needed beside the controller.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Crew<'a> {
    /// Nobody: what is stored is only looked at.
    Controller,
    /// A worker that can boot these kernels.
    WithWorker {
        /// Selectors of them, each of which must name some, with the case that has it, if one does.
        kernels: &'a [(Option<&'a str>, &'a Selector)],
    },
}

impl Crew<'_> {
    /// Prepares the worker, if one is needed, and checks that every selector names kernels.
    ///
    /// # Errors
    /// Misuse when a selector names none, else what the worker lacks.
    pub(super) async fn prepare(
        self,
        settings: &Settings,
        status: &Status,
        stop: &CancellationToken,
    ) -> Result<Option<Worker>, Failure> {
        let Self::WithWorker { kernels } = self else { return Ok(None) };
        let worker = worker(settings, status, stop).await?;
        if worker.capacity().budget().cells == 0 {
            status.clear();
            eprintln!(
                "warning: the memory of this machine carries no guest; free some, `bpfcompat doctor` says how much"
            );
        }
        for (case, selector) in kernels {
            selector.select(worker.kernels()).map_err(|error| match case {
                Some(case) => Failure::misuse(format!("case `{case}`: {error}")),
                None => Failure::misuse(error),
            })?;
        }
        Ok(Some(worker))
    }
}

/// A worker of this machine, which serves no controller yet.
///
/// # Errors
/// What it lacks.
pub(crate) async fn worker(
    settings: &Settings,
    status: &Status,
    stop: &CancellationToken,
) -> Result<Worker, Failure> {
    let config = worker::config::Config {
        name: "local".to_owned(),
        data_dir: settings.data_dir.clone(),
        validator: settings.validator.clone(),
        kernels: settings.sources.clone(),
        external_loaders: settings.external_loaders.clone(),
        ..worker::config::Config::default()
    };
    status.say("looking for kernels");
    let report = |progress| status.tell(&progress);
    tokio::select! {
        prepared = Worker::prepare(&config, &report) => {
            prepared.map_err(Failure::environment)
        }
        () = stop.cancelled() => Err(Failure::environment("stopped by you")),
    }
}

/// A worker at work.
#[derive(Debug)]
pub(super) struct Hired {
    session: JoinHandle<()>,
    stop: CancellationToken,
}

impl Hired {
    /// Starts its session with the controller behind the channel.
    pub(super) fn start(worker: Worker, channel: Channel) -> Self {
        let stop = CancellationToken::new();
        let session = tokio::spawn(worker::session::run(Arc::new(worker), channel, stop.clone()));
        Self { session, stop }
    }

    /// Returns when the controller knows it.
    ///
    /// # Errors
    /// When that does not happen.
    pub(super) async fn joined(&self, channel: &Channel) -> Result<(), Failure> {
        let mut kernels = Services::new(channel).kernels;
        let known = tokio::time::timeout(JOIN_DEADLINE, async {
            loop {
                let answer = kernels.list_kernels(soon(wire::ListKernelsRequest::default())).await;
                if answer.is_ok_and(|answer| !answer.into_inner().kernels.is_empty()) {
                    return;
                }
                tokio::time::sleep(JOIN_POLL).await;
            }
        });
        known
            .await
            .map_err(|_| Failure::environment("the worker did not reach its controller; --verbose says why"))
    }

    /// Stops its guests and ends its session.
    ///
    /// # Errors
    /// When it crashed or does not end.
    pub(super) async fn stop(self) -> Result<(), Failure> {
        self.stop.cancel();
        match tokio::time::timeout(STOP_DEADLINE, self.session).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(panic)) => Err(Failure::environment(format!("the worker crashed: {panic}"))),
            Err(_) => Err(Failure::environment("the worker did not stop")),
        }
    }
}
