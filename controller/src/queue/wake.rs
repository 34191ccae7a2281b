//! Wake-ups: one connection per process hears notifications and passes them on.
//!
//! Nobody may rely on a wake-up alone. Whoever waits first registers here, then looks at the
//! tables, then waits for a wake-up or for its own slow poll; so nothing is missed between the
//! look and the wait, and a lost notification costs one poll interval.

use crate::parts::Parts;
use crate::store::channel::{self, Notice};
use sqlx::postgres::PgListener;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, watch};

/// Notices kept for a slow receiver; one that falls further behind looks at everything.
const NOTICES_KEPT: usize = 1_024;
/// Pause before a broken connection is tried again.
const RECONNECT_PAUSE: Duration = Duration::from_secs(1);

/// Where to register.
#[derive(Debug)]
pub(crate) struct Wake {
    queue: watch::Sender<()>,
    notices: broadcast::Sender<Notice>,
}

impl Wake {
    pub(crate) fn new() -> Self {
        Self { queue: watch::Sender::new(()), notices: broadcast::Sender::new(NOTICES_KEPT) }
    }

    /// Changes whenever there may be cells to claim.
    pub(crate) fn queue(&self) -> watch::Receiver<()> {
        self.queue.subscribe()
    }

    /// Notices about runs and leases.
    pub(crate) fn notices(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    fn pass_on(&self, notice: Notice) {
        match notice {
            Notice::Queue => self.queue.send_modify(|()| {}),
            Notice::Run(_) | Notice::Over(_) | Notice::Revoked(..) => {
                // An error means that nobody is registered, which is fine.
                self.notices.send(notice).ok();
            }
        }
    }
}

/// Hears notifications until shutdown.
pub(crate) async fn listen(parts: Arc<Parts>, mut listener: PgListener) {
    loop {
        let heard = tokio::select! {
            () = parts.shutdown.cancelled() => return,
            heard = listener.try_recv() => heard,
        };
        match heard {
            Ok(Some(heard)) => {
                if let Some(notice) = channel::parse(heard.channel(), heard.payload()) {
                    parts.wake.pass_on(notice);
                }
            }
            // The connection was lost and made again: something may have been missed.
            Ok(None) => parts.wake.pass_on(Notice::Queue),
            Err(error) => {
                tracing::warn!(%error, "notifications are interrupted; polling goes on");
                tokio::time::sleep(RECONNECT_PAUSE).await;
            }
        }
    }
}
