//! Version 1 of control groups in place of the unified hierarchy.

use crate::charged;
use crate::mounts::{CGROUP, CGROUPS};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use std::fs;
use std::os::unix::fs::symlink;

/// Controllers of version 1; a kernel has most of them, and each it has gets a hierarchy.
const CONTROLLERS: [&str; 9] =
    ["cpuset", "cpu", "blkio", "memory", "devices", "freezer", "net_cls", "perf_event", "pids"];
/// The hierarchy without a controller, which every kernel with version 1 has.
const NAMED: &str = "systemd";
/// The group that programs are attached to.
const GROUP: &str = "bpfcompat";

/// Mounts version 1 where the unified hierarchy was.
pub(super) fn replace() -> Result<(), String> {
    let failed =
        |errno: nix::Error| format!("the unified hierarchy of control groups cannot be replaced: {errno}");
    // A controller in use there is not to be had here.
    charged::leave();
    umount2(CGROUPS, MntFlags::MNT_DETACH).map_err(failed)?;
    mount(Some("tmpfs"), CGROUPS, Some("tmpfs"), MsFlags::empty(), None::<&str>).map_err(failed)?;
    for controller in CONTROLLERS {
        // Those that a kernel was built without are missed by no program.
        hierarchy(controller, controller).ok();
    }
    let lacks = |error| format!("this kernel has no version 1 of control groups: {error}");
    hierarchy(NAMED, &format!("none,name={NAMED}")).map_err(lacks)?;
    let group = format!("{CGROUPS}/{NAMED}/{GROUP}");
    fs::create_dir(&group).and_then(|()| symlink(group, CGROUP)).map_err(lacks)
}

fn hierarchy(name: &str, options: &str) -> std::io::Result<()> {
    let place = format!("{CGROUPS}/{name}");
    fs::create_dir(&place)?;
    let mounted = mount(Some("cgroup"), place.as_str(), Some("cgroup"), MsFlags::empty(), Some(options));
    if mounted.is_err() {
        fs::remove_dir(&place)?;
    }
    Ok(mounted?)
}

/// Types of the control group file systems that are mounted, each once.
pub(super) fn mounted() -> Vec<String> {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let kinds = mounts.lines().filter_map(|line| line.split(' ').nth(2));
    let mut kinds: Vec<String> =
        kinds.filter(|kind| matches!(*kind, "cgroup" | "cgroup2")).map(str::to_owned).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}
