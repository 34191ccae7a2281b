//! Submitting a run.

use super::answered;
use super::expand::{self, Asked};
use crate::parts::Parts;
use crate::store::blob::{BlobError, Kind};
use crate::store::channel::{Notice, announce};
use crate::store::objects::StoredObject;
use crate::store::runs::{NewRun, StoredRun};
use crate::store::workers::Able;
use crate::store::{cells, kernels, objects, runs, workers};
use crate::verdict::settle;
use domain::axis::{Axes, Loader};
use domain::contract::Manifest;
use domain::digest::Digest;
use domain::id::{KernelId, RunId};
use domain::level::Level;
use domain::selector::{Selector, SelectorError};
use insight::manifest::ManifestError;
use std::sync::Arc;

/// Objects in one run. A suite of a large project has some hundred.
pub(crate) const OBJECTS_MAX: usize = 1_000;
/// Cells in one run: at ten seconds a cell on eight slots this is already most of two hours.
pub(crate) const CELLS_MAX: usize = 5_000;
/// Longest time a guest may be given for one cell. A worker's slot is blocked meanwhile.
pub(crate) const CELL_TIMEOUT_MS_MAX: u32 = 30 * 60 * 1_000;

/// What somebody asks.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) objects: Vec<Digest>,
    pub(crate) kernels: Selector,
    pub(crate) optional_kernels: Option<Selector>,
    pub(crate) level: Level,
    /// What loads the objects, each once.
    pub(crate) loaders: Vec<Loader>,
    /// What they work in, each once; at least one.
    pub(crate) environments: Vec<Axes>,
    /// Ask again even when the answer is stored.
    pub(crate) fresh: bool,
    /// Cancel it when nobody watches.
    pub(crate) attended: bool,
    /// 0 means the default.
    pub(crate) cell_timeout_ms: u32,
    /// What is declared of the objects' loader.
    pub(crate) manifest: Manifest,
    /// Try what may help a refused cell in another guest.
    pub(crate) try_remedies: bool,
}

/// Why a run was not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubmitError {
    /// Nothing to ask about, or too much.
    #[error("a run asks about 1 to {OBJECTS_MAX} objects, this one about {0}")]
    ObjectCount(usize),
    /// An object that was not uploaded.
    #[error("object {0} is not known; upload it first")]
    UnknownObject(Digest),
    /// Nobody could answer anything.
    #[error("no worker is connected that can boot a kernel; start bpfcompat-worker")]
    NoWorker,
    /// The selectors name no kernels.
    #[error(transparent)]
    Selector(#[from] SelectorError),
    /// A loader that is built into no validator and that no worker brings.
    #[error(
        "no connected worker that boots {kernel} has the loader `{loader}`; there are {known}. A worker is given \
         one of your own with `external_loaders` in its settings"
    )]
    NoLoader { kernel: KernelId, loader: Loader, known: String },
    /// Too many cells.
    #[error(
        "{objects} objects on {kernels} kernels with {loaders} loaders in {environments} environments are more \
         than the {CELLS_MAX} cells a run may have; split it"
    )]
    CellCount { objects: usize, kernels: usize, loaders: usize, environments: usize },
    /// A manifest that says what an object lacks.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// An object's bytes could not be read again.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// Archives where objects were asked about, or the other way round.
    #[error(
        "a command needs the archive of its files at level `behave`, and a run has objects or commands, not both"
    )]
    NotCommands,
    /// Nothing says how the objects should behave.
    #[error("level `behave` needs a manifest with checks; add `checks:` or ask for `attach`")]
    NoChecks,
    /// A timeout nobody waits for.
    #[error("a cell may take at most {CELL_TIMEOUT_MS_MAX} ms, not {0}")]
    CellTimeout(u32),
    /// Checks that leave too little time for the rest.
    #[error(
        "all checks may take {checks} ms and the rest of a cell {rest} ms, together more than {CELL_TIMEOUT_MS_MAX} \
         ms; give the checks shorter timeouts, or the run a timeout of its own"
    )]
    Checks { checks: u32, rest: u32 },
    /// Reading an object panicked.
    #[error("object {0} cannot be held to the manifest")]
    Unreadable(Digest),
    /// The database failed.
    #[error("cannot store the run")]
    Database(#[from] sqlx::Error),
}

/// Stores the run with all its cells and wakes the workers. Cells that were answered before are
/// settled at once, unless the order wants fresh answers.
pub(crate) async fn submit(parts: &Parts, mut order: Order) -> Result<StoredRun, SubmitError> {
    match order.level {
        Level::Behave => {
            let contract = &order.manifest.contract;
            if contract.checks.is_empty() && contract.command.is_none() {
                return Err(SubmitError::NoChecks);
            }
        }
        // What is not run is not part of the question.
        Level::Load | Level::Attach => {
            order.manifest.contract.checks.clear();
            order.manifest.contract.command = None;
        }
    }
    let cell_timeout_ms = cell_timeout_ms(parts, &order)?;
    order.objects.sort_unstable();
    order.objects.dedup();
    let objects = check_objects(parts, &order.objects).await?;
    let commands = order.manifest.contract.command.is_some();
    if objects.iter().any(|object| object.is_command != commands) {
        return Err(SubmitError::NotCommands);
    }
    order.manifest = fitted(parts, order.manifest, &objects).await?;
    let (asked, able) = kernels_and_loaders(parts, &order).await?;
    let mut new = expand::cells(&order.objects, &asked, (&order.loaders, &order.environments));
    let (mut settled, mut answers) = (vec![], vec![]);
    if !order.fresh {
        (settled, answers) = answered::of(parts, &able, &new, &asked, &order).await?;
    }
    if order.try_remedies {
        // Those of cells that are answered now come when they are.
        let trials = answered::trials(parts, &new, (&settled, &answers)).await?;
        let (cells, verdicts) = answered::of(parts, &able, &trials, &asked, &order).await?;
        settled.extend(cells);
        answers.extend(verdicts);
        new.extend(trials);
    }
    let run = NewRun {
        id: RunId::new(),
        level: order.level,
        kernels: order.kernels.to_string(),
        optional_kernels: order.optional_kernels.map(|selector| selector.to_string()).unwrap_or_default(),
        cell_timeout_ms,
        cells: i32::try_from(new.len()).expect("a run has at most twice CELLS_MAX cells"),
        attended: order.attended.then_some(parts.timing.attended),
        manifest: order.manifest,
        try_remedies: order.try_remedies,
    };
    let count = i32::try_from(settled.len()).expect("a run has at most twice CELLS_MAX cells");

    let mut tx = parts.db.begin().await?;
    runs::insert(&mut *tx, &run).await?;
    cells::insert(&mut *tx, run.id, &new).await?;
    cells::settle_cached(&mut *tx, &settled, &answers).await?;
    settle::count(&mut tx, run.id, count).await?;
    announce(&mut *tx, Notice::Queue).await?;
    tx.commit().await?;
    Ok(runs::get(&parts.db, run.id).await?.ok_or(sqlx::Error::RowNotFound)?)
}

/// The kernels that are asked about, and who is able to ask them with the loaders that are named.
async fn kernels_and_loaders(parts: &Parts, order: &Order) -> Result<(Vec<Asked>, Vec<Able>), SubmitError> {
    let known = kernels::bootable(&parts.db).await?;
    if known.is_empty() {
        return Err(SubmitError::NoWorker);
    }
    let asked = expand::kernels(&known, &order.kernels, order.optional_kernels.as_ref())?;
    let (objects, kernels, loaders) = (order.objects.len(), asked.len(), order.loaders.len());
    let environments = order.environments.len();
    if objects * kernels * loaders * environments > CELLS_MAX {
        return Err(SubmitError::CellCount { objects, kernels, loaders, environments });
    }
    let able = workers::able(&parts.db).await?;
    expand::loadable(&able, &asked, &order.loaders)?;
    Ok((asked, able))
}

fn cell_timeout_ms(parts: &Parts, order: &Order) -> Result<i32, SubmitError> {
    let default = || u32::try_from(parts.timing.cell_timeout.as_millis()).unwrap_or(u32::MAX);
    let contract = &order.manifest.contract;
    let commands = contract.command.iter().map(|command| command.timeout_ms);
    let checks = contract.checks.iter().map(|check| check.timeout_ms).chain(commands);
    // All commands may take all of their time.
    let checks = checks.fold(0, u32::saturating_add);
    let ms = match order.cell_timeout_ms {
        0 if default().saturating_add(checks) > CELL_TIMEOUT_MS_MAX => {
            return Err(SubmitError::Checks { checks, rest: default() });
        }
        0 => default() + checks,
        ms => ms,
    };
    if ms > CELL_TIMEOUT_MS_MAX {
        return Err(SubmitError::CellTimeout(ms));
    }
    Ok(i32::try_from(ms).expect("CELL_TIMEOUT_MS_MAX fits"))
}

async fn check_objects(parts: &Parts, digests: &[Digest]) -> Result<Vec<StoredObject>, SubmitError> {
    if digests.is_empty() || digests.len() > OBJECTS_MAX {
        return Err(SubmitError::ObjectCount(digests.len()));
    }
    let known = objects::by_digest(&parts.db, digests).await?;
    match digests.iter().find(|digest| !known.iter().any(|object| object.digest == **digest)) {
        Some(unknown) => Err(SubmitError::UnknownObject(*unknown)),
        None => Ok(known),
    }
}

/// The manifest as it fits every object: each must have what it names, whoever sent it.
async fn fitted(
    parts: &Parts,
    manifest: Manifest,
    objects: &[StoredObject],
) -> Result<Manifest, SubmitError> {
    if manifest.contract.is_empty() {
        return Ok(manifest);
    }
    let manifest = Arc::new(manifest);
    let mut fitted = None;
    for object in objects {
        let bytes = parts.blobs.get(Kind::Object, object.digest).await?;
        let (manifest, name) = (Arc::clone(&manifest), object.name.clone());
        let fit = move || insight::manifest::fit(&manifest, fitted.as_ref(), &name, &bytes);
        let fits = tokio::task::spawn_blocking(fit).await;
        fitted = Some(fits.map_err(|_| SubmitError::Unreadable(object.digest))??);
    }
    Ok(fitted.unwrap_or_else(|| Arc::unwrap_or_clone(manifest)))
}
