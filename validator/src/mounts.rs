//! The file systems BPF needs.

use nix::mount::{MsFlags, mount};

/// Where control groups are mounted.
pub(crate) const CGROUPS: &str = "/sys/fs/cgroup";
/// The control group programs are attached to.
pub(crate) const CGROUP: &str = "/sys/fs/cgroup/bpfcompat";
/// Where maps pinned by name appear.
pub(crate) const BPFFS: &str = "/sys/fs/bpf";

/// File system, then where it goes, in the order in which one needs the other.
const TABLE: [(&str, &str); 9] = [
    ("proc", "/proc"),
    ("sysfs", "/sys"),
    ("devtmpfs", "/dev"),
    ("tmpfs", "/tmp"),
    ("bpf", BPFFS),
    ("securityfs", "/sys/kernel/security"),
    ("cgroup2", CGROUPS),
    ("debugfs", "/sys/kernel/debug"),
    ("tracefs", "/sys/kernel/tracing"),
];

/// Mounts them all and makes the control group; what failed comes back as sentences.
pub(crate) fn mount_all() -> Vec<String> {
    let mut lacks = Vec::new();
    for (kind, place) in TABLE {
        let mounted = std::fs::create_dir_all(place)
            .map_err(|error| error.to_string())
            .and_then(|()| mount_one(kind, place).map_err(|errno| errno.to_string()));
        if let Err(error) = mounted {
            lacks.push(format!("{kind} could not be mounted on {place}: {error}"));
        }
    }
    // libbpf looks for tracefs below debugfs first, where the kernel mounts it on first use and may
    // say so in its log. That belongs to the guest's start, not to an object's job.
    if let Err(error) = std::fs::read_dir("/sys/kernel/debug/tracing/events") {
        lacks.push(format!("tracefs cannot be read below debugfs: {error}"));
    }
    if let Err(error) = std::fs::create_dir_all(CGROUP) {
        lacks.push(format!("the control group {CGROUP} could not be made: {error}"));
    }
    lacks
}

fn mount_one(kind: &str, place: &str) -> nix::Result<()> {
    mount(Some(kind), place, Some(kind), MsFlags::empty(), None::<&str>)
}
