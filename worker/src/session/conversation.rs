//! What is said on an open session, and the cells it is about.

use super::{Assignment, Lease, SessionError, say};
use crate::offered::ByKernel;
use crate::slot::answer::{NotAnswered, Progress, Slot};
use domain::digest::Digest;
use domain::id::CellId;
use proto::wire;
use proto::wire::open_session_request::Message;
use proto::wire::open_session_response::Message as Told;
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tonic::Streaming;

/// Between two reports of progress. People see no more, and a clone is done in half of it: most cells
/// end without one, which spares the controller half of what it has to write down.
const PROGRESS_PACE: Duration = Duration::from_millis(250);
/// How long finished guests may take to be given back at shutdown before the stream closes, and
/// how long the controller may take to close its side.
const FAREWELL: Duration = Duration::from_secs(5);

type Ended = Result<(task::Id, Result<(), NotAnswered>), JoinError>;

struct Running {
    lease: Lease,
    stop: CancellationToken,
    task: task::Id,
    progress: watch::Receiver<Option<Progress>>,
}

/// The owner of one open session.
pub(super) struct Conversation {
    slot: Slot,
    outgoing: mpsc::Sender<wire::OpenSessionRequest>,
    heartbeat: Interval,
    pace: Interval,
    running: HashMap<CellId, Running>,
    tasks: JoinSet<Result<(), NotAnswered>>,
    draining: bool,
    offered: watch::Receiver<ByKernel>,
    // Kernels of which the controller was told on this session what they offer.
    told: HashSet<Digest>,
}

impl Conversation {
    pub(super) fn new(
        slot: Slot,
        outgoing: mpsc::Sender<wire::OpenSessionRequest>,
        welcome: &wire::Welcome,
    ) -> Self {
        let every = |period| {
            let mut ticks = interval(period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        };
        Self {
            offered: slot.worker().offered.watch(),
            told: HashSet::new(),
            slot,
            outgoing,
            heartbeat: every(Duration::from_millis(welcome.heartbeat_ms.max(100).into())),
            pace: every(PROGRESS_PACE),
            running: HashMap::new(),
            tasks: JoinSet::new(),
            draining: false,
        }
    }

    /// Talks until `shutdown` or until the stream ends; no guest of this session outlives it.
    pub(super) async fn hold(
        mut self,
        mut incoming: Streaming<wire::OpenSessionResponse>,
        shutdown: &CancellationToken,
    ) -> Result<(), SessionError> {
        let ended = self.talk(&mut incoming, shutdown).await;
        self.stop_all();
        let farewell = async {
            while let Some(ended) = self.tasks.join_next_with_id().await {
                // The stream may be gone already; then the controller knows by that.
                self.settle(ended).await.ok();
            }
            // What happened and was learnt since the last heartbeat is told too.
            self.say_offers().await.ok();
            self.say_alive().await.ok();
        };
        if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
            tracing::warn!("guests were still stopping when the session closed");
        }
        // Whoever stops reading breaks the stream off, and what was said last may be lost with it.
        drop(self.outgoing);
        let heard_out = async { while let Ok(Some(_)) = incoming.message().await {} };
        if tokio::time::timeout(FAREWELL, heard_out).await.is_err() {
            tracing::warn!("the controller did not close the session");
        }
        ended
    }

    async fn talk(
        &mut self,
        incoming: &mut Streaming<wire::OpenSessionResponse>,
        shutdown: &CancellationToken,
    ) -> Result<(), SessionError> {
        self.say_room().await?;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return Ok(()),
                told = incoming.message() => {
                    let told = told?.ok_or(SessionError::Closed)?;
                    self.hear(told).await?;
                }
                Some(ended) = self.tasks.join_next_with_id() => {
                    self.settle(ended).await?;
                    self.say_room().await?;
                }
                _ = self.heartbeat.tick() => {
                    self.beat().await?;
                }
                Ok(()) = self.offered.changed() => {
                    self.say_offers().await?;
                }
                _ = self.pace.tick(), if !self.running.is_empty() => {
                    self.say_progress().await?;
                }
            }
        }
    }

    async fn hear(&mut self, told: wire::OpenSessionResponse) -> Result<(), SessionError> {
        match told.message {
            Some(Told::Assignment(assignment)) => self.take(assignment).await,
            Some(Told::Revoke(revoke)) => {
                if let Some(lease) = revoke.lease.and_then(|lease| Lease::try_from(lease).ok()) {
                    self.running
                        .get(&lease.cell)
                        .filter(|running| running.lease == lease)
                        .inspect(|running| running.stop.cancel());
                }
                Ok(())
            }
            Some(Told::Drain(wire::Drain {})) => {
                self.draining = true;
                self.say_room().await
            }
            // A message of a newer controller that this worker need not understand.
            Some(Told::Welcome(_)) | None => Ok(()),
        }
    }

    async fn take(&mut self, assignment: wire::Assignment) -> Result<(), SessionError> {
        let lease = assignment.lease.clone();
        let assignment = match Assignment::try_from(assignment) {
            Ok(assignment) => assignment,
            Err(error) => {
                let kind = wire::FailureKind::Crashed.into();
                return self
                    .say(Message::GiveBack(wire::GiveBack { lease, kind, says: error.to_string() }))
                    .await;
            }
        };
        let lease = assignment.lease;
        let stop = CancellationToken::new();
        let (slot, stopped) = (self.slot.clone(), stop.clone());
        let (step, progress) = watch::channel(None);
        let task = self.tasks.spawn(async move {
            let report = move |progress: Progress| {
                step.send_replace(Some(progress));
            };
            slot.answer(assignment, &report, stopped).await
        });
        let running = Running { lease, stop, task: task.id(), progress };
        // The cell may come back under a new lease while its old guest still runs: that guest's
        // answer would be refused.
        if let Some(outdated) = self.running.insert(lease.cell, running) {
            outdated.stop.cancel();
        }
        Ok(())
    }

    /// A slot is free again: its evidence was delivered, or the controller learns why not.
    async fn settle(&mut self, ended: Ended) -> Result<(), SessionError> {
        let (task, result) = match ended {
            Ok((task, result)) => (task, result),
            Err(error) => (error.id(), Err(NotAnswered::Bug(error.to_string()))),
        };
        let Some(cell) = self.running.iter().find(|(_, running)| running.task == task).map(|(cell, _)| *cell)
        else {
            return Ok(());
        };
        let lease = self.running.remove(&cell).expect("found one line above").lease;
        let Err(reason) = result else { return Ok(()) };
        tracing::warn!(cell.id = %lease.cell, error = %reason, "cell given back");
        let kind = wire::FailureKind::from(reason.kind()).into();
        let give_back = wire::GiveBack { lease: Some(lease.into()), kind, says: reason.to_string() };
        self.say(Message::GiveBack(give_back)).await
    }

    fn stop_all(&self) {
        for running in self.running.values() {
            running.stop.cancel();
        }
    }

    /// Says that the worker lives and how it is, and its room if that is another one now.
    async fn beat(&self) -> Result<(), SessionError> {
        let capacity = &self.slot.worker().capacity;
        let before = capacity.budget().cells;
        let now = capacity.observe().cells;
        self.say_alive().await?;
        if now != before { self.say_room().await } else { Ok(()) }
    }

    async fn say_alive(&self) -> Result<(), SessionError> {
        let leases = self.running.values().map(|running| running.lease.into()).collect();
        self.say(Message::Heartbeat(self.slot.worker().heartbeat(leases))).await
    }

    /// Says how far cells are that went on since the last time.
    async fn say_progress(&mut self) -> Result<(), SessionError> {
        let mut reports = Vec::new();
        for running in
            self.running.values_mut().filter(|running| running.progress.has_changed().is_ok_and(|it| it))
        {
            let Some(Progress { stage, percent }) = *running.progress.borrow_and_update() else { continue };
            let lease = Some(running.lease.into());
            reports.push(wire::Progress { lease, stage: stage.to_owned(), percent });
        }
        for report in reports {
            self.say(Message::Progress(report)).await?;
        }
        Ok(())
    }

    /// Says what kernels offer of which it did not say so yet.
    async fn say_offers(&mut self) -> Result<(), SessionError> {
        let known = self.offered.borrow_and_update().clone();
        for (kernel, offers) in known {
            if !self.told.insert(kernel) {
                continue;
            }
            let offers = self.slot.worker().with_options(kernel, &offers).await;
            let offers = wire::KernelOffers { kernel: kernel.0.to_vec(), offers: Some((&offers).into()) };
            self.say(Message::KernelOffers(offers)).await?;
        }
        Ok(())
    }

    async fn say_room(&self) -> Result<(), SessionError> {
        let budget = self.slot.worker().capacity.budget();
        let free = usize::from(budget.cells).saturating_sub(self.running.len());
        let cells = if self.draining { 0 } else { u32::try_from(free).unwrap_or(u32::MAX) };
        self.say(Message::Room(wire::Room { cells })).await
    }

    async fn say(&self, message: Message) -> Result<(), SessionError> {
        self.outgoing.send(say(message)).await.map_err(|_| SessionError::Closed)
    }
}
