//! Dying with whoever started the process.

use nix::fcntl::{OFlag, open};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::read;
use std::io;
use std::os::fd::OwnedFd;

/// Enough of `/proc/self/stat` to hold the parent: number, name of at most 16 bytes, state.
const STAT_BYTES: usize = 128;

/// The calling process as the host's `/proc` shows it. Opened before the process enters its
/// namespaces: in a process namespace of its own it has no parent it could ask for.
pub(super) struct Lifeline(OwnedFd);

impl Lifeline {
    pub(super) fn open() -> io::Result<Self> {
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        Ok(Self(open(c"/proc/self/stat", flags, Mode::empty())?))
    }

    /// Has the kernel kill the calling process when `worker`, its parent, is gone. To be called
    /// after the change of user, which forgets it.
    ///
    /// # Errors
    /// The parent was gone already.
    pub(super) fn tie(self, worker: i32) -> io::Result<()> {
        set_pdeathsig(Signal::SIGKILL)?;
        let mut text = [0; STAT_BYTES];
        let count = read(&self.0, &mut text)?;
        if parent(&text[..count]) == Some(worker) { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
    }
}

/// The fourth field; the second may contain blanks and ends with the last parenthesis.
fn parent(stat: &[u8]) -> Option<i32> {
    let name_end = stat.iter().rposition(|byte| *byte == b')')?;
    let number = stat.get(name_end + 1..)?.split(|byte| *byte == b' ').nth(2)?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_is_found_behind_any_name() {
        assert_eq!(parent(b"12 (a b) c) S 34 5 6"), Some(34));
        assert_eq!(parent(b"12 (cut off"), None);
        let own = std::fs::read("/proc/self/stat").expect("/proc");
        assert_eq!(parent(&own[..own.len().min(STAT_BYTES)]), Some(nix::unistd::getppid().as_raw()));
    }
}
