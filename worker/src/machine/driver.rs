//! The task that owns one machine.

use super::MachineError;
use super::launch::{Launch, Process, Starter, in_memory};
use super::monitor::interrupt;
use super::spec::{BOOT_FD, JOB_FD, Role, Spec};
use super::transcript::Transcript;
use crate::guest::link::{Link, LinkError};
use bytes::Bytes;
use domain::digest::Digest;
use domain::evidence::{KernelFacts, Start};
use domain::frame::{Direction, encode};
use domain::message::{Boot, FromGuest, Nonce, ToGuest};
use serde::Serialize;
use std::future::Future;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Bytes kept of each end of the console. A quiet boot prints a few hundred bytes and a trace
/// about five thousand.
const CONSOLE_HALF_BYTES: usize = 512 * 1024;

/// Bytes kept of each end of QEMU's own complaints, which are a line or two.
const STDERR_HALF_BYTES: usize = 4096;

/// Messages that may wait for the conversation; then the guest waits too. Few, because a message of
/// a mebibyte can take fifty in memory: a list of empty texts does.
const EVENTS_MAX: usize = 2;

/// How long QEMU may take to exit once it has closed the guest's link by itself.
const EXIT_GRACE: Duration = Duration::from_secs(2);

/// How long a guest that is interrupted may take to say what it was doing. It prints a few thousand
/// bytes and switches off, within 0.1 seconds on an idle host (measured with 5.10 to 7.3).
const INTERRUPT_MAX: Duration = Duration::from_secs(3);

/// What is needed to start one guest.
#[derive(Debug)]
pub struct Plan {
    /// The machine.
    pub spec: Spec,
    /// What identifies the files it boots from.
    pub origin: Origin,
    /// Paths of modules inside the initramfs, in load order.
    pub modules: Vec<String>,
    /// From starting QEMU to `Ready`, where the guest has to be booted first.
    pub boot_max: Duration,
    /// The frame of [`ToGuest::Job`].
    pub job: Bytes,
}

/// The digests of what a guest boots from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// Of the kernel.
    pub kernel: Digest,
    /// Of the initramfs, and with it of the validator.
    pub initramfs: Digest,
}

/// A way to get a guest.
pub trait Driver {
    /// Starts a guest that will take its job.
    ///
    /// # Errors
    /// Anything that kept QEMU from starting.
    fn start(&self, plan: &Plan) -> impl Future<Output = Result<Machine, MachineError>> + Send;
}

/// Boots the kernel directly, from its image and an initramfs, for every guest anew.
#[derive(Debug)]
pub struct Direct(pub(super) Arc<Starter>);

impl Driver for Direct {
    async fn start(&self, plan: &Plan) -> Result<Machine, MachineError> {
        let (nonce, boot) = boot_frame(&plan.modules)?;
        let file = |name, bytes: &[u8]| in_memory(name, bytes).map_err(MachineError::MakeChannel);
        let files = vec![(BOOT_FD, file("boot", &boot)?), (JOB_FD, file("job", &plan.job)?)];
        let process = self.0.start(Launch { spec: &plan.spec, role: Role::Cold, files }).await?;
        Ok(Machine::drive(process, Descent { start: Start::Cold, boot: nonce, kernel: None }))
    }
}

/// A fresh boot nonce and the frame that carries it.
pub(super) fn boot_frame(modules: &[String]) -> Result<(Nonce, Vec<u8>), MachineError> {
    let nonce = Nonce(rand::random());
    let boot = ToGuest::Boot(Boot { nonce, modules: modules.to_vec() });
    let frame = encode(Direction::ToGuest, &boot);
    Ok((
        nonce,
        frame.map_err(|source| MachineError::Encode { what: "the list of modules".to_owned(), source })?,
    ))
}

/// Where a guest comes from.
#[derive(Debug, Clone)]
pub(super) struct Descent {
    pub(super) start: Start,
    /// The nonce in its memory.
    pub(super) boot: Nonce,
    /// What its template saw of the kernel.
    pub(super) kernel: Option<KernelFacts>,
}

/// What a machine reports while it runs. The queue ends when the guest is gone.
#[derive(Debug)]
pub enum Event {
    /// The guest said something.
    Message {
        /// What.
        message: Box<FromGuest>,
        /// Bytes its console had printed by then.
        console_bytes: u64,
    },
    /// The guest said something that is not a message; nothing more will come.
    Broken(LinkError),
}

/// What is left of a machine once its process is reaped.
#[derive(Debug)]
pub(super) struct Remains {
    pub(super) console: Transcript,
    pub(super) stderr: Transcript,
    /// How the process ended, if it did so before it was killed.
    pub(super) exited: Option<ExitStatus>,
}

/// A running machine. Dropping it kills its process.
#[derive(Debug)]
pub struct Machine {
    pub(super) events: mpsc::Receiver<Event>,
    pub(super) descent: Descent,
    /// Identifies the process; for logs.
    pub(super) pid: Option<u32>,
    monitor: Option<UnixStream>,
    stop: DropGuard,
    task: JoinHandle<Remains>,
}

impl Machine {
    pub(super) fn drive(mut process: Process, descent: Descent) -> Self {
        let (sender, events) = mpsc::channel(EVENTS_MAX);
        let stop = CancellationToken::new();
        let (pid, monitor) = (process.child.id(), process.monitor.take());
        let task = tokio::spawn(drive(process, sender, stop.clone()));
        Self { events, descent, pid, monitor, stop: stop.drop_guard(), task }
    }

    /// Makes a guest that no longer answers print what it is doing, as far as it still can, and
    /// waits until it has. Whatever else it says is lost.
    pub(super) async fn interrupt(&mut self) {
        let Some(monitor) = &mut self.monitor else { return };
        let interrupted = async {
            // QEMU that is gone already has printed all it will.
            drop(monitor.write_all(interrupt().as_bytes()).await);
            while self.events.recv().await.is_some() {}
        };
        if tokio::time::timeout(INTERRUPT_MAX, interrupted).await.is_err() {
            tracing::debug!(self.pid, "the guest did not react to an interrupt");
        }
    }

    /// Kills the process if it still runs, reaps it and yields what is left.
    ///
    /// # Errors
    /// `LostDriver` if the runtime is shutting down.
    pub(super) async fn stop(self) -> Result<Remains, MachineError> {
        drop(self.stop);
        self.task.await.map_err(MachineError::LostDriver)
    }
}

async fn drive(process: Process, events: mpsc::Sender<Event>, stop: CancellationToken) -> Remains {
    let Process { mut child, link, console, group, .. } = process;
    let mut link = Link::new(link);
    let mut console = Stream::new(console, CONSOLE_HALF_BYTES);
    let mut stderr = Stream::new(child.stderr.take().expect("standard error is piped"), STDERR_HALF_BYTES);
    let hung_up = loop {
        // In this order: a stop is never kept waiting, and what the console printed before a
        // message is counted before it.
        let event = tokio::select! { biased;
            () = stop.cancelled() => break false,
            () = console.read(), if console.open => continue,
            () = stderr.read(), if stderr.open => continue,
            next = link.next() => match next {
                Ok(Some(message)) => Event::Message { message: Box::new(message), console_bytes: console.transcript.seen_bytes() },
                Ok(None) => break true,
                Err(error) => Event::Broken(error),
            },
        };
        let broken = matches!(event, Event::Broken(_));
        let heard = tokio::select! { biased;
            () = stop.cancelled() => false,
            sent = events.send(event) => sent.is_ok(),
        };
        if broken || !heard {
            break false;
        }
    };
    let exited = match hung_up {
        true => tokio::time::timeout(EXIT_GRACE, child.wait()).await.ok().and_then(Result::ok),
        false => None,
    };
    if exited.is_none()
        && let Err(error) = child.kill().await
    {
        tracing::error!(%error, "QEMU could not be killed and reaped");
    }
    // The other ends are closed now, so both streams end.
    while console.open {
        console.read().await;
    }
    while stderr.open {
        stderr.read().await;
    }
    drop(group);
    Remains { console: console.transcript, stderr: stderr.transcript, exited }
}

/// A byte stream on its way into a transcript.
struct Stream<R> {
    source: R,
    chunk: Box<[u8; 4096]>,
    transcript: Transcript,
    open: bool,
}

impl<R: AsyncRead + Unpin> Stream<R> {
    fn new(source: R, half_bytes: usize) -> Self {
        Self { source, chunk: Box::new([0; 4096]), transcript: Transcript::new(half_bytes), open: true }
    }

    /// Reads once. A stream that cannot be read has ended.
    async fn read(&mut self) {
        let count = self.source.read(self.chunk.as_mut_slice()).await.unwrap_or(0);
        self.transcript.push(&self.chunk[..count]);
        self.open = count > 0;
    }
}
