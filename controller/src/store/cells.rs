//! The table `cells`: what was asked and where each question stands.

use super::{digest, digests, signed, storable, undecodable};
use domain::axis::{Axes, Loader};
use domain::cell::{CellState, Ended};
use domain::change::Change;
use domain::digest::Digest;
use domain::id::{CellId, KernelId, RunId};
use domain::verdict::Verdict;
use sqlx::PgExecutor;
use sqlx::types::Json;
use std::time::Duration;
use uuid::Uuid;

/// A cell to be stored.
#[derive(Debug, Clone)]
pub(crate) struct NewCell {
    pub(crate) id: CellId,
    pub(crate) object: Digest,
    pub(crate) kernel: KernelId,
    pub(crate) loader: Loader,
    pub(crate) axes: Axes,
    pub(crate) required: bool,
    /// What it tries, if it is a trial.
    pub(crate) trial: Option<Trial>,
}

/// What may help a refused cell.
#[derive(Debug, Clone)]
pub(crate) struct Trial {
    pub(crate) of: CellId,
    pub(crate) changes: Vec<Change>,
}

/// A cell as it is, without its verdict's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredCell {
    pub(crate) id: CellId,
    pub(crate) object: Vec<u8>,
    pub(crate) kernel_id: String,
    pub(crate) loader: String,
    pub(crate) axes: Json<Axes>,
    pub(crate) required: bool,
    pub(crate) state: CellState,
    pub(crate) stage: String,
    pub(crate) percent: u32,
    pub(crate) worker: String,
    pub(crate) attempts: u32,
    pub(crate) cached: bool,
    pub(crate) queue_ms: u64,
    pub(crate) verdict_id: Option<Uuid>,
    /// The refused cell that it tries to help.
    pub(crate) trial_of: Option<Uuid>,
    pub(crate) changes: Json<Vec<Change>>,
}

/// A cell whose row is locked by the transaction.
#[derive(Debug)]
pub(crate) struct LockedCell {
    pub(crate) run_id: Uuid,
    pub(crate) give_backs: i16,
    /// Memory of the guest of the present try, in bytes; 0 for what guests have.
    pub(crate) memory_bytes: i64,
    /// How earlier tries ended.
    pub(crate) ended: Json<Vec<Ended>>,
    /// Whether its run asks for trials and it is none itself.
    pub(crate) may_be_helped: bool,
    pub(crate) object: Vec<u8>,
    pub(crate) kernel_id: String,
    pub(crate) loader: String,
    pub(crate) axes: Json<Axes>,
}

impl LockedCell {
    /// What was asked, under the cell's id.
    pub(crate) fn asked(&self, id: CellId) -> sqlx::Result<NewCell> {
        Ok(NewCell {
            id,
            object: digest(&self.object)?,
            kernel: KernelId(self.kernel_id.clone()),
            loader: self.loader.parse().map_err(|error| undecodable("cells.loader", &error))?,
            axes: self.axes.0.clone(),
            required: false,
            trial: None,
        })
    }
}

/// Stores queued cells of one run in one statement.
pub(crate) async fn insert(db: impl PgExecutor<'_>, run: RunId, cells: &[NewCell]) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = cells.iter().map(|cell| cell.id.0).collect();
    let objects = digests(&cells.iter().map(|cell| cell.object).collect::<Vec<_>>());
    let kernels: Vec<String> = cells.iter().map(|cell| cell.kernel.0.clone()).collect();
    let loaders: Vec<String> = cells.iter().map(|cell| cell.loader.name().to_owned()).collect();
    let axes: Vec<serde_json::Value> = cells.iter().map(|cell| storable(&cell.axes).0).collect();
    let required: Vec<bool> = cells.iter().map(|cell| cell.required).collect();
    let trial_of: Vec<Option<Uuid>> = cells.iter().map(|cell| Some(cell.trial.as_ref()?.of.0)).collect();
    let no_changes = Vec::new();
    let changes =
        |cell: &NewCell| storable(cell.trial.as_ref().map_or(&no_changes, |trial| &trial.changes)).0;
    let changes: Vec<serde_json::Value> = cells.iter().map(changes).collect();
    sqlx::query!(
        "INSERT INTO cells (id, run_id, object, kernel_id, loader, axes, required, trial_of, changes)
         SELECT id, $1, object, kernel_id, loader, axes, required, trial_of, changes
         FROM unnest($2::uuid[], $3::bytea[], $4::text[], $5::text[], $6::jsonb[], $7::bool[], $8::uuid[],
                     $9::jsonb[])
              AS asked(id, object, kernel_id, loader, axes, required, trial_of, changes)",
        run.0,
        &ids,
        &objects,
        &kernels,
        &loaders,
        &axes,
        &required,
        &trial_of as &[Option<Uuid>],
        &changes,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Settles cells with verdicts that were there before.
pub(crate) async fn settle_cached(
    db: impl PgExecutor<'_>,
    cells: &[Uuid],
    verdicts: &[Uuid],
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE cells SET state = 'settled', cached = true, queue_ms = 0, verdict_id = answered.verdict_id
         FROM unnest($1::uuid[], $2::uuid[]) AS answered(id, verdict_id) WHERE cells.id = answered.id",
        cells,
        verdicts,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Locks a cell, whatever its state.
pub(crate) async fn lock(db: impl PgExecutor<'_>, cell: CellId) -> sqlx::Result<Option<LockedCell>> {
    sqlx::query_as!(
        LockedCell,
        r#"SELECT run_id, give_backs, memory_bytes, ended AS "ended: Json<Vec<Ended>>",
                  try_remedies AND trial_of IS NULL AS "may_be_helped!", object, kernel_id, loader,
                  axes AS "axes: Json<Axes>"
           FROM cells JOIN runs ON runs.id = run_id WHERE cells.id = $1 FOR UPDATE OF cells"#,
        cell.0
    )
    .fetch_optional(db)
    .await
}

/// A cell gets its verdict.
pub(crate) async fn settle(db: impl PgExecutor<'_>, cell: CellId, verdict: Uuid) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE cells SET state = 'settled', attempts = attempts + 1, verdict_id = $2 WHERE id = $1",
        cell.0,
        verdict,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A cell goes back to the queue after a try that settled nothing.
pub(crate) async fn requeue_tried(
    db: impl PgExecutor<'_>,
    cell: CellId,
    ended: &Ended,
    memory_bytes: u64,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE cells SET state = 'queued', attempts = attempts + 1, memory_bytes = $2,
                          ended = ended || jsonb_build_array($3::jsonb)
         WHERE id = $1",
        cell.0,
        signed(memory_bytes),
        storable(ended) as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A cell goes back to the queue untried, and stays away from claims for a while.
pub(crate) async fn requeue_transient(
    db: impl PgExecutor<'_>,
    cell: CellId,
    delay: Duration,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE cells SET state = 'queued', give_backs = give_backs + 1,
                          ready_at = now() + make_interval(secs => $2)
         WHERE id = $1",
        cell.0,
        delay.as_secs_f64(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Cancels every cell of the run that has no verdict.
pub(crate) async fn cancel(db: impl PgExecutor<'_>, run: RunId) -> sqlx::Result<()> {
    sqlx::query!(
        "WITH open AS (
             SELECT id FROM cells WHERE run_id = $1 AND state IN ('queued', 'leased') ORDER BY id FOR UPDATE)
         UPDATE cells SET state = 'cancelled' FROM open WHERE cells.id = open.id",
        run.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Each verdict of the run's required cells once, with whether it is an excused failure; `None` for cells
/// without.
pub(crate) async fn required_verdicts(
    db: impl PgExecutor<'_>,
    run: RunId,
) -> sqlx::Result<Vec<(Option<Verdict>, bool)>> {
    let rows = sqlx::query!(
        r#"SELECT DISTINCT verdicts.verdict::text AS verdict,
                  coalesce((answer->>'excused')::boolean, false) AS "excused!"
           FROM cells LEFT JOIN verdicts ON verdicts.id = verdict_id WHERE run_id = $1 AND required"#,
        run.0,
    )
    .fetch_all(db)
    .await?;
    let parse = |name: String| Verdict::from_name(&name).ok_or_else(|| undecodable("verdict", &name));
    rows.into_iter().map(|row| Ok((row.verdict.map(parse).transpose()?, row.excused))).collect()
}

/// Every cell of the run, in the order of the queue.
pub(crate) async fn of_run(db: impl PgExecutor<'_>, run: RunId) -> sqlx::Result<Vec<StoredCell>> {
    let rows = sqlx::query!(
        r#"SELECT id, object, kernel_id, loader, axes AS "axes: Json<Axes>", required,
                  cells.state::text AS "state!",
                  coalesce(stage, '') AS "stage!", coalesce(percent, 0) AS "percent!", worker, attempts, cached,
                  coalesce(queue_ms, 0) AS "queue_ms!",
                  verdict_id, trial_of, changes AS "changes: Json<Vec<Change>>"
           FROM cells LEFT JOIN leases ON cell_id = id WHERE run_id = $1 ORDER BY id"#,
        run.0,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let state = CellState::from_name(&row.state);
            let state = state.ok_or_else(|| undecodable("cells.state", &row.state))?;
            Ok(StoredCell {
                id: CellId(row.id),
                object: row.object,
                kernel_id: row.kernel_id,
                loader: row.loader,
                axes: row.axes,
                required: row.required,
                state,
                stage: row.stage,
                percent: row.percent.unsigned_abs(),
                worker: row.worker,
                attempts: row.attempts.unsigned_abs().into(),
                cached: row.cached,
                queue_ms: row.queue_ms.unsigned_abs(),
                verdict_id: row.verdict_id,
                trial_of: row.trial_of,
                changes: row.changes,
            })
        })
        .collect()
}
