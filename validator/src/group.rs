//! The control group of a command: what the command does is seen by what is attached to the group above, and
//! everything it started dies with it.

use crate::clock;
use crate::mounts::{CGROUP, CGROUPS};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getpid};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What only the unified hierarchy has at its root.
const ROOT: &str = "/sys/fs/cgroup/cgroup.procs";
/// Times everything is killed: processes may start others while they are killed.
const SWEEPS_MAX: u32 = 100;
const SWEEP_PAUSE: Duration = Duration::from_millis(5);

/// A group below the one that programs are attached to, so that they see what the command does; none where
/// there is no unified hierarchy, to which nothing is attached then.
#[derive(Debug)]
pub(crate) struct Group(Option<PathBuf>);

impl Group {
    /// Makes it, if it is not there.
    pub(crate) fn make() -> io::Result<Self> {
        if !Path::new(ROOT).exists() {
            return Ok(Self(None));
        }
        let path = Path::new(CGROUP).join("command");
        std::fs::create_dir_all(&path)?;
        Ok(Self(Some(path)))
    }

    /// Does something in the group; what is started meanwhile stays in it.
    pub(crate) fn inside<T>(&self, work: impl FnOnce() -> T) -> io::Result<T> {
        let Some(group) = &self.0 else { return Ok(work()) };
        let home = own()?;
        std::fs::write(group.join("cgroup.procs"), "0")?;
        let done = work();
        std::fs::write(home.join("cgroup.procs"), "0")?;
        Ok(done)
    }

    /// Kills every other process of the guest and collects what became of it: a command may leave its group,
    /// and nothing else runs beside it.
    pub(crate) fn empty(&self) {
        assert!(getpid().as_raw() == 1, "only the first process of a guest may kill all others");
        for _ in 0..SWEEPS_MAX {
            // The caller is spared; kernel threads do not mind.
            kill(Pid::from_raw(-1), Signal::SIGKILL).ok();
            if reap() {
                break;
            }
            clock::pass(SWEEP_PAUSE);
        }
    }
}

/// The group of the unified hierarchy that this process is in.
fn own() -> io::Result<PathBuf> {
    let groups = std::fs::read_to_string("/proc/self/cgroup")?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::/"));
    Ok(Path::new(CGROUPS).join(own.unwrap_or_default()))
}

/// Collects the dead, and says whether nobody is left: the first process is the parent of all orphans.
fn reap() -> bool {
    loop {
        match waitpid(Pid::from_raw(-1), Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) => return false,
            Ok(_) => {}
            Err(_) => return true,
        }
    }
}
