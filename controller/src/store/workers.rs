//! The table `workers`: one row per session.

use super::{digest, signed, undecodable};
use domain::axis::Loader;
use domain::digest::Digest;
use domain::evidence::Accelerator;
use domain::id::{KernelId, WorkerId};
use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;
use sqlx::types::Json;
use std::collections::BTreeMap;
use std::time::Duration;
use time::OffsetDateTime;

/// What a worker says of itself.
#[derive(Debug, Clone)]
pub(crate) struct NewWorker {
    pub(crate) id: WorkerId,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) validator: Digest,
    pub(crate) cpus: i32,
    pub(crate) memory_bytes: u64,
    pub(crate) accelerator: Accelerator,
    pub(crate) qemu: String,
    pub(crate) slots: i32,
    /// External loaders, each name once, with the digests of their programs.
    pub(crate) external_loaders: BTreeMap<String, Digest>,
}

/// What a worker says of itself with a heartbeat. A key that is missing was unknown to whoever
/// wrote the row.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Condition {
    /// Cells that may be in flight.
    pub(crate) cells: u32,
    /// Why not more, in a word.
    pub(crate) limited_by: String,
    pub(crate) in_flight: u32,
    pub(crate) available_bytes: u64,
    pub(crate) load_of_others: f64,
    /// What happened since it started, in its own order.
    pub(crate) tally: Vec<(String, u64)>,
}

/// A worker as shown to people.
#[derive(Debug)]
pub(crate) struct WorkerRow {
    pub(crate) id: uuid::Uuid,
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) version: String,
    pub(crate) accelerator: String,
    pub(crate) qemu: String,
    pub(crate) cpus: i32,
    pub(crate) memory_bytes: i64,
    pub(crate) slots: i32,
    pub(crate) leases: i64,
    pub(crate) last_seen_at: OffsetDateTime,
    pub(crate) condition: Option<Json<Condition>>,
    pub(crate) external_loaders: Vec<String>,
}

/// A connected worker's session begins.
pub(crate) async fn insert(db: impl PgExecutor<'_>, worker: &NewWorker) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO workers (id, name, version, validator, cpus, memory_bytes, accelerator, qemu, slots)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        worker.id.0,
        worker.name,
        worker.version,
        &worker.validator.0[..],
        worker.cpus,
        signed(worker.memory_bytes),
        worker.accelerator.name(),
        worker.qemu,
        worker.slots,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes earlier sessions of that name which are over and hold nothing.
pub(crate) async fn forget_gone(db: impl PgExecutor<'_>, name: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM workers WHERE name = $1 AND state = 'gone'
         AND NOT EXISTS (SELECT FROM leases WHERE worker_id = workers.id)",
        name,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The worker was heard of, in this condition if it told. Says whether it still counts as connected.
pub(crate) async fn seen(
    db: impl PgExecutor<'_>,
    worker: WorkerId,
    condition: Option<Condition>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE workers SET last_seen_at = now(), condition = coalesce($2, condition)
         WHERE id = $1 AND state = 'connected'",
        worker.0,
        condition.map(Json) as Option<Json<Condition>>,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The session is over.
pub(crate) async fn gone(db: impl PgExecutor<'_>, worker: WorkerId) -> sqlx::Result<()> {
    sqlx::query!("UPDATE workers SET state = 'gone' WHERE id = $1", worker.0).execute(db).await?;
    Ok(())
}

/// Marks workers gone that were not heard of for that long: their controller died with them.
pub(crate) async fn unseen(db: impl PgExecutor<'_>, silence: Duration) -> sqlx::Result<Vec<WorkerId>> {
    let ids = sqlx::query_scalar!(
        "UPDATE workers SET state = 'gone'
         WHERE state = 'connected' AND last_seen_at < now() - make_interval(secs => $1) RETURNING id",
        silence.as_secs_f64(),
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(WorkerId).collect())
}

/// Every worker, by name.
pub(crate) async fn list(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<WorkerRow>> {
    sqlx::query_as!(
        WorkerRow,
        r#"SELECT id, name, state::text AS "state!", version, accelerator, qemu, cpus, memory_bytes, slots,
                  (SELECT count(*) FROM leases WHERE worker_id = workers.id) AS "leases!", last_seen_at,
                  condition AS "condition: Json<Condition>",
                  ARRAY(SELECT loader FROM worker_loaders WHERE worker_id = workers.id ORDER BY loader)
                    AS "external_loaders!"
           FROM workers ORDER BY name, id"#,
    )
    .fetch_all(db)
    .await
}

/// Notes the external loaders that the worker brings along.
pub(crate) async fn bring(db: impl PgExecutor<'_>, worker: &NewWorker) -> sqlx::Result<()> {
    let names: Vec<String> = worker.external_loaders.keys().cloned().collect();
    let programs: Vec<Digest> = worker.external_loaders.values().copied().collect();
    sqlx::query!(
        "INSERT INTO worker_loaders (worker_id, loader, program)
         SELECT $1, loader, program FROM unnest($2::text[], $3::bytea[]) AS brought(loader, program)",
        worker.id.0,
        &names,
        &super::digests(&programs),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What could answer about a kernel now.
#[derive(Debug)]
pub(crate) struct Able {
    pub(crate) kernel: KernelId,
    pub(crate) validator: Digest,
    pub(crate) loader: Loader,
    /// The loader's program, if it is an external one.
    pub(crate) program: Option<Digest>,
}

/// Every combination of kernel, validator and loader that a connected worker has.
pub(crate) async fn able(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<Able>> {
    let rows = sqlx::query!(
        r#"SELECT DISTINCT kernel_id, validator, loader AS "loader!", program
         FROM workers JOIN worker_kernels ON worker_kernels.worker_id = workers.id
         CROSS JOIN LATERAL (
             SELECT unnest($1::text[]) AS loader, NULL::bytea AS program
             UNION ALL SELECT loader, program FROM worker_loaders WHERE worker_id = workers.id
         ) AS has
         WHERE workers.state = 'connected'"#,
        &Loader::BUILT_IN.map(str::to_owned),
    )
    .fetch_all(db)
    .await?;
    let able = rows.into_iter().map(|row| {
        Ok(Able {
            kernel: KernelId(row.kernel_id),
            validator: digest(&row.validator)?,
            loader: row.loader.parse().map_err(|error| undecodable("worker_loaders.loader", &error))?,
            program: row.program.as_deref().map(digest).transpose()?,
        })
    });
    able.collect()
}
