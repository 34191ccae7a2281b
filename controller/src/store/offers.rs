//! The table `kernel_offers`: what kernels offer to programs.

use super::digest;
use domain::digest::Digest;
use domain::id::WorkerId;
use domain::offers::Offers;
use sqlx::PgExecutor;
use sqlx::types::Json;
use time::OffsetDateTime;

/// What a kernel offers, and who said so.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) offers: Offers,
    pub(crate) validator: Digest,
    pub(crate) told_at: OffsetDateTime,
}

/// Remembers what a worker said of one of its kernels, in place of what its validator saw before. Says
/// whether the worker has such a kernel.
pub(crate) async fn put(
    db: impl PgExecutor<'_>,
    worker: WorkerId,
    kernel: Digest,
    offers: &Offers,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO kernel_offers (kernel_digest, validator, offers)
         SELECT DISTINCT kernels.digest, workers.validator, $3::jsonb
         FROM workers JOIN worker_kernels ON worker_id = workers.id JOIN kernels ON kernels.id = kernel_id
         WHERE workers.id = $1 AND kernels.digest = $2
         ON CONFLICT (kernel_digest, validator) DO UPDATE
         SET offers = excluded.offers, told_at = excluded.told_at",
        worker.0,
        &kernel.0[..],
        Json(offers) as Json<&Offers>,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// What was said last of a kernel.
pub(crate) async fn newest(db: impl PgExecutor<'_>, kernel: Digest) -> sqlx::Result<Option<Told>> {
    let row = sqlx::query!(
        r#"SELECT offers AS "offers: Json<Offers>", validator, told_at FROM kernel_offers
           WHERE kernel_digest = $1 ORDER BY told_at DESC, validator LIMIT 1"#,
        &kernel.0[..],
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        let Json(offers) = row.offers;
        Ok(Told { offers, validator: digest(&row.validator)?, told_at: row.told_at })
    })
    .transpose()
}
