//! Command mode: somebody's own loader, run as the verdict.
//!
//! Its files are unpacked to [`HOME`], which may be laid out like a root: what is in `lib`, `lib64` and `usr`
//! there is found where dynamic programs look for it.

use crate::clock;
use crate::command::{self, Sought};
use crate::environment::Bounds;
use crate::sys::inventory::{self, Inventory};
use crate::tools;
use domain::check::{CommandEnd, CommandRun, Output};
use domain::command::{CommandEvidence, CommandTerms, FOUND_MAX, Found};
use domain::errno::Errno;
use domain::message::Job;
use nix::sys::utsname::uname;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Where its files are.
const HOME: &str = "/run/command";
const ARCHIVE: &str = "/tmp/command.tar";
/// How often is looked at what it has loaded: seldom enough to cost it little.
const LOOK: Duration = Duration::from_millis(20);
/// How long the kernel may take to free what nobody holds any more: maps of a program that is gone go with a
/// grace period.
const RELEASE: Duration = Duration::from_millis(500);
/// Folders of a root.
const ROOT_FOLDERS: [&str; 3] = ["lib", "lib64", "usr"];

/// Runs the command of a job.
pub(crate) fn run(job: &Job, terms: &CommandTerms, bounds: Bounds) -> CommandEvidence {
    let ready = tools::install().and_then(|()| unpack(&job.object));
    if let Err(says) = ready {
        return hindered(says);
    }
    let (before, unlisted) = inventory::take().map_or_else(|_| (Inventory::new(), true), |all| (all, false));
    let timeout = Duration::from_millis(terms.timeout_ms.into());
    // What is closed by its end counts as well.
    let (mut seen, mut looked) = (Inventory::new(), Instant::now());
    let mut look = || {
        if looked.elapsed() >= LOOK {
            seen.extend(new(&before));
            looked = Instant::now();
        }
    };
    let mut order = order(terms);
    bounds.confine(&mut order);
    let ran = command::run(order, timeout, Sought::default(), &mut look);
    // It may have come after the last look.
    let left = left(&before);
    seen.extend(left.clone());
    CommandEvidence { run: ran.run, loaded: told(seen), left: told(left), unlisted, hindered: None }
}

fn unpack(archive: &[u8]) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("the command's files could not be unpacked: {error}");
    std::fs::write(ARCHIVE, archive).and_then(|()| std::fs::create_dir_all(HOME)).map_err(failed)?;
    let status = Command::new("/bin/tar").args(["-x", "-f", ARCHIVE, "-C", HOME]).status().map_err(failed)?;
    if !status.success() {
        return Err(format!("the command's files could not be unpacked: tar ended with {status}"));
    }
    std::fs::remove_file(ARCHIVE).map_err(failed)?;
    for folder in ROOT_FOLDERS {
        let (from, to) = (Path::new(HOME).join(folder), Path::new("/").join(folder));
        if from.is_dir() && !to.exists() {
            symlink(from, to).map_err(failed)?;
        }
    }
    Ok(())
}

/// The command with its environment, whose names `bpfcompat command --help` documents.
fn order(terms: &CommandTerms) -> Command {
    let program = Path::new(HOME).join(&terms.program);
    let release = uname().map(|name| name.release().to_string_lossy().into_owned()).unwrap_or_default();
    let mut command = Command::new(&program);
    command.args(&terms.arguments).env_clear().current_dir(HOME);
    command.env("PATH", "/bin").env("HOME", "/tmp").env("BPFCOMPAT_DIR", HOME);
    command.env("BPFCOMPAT_BIN", &program).env("BPFCOMPAT_KERNEL", release);
    if let Some(object) = &terms.object {
        command.env("BPFCOMPAT_OBJECT", Path::new(HOME).join(object));
    }
    command
}

/// What the kernel holds that it did not before; nothing where it does not say.
fn new(before: &Inventory) -> Inventory {
    inventory::take().unwrap_or_default().into_iter().filter(|(id, _)| !before.contains_key(id)).collect()
}

/// What is still held once the kernel has had the time to let go of what nobody holds.
fn left(before: &Inventory) -> Inventory {
    let begun = Instant::now();
    loop {
        let left = new(before);
        if left.is_empty() || begun.elapsed() >= RELEASE {
            return left;
        }
        clock::pass(LOOK);
    }
}

fn told(found: Inventory) -> Vec<Found> {
    found.into_values().take(FOUND_MAX).collect()
}

fn hindered(says: String) -> CommandEvidence {
    let nothing = CommandRun {
        end: CommandEnd::NotStarted(Errno::ENOENT),
        took_ms: 0,
        stdout: Output::default(),
        stderr: Output::default(),
    };
    CommandEvidence {
        run: nothing,
        loaded: Vec::new(),
        left: Vec::new(),
        unlisted: false,
        hindered: Some(says),
    }
}
