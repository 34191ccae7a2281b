//! Settled cells with the verdicts that their own guests led to.

use domain::axis::Axes;
use domain::cell::Ended;
use domain::digest::Digest;
use domain::id::RunId;
use sqlx::PgExecutor;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

/// A settled cell, and what its verdict was asked as.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) id: Uuid,
    pub(crate) run_id: Uuid,
    pub(crate) object: Vec<u8>,
    pub(crate) object_name: String,
    pub(crate) kernel_id: String,
    pub(crate) kernel_digest: Vec<u8>,
    pub(crate) level: String,
    pub(crate) loader: String,
    pub(crate) axes: Json<Axes>,
    /// How its earlier tries ended.
    pub(crate) ended: Json<Vec<Ended>>,
    pub(crate) verdict_id: Uuid,
    pub(crate) question: Vec<u8>,
}

/// The next cells, by id, that a guest of their own answered and that other rules judged. Cells that were
/// answered from the store share the verdict of one of these.
pub(crate) async fn by_other_rules(
    db: impl PgExecutor<'_>,
    rules: Digest,
    since: Option<OffsetDateTime>,
    after: Uuid,
    limit: i64,
) -> sqlx::Result<Vec<Judged>> {
    sqlx::query_as!(
        Judged,
        r#"SELECT cells.id, run_id, object, objects.name AS object_name, kernel_id, kernels.digest AS kernel_digest,
                  level, loader, axes AS "axes: Json<Axes>", ended AS "ended: Json<Vec<Ended>>",
                  verdict_id AS "verdict_id!", question AS "question!"
           FROM cells JOIN verdicts ON verdicts.id = verdict_id JOIN objects ON objects.digest = object
           JOIN kernels ON kernels.id = kernel_id JOIN runs ON runs.id = run_id
           WHERE cells.state = 'settled' AND NOT cached AND evidence IS NOT NULL
             AND rules IS DISTINCT FROM $1 AND ($2::timestamptz IS NULL OR recorded_at >= $2) AND cells.id > $3
           ORDER BY cells.id LIMIT $4"#,
        &rules.0[..],
        since,
        after,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Gives a new verdict to every cell that has the old one, locked in the order of their ids, and yields their runs,
/// each once. None if no cell has the old one any more. The new one is as old as the old, as their evidence is: a
/// later answer to the same question stays the newest.
pub(crate) async fn replace(db: impl PgExecutor<'_>, old: Uuid, new: Uuid) -> sqlx::Result<Vec<RunId>> {
    let runs = sqlx::query_scalar!(
        r#"WITH held AS (SELECT id FROM cells WHERE verdict_id = $1 ORDER BY id FOR UPDATE),
                moved AS (UPDATE cells SET verdict_id = $2 FROM held WHERE cells.id = held.id RETURNING run_id),
                aged AS (UPDATE verdicts SET recorded_at = old.recorded_at FROM verdicts AS old
                         WHERE old.id = $1 AND verdicts.id = $2)
           SELECT DISTINCT run_id AS "run_id!" FROM moved ORDER BY 1"#,
        old,
        new,
    )
    .fetch_all(db)
    .await?;
    Ok(runs.into_iter().map(RunId).collect())
}
