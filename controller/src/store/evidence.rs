//! The table `evidence`: which bytes in the object store were observed for which cell.

use super::leases::Lease;
use super::{digest, signed};
use domain::digest::Digest;
use domain::id::CellId;
use sqlx::PgExecutor;
use time::OffsetDateTime;

/// Evidence that is in the object store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recorded {
    /// Of the JSON.
    pub(crate) digest: Digest,
    /// Of the JSON.
    pub(crate) bytes: u64,
    /// After compression.
    pub(crate) stored_bytes: u64,
}

/// Records evidence. The same bytes observed twice are recorded once.
pub(crate) async fn insert(db: impl PgExecutor<'_>, lease: Lease, evidence: Recorded) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO evidence (digest, bytes, stored_bytes, cell_id, fence) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (digest) DO NOTHING",
        &evidence.digest.0[..],
        signed(evidence.bytes),
        signed(evidence.stored_bytes),
        lease.cell.0,
        lease.fence,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether evidence of that digest was recorded.
pub(crate) async fn is_recorded(db: impl PgExecutor<'_>, digest: Digest) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM evidence WHERE digest = $1) AS "recorded!""#,
        &digest.0[..]
    )
    .fetch_one(db)
    .await
}

/// The evidence of a cell's tries, oldest first, with the moment it was recorded.
pub(crate) async fn of_cell(
    db: impl PgExecutor<'_>,
    cell: CellId,
) -> sqlx::Result<Vec<(Digest, OffsetDateTime)>> {
    let rows =
        sqlx::query!("SELECT digest, recorded_at FROM evidence WHERE cell_id = $1 ORDER BY fence", cell.0)
            .fetch_all(db)
            .await?;
    rows.into_iter().map(|row| Ok((digest(&row.digest)?, row.recorded_at))).collect()
}
