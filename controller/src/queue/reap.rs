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
        // What fails for one of them is tried again for it, and holds up no other.
        for (what, reaped) in [
            ("expired leases", expired_leases(&parts).await),
            ("silent workers", silent_workers(&parts).await),
            ("unattended runs", unattended_runs(&parts).await),
        ] {
            if let Err(error) = reaped {
                tracing::warn!(%error, what, "reaping failed; it is tried again");
            }
        }
    }
}

async fn expired_leases(parts: &Parts) -> sqlx::Result<()> {
    let mut result = Ok(());
    for lease in leases::expired(&parts.db).await? {
        let says = "its worker went silent while it held the cell";
        result = give_back(parts, lease, FailureKind::Crashed, says).await.and(result);
    }
    result
}

async fn silent_workers(parts: &Parts) -> sqlx::Result<()> {
    let mut result = Ok(());
    for worker in workers::unseen(&parts.db, parts.timing.lease).await? {
        tracing::warn!(worker.id = %worker, "a worker went silent and is taken as gone");
        result =
            give_back::all(parts, worker, FailureKind::Crashed, "its worker went silent").await.and(result);
    }
    result
}

async fn unattended_runs(parts: &Parts) -> sqlx::Result<()> {
    let mut result = Ok(());
    for run in runs::unattended(&parts.db).await? {
        tracing::info!(run.id = %run, "nobody watches the attended run any more; it is cancelled");
        result = cancel(parts, run).await.and(result);
    }
    result
}
