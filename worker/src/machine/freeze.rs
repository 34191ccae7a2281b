//! Freezing a guest: from a kernel to the memory and state that its clones begin with.

use super::MachineError;
use super::driver::{Descent, Event, Machine, Plan, boot_frame};
use super::launch::{Launch, Starter, in_memory, seal};
use super::monitor::{Monitor, MonitorError};
use super::spec::{BOOT_FD, MEMORY_FD, Role};
use domain::evidence::{KernelFacts, Start};
use domain::message::{FromGuest, Nonce, Nonces};
use domain::offers::Offers;
use insight::collect::Collector;
use insight::text::sentence;
use nix::sys::memfd::{MFdFlags, memfd_create};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio::time::{Instant, timeout, timeout_at};

/// Bytes of the state beside memory: registers and devices. It has 0.28 MB (measured).
pub(super) const STATE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// How long freezing may take. It takes 0.1 seconds on an idle host.
const FREEZE_MAX: Duration = Duration::from_secs(60);

/// A guest that waits for its job, as it was at that instant.
#[derive(Debug)]
pub(super) struct Frozen {
    /// Its memory, a sealed file that nobody can change any more.
    pub memory: OwnedFd,
    /// Its processors and devices, in QEMU's migration format.
    pub state: Vec<u8>,
    /// What it knows of itself.
    pub identity: Identity,
}

/// What a frozen guest knows of itself.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Identity {
    /// The nonce in its memory, which each of its clones returns.
    pub boot: Nonce,
    /// What it said of its kernel.
    pub kernel: KernelFacts,
    /// What its kernel offers to programs.
    pub offers: Offers,
    /// Milliseconds from starting QEMU to `Ready`.
    pub boot_ms: u64,
    /// Milliseconds from `Ready` to the sealed memory.
    pub freeze_ms: u64,
}

/// Why a guest was not frozen.
#[derive(Debug, thiserror::Error)]
pub enum FreezeError {
    /// QEMU did not start.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// The memory file or the pipe for the state could not be made.
    #[error("the memory of a template cannot be set aside")]
    Memory(#[source] io::Error),
    /// The guest did not say `Ready` as it should.
    #[error("the guest to be frozen was not ready: {0}")]
    NotReady(String),
    /// QEMU would not freeze it.
    #[error(transparent)]
    Monitor(#[from] MonitorError),
    /// The state did not arrive.
    #[error("the state of the frozen guest could not be read")]
    State(#[source] io::Error),
    /// QEMU neither wrote the state nor gave up.
    #[error("the guest was not frozen within {FREEZE_MAX:?}; is the host overloaded?")]
    Slow,
    /// The state is longer than any.
    #[error("the state of the frozen guest is longer than {STATE_BYTES_MAX} bytes")]
    TooLong,
}

/// Boots the guest of `plan` to `Ready` and freezes it there.
///
/// # Errors
/// `FreezeError`; nothing of the guest is left then.
pub(super) async fn freeze(starter: &Starter, plan: &Plan) -> Result<Frozen, FreezeError> {
    let started = Instant::now();
    let spec = &plan.spec;
    let (nonce, boot) = boot_frame(&plan.modules)?;
    let memory = memory_file(spec.memory_bytes).map_err(FreezeError::Memory)?;
    let (state, state_writer) = super::launch::one_way().map_err(FreezeError::Memory)?;
    let files = vec![
        (BOOT_FD, in_memory("boot", &boot).map_err(FreezeError::Memory)?),
        (MEMORY_FD, memory.try_clone().map_err(FreezeError::Memory)?),
    ];
    let mut process = starter.start(Launch { spec, role: Role::Template, files }).await?;
    let monitor = process.monitor.take().expect("a template has a monitor");
    let mut machine = Machine::drive(process, Descent { start: Start::Cold, boot: nonce, kernel: None });
    let ready = match timeout_at(started + plan.boot_max, machine.events.recv()).await {
        Err(_) => Err(format!("it took longer than {:?}", plan.boot_max)),
        Ok(event) => ready(event, nonce),
    };
    let (kernel, offers) = match ready {
        Ok(said) => said,
        Err(says) => {
            let remains = machine.stop().await?;
            let says = format!("{says}; QEMU says `{}`", remains.stderr.text().trim());
            return Err(FreezeError::NotReady(says));
        }
    };
    let booted = started.elapsed();
    // The state ends when QEMU does, and memory may be sealed once no process maps it for writing.
    let frozen = async { Monitor::new(monitor).freeze(state_writer).await.map_err(FreezeError::from) };
    // A guest that talks would fill the pipe, and QEMU, stuck in writing to it, would not freeze it.
    let quiet = async {
        match machine.events.recv().await {
            None => Ok(()),
            Some(_) => Err(FreezeError::NotReady("it went on talking".to_owned())),
        }
    };
    let state = timeout(FREEZE_MAX, async { tokio::try_join!(frozen, read_state(state), quiet) }).await;
    machine.stop().await?;
    let ((), state, ()) = state.map_err(|_| FreezeError::Slow)??;
    seal(&memory).map_err(FreezeError::Memory)?;
    let identity = Identity {
        boot: nonce,
        kernel,
        offers,
        boot_ms: whole_ms(booted),
        freeze_ms: whole_ms(started.elapsed() - booted),
    };
    Ok(Frozen { memory, state, identity })
}

/// What a guest saw of its kernel and what that offers, if the first it says is `Ready`.
fn ready(event: Option<Event>, nonce: Nonce) -> Result<(KernelFacts, Offers), String> {
    let message = match event {
        None => return Err("it went away".to_owned()),
        Some(Event::Broken(error)) => return Err(error.to_string()),
        Some(Event::Message { message, .. }) => *message,
    };
    if let FromGuest::Refused { says } = message {
        return Err(sentence(&says));
    }
    // It has no job yet whose nonce it could return.
    let mut collector = Collector::new(Nonces { boot: nonce, job: nonce }, None);
    collector.take(message).map_err(|offence| offence.to_string())?;
    collector.into_kernel().ok_or_else(|| "it did not say Ready".to_owned())
}

async fn read_state(pipe: pipe::Receiver) -> Result<Vec<u8>, FreezeError> {
    let mut state = Vec::new();
    pipe.take(STATE_BYTES_MAX + 1).read_to_end(&mut state).await.map_err(FreezeError::State)?;
    if state.len() as u64 > STATE_BYTES_MAX {
        return Err(FreezeError::TooLong);
    }
    Ok(state)
}

/// An empty file in memory of `bytes` that takes up only what is written, and can be sealed.
pub(super) fn memory_file(bytes: u64) -> io::Result<OwnedFd> {
    let file = File::from(memfd_create("template", MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?);
    file.set_len(bytes)?;
    Ok(file.into())
}

pub(super) fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
