//! Watching one run.

use crate::parts::Parts;
use crate::store::cells::StoredCell;
use crate::store::channel::Notice;
use crate::store::objects::StoredObject;
use crate::store::runs::StoredRun;
use crate::store::verdicts::StoredVerdict;
use crate::store::{cells, kernels, objects, runs, verdicts};
use domain::contract::Manifest;
use domain::id::{CellId, RunId};
use domain::kernel::Kernel;
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::mpsc;
use tokio::time::{Instant, interval, sleep_until};
use uuid::Uuid;

/// Changes within this time are told together, but for the last: a person cannot see more, and a
/// thousand cells that settle at once become a few messages.
const PACE: Duration = Duration::from_millis(100);

/// Why a run cannot be shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WatchError {
    /// There is no such run.
    #[error("there is no run {0}; `bpfcompat runs list` shows those there are")]
    Unknown(RunId),
    /// The database failed.
    #[error("cannot read the run")]
    Database(#[from] sqlx::Error),
}

/// A run, and those of its cells that changed, each with its trial.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) run: StoredRun,
    pub(crate) cells: Vec<StoredCell>,
    /// Of the settled cells among `cells`.
    pub(crate) verdicts: HashMap<Uuid, StoredVerdict>,
}

/// What never changes during a run.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) objects: Vec<StoredObject>,
    pub(crate) kernels: Vec<Kernel>,
    pub(crate) manifest: Manifest,
}

/// The run with all its cells.
pub(crate) async fn view(parts: &Parts, run: RunId) -> Result<View, WatchError> {
    look(parts, run, &HashMap::new()).await
}

/// The objects and kernels of the run, and what was declared.
pub(crate) async fn setting(parts: &Parts, run: RunId) -> Result<Setting, WatchError> {
    let objects = objects::of_run(&parts.db, run).await?;
    let manifest = runs::manifest(&parts.db, run).await?;
    Ok(Setting { objects, kernels: kernels::of_run(&parts.db, run).await?, manifest })
}

/// Tells the run with all its cells, then each change, until the run is over or nobody listens.
/// Meanwhile a watcher that attends keeps an attended run alive.
pub(crate) async fn watch(
    parts: &Parts,
    run: RunId,
    attends: bool,
    told: mpsc::Sender<View>,
) -> Result<(), WatchError> {
    let mut notices = parts.wake.notices();
    let mut poll = interval(parts.timing.poll);
    let mut attend = interval(parts.timing.attended / 3);
    let mut seen: HashMap<CellId, StoredCell> = HashMap::new();
    let mut last = None;
    loop {
        forget(&mut notices);
        let looked = Instant::now();
        let view = look(parts, run, &seen).await?;
        let over = view.run.state.is_over();
        seen.extend(view.cells.iter().map(|cell| (cell.id, cell.clone())));
        if !view.cells.is_empty() || last.as_ref() != Some(&view.run) {
            last = Some(view.run.clone());
            if told.send(view).await.is_err() {
                return Ok(());
            }
        }
        if over {
            return Ok(());
        }
        let mut changed = false;
        loop {
            tokio::select! {
                () = parts.shutdown.cancelled() => return Ok(()),
                () = told.closed() => return Ok(()),
                _ = attend.tick(), if attends => runs::attend(&parts.db, run, parts.timing.attended).await?,
                _ = poll.tick() => break,
                () = sleep_until(looked + PACE), if changed => break,
                heard = notices.recv() => match heard {
                    Ok(Notice::Over(over)) if over == run => break,
                    Ok(notice) => changed |= notice == Notice::Run(run),
                    // A watcher that fell behind has to look.
                    Err(RecvError::Lagged(_) | RecvError::Closed) => changed = true,
                },
            }
        }
    }
}

/// Forgets the notices of changes that the next look will see.
fn forget(notices: &mut Receiver<Notice>) {
    while let Ok(_) | Err(TryRecvError::Lagged(_)) = notices.try_recv() {}
}

/// The run is read before its cells: when it says that it is over, every cell has ended.
async fn look(parts: &Parts, run: RunId, seen: &HashMap<CellId, StoredCell>) -> Result<View, WatchError> {
    let run = runs::get(&parts.db, run).await?.ok_or(WatchError::Unknown(run))?;
    let mut cells = cells::of_run(&parts.db, run.id).await?;
    // A trial is told with the cell that it tries to help.
    let shown = |cell: &StoredCell| cell.trial_of.unwrap_or(cell.id.0);
    let changed: HashSet<Uuid> =
        cells.iter().filter(|cell| seen.get(&cell.id) != Some(*cell)).map(shown).collect();
    cells.retain(|cell| changed.contains(&shown(cell)));
    let settled: Vec<Uuid> = cells.iter().filter_map(|cell| cell.verdict_id).collect();
    let verdicts = verdicts::by_id(&parts.db, &settled).await?;
    Ok(View { run, cells, verdicts })
}
