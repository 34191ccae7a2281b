//! The table `leases`: who may answer which cell.

use super::{digest, undecodable};
use domain::axis::{Axes, Loader};
use domain::change::Change;
use domain::contract::{Contract, Manifest};
use domain::digest::Digest;
use domain::id::{CellId, KernelId, RunId, WorkerId};
use domain::level::Level;
use sqlx::PgExecutor;
use sqlx::types::Json;
use std::time::Duration;
use uuid::Uuid;

/// A right to answer a cell: the cell, and the number that tells this claim from earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Lease {
    pub(crate) cell: CellId,
    pub(crate) fence: i64,
}

/// What a worker needs to know to answer.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub(crate) cell_id: Uuid,
    pub(crate) run_id: Uuid,
    pub(crate) fence: i64,
    pub(crate) object: Vec<u8>,
    pub(crate) object_name: String,
    pub(crate) object_bytes: i64,
    pub(crate) kernel_id: String,
    pub(crate) kernel_digest: Vec<u8>,
    pub(crate) level: String,
    pub(crate) loader: String,
    pub(crate) axes: Json<Axes>,
    pub(crate) memory_bytes: i64,
    /// Whether it was tried before.
    pub(crate) is_retry: bool,
    pub(crate) cell_timeout_ms: i32,
    pub(crate) manifest: Json<Manifest>,
    pub(crate) changes: Json<Vec<Change>>,
}

/// Takes up to `room` cells that the worker can boot and load, oldest first, and starts their runs. Cells
/// that another session is just taking are passed over.
pub(crate) async fn claim(
    db: impl PgExecutor<'_>,
    worker: WorkerId,
    room: u32,
    lasts: Duration,
) -> sqlx::Result<Vec<Claimed>> {
    sqlx::query_as!(
        Claimed,
        r#"WITH picked AS (
             SELECT cells.id FROM cells
             JOIN worker_kernels AS able ON able.kernel_id = cells.kernel_id AND able.worker_id = $1
             WHERE state = 'queued' AND ready_at <= now()
               AND (cells.loader = ANY($4) OR EXISTS (
                   SELECT FROM worker_loaders AS brings
                   WHERE brings.worker_id = $1 AND brings.loader = cells.loader))
             ORDER BY cells.id LIMIT $2 FOR UPDATE OF cells SKIP LOCKED
           ), taken AS (
             UPDATE cells SET state = 'leased', worker = workers.name,
                    queue_ms = coalesce(queue_ms, 1000 * extract(epoch FROM clock_timestamp() - queued_at))
             FROM picked, workers WHERE cells.id = picked.id AND workers.id = $1 RETURNING cells.*
           ), leased AS (
             INSERT INTO leases (cell_id, worker_id, fence, expires_at)
             SELECT id, $1, nextval('fences'), now() + make_interval(secs => $3) FROM taken
             RETURNING cell_id, fence
           ), waiting AS (
             SELECT id FROM runs WHERE state = 'queued' AND id IN (SELECT run_id FROM taken)
             ORDER BY id FOR UPDATE
           ), started AS (
             UPDATE runs SET state = 'running', started_at = now() FROM waiting WHERE runs.id = waiting.id
           )
           SELECT leased.cell_id, taken.run_id, leased.fence, taken.object, objects.name AS object_name,
                  objects.bytes AS object_bytes, taken.kernel_id, kernels.digest AS kernel_digest,
                  runs.level, taken.loader, taken.axes AS "axes: Json<Axes>", taken.memory_bytes,
                  taken.attempts > 0 AS "is_retry!", runs.cell_timeout_ms,
                  runs.manifest AS "manifest: Json<Manifest>", taken.changes AS "changes: Json<Vec<Change>>"
           FROM leased JOIN taken ON taken.id = cell_id JOIN objects ON objects.digest = taken.object
           JOIN kernels ON kernels.id = taken.kernel_id JOIN runs ON runs.id = taken.run_id
           ORDER BY cell_id"#,
        worker.0,
        i64::from(room),
        lasts.as_secs_f64(),
        &Loader::BUILT_IN.map(str::to_owned),
    )
    .fetch_all(db)
    .await
}

/// What was asked under a lease, to check an answer against.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) object: Digest,
    pub(crate) kernel: Digest,
    pub(crate) kernel_release: String,
    pub(crate) validator: Digest,
    pub(crate) level: Level,
    pub(crate) loader: Loader,
    /// Its program on this worker, if it is an external one.
    pub(crate) loader_program: Option<Digest>,
    pub(crate) axes: Axes,
    /// Memory the guest should have, in bytes; 0 for what guests have.
    pub(crate) memory_bytes: u64,
    pub(crate) kernel_id: KernelId,
    /// What is declared, on whatever kernel.
    pub(crate) contract: Contract,
    /// What of it is changed, in a trial.
    pub(crate) changes: Vec<Change>,
}

/// What was asked under the lease, or `None` when the lease is lost.
pub(crate) async fn asked(db: impl PgExecutor<'_>, lease: Lease) -> sqlx::Result<Option<Asked>> {
    let row = sqlx::query!(
        r#"SELECT cells.object, kernels.id AS kernel_id, kernels.digest AS kernel, kernels.release, workers.validator,
                runs.level, cells.loader, program AS "loader_program?", cells.axes AS "axes: Json<Axes>",
                cells.memory_bytes, runs.manifest AS "manifest: Json<Manifest>",
                cells.changes AS "changes: Json<Vec<Change>>"
         FROM leases JOIN cells ON cells.id = cell_id JOIN kernels ON kernels.id = kernel_id
         JOIN workers ON workers.id = leases.worker_id JOIN runs ON runs.id = run_id
         LEFT JOIN worker_loaders AS brings ON brings.worker_id = workers.id AND brings.loader = cells.loader
         WHERE cell_id = $1 AND fence = $2"#,
        lease.cell.0,
        lease.fence,
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        Ok(Asked {
            object: digest(&row.object)?,
            kernel: digest(&row.kernel)?,
            kernel_release: row.release,
            validator: digest(&row.validator)?,
            level: row.level.parse().map_err(|error| undecodable("runs.level", &error))?,
            loader: row.loader.parse().map_err(|error| undecodable("cells.loader", &error))?,
            loader_program: row.loader_program.as_deref().map(digest).transpose()?,
            axes: row.axes.0,
            memory_bytes: row.memory_bytes.unsigned_abs(),
            kernel_id: KernelId(row.kernel_id),
            contract: row.manifest.0.contract,
            changes: row.changes.0,
        })
    })
    .transpose()
}

/// Ends a lease and says whether it was still held.
pub(crate) async fn end(db: impl PgExecutor<'_>, lease: Lease) -> sqlx::Result<bool> {
    let done =
        sqlx::query!("DELETE FROM leases WHERE cell_id = $1 AND fence = $2", lease.cell.0, lease.fence)
            .execute(db)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Renews the worker's leases in one statement and returns those it does not hold any more.
pub(crate) async fn renew(
    db: impl PgExecutor<'_>,
    worker: WorkerId,
    leases: &[Lease],
    lasts: Duration,
) -> sqlx::Result<Vec<Lease>> {
    let cells: Vec<Uuid> = leases.iter().map(|lease| lease.cell.0).collect();
    let fences: Vec<i64> = leases.iter().map(|lease| lease.fence).collect();
    // A lease that is locked is being ended: it needs no renewal and is not waited for.
    let rows = sqlx::query!(
        r#"WITH said AS (
             SELECT cell_id, fence FROM unnest($2::uuid[], $3::bigint[]) AS said(cell_id, fence)
           ), held AS (
             SELECT cell_id FROM leases JOIN said USING (cell_id, fence) WHERE worker_id = $1
             FOR UPDATE OF leases SKIP LOCKED
           ), renewed AS (
             UPDATE leases SET expires_at = now() + make_interval(secs => $4) FROM held
             WHERE leases.cell_id = held.cell_id
           )
           SELECT cell_id AS "cell_id!", fence AS "fence!" FROM said
           WHERE NOT EXISTS (SELECT FROM leases WHERE leases.cell_id = said.cell_id
                             AND leases.fence = said.fence AND worker_id = $1)"#,
        worker.0,
        &cells,
        &fences,
        lasts.as_secs_f64(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| Lease { cell: CellId(row.cell_id), fence: row.fence }).collect())
}

/// Notes how far the worker is and returns the run; `None` when the lease is lost.
pub(crate) async fn progress(
    db: impl PgExecutor<'_>,
    worker: WorkerId,
    lease: Lease,
    stage: &str,
    percent: i16,
) -> sqlx::Result<Option<RunId>> {
    let run = sqlx::query_scalar!(
        "UPDATE leases SET stage = $4, percent = $5 FROM cells
         WHERE cell_id = $1 AND fence = $2 AND worker_id = $3 AND cells.id = cell_id RETURNING run_id",
        lease.cell.0,
        lease.fence,
        worker.0,
        stage,
        percent,
    )
    .fetch_optional(db)
    .await?;
    Ok(run.map(RunId))
}

/// Whether the worker holds the lease.
pub(crate) async fn is_held(db: impl PgExecutor<'_>, worker: WorkerId, lease: Lease) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM leases WHERE cell_id = $1 AND fence = $2 AND worker_id = $3) AS "held!""#,
        lease.cell.0,
        lease.fence,
        worker.0,
    )
    .fetch_one(db)
    .await
}

/// Every lease of a worker.
pub(crate) async fn of_worker(db: impl PgExecutor<'_>, worker: WorkerId) -> sqlx::Result<Vec<Lease>> {
    let rows = sqlx::query!("SELECT cell_id, fence FROM leases WHERE worker_id = $1", worker.0)
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(|row| Lease { cell: CellId(row.cell_id), fence: row.fence }).collect())
}

/// Leases that ran out. The table is small: no more rows than the fleet has slots.
pub(crate) async fn expired(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<Lease>> {
    let rows =
        sqlx::query!("SELECT cell_id, fence FROM leases WHERE expires_at < now()").fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| Lease { cell: CellId(row.cell_id), fence: row.fence }).collect())
}

/// Ends every lease on cells of the run and returns who held them.
pub(crate) async fn end_of_run(db: impl PgExecutor<'_>, run: RunId) -> sqlx::Result<Vec<(WorkerId, Lease)>> {
    let rows = sqlx::query!(
        "WITH held AS (
             SELECT cell_id FROM leases WHERE cell_id IN (SELECT id FROM cells WHERE run_id = $1)
             ORDER BY cell_id FOR UPDATE)
         DELETE FROM leases USING held WHERE leases.cell_id = held.cell_id
         RETURNING leases.worker_id, leases.cell_id, leases.fence",
        run.0,
    )
    .fetch_all(db)
    .await?;
    let lease = |cell_id, fence| Lease { cell: CellId(cell_id), fence };
    Ok(rows.into_iter().map(|row| (WorkerId(row.worker_id), lease(row.cell_id, row.fence))).collect())
}
