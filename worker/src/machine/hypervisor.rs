//! One question to one guest.

use super::driver::{Direct, Driver as _, Machine, Origin, Plan, Remains};
use super::freeze::{FreezeError, whole_ms};
use super::launch::Starter;
use super::probe::{BootFiles, Qemu};
use super::spec::Spec;
use super::template::{Cloner, Settings, TEMPLATE_TRIES, Template, TemplateError};
use super::{MachineError, Step};
use crate::guest::conversation::listen;
use crate::guest::watchdog::{BOOT_MAX, Limits, Watchdog};
use crate::jail::Jail;
use crate::kernel::OnDemand;
use crate::offered::Offered;
use crate::tally::{Event, Tally};
use bytes::Bytes;
use domain::axis::{Axes, Loader};
use domain::check::GlobalPlace;
use domain::contract::{Contract, GlobalBytes};
use domain::digest::Digest;
use domain::evidence::{Accelerator, End, Evidence, Guest, Modules, ProgramFact, Start};
use domain::frame::{Direction, encode};
use domain::kernel::Series;
use domain::level::Level;
use domain::message::{Job, LoaderFile, Nonce, Nonces, ToGuest};
use insight::collect::{Collector, LOG_BYTES_MAX};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
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
    /// Digests of both.
    pub origin: Origin,
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
    /// Modules the object needs beyond those in the initramfs.
    pub on_demand: Arc<OnDemand>,
    /// How far to take every program.
    pub level: Level,
    /// What loads the object.
    pub loader: Loader,
    /// Its programs, for a loader that does not tell their sections.
    pub programs: Vec<ProgramFact>,
    /// The loader itself, if it is an external one.
    pub loader_files: Arc<Vec<LoaderFile>>,
    /// What is declared of the object's loader.
    pub contract: Contract,
    /// Its globals as bytes of this object.
    pub globals: Vec<GlobalBytes>,
    /// Where globals stand in this object whose values are expected.
    pub places: Vec<GlobalPlace>,
    /// What the loader is to work in.
    pub axes: Axes,
    /// Memory of the guest, in bytes.
    pub memory_bytes: u64,
    /// From the guest's first word to its last.
    pub timeout: Duration,
    /// `Clone` boots only where no clone can be had; `Cold` always boots.
    pub start: Start,
}

impl Order {
    /// An order for a clone of a guest of these files, which has no object yet and whose origin nobody asks.
    pub fn of(files: BootFiles, memory_bytes: u64, timeout: Duration) -> Self {
        let nothing = Digest::of(&[]);
        Self {
            series: files.series,
            vmlinuz: files.vmlinuz,
            initramfs: files.initramfs,
            origin: Origin { kernel: nothing, initramfs: nothing },
            modules: files.modules,
            validator: nothing,
            object_name: String::new(),
            object: Bytes::new(),
            object_digest: nothing,
            on_demand: Arc::default(),
            level: Level::Attach,
            loader: Loader::default(),
            programs: Vec::new(),
            loader_files: Arc::default(),
            contract: Contract::default(),
            globals: Vec::new(),
            places: Vec::new(),
            axes: Axes::default(),
            memory_bytes,
            timeout,
            start: Start::Clone,
        }
    }
}

/// What is the same for every guest that one order may need.
struct Inquiry<'a> {
    order: &'a Order,
    limits: Limits,
    job_nonce: Nonce,
    plan: Plan,
    steps: &'a watch::Sender<Step>,
    cancel: &'a CancellationToken,
}

/// Starts guests and brings back what they said. Dropping it kills every guest it started.
#[derive(Debug)]
pub struct Hypervisor {
    direct: Direct,
    cloner: Option<Cloner>,
    accelerator: Accelerator,
    tally: Arc<Tally>,
    offered: Arc<Offered>,
}

impl Hypervisor {
    /// A hypervisor that runs guests with this QEMU and accelerator, each in the jail and booted for its order;
    /// see [`prove_accelerator`](super::prove_accelerator).
    ///
    /// # Errors
    /// The operating system refused the thread that starts QEMU.
    pub fn new(qemu: Qemu, accelerator: Accelerator, jail: Arc<Jail>) -> io::Result<Self> {
        let direct = Direct(Arc::new(Starter::new(qemu, jail)?));
        Ok(Self { direct, cloner: None, accelerator, tally: Arc::default(), offered: Arc::default() })
    }

    /// The same, counting into `tally`.
    #[must_use]
    pub fn counting(self, tally: Arc<Tally>) -> Self {
        Self { tally, ..self }
    }

    /// The same, telling `offered` what the kernels of its templates offer.
    #[must_use]
    pub fn telling(self, offered: Arc<Offered>) -> Self {
        Self { offered, ..self }
    }

    /// The same, but guests are clones of templates that are kept in `dir`.
    #[must_use]
    pub fn with_templates(self, dir: PathBuf, settings: &Settings, tally: Arc<Tally>) -> Self {
        let cloner = Cloner::new(Arc::clone(&self.direct.0), dir, settings, Arc::clone(&tally));
        Self { cloner: Some(cloner), tally, ..self }
    }

    /// The QEMU in use.
    pub fn qemu(&self) -> &Qemu {
        self.direct.0.qemu()
    }

    /// The accelerator in use.
    pub fn accelerator(&self) -> Accelerator {
        self.accelerator
    }

    /// Runs one guest for `order` and yields what was observed. `steps` is told what the guest is
    /// doing. A guest that never took its job is evidence without `kernel`: worth a retry.
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
        let job_nonce = Nonce(rand::random());
        let inquiry = Inquiry {
            order,
            limits,
            job_nonce,
            plan: self.plan(order, limits.boot, job_nonce)?,
            steps,
            cancel,
        };
        if let (Start::Clone, Some(cloner)) = (order.start, &self.cloner) {
            if let Some(evidence) = self.ask_clone(cloner, &inquiry).await? {
                self.tally.count(Event::Clone);
                return Ok(evidence);
            }
            self.tally.count(Event::ColdForClone);
        }
        self.tally.count(Event::Cold);
        let mut watchdog = Watchdog::start(limits);
        let machine = self.direct.start(&inquiry.plan).await?;
        self.converse(machine, &mut watchdog, &inquiry).await
    }

    /// Makes the template that clones for `order` begin with, unless there is one; see
    /// [`Hypervisor::with_templates`].
    ///
    /// # Errors
    /// It could not be made.
    pub async fn warm(&self, order: &Order) -> Result<Option<Arc<Template>>, TemplateError> {
        let Some(cloner) = &self.cloner else { return Ok(None) };
        let plan = self.plan(order, BOOT_MAX, Nonce([0; 32])).map_err(FreezeError::from)?;
        self.template(cloner, &plan).await.map(Some)
    }

    async fn template(&self, cloner: &Cloner, plan: &Plan) -> Result<Arc<Template>, TemplateError> {
        let template = cloner.template(plan).await?;
        self.offered.learn(plan.origin.kernel, &template.identity().offers);
        Ok(template)
    }

    /// Gives up the template that clones for `order` begin with; the next one makes it anew.
    pub fn distrust(&self, order: &Order) {
        if let (Some(cloner), Ok(plan)) = (&self.cloner, self.plan(order, BOOT_MAX, Nonce([0; 32]))) {
            cloner.distrust(&plan);
        }
    }

    /// What a clone says, or `None` if there is no clone to be had. A clone that does not even
    /// take its job has learnt nothing about the object: its template is at fault and goes.
    async fn ask_clone(
        &self,
        cloner: &Cloner,
        inquiry: &Inquiry<'_>,
    ) -> Result<Option<Evidence>, MachineError> {
        for _ in 0..TEMPLATE_TRIES {
            let found = tokio::select! { biased;
                () = inquiry.cancel.cancelled() => return Err(MachineError::Cancelled),
                found = self.template(cloner, &inquiry.plan) => found,
            };
            let template = match found {
                Ok(template) => template,
                Err(error) => {
                    tracing::warn!(error = chain(&error), "no template, the guest is booted");
                    return Ok(None);
                }
            };
            let mut watchdog = Watchdog::start(inquiry.limits.of_a_clone());
            let machine = cloner.start(&template, &inquiry.plan).await?;
            let says = match self.converse(machine, &mut watchdog, inquiry).await {
                Ok(evidence) if evidence.kernel.is_some() => {
                    cloner.vouch(&template);
                    cloner.replenish(template, inquiry.plan.spec.clone());
                    return Ok(Some(evidence));
                }
                Ok(evidence) => format!("{:?}", evidence.end),
                Err(error @ MachineError::QemuGaveUp { .. }) => error.to_string(),
                Err(error) => return Err(error),
            };
            tracing::warn!(says, "a clone did not wake up, its template is made again");
            cloner.discard(&template);
        }
        Ok(None)
    }

    async fn converse(
        &self,
        mut machine: Machine,
        watchdog: &mut Watchdog,
        inquiry: &Inquiry<'_>,
    ) -> Result<Evidence, MachineError> {
        tracing::debug!(machine.pid, start = ?machine.descent.start, "guest started");
        let Inquiry { order, steps, cancel, .. } = inquiry;
        let start = machine.descent.start;
        let nonces = Nonces { boot: machine.descent.boot, job: inquiry.job_nonce };
        let mut collector = Collector::new(nonces, machine.descent.kernel.take());
        let listened = tokio::select! { biased;
            () = cancel.cancelled() => None,
            listened = listen(&mut machine.events, &mut collector, watchdog, steps) => Some(listened),
        };
        let (boot, answer) = watchdog.took();
        let late = matches!(listened, Some((Some(End::Deadline(_)), _)));
        // Before it took its job it cannot have met the object.
        if late && collector.step() != Step::Boot && watchdog.is_stuck() {
            tokio::select! { biased;
                () = cancel.cancelled() => (),
                () = machine.interrupt() => (),
            }
        }
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
            cpus: order.axes.cpus,
            validator: order.validator,
            initramfs: order.origin.initramfs,
            nonce_ok: false,
            drawn: String::new(),
            loader_version: String::new(),
            environment: None,
            boot_ms: whole_ms(boot),
            answer_ms: whole_ms(answer),
        };
        let since_took = remains.console.text_since(console_bytes_at_took);
        let evidence = collector.into_evidence(guest, remains.console.text(), &since_took, end);
        let modules = Modules { loads: evidence.modules.loads, ..order.on_demand.modules.clone() };
        let (loader, axes) = (order.loader.clone(), order.axes.clone());
        Ok(Evidence { loader, axes, contract: order.contract.clone(), modules, ..evidence })
    }

    fn plan(&self, order: &Order, boot_max: Duration, nonce: Nonce) -> Result<Plan, MachineError> {
        let spec = Spec {
            series: order.series,
            vmlinuz: order.vmlinuz.clone(),
            initramfs: order.initramfs.clone(),
            memory_bytes: order.memory_bytes,
            cpus: order.axes.cpus,
            security_modules: order.axes.lsm.clone(),
            accelerator: self.accelerator,
        };
        let job = ToGuest::Job(Box::new(Job {
            nonce,
            unix_seconds: time::OffsetDateTime::now_utc().unix_timestamp(),
            entropy: rand::random(),
            level: order.level,
            loader: order.loader.clone(),
            axes: order.axes.clone(),
            programs: order.programs.clone(),
            loader_files: order.loader_files.to_vec(),
            contract: Box::new(order.contract.clone()),
            globals: order.globals.clone(),
            object_name: order.object_name.clone(),
            object_digest: order.object_digest,
            object: order.object.to_vec(),
            modules: order.on_demand.given.clone(),
            places: order.places.clone(),
            log_bytes_max: LOG_BYTES_MAX,
        }));
        let job = encode(Direction::ToGuest, &job).map_err(|source| MachineError::Encode {
            what: format!("the job for `{}`", order.object_name),
            source,
        })?;
        Ok(Plan { spec, origin: order.origin, modules: order.modules.clone(), boot_max, job: job.into() })
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

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |says, cause| format!("{says}: {cause}"))
}
