//! Ctrl-c, and what service managers and closed terminals send.

use crate::exit::Failure;
use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The signals that mean "stop".
struct Signals([Signal; 3]);

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self([
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// Cancels `first` at the first signal and returns at the second: whoever asks twice wants out.
pub(crate) async fn twice(first: &CancellationToken) -> Failure {
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return Failure::environment(error),
    };
    signals.next().await;
    first.cancel();
    signals.next().await;
    Failure::environment("aborted by you; the next local run cleans up")
}
