//! One session, from Hello to the end of the stream.

use crate::parts::Parts;
use crate::store::channel::{Notice, announce};
use crate::store::kernels;
use crate::store::leases::{self, Claimed, Lease};
use crate::store::offers;
use crate::store::workers::{self, Condition, NewWorker};
use crate::verdict::give_back::{self, give_back};
use domain::cell::FailureKind;
use domain::change;
use domain::digest::Digest;
use domain::id::{KernelId, RunId, WorkerId};
use domain::kernel::Kernel;
use domain::offers::Offers;
use proto::NotUnderstood;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval, sleep_until, timeout};
use tokio_stream::{Stream, StreamExt as _};

/// Cells given to one worker at once: enough for the largest host, few enough for one
/// statement.
const ROOM_MAX: u32 = 256;
/// How long a worker may leave its messages unread before it is taken as gone.
const TELL_DEADLINE: Duration = Duration::from_secs(10);

/// What a worker says after its Hello.
#[derive(Debug)]
pub(crate) enum Said {
    /// How many more cells it can take now.
    Room(u32),
    /// It is alive, works on these, and says how it is.
    Heartbeat { held: Vec<Lease>, condition: Option<Condition> },
    /// How far it is with one.
    Progress { lease: Lease, stage: String, percent: i16 },
    /// It cannot answer.
    GiveBack { lease: Lease, kind: FailureKind, says: String },
    /// What one of its kernels offers.
    Offers { kernel: Digest, offers: Box<Offers> },
}

/// What a worker is told.
#[derive(Debug)]
pub(crate) enum Told {
    /// It is known under this id.
    Welcome(WorkerId),
    /// Answer this.
    Assigned(Box<Claimed>),
    /// Stop answering that.
    Revoke(Lease),
}

/// Why a session ended other than by the worker's or the controller's leaving.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    /// The worker said something that makes no sense.
    #[error(transparent)]
    NotUnderstood(#[from] NotUnderstood),
    /// The connection broke.
    #[error("the session broke off: {0}")]
    Broken(String),
    /// No heartbeat came.
    #[error("no heartbeat came within {} ms", .0.as_millis())]
    Silent(Duration),
    /// The worker does not read.
    #[error("the worker does not read what it is told")]
    Unread,
    /// The database failed.
    #[error("cannot serve the session")]
    Database(#[from] sqlx::Error),
}

/// Serves one worker until it leaves, breaks off or the controller shuts down.
pub(crate) async fn run<S>(
    parts: &Parts,
    worker: NewWorker,
    offered: Vec<Kernel>,
    said: S,
    told: mpsc::Sender<Told>,
) -> Result<(), SessionError>
where
    S: Stream<Item = Result<Said, SessionError>> + Unpin,
{
    let id = worker.id;
    let name = worker.name.clone();
    register(parts, &worker, &offered).await?;
    tracing::info!(worker.id = %id, worker.name = %name, kernels = offered.len(), "a worker connected");
    let mut session = Session { parts, worker: id, room: 0, told };
    let ended = session.converse(said).await;
    // A controller that shuts down is no fault of the cells; a worker that vanishes may be.
    let kind = if parts.shutdown.is_cancelled() { FailureKind::Transient } else { FailureKind::Crashed };
    tracing::info!(worker.id = %id, worker.name = %name, "a worker left");
    workers::gone(&parts.db, id).await?;
    give_back::all(parts, id, kind, "its worker left while it held the cell").await?;
    ended
}

async fn register(parts: &Parts, worker: &NewWorker, offered: &[Kernel]) -> sqlx::Result<()> {
    let mut tx = parts.db.begin().await?;
    workers::forget_gone(&mut *tx, &worker.name).await?;
    workers::insert(&mut *tx, worker).await?;
    workers::bring(&mut *tx, worker).await?;
    kernels::upsert(&mut *tx, offered).await?;
    let accepted = kernels::offer(&mut *tx, worker.id, offered).await?;
    tx.commit().await?;
    if usize::try_from(accepted).ok() != Some(offered.len()) {
        tracing::warn!(
            worker.name = %worker.name, offered = offered.len(), accepted,
            "a worker offers kernels twice, or under ids that are known with other digests"
        );
    }
    Ok(())
}

struct Session<'a> {
    parts: &'a Parts,
    worker: WorkerId,
    room: u32,
    told: mpsc::Sender<Told>,
}

impl Session<'_> {
    async fn converse<S>(&mut self, mut said: S) -> Result<(), SessionError>
    where
        S: Stream<Item = Result<Said, SessionError>> + Unpin,
    {
        let Parts { timing, wake, shutdown, .. } = self.parts;
        let (mut queue, mut notices) = (wake.queue(), wake.notices());
        let mut poll = interval(timing.poll);
        let mut silent_at = Instant::now() + timing.lease;
        self.tell(Told::Welcome(self.worker)).await?;
        loop {
            queue.mark_unchanged();
            self.assign().await?;
            tokio::select! {
                () = shutdown.cancelled() => return Ok(()),
                () = sleep_until(silent_at) => return Err(SessionError::Silent(timing.lease)),
                next = said.next() => match next {
                    None => return Ok(()),
                    Some(said) => {
                        silent_at = Instant::now() + timing.lease;
                        self.hear(said?).await?;
                    }
                },
                heard = notices.recv() => match heard {
                    Ok(Notice::Revoked(worker, lease)) if worker == self.worker => {
                        self.tell(Told::Revoke(lease)).await?;
                    }
                    // A missed revocation is found by the next heartbeat.
                    Ok(_) | Err(RecvError::Lagged(_) | RecvError::Closed) => {}
                },
                _ = queue.changed() => {}
                _ = poll.tick() => {}
            }
        }
    }

    async fn hear(&mut self, said: Said) -> Result<(), SessionError> {
        let Parts { db, timing, .. } = self.parts;
        match said {
            Said::Room(room) => self.room = room.min(ROOM_MAX),
            Said::Heartbeat { held, condition } => {
                if !workers::seen(db, self.worker, condition).await? {
                    return Err(SessionError::Silent(timing.lease));
                }
                for lost in leases::renew(db, self.worker, &held, timing.lease).await? {
                    self.tell(Told::Revoke(lost)).await?;
                }
            }
            Said::Progress { lease, stage, percent } => {
                if let Some(run) = leases::progress(db, self.worker, lease, &stage, percent).await? {
                    announce(db, Notice::Run(run)).await?;
                }
            }
            Said::GiveBack { lease, kind, says } => {
                if leases::is_held(db, self.worker, lease).await? {
                    give_back(self.parts, lease, kind, &says).await?;
                }
            }
            Said::Offers { kernel, offers } => {
                if !offers::put(db, self.worker, kernel, &offers).await? {
                    return Err(NotUnderstood::new("kernel", format!("it has no kernel {kernel}")).into());
                }
            }
        }
        Ok(())
    }

    /// Claims as many cells as the worker has room for.
    async fn assign(&mut self) -> Result<(), SessionError> {
        if self.room == 0 {
            return Ok(());
        }
        let claimed = leases::claim(&self.parts.db, self.worker, self.room, self.parts.timing.lease).await?;
        let runs: BTreeSet<_> = claimed.iter().map(|claimed| RunId(claimed.run_id)).collect();
        for run in runs {
            announce(&self.parts.db, Notice::Run(run)).await?;
        }
        for mut claimed in claimed {
            self.room -= 1;
            let contract = std::mem::take(&mut claimed.manifest.contract);
            let kernel = KernelId(claimed.kernel_id.clone());
            let contract = kernels::terms(&self.parts.db, contract, &kernel).await?;
            claimed.manifest.contract = change::terms(&claimed.changes, contract);
            self.tell(Told::Assigned(Box::new(claimed))).await?;
        }
        Ok(())
    }

    async fn tell(&self, told: Told) -> Result<(), SessionError> {
        match timeout(TELL_DEADLINE, self.told.send(told)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(SessionError::Broken("the worker closed it".to_owned())),
            Err(_) => Err(SessionError::Unread),
        }
    }
}
