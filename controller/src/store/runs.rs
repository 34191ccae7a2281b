//! The table `runs`.

use super::{storable, undecodable};
use domain::contract::Manifest;
use domain::id::RunId;
use domain::level::Level;
use domain::run::RunState;
use domain::verdict::Verdict;
use sqlx::PgExecutor;
use sqlx::types::Json;
use std::time::Duration;
use time::OffsetDateTime;

/// A run to be stored.
#[derive(Debug)]
pub(crate) struct NewRun {
    pub(crate) id: RunId,
    pub(crate) level: Level,
    pub(crate) kernels: String,
    pub(crate) optional_kernels: String,
    pub(crate) cell_timeout_ms: i32,
    pub(crate) cells: i32,
    /// How long it lives without being watched; `None` for ever.
    pub(crate) attended: Option<Duration>,
    pub(crate) manifest: Manifest,
    pub(crate) try_remedies: bool,
}

/// A run as it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredRun {
    pub(crate) id: RunId,
    pub(crate) state: RunState,
    pub(crate) level: Level,
    pub(crate) kernels: String,
    pub(crate) optional_kernels: String,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) started_at: Option<OffsetDateTime>,
    pub(crate) finished_at: Option<OffsetDateTime>,
    /// All that has to be settled before the run is over.
    pub(crate) cells: u32,
    pub(crate) settled: u32,
    /// Those of them in which remedies are tried.
    pub(crate) trials: u32,
    pub(crate) trials_settled: u32,
    pub(crate) verdict: Option<Verdict>,
}

struct Row {
    id: uuid::Uuid,
    state: String,
    level: String,
    kernels: String,
    optional_kernels: String,
    created_at: OffsetDateTime,
    started_at: Option<OffsetDateTime>,
    finished_at: Option<OffsetDateTime>,
    cells: i32,
    settled: i32,
    trials: i64,
    trials_settled: i64,
    verdict: Option<String>,
}

impl TryFrom<Row> for StoredRun {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> sqlx::Result<Self> {
        let verdict = match row.verdict {
            None => None,
            Some(name) => Some(Verdict::from_name(&name).ok_or_else(|| undecodable("runs.verdict", &name))?),
        };
        Ok(Self {
            id: RunId(row.id),
            state: RunState::from_name(&row.state).ok_or_else(|| undecodable("runs.state", &row.state))?,
            level: row.level.parse().map_err(|error| undecodable("runs.level", &error))?,
            kernels: row.kernels,
            optional_kernels: row.optional_kernels,
            created_at: row.created_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
            cells: row.cells.unsigned_abs(),
            settled: row.settled.unsigned_abs(),
            trials: u32::try_from(row.trials).unwrap_or(u32::MAX),
            trials_settled: u32::try_from(row.trials_settled).unwrap_or(u32::MAX),
            verdict,
        })
    }
}

/// Stores a queued run without cells.
pub(crate) async fn insert(db: impl PgExecutor<'_>, run: &NewRun) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO runs (id, level, kernels, optional_kernels, cell_timeout_ms, cells, attended_until, manifest,
                           try_remedies)
         VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7), $8, $9)",
        run.id.0,
        run.level.name(),
        run.kernels,
        run.optional_kernels,
        run.cell_timeout_ms,
        run.cells,
        run.attended.map(|lasts| lasts.as_secs_f64()),
        storable(&run.manifest) as _,
        run.try_remedies,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// One run.
pub(crate) async fn get(db: impl PgExecutor<'_>, run: RunId) -> sqlx::Result<Option<StoredRun>> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT id, state::text AS "state!", level, kernels, optional_kernels, created_at, started_at,
                  finished_at, cells, runs.settled, trials.count AS "trials!", trials.settled AS "trials_settled!",
                  verdict::text
           FROM runs, LATERAL (
               SELECT count(*), count(*) FILTER (WHERE cells.state = 'settled') AS settled
               FROM cells WHERE run_id = runs.id AND trial_of IS NOT NULL) AS trials
           WHERE id = $1"#,
        run.0,
    )
    .fetch_optional(db)
    .await?;
    row.map(TryInto::try_into).transpose()
}

/// What was declared for a run; nothing for a run that is not known.
pub(crate) async fn manifest(db: impl PgExecutor<'_>, run: RunId) -> sqlx::Result<Manifest> {
    let found = sqlx::query_scalar!(
        r#"SELECT manifest AS "manifest: Json<Manifest>" FROM runs WHERE id = $1"#,
        run.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(found.map(|manifest| manifest.0).unwrap_or_default())
}

/// Runs, newest first, at most `limit`, only those made before `before`.
pub(crate) async fn list(
    db: impl PgExecutor<'_>,
    limit: u32,
    before: Option<RunId>,
) -> sqlx::Result<Vec<StoredRun>> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id, state::text AS "state!", level, kernels, optional_kernels, created_at, started_at,
                  finished_at, cells, runs.settled, trials.count AS "trials!", trials.settled AS "trials_settled!",
                  verdict::text
           FROM runs, LATERAL (
               SELECT count(*), count(*) FILTER (WHERE cells.state = 'settled') AS settled
               FROM cells WHERE run_id = runs.id AND trial_of IS NOT NULL) AS trials
           WHERE $2::uuid IS NULL OR id < $2 ORDER BY id DESC LIMIT $1"#,
        i64::from(limit),
        before.map(|run| run.0),
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Counts cells as settled and says whether they were the last. The row stays locked until the
/// transaction ends, so exactly one of two concurrent settlers sees the last one.
pub(crate) async fn count_settled(db: impl PgExecutor<'_>, run: RunId, cells: i32) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"UPDATE runs SET settled = settled + $2 WHERE id = $1 RETURNING settled = cells AS "last!""#,
        run.0,
        cells,
    )
    .fetch_one(db)
    .await
}

/// One more cell has to be settled before the run is over; says whether it is not over yet.
pub(crate) async fn grow(db: impl PgExecutor<'_>, run: RunId) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE runs SET cells = cells + 1 WHERE id = $1 AND state IN ('queued', 'running')",
        run.0
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Every cell has a verdict.
pub(crate) async fn finish(db: impl PgExecutor<'_>, run: RunId, verdict: Verdict) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE runs SET state = 'finished', finished_at = now(), verdict = $2::text::verdict WHERE id = $1",
        run.0,
        verdict.name(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Locks a run and says whether it is over.
pub(crate) async fn lock_is_over(db: impl PgExecutor<'_>, run: RunId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT state IN ('finished', 'cancelled') AS "over!" FROM runs WHERE id = $1 FOR UPDATE"#,
        run.0
    )
    .fetch_one(db)
    .await
}

/// A run that is over means something else.
pub(crate) async fn set_verdict(db: impl PgExecutor<'_>, run: RunId, verdict: Verdict) -> sqlx::Result<()> {
    sqlx::query!("UPDATE runs SET verdict = $2::text::verdict WHERE id = $1", run.0, verdict.name())
        .execute(db)
        .await?;
    Ok(())
}

/// Stops a run that is not over and says whether there was one to stop.
pub(crate) async fn cancel(db: impl PgExecutor<'_>, run: RunId, verdict: Verdict) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE runs SET state = 'cancelled', finished_at = now(), verdict = $2::text::verdict
         WHERE id = $1 AND state IN ('queued', 'running')",
        run.0,
        verdict.name(),
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Somebody watches: an attended run lives on for that long.
pub(crate) async fn attend(db: impl PgExecutor<'_>, run: RunId, lasts: Duration) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE runs SET attended_until = now() + make_interval(secs => $2)
         WHERE id = $1 AND attended_until IS NOT NULL AND state IN ('queued', 'running')",
        run.0,
        lasts.as_secs_f64(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Attended runs that nobody watches any more.
pub(crate) async fn unattended(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<RunId>> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM runs WHERE state IN ('queued', 'running') AND attended_until < now()",
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(RunId).collect())
}
