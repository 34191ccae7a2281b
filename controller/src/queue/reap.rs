//! The reaper: what the passing of time ends.
//!
//! Every process reaps. All of it is fenced or conditional, so two reapers that find the same
//! thing do it once.

use super::cancel::cancel;
use crate::parts::Parts;
use crate::store::{leases, runs, workers};
use crate::verdict::give_back::{self, give_back};
use domain::cell::FailureKind;
use std::sync::Arc;
use tokio::time::{MissedTickBehavior, interval};

/// Reaps until shutdown.
pub(crate) async fn run(parts: Arc<Parts>) {
    let mut clock = interval(parts.timing.reap);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = parts.shutdown.cancelled() => return,
            _ = clock.tick() => {}
        }
        if let Err(error) = reap(&parts).await {
            tracing::warn!(%error, "reaping failed; it is tried again");
        }
    }
}

async fn reap(parts: &Parts) -> sqlx::Result<()> {
    for lease in leases::expired(&parts.db).await? {
        give_back(parts, lease, FailureKind::Crashed, "its worker went silent while it held the cell")
            .await?;
    }
    for worker in workers::unseen(&parts.db, parts.timing.lease).await? {
        tracing::warn!(worker.id = %worker, "a worker went silent and is taken as gone");
        give_back::all(parts, worker, FailureKind::Crashed, "its worker went silent").await?;
    }
    for run in runs::unattended(&parts.db).await? {
        tracing::info!(run.id = %run, "nobody watches the attended run any more; it is cancelled");
        cancel(parts, run).await?;
    }
    Ok(())
}
