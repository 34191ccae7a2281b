//! What the host has and what it carries at this moment, read from `/proc` and the control group.
//!
//! Out comes a [`Sample`], nothing decided. What a host does not tell (pressure, a control group)
//! is absent from it and limits nothing.

use nix::unistd::{SysconfVar, sysconf};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

/// Where version 2 of the control groups is mounted.
const GROUPS: &str = "/sys/fs/cgroup";

/// The host as it was when somebody looked.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sample {
    /// Processors this process may use: its affinity and its control group's quota.
    pub cpus: u16,
    /// Processors of the whole host, which share `load`.
    pub host_cpus: u16,
    /// Memory of the host, in bytes.
    pub memory_bytes: u64,
    /// Memory that can be had without swapping, in bytes; `None` if the host does not say.
    pub available_bytes: Option<u64>,
    /// Tasks that run or wait to run, averaged over a minute.
    pub load: f64,
    /// Tasks that run or wait to run now, but the one that looks.
    pub runnable: u32,
    /// Percentage of the last ten seconds in which some task waited for memory, if the host says.
    pub stalled_percent: Option<f64>,
    /// Bytes read back from swap since the host started.
    pub swapped_in_bytes: u64,
}

impl Sample {
    /// Looks at this host.
    pub fn of_this_host() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let meminfo = read("/proc/meminfo");
        let available = kib(&meminfo, "MemAvailable:");
        let granted = granted_bytes(&read("/proc/self/cgroup"), Path::new(GROUPS));
        let (load, runnable) = load(&read("/proc/loadavg")).unwrap_or_default();
        let cpus = available_parallelism().map_or(1, usize::from);
        let online = sysconf(SysconfVar::_NPROCESSORS_ONLN).ok().flatten();
        let online = online.and_then(|online| usize::try_from(online).ok()).unwrap_or(cpus);
        Self {
            cpus: u16::try_from(cpus).unwrap_or(u16::MAX),
            host_cpus: u16::try_from(online.max(cpus)).unwrap_or(u16::MAX),
            memory_bytes: kib(&meminfo, "MemTotal:").unwrap_or(0),
            available_bytes: available.map(|bytes| granted.map_or(bytes, |granted| granted.min(bytes))),
            load,
            runnable,
            stalled_percent: stalled_percent(&read("/proc/pressure/memory")),
            swapped_in_bytes: field(&read("/proc/vmstat"), "pswpin ").unwrap_or(0) * page_bytes(),
        }
    }
}

/// The number after `key` at the beginning of a line.
fn field(text: &str, key: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(key))?;
    rest.split_whitespace().next()?.parse().ok()
}

fn kib(meminfo: &str, key: &str) -> Option<u64> {
    field(meminfo, key)?.checked_mul(1024)
}

fn page_bytes() -> u64 {
    sysconf(SysconfVar::PAGE_SIZE).ok().flatten().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(4096)
}

/// The average of a minute and the tasks of the moment, of `0.24 0.30 0.28 7/97 658`.
fn load(loadavg: &str) -> Option<(f64, u32)> {
    let mut words = loadavg.split_whitespace();
    let minute: f64 = words.next()?.parse().ok()?;
    let runnable: u32 = words.nth(2)?.split('/').next()?.parse().ok()?;
    Some((minute, runnable.saturating_sub(1)))
}

/// The first figure of `some avg10=0.07 avg60=0.22 avg300=0.25 total=5317489`.
fn stalled_percent(pressure: &str) -> Option<f64> {
    let some = pressure.lines().find_map(|line| line.strip_prefix("some "))?;
    some.split_whitespace().find_map(|word| word.strip_prefix("avg10="))?.parse().ok()
}

/// Bytes that the control group and each one above it still grant, by the least generous. Files
/// that were not used lately count as free, as they do in `MemAvailable`. `None` without a limit.
fn granted_bytes(of_process: &str, groups: &Path) -> Option<u64> {
    let own = of_process.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let of = |group: PathBuf| {
        let number = |name: &str| fs::read_to_string(group.join(name)).ok()?.trim().parse::<u64>().ok();
        let stat = fs::read_to_string(group.join("memory.stat")).unwrap_or_default();
        let used = number("memory.current")?.saturating_sub(field(&stat, "inactive_file ").unwrap_or(0));
        Some(number("memory.max")?.saturating_sub(used))
    };
    Path::new(own).ancestors().filter_map(|group| of(groups.join(group))).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_host_tells_what_it_has() {
        let sample = Sample::of_this_host();
        assert!(sample.cpus >= 1 && sample.host_cpus >= sample.cpus, "{sample:?}");
        let available = sample.available_bytes.expect("Linux tells what is available");
        assert!(available > 0 && available <= sample.memory_bytes, "{sample:?}");
        assert!(sample.load.is_finite() && sample.load >= 0.0, "{sample:?}");
    }

    #[test]
    fn the_files_of_proc_are_understood_and_nonsense_is_not() {
        assert_eq!(kib("MemTotal: 9 kB\nMemAvailable:   24000 kB\n", "MemAvailable:"), Some(24_576_000));
        assert_eq!(kib("MemTotal: 9 kB\n", "MemAvailable:"), None);
        assert_eq!(load("1.08 1.60 0.95 7/97 658\n"), Some((1.08, 6)));
        assert_eq!(load(""), None);
        let pressure = "some avg10=12.50 avg60=0.22 avg300=0.25 total=5\nfull avg10=3.00 avg60=0 total=4\n";
        assert_eq!(stalled_percent(pressure), Some(12.5));
        assert_eq!(stalled_percent("full avg10=3.00"), None);
        assert_eq!(field("pgpgin 4\npswpin 7\n", "pswpin "), Some(7));
    }

    #[test]
    fn the_least_generous_control_group_decides() {
        let groups = tempfile::tempdir().expect("a folder");
        let write = |group: &str, file: &str, text: &str| {
            let folder = groups.path().join(group);
            fs::create_dir_all(&folder).expect("a group");
            fs::write(folder.join(file), text).expect("written");
        };
        let granted = || granted_bytes("0::/slice/unit\n", groups.path());
        write("slice/unit", "memory.max", "max\n");
        write("slice/unit", "memory.current", "10\n");
        assert_eq!(granted(), None, "no limit anywhere");
        write("slice", "memory.max", "1000\n");
        write("slice", "memory.current", "900\n");
        write("slice", "memory.stat", "anon 700\ninactive_file 150\n");
        assert_eq!(granted(), Some(250));
        write("slice/unit", "memory.max", "60\n");
        assert_eq!(granted(), Some(50));
        assert_eq!(granted_bytes("4:memory:/old\n", groups.path()), None, "only version 2 is read");
    }
}
