//! The parts every module works with, made once at start.

use crate::config::Timing;
use crate::queue::wake::Wake;
use crate::store::blob::Blobs;
use sqlx::PgPool;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The parts.
#[derive(Debug)]
pub(crate) struct Parts {
    /// Postgres.
    pub(crate) db: PgPool,
    /// The object store.
    pub(crate) blobs: Blobs,
    /// What other processes notified.
    pub(crate) wake: Wake,
    /// Intervals and deadlines.
    pub(crate) timing: Timing,
    /// Permits for holding an upload in memory.
    pub(crate) uploads: Semaphore,
    /// Permits for holding a delivery in memory. Not those of uploads: people who send slowly
    /// must not keep workers from delivering.
    pub(crate) deliveries: Semaphore,
    /// Cancelled when the process is to end.
    pub(crate) shutdown: CancellationToken,
    /// Every task that was spawned; waited for at the end.
    pub(crate) tasks: TaskTracker,
}
