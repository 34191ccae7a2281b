//! The table `kernels`, and which workers offer which.

use super::{digest, signed};
use domain::contract::Contract;
use domain::digest::Digest;
use domain::id::{KernelId, RunId, WorkerId};
use domain::kernel::{Kernel, by_age};
use serde_json::json;
use sqlx::PgExecutor;

struct Row {
    id: String,
    release: String,
    version: String,
    series: String,
    distro: String,
    suites: Vec<String>,
    flavour: String,
    arch: String,
    digest: Vec<u8>,
    download_bytes: i64,
}

impl TryFrom<Row> for Kernel {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> sqlx::Result<Self> {
        Ok(Self {
            id: KernelId(row.id),
            release: row.release,
            version: row.version,
            series: row.series.parse().map_err(|error| super::undecodable("series", &error))?,
            distro: row.distro,
            suites: row.suites,
            flavour: row.flavour,
            arch: row.arch,
            digest: digest(&row.digest)?,
            download_bytes: row.download_bytes.unsigned_abs(),
        })
    }
}

fn oldest_first(rows: Vec<Row>) -> sqlx::Result<Vec<Kernel>> {
    let mut kernels = rows.into_iter().map(TryInto::try_into).collect::<sqlx::Result<Vec<Kernel>>>()?;
    kernels.sort_by(by_age);
    Ok(kernels)
}

/// Remembers kernels. What may change of a known one is where it can be had, never its digest.
pub(crate) async fn upsert(db: impl PgExecutor<'_>, kernels: &[Kernel]) -> sqlx::Result<()> {
    let rows: Vec<_> = kernels
        .iter()
        .map(|kernel| {
            json!({
                "id": kernel.id, "release": kernel.release, "version": kernel.version,
                "series": kernel.series.to_string(), "distro": kernel.distro, "suites": kernel.suites,
                "flavour": kernel.flavour, "arch": kernel.arch, "digest": kernel.digest.to_string(),
                "download_bytes": signed(kernel.download_bytes),
            })
        })
        .collect();
    // Sorted, so that two workers that connect at once lock the rows in one order.
    sqlx::query!(
        "INSERT INTO kernels (id, release, version, series, distro, suites, flavour, arch, digest, download_bytes)
         SELECT DISTINCT ON (id) id, release, version, series, distro, suites, flavour, arch,
                decode(digest, 'hex'), download_bytes
         FROM jsonb_to_recordset($1) AS offered(
             id text, release text, version text, series text, distro text, suites text[],
             flavour text, arch text, digest text, download_bytes bigint)
         ORDER BY id
         ON CONFLICT (id) DO UPDATE SET suites = excluded.suites, download_bytes = excluded.download_bytes
         WHERE kernels.digest = excluded.digest",
        serde_json::Value::Array(rows),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes that the worker can boot these kernels and returns how many of them it can: a kernel
/// whose digest differs from the one known under its id is not among them.
pub(crate) async fn offer(
    db: impl PgExecutor<'_>,
    worker: WorkerId,
    kernels: &[Kernel],
) -> sqlx::Result<u64> {
    let ids: Vec<String> = kernels.iter().map(|kernel| kernel.id.0.clone()).collect();
    let of: Vec<Digest> = kernels.iter().map(|kernel| kernel.digest).collect();
    let done = sqlx::query!(
        "INSERT INTO worker_kernels (worker_id, kernel_id)
         SELECT $1, kernels.id FROM kernels
         JOIN unnest($2::text[], $3::bytea[]) AS offered(id, digest) USING (id, digest)
         ON CONFLICT DO NOTHING",
        worker.0,
        &ids,
        &super::digests(&of),
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// The kernels that connected workers can boot, oldest first.
pub(crate) async fn bootable(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<Kernel>> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, release, version, series, distro, suites, flavour, arch, digest, download_bytes
         FROM kernels WHERE id IN (
             SELECT kernel_id FROM worker_kernels JOIN workers ON workers.id = worker_id
             WHERE workers.state = 'connected')",
    )
    .fetch_all(db)
    .await?;
    oldest_first(rows)
}

/// One kernel.
async fn get(db: impl PgExecutor<'_>, kernel: &KernelId) -> sqlx::Result<Option<Kernel>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, release, version, series, distro, suites, flavour, arch, digest, download_bytes
         FROM kernels WHERE id = $1",
        kernel.0,
    )
    .fetch_optional(db)
    .await?;
    row.map(TryInto::try_into).transpose()
}

/// What of a contract concerns a kernel.
pub(crate) async fn terms(
    db: impl PgExecutor<'_>,
    contract: Contract,
    kernel: &KernelId,
) -> sqlx::Result<Contract> {
    // Nothing else in it depends on the kernel.
    if contract.expected_failures.is_empty() {
        return Ok(contract);
    }
    let kernel = get(db, kernel).await?.ok_or(sqlx::Error::RowNotFound)?;
    Ok(contract.on(&kernel))
}

/// The kernels a run asks about, oldest first.
pub(crate) async fn of_run(db: impl PgExecutor<'_>, run: RunId) -> sqlx::Result<Vec<Kernel>> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, release, version, series, distro, suites, flavour, arch, digest, download_bytes
         FROM kernels WHERE id IN (SELECT kernel_id FROM cells WHERE run_id = $1)",
        run.0,
    )
    .fetch_all(db)
    .await?;
    oldest_first(rows)
}
