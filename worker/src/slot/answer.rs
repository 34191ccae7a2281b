//! One cell, from assignment to delivered evidence.

use crate::Worker;
use crate::evidence::seal;
use crate::external::ExternalError;
use crate::kernel::{self, KernelError};
use crate::machine::{MachineError, Order, Step};
use crate::recheck;
use crate::session::{Assignment, Lease};
use crate::slot::capacity::NoMemory;
use crate::slot::order::order;
use crate::tally::Event;
use bytes::Bytes;
use domain::axis::Loader;
use domain::cell::FailureKind;
use domain::check::GlobalPlace;
use domain::contract::{Contract, GlobalBytes};
use domain::digest::Digest;
use domain::evidence::{Evidence, ProgramFact};
use domain::kernel::Kernel;
use insight::wanted::Wanted;
use proto::wire;
use proto::wire::fleet_service_client::FleetServiceClient;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;

/// Memory of a guest. Most maps of real objects fit, and untouched pages cost the host nothing.
pub const GUEST_BYTES: u64 = 1024 * 1024 * 1024;

/// How long a kernel may take to arrive: a hundred megabytes at the slowest line worth waiting for.
const FETCH_MAX: Duration = Duration::from_secs(3600);

/// What a slot is doing, for people who wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// One word: fetching, boot, open, load, attach, delivering.
    pub stage: &'static str,
    /// 0 to 100 within the stage, where it can be known.
    pub percent: u32,
}

/// Why a cell was not answered. A kernel that says no is an answer; this is not.
#[derive(Debug, thiserror::Error)]
pub enum NotAnswered {
    /// The session ended or the cell was cancelled.
    #[error("stopped before it was answered")]
    Stopped,
    /// The host cannot carry its guest.
    #[error(transparent)]
    NoMemory(#[from] NoMemory),
    /// The controller did not hand over the object it assigned.
    #[error("the object {digest} could not be fetched from the controller: {says}")]
    Object {
        /// The object assigned.
        digest: Digest,
        /// What went wrong.
        says: String,
    },
    /// The kernel's digest is not the one this worker knows under that name.
    #[error(
        "kernel {0} is not in this worker's catalogue with the digest asked for; it is synchronised at start"
    )]
    UnknownKernel(String),
    /// An external loader that this worker cannot bring along.
    #[error(transparent)]
    Loader(#[from] ExternalError),
    /// No bundle of the kernel.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// The bundle did not arrive.
    #[error("kernel {0} was not fetched within {FETCH_MAX:?}; see how fast its mirror is")]
    SlowFetch(String),
    /// No guest.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// The operating system refused what starting guests needs.
    #[error("guests cannot be started on this host: {0}")]
    Host(#[source] io::Error),
    /// The evidence could not be packed.
    #[error("the evidence could not be packed: {0}")]
    Seal(#[from] seal::SealError),
    /// The evidence did not arrive.
    #[error("the evidence could not be delivered: {0}")]
    Deliver(#[source] Box<tonic::Status>),
    /// The slot's own code failed.
    #[error("the worker failed while answering: {0}")]
    Bug(String),
}

impl NotAnswered {
    /// Whether trying again costs nothing or counts as an attempt.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Stopped | Self::NoMemory(_) | Self::Deliver(_) => FailureKind::Transient,
            Self::Object { .. }
            | Self::UnknownKernel(_)
            | Self::Loader(_)
            | Self::Kernel(_)
            | Self::SlowFetch(_)
            | Self::Machine(_)
            | Self::Host(_)
            | Self::Seal(_)
            | Self::Bug(_) => FailureKind::Crashed,
        }
    }
}

/// What every slot of a session shares.
#[derive(Debug, Clone)]
pub struct Slot {
    worker: Arc<Worker>,
    fleet: FleetServiceClient<Channel>,
}

impl Slot {
    /// A slot of `worker` that speaks to its controller through `fleet`.
    pub fn new(worker: Arc<Worker>, fleet: FleetServiceClient<Channel>) -> Self {
        Self { worker, fleet }
    }

    /// The worker whose slot it is.
    pub(crate) fn worker(&self) -> &Worker {
        &self.worker
    }

    /// Answers one cell. Returns when its evidence is stored or nobody wants it any more.
    ///
    /// # Errors
    /// `NotAnswered`, whose kind says whether another try is free.
    pub async fn answer(
        &self,
        assignment: Assignment,
        report: &(dyn Fn(Progress) + Send + Sync),
        stop: CancellationToken,
    ) -> Result<(), NotAnswered> {
        let (order, observed) = tokio::select! {
            observed = self.observe(&assignment, report, &stop) => observed?,
            () = stop.cancelled() => return Err(NotAnswered::Stopped),
        };
        report(Progress { stage: "delivering", percent: 0 });
        self.deliver(assignment.lease, &observed).await?;
        recheck::perhaps(&self.worker, order, observed);
        Ok(())
    }

    async fn observe(
        &self,
        assignment: &Assignment,
        report: &(dyn Fn(Progress) + Send + Sync),
        stop: &CancellationToken,
    ) -> Result<(Order, Evidence), NotAnswered> {
        let memory_bytes = if assignment.memory_bytes == 0 { GUEST_BYTES } else { assignment.memory_bytes };
        let _admission =
            self.worker.capacity.admit(assignment.axes.cpus, memory_bytes).await.inspect_err(|_| {
                self.worker.tally.count(Event::MemoryShort);
            })?;
        let kernel = self.known(assignment)?;
        let object = self.object(assignment).await?;
        let (globals, places) = globals(assignment, &object)?;
        let fetching = |step: kernel::Progress| {
            report(Progress { stage: "fetching", percent: percent(step.done_bytes, step.total_bytes) });
        };
        let fetched = timeout(FETCH_MAX, self.worker.library.bundle(kernel, &fetching)).await;
        let bundle = fetched.map_err(|_| NotAnswered::SlowFetch(kernel.id.to_string()))??;
        let on_demand =
            Arc::new(self.worker.library.on_demand(&bundle, wanted(&object, &assignment.contract)).await?);
        let initramfs = self.worker.initramfs(&bundle)?;
        let hypervisor = self.worker.hypervisor(&bundle, &initramfs).await.map_err(NotAnswered::Host)?;
        let order = Order {
            programs: programs(&object, &assignment.loader),
            object_name: assignment.object_name.clone(),
            object,
            object_digest: assignment.object,
            on_demand,
            level: assignment.level,
            loader: assignment.loader.clone(),
            loader_files: self.worker.externals.files(&assignment.loader)?,
            contract: assignment.contract.clone(),
            globals,
            places,
            axes: assignment.axes.clone(),
            memory_bytes,
            timeout: assignment.timeout,
            start: assignment.start,
            ..order(&bundle, &initramfs, self.worker.validator.digest)
        };
        let (steps, mut seen) = watch::channel(Step::Boot);
        let telling = async {
            report(Progress { stage: Step::Boot.name(), percent: 0 });
            while seen.changed().await.is_ok() {
                report(Progress { stage: seen.borrow_and_update().name(), percent: 0 });
            }
        };
        let (evidence, ()) =
            tokio::join!(hypervisor.answer(order.clone(), steps, stop.child_token()), telling);
        let mut evidence = evidence?;
        if let Some(kernel) = &mut evidence.kernel {
            kernel.lacks.extend(bundle.lacks);
        }
        Ok((order, evidence))
    }

    fn known(&self, assignment: &Assignment) -> Result<&Kernel, NotAnswered> {
        self.worker
            .kernels()
            .iter()
            .find(|kernel| kernel.id == assignment.kernel && kernel.digest == assignment.kernel_digest)
            .ok_or_else(|| NotAnswered::UnknownKernel(assignment.kernel.to_string()))
    }

    async fn object(&self, assignment: &Assignment) -> Result<Bytes, NotAnswered> {
        let refused = |says: String| NotAnswered::Object { digest: assignment.object, says };
        let request = wire::FetchObjectRequest { digest: assignment.object.0.to_vec() };
        let mut pieces = self
            .fleet
            .clone()
            .fetch_object(request)
            .await
            .map_err(|status| refused(status.message().to_owned()))?
            .into_inner();
        let mut object = Vec::with_capacity(assignment.object_bytes);
        while let Some(piece) =
            pieces.message().await.map_err(|status| refused(status.message().to_owned()))?
        {
            if object.len() + piece.data.len() > assignment.object_bytes {
                return Err(refused(format!(
                    "it is longer than the {} bytes announced",
                    assignment.object_bytes
                )));
            }
            object.extend_from_slice(&piece.data);
        }
        let got = Digest::of(&object);
        if got == assignment.object {
            Ok(object.into())
        } else {
            Err(refused(format!("its digest is {got}")))
        }
    }

    async fn deliver(&self, lease: Lease, evidence: &Evidence) -> Result<(), NotAnswered> {
        // A hundred mebibytes of evidence take seconds, in which others must go on.
        let sealed = tokio::task::block_in_place(|| seal::seal(evidence))?;
        let mut lease = Some(wire::Lease::from(lease));
        let pieces: Vec<wire::DeliverEvidenceRequest> = sealed
            .chunks(proto::PIECE_BYTES)
            .map(|piece| wire::DeliverEvidenceRequest { lease: lease.take(), data: piece.to_vec() })
            .collect();
        match self.fleet.clone().deliver_evidence(tokio_stream::iter(pieces)).await {
            Ok(_) => Ok(()),
            // The cell was cancelled or given to another worker: there is nothing left to do.
            Err(status) if status.code() == tonic::Code::FailedPrecondition => Ok(()),
            Err(status) => Err(NotAnswered::Deliver(Box::new(status))),
        }
    }
}

/// The declared globals as bytes of this object, and where those stand that checks look at. The controller
/// has held the object to the contract.
fn globals(
    assignment: &Assignment,
    object: &[u8],
) -> Result<(Vec<GlobalBytes>, Vec<GlobalPlace>), NotAnswered> {
    let contract = &assignment.contract;
    if contract.globals.is_empty() && contract.checks.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let refused = |says: String| NotAnswered::Object { digest: assignment.object, says };
    let variables = insight::object::globals(object).map_err(|error| refused(error.to_string()))?;
    let set = insight::manifest::resolve(contract, &variables)
        .map_err(|wrong| refused(wrong.into_iter().map(|(_, says)| says).collect::<Vec<_>>().join("; ")))?;
    Ok((set, insight::manifest::places(contract, &variables)))
}

/// The object's programs, for loaders that do not tell their sections. An object that cannot be read has
/// none: its loader tells why.
fn programs(object: &[u8], loader: &Loader) -> Vec<ProgramFact> {
    if *loader == Loader::Libbpf {
        return Vec::new();
    }
    let facts = insight::object::inspect(object).map(|facts| facts.programs).unwrap_or_default();
    facts.into_iter().map(ProgramFact::from).collect()
}

/// What the object needs of its kernel, hooks that are declared for it among it. One that cannot be read
/// needs nothing: the guest tells why.
fn wanted(object: &[u8], contract: &Contract) -> Vec<Wanted> {
    let Ok(facts) = insight::object::inspect(object) else { return Vec::new() };
    let declared = contract.programs.values().filter_map(|terms| terms.section.as_deref());
    let sections = facts.programs.iter().map(|program| program.section.as_str()).chain(declared);
    insight::wanted::collect(sections, facts.externs.iter().map(String::as_str))
}

fn percent(done: u64, total: u64) -> u32 {
    let percent = done.saturating_mul(100).checked_div(total).unwrap_or(0);
    u32::try_from(percent.min(100)).unwrap_or(100)
}
