//! A user namespace with a bpffs that delegates everything, for a loader with a BPF token.
//!
//! ```text
//! the guest's first process        a process in new namespaces
//!   starts it ───────────────────────► unshares user, mount and network
//!   maps user and group 0 ◄────────── says so
//!   ──────────────────────────────────► opens a bpffs of its namespace
//!   delegates everything ◄─────────── says which descriptor
//!   ──────────────────────────────────► mounts it
//!   joins the namespaces ◄─────────── says so, and is not needed any more
//! ```
//! From then on the first process is the loader in its container, and nobody in the guest has more.

use crate::mounts::BPFFS;
use crate::prepare::{self, Fixtures};
use crate::sys::delegation;
use domain::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use std::ffi::CString;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::{AsFd as _, AsRawFd as _, RawFd};
use std::process::{Child, Command, ExitCode, Stdio};

/// This program, as the guest's first process was started.
const SELF: &str = "/proc/self/exe";
/// The word that makes this program the process in new namespaces.
const VERB: &str = "namespace";
/// What the two say to each other when there is nothing to say.
const GO_ON: &str = "0";

const NAMESPACES: CloneFlags =
    CloneFlags::CLONE_NEWUSER.union(CloneFlags::CLONE_NEWNS).union(CloneFlags::CLONE_NEWNET);

/// Enters such namespaces, with fixtures of their own.
pub(super) fn enter(fixtures: &Fixtures) -> Result<Fixtures, String> {
    let lacks = |step: &str, says: String| {
        format!("a BPF token, which kernels from 6.9 have, cannot be had on this one: {step}: {says}")
    };
    let mut other = Other::start().map_err(|error| lacks("a namespace", error.to_string()))?;
    other.join().map_err(|(step, says)| lacks(step, says))?;
    let bpffs = fs::File::open(BPFFS).map_err(|error| lacks("its bpffs", error.to_string()))?;
    delegation::take_token(bpffs.as_fd()).map_err(|errno| lacks("the token", errno.to_string()))?;
    let mut missing = Vec::new();
    let fixtures = prepare::fixtures(&mut missing, fixtures.bpf_lsm);
    missing.is_empty().then_some(fixtures).ok_or_else(|| lacks("its network", missing.join("; ")))
}

/// The process in new namespaces.
struct Other {
    child: Child,
    says: BufReader<std::process::ChildStdout>,
    hears: std::process::ChildStdin,
}

type Step = (&'static str, String);

impl Other {
    fn start() -> std::io::Result<Self> {
        let mut child = Command::new(SELF).arg(VERB).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let gone = || std::io::Error::other("it cannot be spoken to");
        let says = BufReader::new(child.stdout.take().ok_or_else(gone)?);
        let hears = child.stdin.take().ok_or_else(gone)?;
        Ok(Self { child, says, hears })
    }

    fn join(&mut self) -> Result<(), Step> {
        self.heard("a user namespace")?;
        let id = self.child.id();
        let map = |file: &str, text: &str| {
            fs::write(format!("/proc/{id}/{file}"), text).map_err(|error| ("its users", error.to_string()))
        };
        map("uid_map", "0 0 4294967295")?;
        map("gid_map", "0 0 4294967295")?;
        self.go_on()?;
        let fd: RawFd =
            self.heard("a bpffs")?.parse().map_err(|_| ("a bpffs", "no descriptor".to_owned()))?;
        let said = |step| move |errno: Errno| (step, errno.to_string());
        let process = delegation::process(id).map_err(said("its process"))?;
        let context = delegation::take(process.as_fd(), fd).map_err(said("a bpffs"))?;
        delegation::delegate(context.as_fd()).map_err(said("delegation"))?;
        delegation::create(context.as_fd()).map_err(said("its file system"))?;
        self.go_on()?;
        self.heard("a mount")?;
        // The first process shares its root and its folder with the kernel's threads, which cannot follow.
        unshare(CloneFlags::CLONE_FS)
            .and_then(|()| setns(process, NAMESPACES))
            .map_err(|errno| ("its namespaces", errno.to_string()))
    }

    fn heard(&mut self, step: &'static str) -> Result<String, Step> {
        let mut line = String::new();
        let heard = self.says.read_line(&mut line).map_err(|error| (step, error.to_string()))?;
        let line = line.trim_end();
        match line.strip_prefix('!') {
            Some(says) => Err((step, says.to_owned())),
            None if heard == 0 => Err((step, "the process ended".to_owned())),
            None => Ok(line.to_owned()),
        }
    }

    fn go_on(&mut self) -> Result<(), Step> {
        writeln!(self.hears, "{GO_ON}").map_err(|error| ("its process", error.to_string()))
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Is the process in new namespaces, if that is what the arguments say.
pub(crate) fn live(mut arguments: impl Iterator<Item = String>) -> Option<ExitCode> {
    if arguments.next()? != VERB {
        return None;
    }
    if let Err(says) = found() {
        println!("!{says}");
        return Some(ExitCode::FAILURE);
    }
    // Ended by the first process.
    wait().ok();
    Some(ExitCode::SUCCESS)
}

fn found() -> Result<(), String> {
    unshare(NAMESPACES).map_err(|errno| errno.to_string())?;
    tell(GO_ON)?;
    wait()?;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>).map_err(|errno| errno.to_string())?;
    let context = delegation::open().map_err(|errno| errno.to_string())?;
    tell(&context.as_raw_fd().to_string())?;
    wait()?;
    let place = CString::new(BPFFS).map_err(|error| error.to_string())?;
    delegation::mount(context.as_fd(), &place).map_err(|errno| errno.to_string())?;
    tell(GO_ON)
}

fn tell(line: &str) -> Result<(), String> {
    writeln!(std::io::stdout(), "{line}").map_err(|error| error.to_string())
}

fn wait() -> Result<(), String> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map(drop).map_err(|error| error.to_string())
}
