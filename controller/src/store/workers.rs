//! The table `workers`: one row per session.

use super::{digest, signed};
use domain::digest::Digest;
use domain::evidence::Accelerator;
use domain::id::WorkerId;
use sqlx::PgExecutor;
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

/// The worker was heard of. Says whether it still counts as connected.
pub(crate) async fn seen(db: impl PgExecutor<'_>, worker: WorkerId) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE workers SET last_seen_at = now() WHERE id = $1 AND state = 'connected'",
        worker.0
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
                  (SELECT count(*) FROM leases WHERE worker_id = workers.id) AS "leases!", last_seen_at
           FROM workers ORDER BY name, id"#,
    )
    .fetch_all(db)
    .await
}

/// Which validators could answer for which kernel now.
pub(crate) async fn validators(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<(String, Digest)>> {
    let rows = sqlx::query!(
        "SELECT DISTINCT kernel_id, validator FROM worker_kernels JOIN workers ON workers.id = worker_id
         WHERE workers.state = 'connected'",
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(|row| Ok((row.kernel_id, digest(&row.validator)?))).collect()
}
