//! Cancelling a run.

use crate::parts::Parts;
use crate::store::channel::{Notice, announce};
use crate::store::{cells, leases, runs};
use crate::verdict::settle;
use domain::id::RunId;

/// Stops a run that is not over: cells without a verdict are cancelled, their leases end and the
/// workers that held them are told. A run that is over stays as it is.
pub(crate) async fn cancel(parts: &Parts, run: RunId) -> sqlx::Result<()> {
    let mut tx = parts.db.begin().await?;
    // Whoever settles a cell just now holds its row, and may queue a trial of it: the first statement waits for them,
    // and the second sees what they queued.
    cells::cancel(&mut *tx, run).await?;
    cells::cancel(&mut *tx, run).await?;
    for (worker, lease) in leases::end_of_run(&mut *tx, run).await? {
        announce(&mut *tx, Notice::Revoked(worker, lease)).await?;
    }
    let verdict = settle::of_run(&mut tx, run).await?;
    if runs::cancel(&mut *tx, run, verdict).await? {
        announce(&mut *tx, Notice::Over(run)).await?;
    }
    tx.commit().await
}
