//! The table `objects`.

use super::{digest, digests, signed};
use domain::digest::Digest;
use domain::id::RunId;
use sqlx::PgExecutor;

/// What is known of an uploaded object.
#[derive(Debug, Clone)]
pub(crate) struct StoredObject {
    pub(crate) digest: Digest,
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) programs: Vec<String>,
    pub(crate) maps: Vec<String>,
    /// Whether it is an archive with the files of a command.
    pub(crate) is_command: bool,
}

struct Row {
    digest: Vec<u8>,
    name: String,
    bytes: i64,
    programs: Vec<String>,
    maps: Vec<String>,
    is_command: bool,
}

impl TryFrom<Row> for StoredObject {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> sqlx::Result<Self> {
        Ok(Self {
            digest: digest(&row.digest)?,
            name: row.name,
            bytes: row.bytes.unsigned_abs(),
            programs: row.programs,
            maps: row.maps,
            is_command: row.is_command,
        })
    }
}

/// Remembers an object; the name it was uploaded under last is the one shown.
pub(crate) async fn upsert(db: impl PgExecutor<'_>, object: &StoredObject) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO objects (digest, name, bytes, programs, maps, is_command) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (digest) DO UPDATE SET name = excluded.name, is_command = excluded.is_command",
        &object.digest.0[..],
        object.name,
        signed(object.bytes),
        &object.programs,
        &object.maps,
        object.is_command,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The objects of these digests, as far as they are known.
pub(crate) async fn by_digest(db: impl PgExecutor<'_>, of: &[Digest]) -> sqlx::Result<Vec<StoredObject>> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT digest, name, bytes, programs, maps, is_command FROM objects
         WHERE digest = ANY($1) ORDER BY name, digest",
        &digests(of),
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// The objects a run asks about.
pub(crate) async fn of_run(db: impl PgExecutor<'_>, run: RunId) -> sqlx::Result<Vec<StoredObject>> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT digest, name, bytes, programs, maps, is_command FROM objects
         WHERE digest IN (SELECT object FROM cells WHERE run_id = $1) ORDER BY name, digest",
        run.0,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}
