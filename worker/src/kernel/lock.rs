//! One process at a time.

use super::KernelError;
use nix::fcntl::{Flock, FlockArg};
use std::fs::{File, OpenOptions};
use std::path::Path;
use std::time::Duration;

/// How often a taken lock is tried again. Another process downloads meanwhile, which takes
/// seconds to minutes.
const LOCK_POLL: Duration = Duration::from_millis(200);

/// Held until dropped; the kernel drops it for a process that dies.
#[derive(Debug)]
pub(super) struct Lock {
    _file: Flock<File>,
}

impl Lock {
    /// The lock at `path`, or `None` while somebody holds it.
    pub(super) fn try_take(path: &Path) -> Result<Option<Self>, KernelError> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(|source| KernelError::io("open the lock", path, source))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(file) => Ok(Some(Self { _file: file })),
            Err((_, nix::errno::Errno::EWOULDBLOCK)) => Ok(None),
            Err((_, errno)) => Err(KernelError::io("lock", path, errno.into())),
        }
    }

    /// Waits for the lock. The caller bounds the time by dropping the future.
    pub(super) async fn take(path: &Path) -> Result<Self, KernelError> {
        loop {
            if let Some(lock) = Self::try_take(path)? {
                return Ok(lock);
            }
            tokio::time::sleep(LOCK_POLL).await;
        }
    }
}
