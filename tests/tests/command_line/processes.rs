//! What runs on this machine, and waiting for it to change.

use nix::unistd::Pid;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Ends a test that hangs. A run of these tests takes less than a minute on a busy machine that
/// has its kernels, and some minutes on one that fetches them first.
const HANG: Duration = Duration::from_secs(600);
/// How often a process table is looked at; it tells nobody when it changes.
const LOOK: Duration = Duration::from_millis(20);

/// Processes that name the folder on their command line or work inside it, and whose program
/// begins with `program`. The dead that nobody waited for are not counted.
pub(crate) fn of(folder: &Path, program: &str) -> Vec<Pid> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("/proc").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        // Any of it may be gone by now, and then it does not run.
        let read = |file: &str| fs::read(entry.path().join(file)).unwrap_or_default();
        let names_it = String::from_utf8_lossy(&read("cmdline")).contains(&*folder.to_string_lossy());
        let is_inside = fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder));
        if (names_it || is_inside) && read("comm").starts_with(program.as_bytes()) {
            found.push(Pid::from_raw(pid));
        }
    }
    found
}

/// Waits until it is so.
pub(crate) async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    soon(what, async {
        let mut looks = tokio::time::interval(LOOK);
        while !is_so() {
            looks.tick().await;
        }
    })
    .await;
}

/// Waits for something that must happen.
pub(crate) async fn soon<T>(what: &str, happening: impl Future<Output = T>) -> T {
    tokio::time::timeout(HANG, happening).await.unwrap_or_else(|_| panic!("{what}: not within {HANG:?}"))
}
