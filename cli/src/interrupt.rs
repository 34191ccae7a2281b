//! Ctrl-c, and what service managers and closed terminals send.

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
///
/// # Errors
/// When the kernel does not let us listen.
pub(crate) async fn twice(first: &CancellationToken) -> io::Result<()> {
    let mut signals = Signals::listen()?;
    signals.next().await;
    first.cancel();
    signals.next().await;
    Ok(())
}
