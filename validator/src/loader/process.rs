//! A loader as a process: one line to it, lines from it, within bounds.

use super::protocol::{Said, Task, VERSION};
use crate::clock;
use crate::group::Group;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fs::File;
use std::io::{ErrorKind, Read, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest message in bytes: a verifier log of some megabytes, escaped.
const LINE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// All messages together, in bytes: what the worker keeps of logs, and as much again.
const BYTES_MAX: usize = 96 * 1024 * 1024;
/// Longest silence. The largest known objects take the verifier less without hardware virtualisation.
const SILENCE_MAX: Duration = Duration::from_secs(90);
/// Bytes kept of what it complains.
const COMPLAINT_BYTES: usize = 4096;
/// The task, and what the process complains, as files: neither end ever waits for the other.
const TASK: &str = "/tmp/loader.task";
const COMPLAINT: &str = "/tmp/loader.stderr";
/// Bytes read at once: what a pipe holds.
const READ_BYTES: usize = 64 * 1024;
/// How often it is looked at while it is silent.
const LOOK: Duration = Duration::from_millis(100);
/// How long its end is waited for once it closed its output.
const END_PAUSE: Duration = Duration::from_millis(20);

/// What is said between a loader and the validator. Dropping it ends the loader and all it started.
#[derive(Debug)]
pub(super) struct Conversation {
    child: Child,
    group: Group,
    from: File,
    heard: Vec<u8>,
    bytes: usize,
    greeted: bool,
}

impl Conversation {
    /// Starts the process and gives it the task.
    pub(super) fn begin(mut command: Command, task: &Task) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("could not be started: {error}");
        let mut input = File::create_new(TASK).map_err(failed)?;
        let line = serde_json::to_string(task).expect("plain data always encodes");
        writeln!(input, "{line}").map_err(failed)?;
        let input = File::open(TASK).map_err(failed)?;
        let complaint = File::create(COMPLAINT).map_err(failed)?;
        command.stdin(input).stdout(Stdio::piped()).stderr(complaint);
        let group = Group::make().map_err(failed)?;
        let mut child = group.inside(|| command.spawn()).and_then(|spawned| spawned).map_err(failed)?;
        let from = child.stdout.take().ok_or("has no output")?;
        fcntl(from.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(|errno| failed(errno.into()))?;
        let from = File::from(OwnedFd::from(from));
        Ok(Self { child, group, from, heard: Vec::new(), bytes: 0, greeted: false })
    }

    /// The next message; `None` when it closed its output.
    pub(super) fn next(&mut self) -> Result<Option<Said>, String> {
        let mut searched = 0;
        let deadline = Instant::now() + SILENCE_MAX;
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.heard[searched..]) {
                let rest = self.heard.split_off(searched + at + 1);
                let line = std::mem::replace(&mut self.heard, rest);
                return self.read(&line).map(Some);
            }
            searched = self.heard.len();
            if searched > LINE_BYTES_MAX {
                return Err(format!("sent a message of more than {LINE_BYTES_MAX} bytes"));
            }
            if !self.listen(deadline)? {
                return if self.heard.is_empty() {
                    Ok(None)
                } else {
                    Err("stopped inside a message".to_owned())
                };
            }
        }
    }

    fn read(&mut self, line: &[u8]) -> Result<Said, String> {
        let shown = || String::from_utf8_lossy(&line[..line.len().min(80)]).trim_end().to_owned();
        let said = serde_json::from_slice(line)
            .map_err(|error| format!("sent `{}`, which is no message of the protocol: {error}", shown()))?;
        match said {
            Said::Hello { version: VERSION, .. } if !self.greeted => self.greeted = true,
            Said::Hello { version: VERSION, .. } => return Err("said hello twice".to_owned()),
            Said::Hello { version, .. } => {
                return Err(format!("speaks version {version} of the protocol, not {VERSION}"));
            }
            _ if !self.greeted => return Err("did not say hello first".to_owned()),
            _ => {}
        }
        Ok(said)
    }

    /// Waits for more; whether there is any.
    fn listen(&mut self, deadline: Instant) -> Result<bool, String> {
        let mut buffer = vec![0; READ_BYTES];
        loop {
            let ended = self.child.try_wait().is_ok_and(|status| status.is_some());
            match self.from.read(&mut buffer) {
                Ok(0) => return Ok(false),
                Ok(length) => {
                    self.bytes += length;
                    if self.bytes > BYTES_MAX {
                        return Err(format!("said more than {BYTES_MAX} bytes"));
                    }
                    self.heard.extend_from_slice(&buffer[..length]);
                    return Ok(true);
                }
                // What it started may keep its output open, and is not waited for.
                Err(error) if error.kind() == ErrorKind::WouldBlock && ended => return Ok(false),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(format!("cannot be heard: {error}")),
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(format!("said nothing for {} s", SILENCE_MAX.as_secs()));
            }
            let timeout = PollTimeout::try_from(left.min(LOOK)).unwrap_or(PollTimeout::MAX);
            poll(&mut [PollFd::new(self.from.as_fd(), PollFlags::POLLIN)], timeout)
                .map_err(|errno| format!("cannot be waited for: {errno}"))?;
        }
    }

    /// How a process that closed its output before it was done ended, and what it complained.
    pub(super) fn end(&mut self) -> String {
        clock::pass(END_PAUSE);
        let ended = match self.child.try_wait() {
            Ok(Some(status)) => format!("ended with {status} before it was done"),
            Ok(None) | Err(_) => "closed its output before it was done".to_owned(),
        };
        let mut complaint = Vec::new();
        // What cannot be read is not complained.
        let file = File::open(COMPLAINT).map(|file| file.take(COMPLAINT_BYTES as u64));
        file.and_then(|mut file| file.read_to_end(&mut complaint)).ok();
        let complaint = String::from_utf8_lossy(&complaint);
        if complaint.trim().is_empty() { ended } else { format!("{ended}: {}", complaint.trim()) }
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        self.group.empty();
        // Collected there, or here if its handle is the first to ask.
        self.child.try_wait().ok();
    }
}
