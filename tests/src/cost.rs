//! What the whole system costs its host, read from `/proc` and the kernel's own accounts.

use crate::holdings;
use anyhow::Context as _;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use std::fs;

/// Processor seconds from its start on: of this process, of every child it waited for (QEMU among
/// them), and of Postgres. What looking at Postgres' processes costs is not among them.
#[derive(Debug)]
pub struct Cpu {
    postgres: f64,
    ours: f64,
}

impl Cpu {
    /// Begins to count.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn start() -> anyhow::Result<Self> {
        let postgres = postgres_seconds();
        Ok(Self { postgres, ours: our_seconds()? })
    }

    /// Seconds since.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn seconds(&self) -> anyhow::Result<f64> {
        let ours = our_seconds()? - self.ours;
        Ok(ours + postgres_seconds() - self.postgres)
    }
}

fn our_seconds() -> anyhow::Result<f64> {
    let mut seconds = 0.0;
    for who in [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN] {
        let usage = getrusage(who)?;
        seconds += self::seconds(usage.user_time()) + self::seconds(usage.system_time());
    }
    Ok(seconds)
}

fn postgres_seconds() -> f64 {
    let children = holdings::below(std::process::id()).into_iter();
    children.filter(|child| child.command == "postgres").map(|child| running_seconds(child.pid)).sum()
}

fn seconds(time: TimeVal) -> f64 {
    let (seconds, microseconds) = (time.tv_sec(), time.tv_usec());
    std::time::Duration::from_micros((seconds * 1_000_000 + microseconds).unsigned_abs()).as_secs_f64()
}

/// Seconds a process ran, from `/proc/PID/schedstat`, whose first figure is in nanoseconds; 0 if it
/// is gone.
fn running_seconds(pid: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/schedstat")).unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|figure| figure.parse().ok()).unwrap_or(0);
    std::time::Duration::from_nanos(nanoseconds).as_secs_f64()
}

/// Proportional memory of running QEMUs, in KiB each time one was looked at.
#[derive(Debug, Default)]
pub struct Memory(Vec<u64>);

impl Memory {
    /// Looks at every QEMU below this process. Pages of a template count for each clone with its part
    /// of them.
    ///
    /// # Errors
    /// The kernel writes something else than expected.
    pub fn look(&mut self) -> anyhow::Result<()> {
        for child in holdings::below(std::process::id()) {
            // It may have ended meanwhile.
            let Ok(text) = fs::read_to_string(format!("/proc/{}/smaps_rollup", child.pid)) else { continue };
            if child.command.starts_with("qemu") && !text.is_empty() {
                let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).context("no Pss")?;
                self.0.push(line.trim().trim_end_matches("kB").trim().parse()?);
            }
        }
        Ok(())
    }

    /// The median and the largest, in MiB.
    pub fn proportional_mib(mut self) -> (u64, u64) {
        self.0.sort_unstable();
        let of = |kib: Option<&u64>| kib.map_or(0, |kib| kib / 1024);
        (of(self.0.get(self.0.len() / 2)), of(self.0.last()))
    }
}
