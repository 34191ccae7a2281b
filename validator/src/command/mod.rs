//! Running one command in the guest, with everything it starts, until it ends or its time is over.
//!
//! In: a program with arguments, and texts to look for in what it writes. Out: how it ended, the beginning and
//! end of its outputs, and which texts were in them. Nothing it started outlives it: a descendant that keeps an
//! output open, or left its process group, neither delays nor survives the end.

mod output;

use crate::clock;
use crate::group::Group;
use domain::check::{CommandEnd, CommandRun};
use domain::errno::Errno;
use output::Stream;
use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long the command is left alone between two looks at it.
const PAUSE: Duration = Duration::from_millis(5);

/// What is looked for in its outputs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sought<'a> {
    pub(crate) stdout: Vec<&'a [u8]>,
    pub(crate) stderr: Vec<&'a [u8]>,
}

/// How it went, and whether each text was found.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) run: CommandRun,
    pub(crate) stdout: Vec<bool>,
    pub(crate) stderr: Vec<bool>,
}

/// Runs it. `meanwhile` is called again and again while it runs, and once when it ended, before what it started
/// is killed.
pub(crate) fn run(
    command: Command,
    timeout: Duration,
    sought: Sought<'_>,
    meanwhile: &mut dyn FnMut(),
) -> Ran {
    let begun = Instant::now();
    let (mut stdout, mut stderr) = (Stream::new(sought.stdout), Stream::new(sought.stderr));
    let end = Group::make().and_then(|group| {
        let started = start(command, &group);
        if started.is_err() {
            // It may have been started, and the way back been barred by a policy of the object.
            group.empty();
        }
        let mut child = started?;
        let open = (stdout.open(child.stdout.take()), stderr.open(child.stderr.take()));
        let watched = open.0.and(open.1).and_then(|()| {
            watch(&mut child, begun + timeout, &mut || {
                stdout.read();
                stderr.read();
                meanwhile();
            })
        });
        meanwhile();
        group.empty();
        // The command may have died of that, and is not collected there if its handle is the first to ask.
        child.try_wait().ok();
        stdout.read();
        stderr.read();
        watched
    });
    let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let end = end.unwrap_or_else(|error| {
        CommandEnd::NotStarted(Errno(error.raw_os_error().unwrap_or(Errno::EINVAL.0)))
    });
    let (stdout_text, stdout) = stdout.close();
    let (stderr_text, stderr) = stderr.close();
    Ran { run: CommandRun { end, took_ms, stdout: stdout_text, stderr: stderr_text }, stdout, stderr }
}

fn start(mut command: Command, group: &Group) -> io::Result<Child> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    group.inside(|| command.spawn())?
}

fn watch(child: &mut Child, deadline: Instant, look: &mut dyn FnMut()) -> io::Result<CommandEnd> {
    loop {
        look();
        if let Some(status) = child.try_wait()? {
            return Ok(end_of(status));
        }
        if Instant::now() >= deadline {
            return Ok(CommandEnd::TimedOut);
        }
        clock::pass(PAUSE);
    }
}

fn end_of(status: ExitStatus) -> CommandEnd {
    match (status.code(), status.signal()) {
        (Some(code), _) => CommandEnd::Exited(u8::try_from(code).unwrap_or(u8::MAX)),
        (None, signal) => CommandEnd::Signalled(signal.unwrap_or_default()),
    }
}
