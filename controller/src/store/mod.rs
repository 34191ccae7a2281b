//! What the controller remembers.
//!
//! Comes in: domain values and row ids. Goes out: rows, as plain structs.
//!
//! Stored in Postgres: objects (facts, not bytes), kernels, workers, runs, cells, leases,
//! verdicts and the digests of evidence. Stored in the object store: the bytes of objects and
//! of evidence, by digest. Refused: logs outside of evidence, anything derived that is cheap to
//! compute again, and any change to evidence.
//!
//! This is the only module with SQL: one file per table (and `judged` for cells with their verdicts), one function
//! per query. Transactions
//! that lock several rows do so in one order everywhere, which keeps them free of deadlocks:
//! cells by id, then leases by cell, then runs by id.

pub(crate) mod blob;
pub(crate) mod cells;
pub(crate) mod channel;
pub(crate) mod evidence;
pub(crate) mod judged;
pub(crate) mod kernels;
pub(crate) mod leases;
pub(crate) mod objects;
pub(crate) mod offers;
pub(crate) mod runs;
pub(crate) mod verdicts;
pub(crate) mod workers;

use domain::digest::Digest;
use serde::Serialize;
use serde_json::Value;
use sqlx::PgPool;
use sqlx::migrate::Migrator;
use sqlx::types::Json;

/// The schema, embedded in the binary.
pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// Whether the database has the schema that this binary was made for. One that was never set up has no such table.
pub(crate) async fn is_current(db: &PgPool) -> sqlx::Result<bool> {
    let newest = MIGRATIONS.iter().map(|migration| migration.version).max();
    // Not checked when it is built: the table is sqlx's own and comes with the first migration.
    let applied = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success");
    match applied.fetch_one(db).await {
        Ok(applied) => Ok::<Option<i64>, _>(applied).map(|applied| applied == newest),
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(UNDEFINED_TABLE) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Postgres' code for a table that is not there (`undefined_table`).
const UNDEFINED_TABLE: &str = "42P01";

/// A stored value that the domain does not know: written by a newer version, or by hand.
fn undecodable(column: &'static str, value: &dyn std::fmt::Display) -> sqlx::Error {
    sqlx::Error::Decode(format!("column `{column}` holds `{value}`").into())
}

fn digest(bytes: &[u8]) -> sqlx::Result<Digest> {
    Digest::try_from(bytes).map_err(|error| undecodable("digest", &error))
}

fn digests(digests: &[Digest]) -> Vec<Vec<u8>> {
    digests.iter().map(|digest| digest.0.to_vec()).collect()
}

/// Postgres has no unsigned numbers; sizes beyond 2^63 do not exist.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// JSON that `jsonb` takes: it refuses NUL, which a hostile guest may put into any text.
fn storable(value: &impl Serialize) -> Json<Value> {
    let mut value = serde_json::to_value(value).expect("verdicts and facts are plain data");
    remove_nul(&mut value);
    Json(value)
}

fn remove_nul(value: &mut Value) {
    match value {
        Value::String(text) => text.retain(|character| character != '\0'),
        Value::Array(values) => values.iter_mut().for_each(remove_nul),
        Value::Object(fields) => fields.values_mut().for_each(remove_nul),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
