//! NOTIFY: telling every controller process that something changed.
//!
//! Notifications are hints. Whoever hears one looks at the tables; whoever misses one looks
//! later. They are sent by the application and not by triggers, so that one statement that
//! touches a thousand rows says one thing.

use super::leases::Lease;
use domain::id::{CellId, RunId, WorkerId};
use sqlx::postgres::PgListener;
use sqlx::{PgExecutor, PgPool};

const QUEUE: &str = "bpfcompat_queue";
const RUN: &str = "bpfcompat_run";
const OVER: &str = "bpfcompat_over";
const REVOKED: &str = "bpfcompat_revoked";

/// What was notified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    /// There are cells to claim.
    Queue,
    /// The run, or a cell of it, changed.
    Run(RunId),
    /// The run is over.
    Over(RunId),
    /// The worker lost the lease before it answered.
    Revoked(WorkerId, Lease),
}

/// A connection that hears all channels.
pub(crate) async fn listen(db: &PgPool) -> sqlx::Result<PgListener> {
    let mut listener = PgListener::connect_with(db).await?;
    listener.listen_all([QUEUE, RUN, OVER, REVOKED]).await?;
    Ok(listener)
}

/// Sends the notice when the transaction commits.
pub(crate) async fn announce(db: impl PgExecutor<'_>, notice: Notice) -> sqlx::Result<()> {
    let (channel, payload) = match notice {
        Notice::Queue => (QUEUE, String::new()),
        Notice::Run(run) => (RUN, run.to_string()),
        Notice::Over(run) => (OVER, run.to_string()),
        Notice::Revoked(worker, lease) => (REVOKED, format!("{worker} {} {}", lease.cell, lease.fence)),
    };
    sqlx::query!("SELECT pg_notify($1, $2)", channel, payload).execute(db).await?;
    Ok(())
}

/// The notice, or `None` for a text that no version of this program sends.
pub(crate) fn parse(channel: &str, payload: &str) -> Option<Notice> {
    match channel {
        QUEUE => Some(Notice::Queue),
        RUN => payload.parse().ok().map(Notice::Run),
        OVER => payload.parse().ok().map(Notice::Over),
        REVOKED => {
            let mut words = payload.split(' ');
            let worker: WorkerId = words.next()?.parse().ok()?;
            let cell: CellId = words.next()?.parse().ok()?;
            let fence = words.next()?.parse().ok()?;
            Some(Notice::Revoked(worker, Lease { cell, fence }))
        }
        _ => None,
    }
}
