//! Locks on files, held as long as the value lives and dropped by the kernel when we die.

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

/// How often a taken lock is tried again. Nobody is told when a lock of another process falls.
const RETRY: Duration = Duration::from_millis(50);

/// A held lock.
#[derive(Debug)]
pub(super) struct Lock {
    held: Flock<File>,
}

/// How to hold it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mode {
    /// Together with others.
    Shared,
    /// Alone.
    Exclusive,
}

impl Lock {
    /// Takes the lock if nobody holds it in a way that forbids it.
    ///
    /// # Errors
    /// When the file cannot be made or locked at all.
    pub(super) fn try_take(path: &Path, mode: Mode) -> io::Result<Option<Self>> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        let arg = match mode {
            Mode::Shared => FlockArg::LockSharedNonblock,
            Mode::Exclusive => FlockArg::LockExclusiveNonblock,
        };
        match Flock::lock(file, arg) {
            Ok(lock) => Ok(Some(Self { held: lock })),
            Err((_, Errno::EWOULDBLOCK)) => Ok(None),
            Err((_, errno)) => Err(errno.into()),
        }
    }

    /// Takes the lock, waiting for others up to the deadline.
    ///
    /// # Errors
    /// `TimedOut` when they did not let go, or what `try_take` says.
    pub(super) async fn take(path: &Path, mode: Mode, deadline: Duration) -> io::Result<Self> {
        let taken = tokio::time::timeout(deadline, async {
            loop {
                if let Some(lock) = Self::try_take(path, mode)? {
                    return Ok(lock);
                }
                tokio::time::sleep(RETRY).await;
            }
        });
        taken.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// The lock as a standard input: a child that has it holds the lock too, so that nobody takes
    /// it from a child that goes on after we were killed.
    ///
    /// # Errors
    /// When we have no descriptor left.
    pub(super) fn shared_with_child(&self) -> io::Result<Stdio> {
        self.held.try_clone().map(Stdio::from)
    }
}
