//! How many guests this host can carry at once.

use super::answer::GUEST_BYTES;
use crate::machine::host_memory_bytes;
use std::fs;

/// Memory left to the host for everything that is not a guest: the worker itself, the page
/// cache of kernel bundles, and in local mode the controller and Postgres.
const HOST_RESERVE_BYTES: u64 = 1024 * 1024 * 1024;

/// More guests than this gain nothing a second worker would not; it bounds every table that
/// has one entry per slot.
pub const SLOTS_MAX: u16 = 256;

/// What the host has, in whole processors and available bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Processors this process may use.
    pub cpus: u16,
    /// `MemAvailable` of `/proc/meminfo`, or 0 when it cannot be read.
    pub available_bytes: u64,
}

impl Capacity {
    /// Looks at the host.
    pub fn of_this_host() -> Self {
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        Self {
            cpus: u16::try_from(cpus).unwrap_or(u16::MAX),
            available_bytes: available(&meminfo).unwrap_or(0),
        }
    }

    /// Guests at once: one per processor (a guest keeps its processor busy, more only add
    /// latency), as far as memory carries them, and at least one.
    pub fn slots(self) -> u16 {
        let by_memory =
            self.available_bytes.saturating_sub(HOST_RESERVE_BYTES) / host_memory_bytes(GUEST_BYTES);
        let by_memory = u16::try_from(by_memory).unwrap_or(SLOTS_MAX);
        self.cpus.min(by_memory).clamp(1, SLOTS_MAX)
    }
}

fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_follow_the_scarcer_of_processors_and_memory() {
        let gib = 1024 * 1024 * 1024;
        let slots = |cpus, available_bytes| Capacity { cpus, available_bytes }.slots();
        assert_eq!(slots(8, 64 * gib), 8);
        assert_eq!(slots(64, HOST_RESERVE_BYTES + 3 * host_memory_bytes(GUEST_BYTES)), 3);
        assert_eq!(slots(4, 0), 1, "a host that hides its memory still answers, one at a time");
        assert_eq!(slots(1000, 10_000 * gib), SLOTS_MAX);
    }

    #[test]
    fn available_memory_is_read_in_bytes() {
        assert_eq!(available("MemTotal: 9 kB\nMemAvailable:   24000 kB\n"), Some(24_576_000));
        assert_eq!(available("MemTotal: 9 kB\n"), None);
    }
}
