//! The control group to which the memory of loads is charged, where that tells what the verifier took.
//!
//! Since 6.12 a group's greatest use can be counted anew, and since 6.17 what the verifier allocates is charged to
//! whoever loads (both are measured here, as distributions may have either without the other). On other kernels
//! nothing is known and the first process stays where it was.

use crate::mounts::CGROUPS;
use crate::sys::smallest;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::OnceLock;

/// The group below the root that the first process is in.
const GROUP: &str = "loader";
/// Instructions of the program that is loaded to find out, and the least the verifier takes for it: more than a
/// hundred bytes for each. Without it the program itself is charged, 128 KiB, and the kernel charges in steps of up
/// to 64 pages, `MEMCG_CHARGE_BATCH` of its `include/linux/memcontrol.h`.
const INSTRUCTIONS: usize = 16 * 1024;
const VERIFIER_BYTES_MIN: u64 = 1024 * 1024;
/// Bytes of a number in a file of the kernel's.
const NUMBER_BYTES: usize = 24;

/// The greatest use since it was written to through this descriptor.
static PEAK: OnceLock<File> = OnceLock::new();

/// Puts this process into the group, unless that tells nothing.
pub(crate) fn begin() {
    let Ok(peak) = enter() else { return leave() };
    let (_, took) = took(&peak, || smallest::program_of(INSTRUCTIONS));
    if took.is_some_and(|bytes| bytes >= VERIFIER_BYTES_MIN) {
        PEAK.set(peak).ok();
    } else {
        leave();
    }
}

fn enter() -> io::Result<File> {
    let group = Path::new(CGROUPS).join(GROUP);
    fs::write(Path::new(CGROUPS).join("cgroup.subtree_control"), "+memory")?;
    fs::create_dir(&group)?;
    // Not to be written to before 6.12.
    let peak = OpenOptions::new().read(true).write(true).open(group.join("memory.peak"))?;
    fs::write(group.join("cgroup.procs"), "0")?;
    Ok(peak)
}

/// Puts this process back and takes the group away, as far as it is there.
pub(crate) fn leave() {
    let root = Path::new(CGROUPS);
    fs::write(root.join("cgroup.procs"), "0").ok();
    fs::remove_dir(root.join(GROUP)).ok();
    fs::write(root.join("cgroup.subtree_control"), "-memory").ok();
}

/// Does a load, and says how many bytes more than before it were in use meanwhile, at most.
pub fn memory_peak<T>(load: impl FnOnce() -> T) -> (T, Option<u64>) {
    match PEAK.get() {
        Some(peak) => took(peak, load),
        None => (load(), None),
    }
}

fn took<T>(peak: &File, load: impl FnOnce() -> T) -> (T, Option<u64>) {
    let before = peak.write_all_at(b"0", 0).ok().and_then(|()| number(peak));
    let loaded = load();
    let most = before.and_then(|before| number(peak)?.checked_sub(before));
    (loaded, most)
}

fn number(file: &File) -> Option<u64> {
    let mut bytes = [0; NUMBER_BYTES];
    let length = file.read_at(&mut bytes, 0).ok()?;
    std::str::from_utf8(&bytes[..length]).ok()?.trim_end().parse().ok()
}
