//! One question to one guest.

use super::driver::{Direct, Driver, Plan, Remains};
use super::probe::Qemu;
use super::spec::Spec;
use super::{MachineError, Step};
use crate::evidence::collect::{Collector, LOG_BYTES_MAX};
use crate::guest::conversation::listen;
use crate::guest::nonce::Nonces;
use crate::guest::watchdog::{Limits, Watchdog};
use bytes::Bytes;
use domain::digest::Digest;
use domain::evidence::{Accelerator, End, Evidence, Guest};
use domain::frame::{Direction, encode};
use domain::kernel::Series;
use domain::level::Level;
use domain::message::{Boot, Job, ToGuest};
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// One object, one kernel and how to try it.
#[derive(Debug, Clone)]
pub struct Order {
    /// The kernel's series.
    pub series: Series,
    /// The kernel image.
    pub vmlinuz: PathBuf,
    /// The initramfs with the validator and the modules.
    pub initramfs: PathBuf,
    /// Digest of the initramfs, for the evidence.
    pub initramfs_digest: Digest,
    /// Paths of modules inside the initramfs, in load order.
    pub modules: Vec<String>,
    /// Digest of the validator inside the initramfs, for the evidence.
    pub validator: Digest,
    /// The object's file name.
    pub object_name: String,
    /// The ELF.
    pub object: Bytes,
    /// Digest of `object`, which the validator checks.
    pub object_digest: Digest,
    /// How far to take every program.
    pub level: Level,
    /// Processors of the guest.
    pub cpus: u16,
    /// Memory of the guest, in bytes.
    pub memory_bytes: u64,
    /// From the guest's `Ready` to its last word.
    pub timeout: Duration,
}

/// Starts guests and brings back what they said. Dropping it kills every guest it started.
#[derive(Debug)]
pub struct Hypervisor {
    driver: Direct,
    accelerator: Accelerator,
}

impl Hypervisor {
    /// A hypervisor that runs guests with this QEMU and accelerator; see
    /// [`prove_accelerator`](super::prove_accelerator).
    ///
    /// # Errors
    /// The operating system refused the thread that starts QEMU.
    pub fn new(qemu: Qemu, accelerator: Accelerator) -> io::Result<Self> {
        Ok(Self { driver: Direct::new(qemu)?, accelerator })
    }

    /// The QEMU in use.
    pub fn qemu(&self) -> &Qemu {
        self.driver.qemu()
    }

    /// The accelerator in use.
    pub fn accelerator(&self) -> Accelerator {
        self.accelerator
    }

    /// Runs one guest for `order` and yields what was observed. `steps` is told what the guest is
    /// doing. A guest that never got to `Ready` is evidence without `kernel`: worth a retry.
    ///
    /// # Errors
    /// What says nothing about the object: QEMU did not start, or `cancel` was triggered. The
    /// process is gone then too, as it is soon after this future is dropped.
    pub async fn answer(
        &self,
        order: Order,
        steps: watch::Sender<Step>,
        cancel: CancellationToken,
    ) -> Result<Evidence, MachineError> {
        let limits = Limits::for_job(order.timeout);
        self.ask(&order, limits, &steps, &cancel).await
    }

    /// [`Hypervisor::answer`] with limits of the caller's choice.
    ///
    /// # Errors
    /// As there.
    pub async fn ask(
        &self,
        order: &Order,
        limits: Limits,
        steps: &watch::Sender<Step>,
        cancel: &CancellationToken,
    ) -> Result<Evidence, MachineError> {
        let nonces = Nonces::random();
        let plan = self.plan(order, nonces)?;
        let mut watchdog = Watchdog::start(limits);
        let mut machine = self.driver.start(&plan).await?;
        tracing::debug!(machine.pid, machine.accelerator = self.accelerator.name(), "guest started");
        let start = machine.start;
        let mut collector = Collector::new(nonces, None);
        let listened = tokio::select! { biased;
            () = cancel.cancelled() => None,
            listened = listen(&mut machine.events, &mut collector, &mut watchdog, steps) => Some(listened),
        };
        let (boot, answer) = watchdog.took();
        let remains = machine.stop().await?;
        let (end, console_bytes_at_took) = listened.ok_or(MachineError::Cancelled)?;
        let end = match end {
            Some(end) => end,
            None => died(&remains, collector.step())?,
        };
        let guest = Guest {
            start,
            accelerator: self.accelerator,
            qemu: self.qemu().version.clone(),
            memory_bytes: order.memory_bytes,
            cpus: order.cpus,
            validator: order.validator,
            initramfs: order.initramfs_digest,
            nonce_ok: false,
            boot_ms: whole_ms(boot),
            answer_ms: whole_ms(answer),
        };
        let since_took = remains.console.text_since(console_bytes_at_took);
        Ok(collector.into_evidence(guest, remains.console.text(), &since_took, end))
    }

    fn plan(&self, order: &Order, nonces: Nonces) -> Result<Plan, MachineError> {
        let spec = Spec {
            series: order.series,
            vmlinuz: order.vmlinuz.clone(),
            initramfs: order.initramfs.clone(),
            memory_bytes: order.memory_bytes,
            cpus: order.cpus,
            accelerator: self.accelerator,
        };
        let boot = ToGuest::Boot(Boot { nonce: nonces.boot, modules: order.modules.clone() });
        let job = ToGuest::Job(Job {
            nonce: nonces.job,
            unix_seconds: time::OffsetDateTime::now_utc().unix_timestamp(),
            entropy: rand::random(),
            level: order.level,
            object_name: order.object_name.clone(),
            object_digest: order.object_digest,
            object: order.object.to_vec(),
            log_bytes_max: LOG_BYTES_MAX,
        });
        let frame = |message| {
            encode(Direction::ToGuest, message)
                .map_err(|source| MachineError::EncodeJob { object: order.object_name.clone(), source })
        };
        Ok(Plan { spec, boot: frame(&boot)?, job: frame(&job)? })
    }
}

/// How a guest that went away without a word died; an error if there never was one, because
/// QEMU itself refused to run.
fn died(remains: &Remains, step: Step) -> Result<End, MachineError> {
    let says = remains.stderr.text().trim().to_owned();
    let silent = step == Step::Boot && remains.console.seen_bytes() == 0;
    let how = match remains.exited {
        Some(status) if silent && !status.success() => return Err(MachineError::QemuGaveUp { status, says }),
        // A guest that panics or powers off makes QEMU exit with success.
        Some(status) if status.success() => "the guest switched itself off".to_owned(),
        Some(status) => format!("QEMU ended with {status} {says}"),
        None => "QEMU hung up on the guest".to_owned(),
    };
    let last_line = remains.console.last_line();
    Ok(End::Died(format!("{how} at step {}; last console line: {last_line}", step.name())))
}

fn whole_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
