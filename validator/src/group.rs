//! The control group of a command: everything the command starts is in it and dies with it.

use crate::clock;
use crate::mounts::CGROUP;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where processes go that have no group of their own.
const ROOT: &str = "/sys/fs/cgroup/cgroup.procs";
/// Times the group is emptied: processes may start others while they are killed.
const SWEEPS_MAX: u32 = 100;
const SWEEP_PAUSE: Duration = Duration::from_millis(5);

/// A group below the one that programs are attached to, so that they see what the command does.
#[derive(Debug)]
pub(crate) struct Group(PathBuf);

impl Group {
    /// Makes it, if it is not there.
    pub(crate) fn make() -> io::Result<Self> {
        let path = Path::new(CGROUP).join("command");
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// Does something in the group; what is started meanwhile stays in it.
    pub(crate) fn inside<T>(&self, work: impl FnOnce() -> T) -> io::Result<T> {
        std::fs::write(self.processes(), "0")?;
        let done = work();
        std::fs::write(ROOT, "0")?;
        Ok(done)
    }

    /// Kills all that is in it and collects what became of it.
    pub(crate) fn empty(&self) {
        for _ in 0..SWEEPS_MAX {
            let members = std::fs::read_to_string(self.processes()).unwrap_or_default();
            let members: Vec<i32> = members.lines().filter_map(|line| line.parse().ok()).collect();
            for member in &members {
                // It may be gone by now.
                kill(Pid::from_raw(*member), Signal::SIGKILL).ok();
            }
            reap();
            if members.is_empty() {
                break;
            }
            clock::pass(SWEEP_PAUSE);
        }
    }

    fn processes(&self) -> PathBuf {
        self.0.join("cgroup.procs")
    }
}

/// Collects the dead: the first process is the parent of all orphans.
fn reap() {
    let any = Pid::from_raw(-1);
    while let Ok(status) = waitpid(any, Some(WaitPidFlag::WNOHANG)) {
        if status == WaitStatus::StillAlive {
            break;
        }
    }
}
