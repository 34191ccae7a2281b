//! Control groups: what a machine may use of the host, counted by the kernel (cgroup v2).
//!
//! ```text
//!   base (delegated) ─┬─ worker            the worker: only groups without processes have children
//!                     ├─ machine-PID-1     one QEMU each, removed when it ended
//!                     └─ machine-PID-2
//! ```

use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// The controllers that limit a machine.
const CONTROLLERS: [&str; 2] = ["memory", "pids"];

/// Where the worker itself goes.
const WORKER: &str = "worker";

/// What the groups of machines begin with.
const MACHINE: &str = "machine-";

/// How service managers mark a group that they leave to whoever runs in it.
const DELEGATED: [&std::ffi::CStr; 2] = [c"user.delegate", c"trusted.delegate"];

/// The groups of one worker.
#[derive(Debug)]
pub(super) struct ControlGroups {
    base: PathBuf,
    next: AtomicU64,
    /// Groups whose process was not gone yet when they were to be removed.
    leftover: Arc<Mutex<Vec<PathBuf>>>,
}

/// The group of one machine; dropping it removes the group once its process is reaped.
#[derive(Debug)]
pub struct Group {
    path: PathBuf,
    leftover: Arc<Mutex<Vec<PathBuf>>>,
}

impl ControlGroups {
    /// Takes over the group this process was delegated: moves the process to a leaf, turns the
    /// controllers on, removes what an earlier worker left.
    ///
    /// # Errors
    /// What is missing, in words.
    pub(super) fn take_over() -> Result<Self, String> {
        let own = own_group()?;
        let base = match own.parent() {
            _ if is_root(&own) || marked(&own) => own.as_path(),
            Some(parent) if marked(parent) => parent,
            _ => return Err(format!("{} is not delegated", own.display())),
        };
        let has = read(&base.join("cgroup.controllers"))?;
        if let Some(missing) = CONTROLLERS.iter().find(|name| !has.split_whitespace().any(|it| it == **name))
        {
            return Err(format!("{} has no controller `{missing}`", base.display()));
        }
        if base == own {
            leave_for_leaf(base)?;
        }
        let on = CONTROLLERS.map(|name| format!("+{name}")).join(" ");
        set(base, "cgroup.subtree_control", &on).map_err(|error| error.to_string())?;
        Ok(Self::in_base(base.to_owned()))
    }

    fn in_base(base: PathBuf) -> Self {
        remove_stale(&base);
        Self { base, next: AtomicU64::new(1), leftover: Arc::default() }
    }

    /// A new group for a machine, within `memory_bytes` and `processes`.
    pub(super) fn machine(&self, memory_bytes: u64, processes: u64) -> io::Result<Group> {
        let limits = limits(memory_bytes, processes);
        self.make(&limits.each_ref().map(|(file, value)| (*file, value.as_str())))
    }

    fn make(&self, limits: &[(&str, &str)]) -> io::Result<Group> {
        self.leftover.lock().expect("nobody panics while holding it").retain(|path| still_there(path));
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.base.join(format!("{MACHINE}{}-{number}", std::process::id()));
        fs::create_dir(&path)?;
        let group = Group { path, leftover: Arc::clone(&self.leftover) };
        for (file, value) in limits {
            set(&group.path, file, value)?;
        }
        Ok(group)
    }
}

impl Group {
    /// The file through which a process joins by writing `0`.
    pub(super) fn door(&self) -> io::Result<File> {
        File::options().write(true).open(self.path.join("cgroup.procs"))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if still_there(&self.path) {
            let path = std::mem::take(&mut self.path);
            self.leftover.lock().expect("nobody panics while holding it").push(path);
        }
    }
}

/// What a machine is held to: it is killed as a whole rather than swapped or left half alive.
fn limits(memory_bytes: u64, processes: u64) -> [(&'static str, String); 3] {
    [
        ("memory.max", memory_bytes.to_string()),
        ("memory.oom.group", "1".to_owned()),
        ("pids.max", processes.to_string()),
    ]
}

/// Where the unified hierarchy shows the group of this process.
fn own_group() -> Result<PathBuf, String> {
    let groups = read(Path::new("/proc/self/cgroup"))?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::")).ok_or("there is no cgroup v2")?;
    let mounts = read(Path::new("/proc/self/mountinfo"))?;
    // "36 35 0:31 ROOT POINT options … - cgroup2 …" (proc(5)).
    let unified =
        mounts.lines().find(|line| line.contains(" - cgroup2 ")).ok_or("cgroup v2 is not mounted")?;
    let mut fields = unified.split(' ').skip(3);
    let (root, point) = (fields.next().unwrap_or("/"), fields.next().unwrap_or("/sys/fs/cgroup"));
    let below = Path::new(own).strip_prefix(root).map_err(|_| format!("{own} is not below the mount"))?;
    Ok(Path::new(point).join(below))
}

/// Whether it is the root of what this process sees, as in a container: all of it is its own.
fn is_root(group: &Path) -> bool {
    !group.parent().is_some_and(|parent| parent.join("cgroup.procs").exists())
}

/// Whether a service manager left the group to whoever runs in it.
fn marked(group: &Path) -> bool {
    let Ok(path) = std::ffi::CString::new(group.as_os_str().as_bytes()) else { return false };
    DELEGATED.iter().any(|name| {
        let mut value = [0u8; 1];
        // SAFETY: both names end with a zero byte and the kernel writes at most `value.len()` bytes.
        #[allow(unsafe_code, reason = "nix does not know this system call")]
        let size = unsafe {
            nix::libc::getxattr(path.as_ptr(), name.as_ptr(), value.as_mut_ptr().cast(), value.len())
        };
        size == 1 && value == *b"1"
    })
}

/// A group with children that have controllers must have no process itself.
fn leave_for_leaf(base: &Path) -> Result<(), String> {
    let processes = read(&base.join("cgroup.procs"))?;
    let own = std::process::id().to_string();
    if processes.split_whitespace().any(|process| process != own) {
        return Err(format!("the worker is not alone in {}", base.display()));
    }
    let leaf = base.join(WORKER);
    fs::create_dir(&leaf)
        .or_else(|error| if error.kind() == io::ErrorKind::AlreadyExists { Ok(()) } else { Err(error) })
        .and_then(|()| set(&leaf, "cgroup.procs", "0"))
        .map_err(|error| format!("{}: {error}", leaf.display()))
}

/// Groups of workers that are gone. Those that still have a process refuse to be removed.
fn remove_stale(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        if entry.file_name().as_bytes().starts_with(MACHINE.as_bytes()) && still_there(&entry.path()) {
            tracing::warn!(group = %entry.path().display(), "a control group is still in use");
        }
    }
}

/// Removes a group; `true` if its process is not reaped yet.
fn still_there(path: &Path) -> bool {
    fs::remove_dir(path).is_err_and(|error| error.kind() != io::ErrorKind::NotFound)
}

fn set(group: &Path, file: &str, value: &str) -> io::Result<()> {
    fs::write(group.join(file), value)
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, Stdio};

    #[test]
    fn a_machine_is_held_to_its_memory_and_processes() {
        let limits = limits(5, 7).map(|(file, value)| format!("{file}={value}"));
        assert_eq!(limits, ["memory.max=5", "memory.oom.group=1", "pids.max=7"]);
    }

    /// On the host's own hierarchy, with a limit that needs no controller.
    #[test]
    fn a_group_holds_its_process_and_goes_with_it_or_with_the_next() {
        let own = own_group().and_then(|own| {
            let base = own.join(format!("bpfcompat-test-{}", std::process::id()));
            fs::create_dir(&base).map(|()| base).map_err(|error| error.to_string())
        });
        let Ok(base) = own else {
            assert!(ControlGroups::take_over().is_err());
            return;
        };
        let stale = base.join("machine-1-1");
        fs::create_dir(&stale).unwrap();
        let groups = ControlGroups::in_base(base.clone());
        assert!(!stale.exists());

        let group = groups.make(&[("cgroup.max.descendants", "0")]).unwrap();
        let path = group.path.clone();
        assert!(fs::create_dir(path.join("below")).is_err(), "the limit holds");
        let mut door = group.door().unwrap();
        let mut command = Command::new("cat");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        // SAFETY: one write.
        #[allow(unsafe_code, reason = "there is no safe way to run code between fork and exec")]
        let mut process = unsafe { command.pre_exec(move || door.write_all(b"0")) }.spawn().unwrap();
        let itself = read(Path::new(&format!("/proc/{}/cgroup", process.id()))).unwrap();
        assert!(
            itself
                .lines()
                .any(|line| line.starts_with("0::") && path.ends_with(line.rsplit('/').next().unwrap())),
            "{itself}"
        );

        drop(group);
        assert!(path.exists(), "a group with a process stays");
        drop(process.stdin.take());
        process.stdout.take().unwrap().read_to_end(&mut Vec::new()).unwrap();
        process.wait().unwrap();
        drop(groups.make(&[]).unwrap());
        assert_eq!(fs::read_dir(&base).unwrap().flatten().filter(|entry| entry.path().is_dir()).count(), 0);
        fs::remove_dir(base).unwrap();
    }
}
