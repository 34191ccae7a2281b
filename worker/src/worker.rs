//! What a worker is made of, prepared once before its first session.

use crate::accelerator;
use crate::config::Config;
use crate::external::{External, ExternalError, Externals};
use crate::jail::{Forbidden, Jail};
use crate::kernel::{Bundle, Initramfs, KernelError, Library, Report};
use crate::machine::template;
use crate::machine::{BootFiles, Hypervisor, ProbeError, Proof, Qemu, prove_accelerator};
use crate::metrics;
use crate::offered::Offered;
use crate::recheck::Recheck;
use crate::slot::capacity::Capacity;
use crate::tally::{Event, Tally};
use crate::tools::Tools;
use crate::validator::{NoValidator, Validator};
use domain::digest::Digest;
use domain::evidence::Accelerator;
use domain::kernel::Kernel;
use domain::offers::{Offers, options};
use proto::wire;
use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tokio::sync::OnceCell;

/// A worker that is ready to serve.
#[derive(Debug)]
pub struct Worker {
    name: String,
    data_dir: PathBuf,
    qemu: Qemu,
    jail: Arc<Jail>,
    hypervisor: OnceCell<Hypervisor>,
    templates: template::Settings,
    kernels: Vec<Kernel>,
    // By the kernel's digest.
    initramfs: Mutex<HashMap<Digest, Initramfs>>,
    pub(crate) externals: Externals,
    pub(crate) metrics: metrics::Settings,
    pub(crate) capacity: Arc<Capacity>,
    pub(crate) tally: Arc<Tally>,
    pub(crate) offered: Arc<Offered>,
    pub(crate) recheck: Recheck,
    pub(crate) library: Library,
    pub(crate) validator: Validator,
    tools: Tools,
}

/// Why a worker cannot start on this host.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// No validator.
    #[error(transparent)]
    Validator(#[from] NoValidator),
    /// No QEMU.
    #[error(transparent)]
    Qemu(#[from] ProbeError),
    /// Not the jail that is required.
    #[error(transparent)]
    Jail(#[from] Forbidden),
    /// An external loader that cannot go along.
    #[error(transparent)]
    Loader(#[from] ExternalError),
    /// No kernels.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

impl Worker {
    /// Finds validator and QEMU, tries the jail, and reads the catalogue of kernels.
    ///
    /// # Errors
    /// `PrepareError` names what is missing and how to get it.
    pub async fn prepare(config: &Config, progress: Report<'_>) -> Result<Self, PrepareError> {
        let validator = Validator::read(config.validator.as_deref())?;
        let tools = Tools::read(config.busybox.as_deref());
        if let Err(lacks) = tools.bytes() {
            tracing::warn!("guests have no shell for commands: {lacks}");
        }
        let externals = Externals::find(&config.external_loaders)?;
        let qemu = Qemu::find(config.qemu.as_deref(), &Config::search_path()).await?;
        let tally = Arc::<Tally>::default();
        let jail = Arc::new(Jail::probe(&qemu.program, Arc::clone(&tally)));
        config.jail.allow(jail.lacks())?;
        let library = Library::open(&config.data_dir.join("kernels"), config.kernels.clone())?;
        let catalogue = library.catalogue(config.kernels.index_max_age(), progress).await?;
        for warning in &catalogue.warnings {
            tracing::warn!("{warning}");
        }
        let disagreements = config.data_dir.join("disagreements");
        Ok(Self {
            name: if config.name.is_empty() { host_name() } else { config.name.clone() },
            metrics: config.metrics.clone(),
            capacity: Arc::new(Capacity::new(config.slots)),
            data_dir: config.data_dir.clone(),
            qemu,
            jail,
            hypervisor: OnceCell::new(),
            templates: config.templates.clone(),
            recheck: Recheck::new(config.recheck_share, disagreements, Arc::clone(&tally)),
            tally,
            offered: Arc::default(),
            kernels: catalogue.kernels,
            initramfs: Mutex::default(),
            externals,
            library,
            validator,
            tools,
        })
    }

    /// What it may carry.
    pub fn capacity(&self) -> &Arc<Capacity> {
        &self.capacity
    }

    /// What happened since it started.
    pub fn tally(&self) -> &Arc<Tally> {
        &self.tally
    }

    /// Kernels it can boot, oldest first.
    pub fn kernels(&self) -> &[Kernel] {
        &self.kernels
    }

    /// What runs guests here. The first call proves whether KVM works by booting this bundle.
    pub(crate) async fn hypervisor(&self, bundle: &Bundle, initramfs: &Initramfs) -> io::Result<&Hypervisor> {
        let find = || async {
            let proof = match accelerator::recall(&self.data_dir, &self.qemu) {
                Some(proof) => proof,
                None => self.prove(bundle, initramfs).await?,
            };
            tracing::info!(
                accelerator = proof.accelerator.name(),
                reason = proof.reason,
                "accelerator proven"
            );
            let hypervisor = Hypervisor::new(self.qemu.clone(), proof.accelerator, Arc::clone(&self.jail))?;
            if !self.templates.enabled {
                return Ok(hypervisor.counting(Arc::clone(&self.tally)));
            }
            let dir = self.data_dir.join("templates");
            let hypervisor = hypervisor.telling(Arc::clone(&self.offered));
            Ok(hypervisor.with_templates(dir, &self.templates, Arc::clone(&self.tally)))
        };
        self.hypervisor.get_or_try_init(find).await
    }

    /// What guests of this kernel boot from. Digesting it takes tens of milliseconds, so it is done
    /// once for each kernel.
    pub(crate) fn initramfs(&self, bundle: &Bundle) -> Result<Initramfs, KernelError> {
        let known = || self.initramfs.lock().expect("nobody panics while holding the list");
        if let Some(initramfs) = known().get(&bundle.kernel.digest).filter(|known| known.path.exists()) {
            return Ok(initramfs.clone());
        }
        let initramfs =
            tokio::task::block_in_place(|| bundle.initramfs(&self.validator.bytes, self.tools.bytes().ok()))?;
        known().insert(bundle.kernel.digest, initramfs.clone());
        Ok(initramfs)
    }

    /// What a guest of the kernel with this digest saw, with what only its bundle tells: its configuration.
    pub(crate) async fn with_options(&self, kernel: Digest, seen: &Offers) -> Offers {
        let kernel = self.kernels.iter().find(|known| known.digest == kernel);
        let bundle = kernel.and_then(|kernel| self.library.bundle_on_disk(&kernel.id));
        let config = match bundle.and_then(|bundle| bundle.config) {
            Some(path) => tokio::fs::read_to_string(path).await.ok(),
            None => None,
        };
        Offers { options: config.as_deref().map(options), ..seen.clone() }
    }

    /// What runs guests here, if a first guest was run.
    pub(crate) fn present_hypervisor(&self) -> Option<&Hypervisor> {
        self.hypervisor.get()
    }

    async fn prove(&self, bundle: &Bundle, initramfs: &Initramfs) -> io::Result<Proof> {
        let boot = BootFiles {
            series: bundle.kernel.series,
            vmlinuz: bundle.vmlinuz.clone(),
            initramfs: initramfs.path.clone(),
            modules: initramfs.modules.clone(),
        };
        let proof = prove_accelerator(&self.qemu, Arc::clone(&self.jail), &boot).await?;
        accelerator::remember(&self.data_dir, &self.qemu, &proof);
        Ok(proof)
    }

    /// How the worker introduces itself. Until a guest has proven KVM it claims none.
    pub(crate) fn hello(&self) -> wire::Hello {
        let proof = accelerator::recall(&self.data_dir, &self.qemu);
        let host = self.capacity.seen();
        let external = |(name, external): (&str, &External)| wire::ExternalLoader {
            name: name.to_owned(),
            program: external.digest.0.to_vec(),
        };
        wire::Hello {
            name: self.name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            validator: self.validator.digest.0.to_vec(),
            cpus: host.cpus.into(),
            memory_bytes: host.memory_bytes,
            accelerator: proof.map_or(Accelerator::Tcg, |proof| proof.accelerator).name().to_owned(),
            qemu: self.qemu.version.clone(),
            slots: self.capacity.slots().into(),
            kernels: self.kernels.iter().map(Into::into).collect(),
            external_loaders: self.externals.iter().map(external).collect(),
        }
    }

    /// What it says of itself with every heartbeat.
    pub(crate) fn heartbeat(&self, leases: Vec<wire::Lease>) -> wire::Heartbeat {
        let budget = self.capacity.budget();
        let count =
            |event: &Event| wire::Count { name: event.name().to_owned(), count: self.tally.of(*event) };
        wire::Heartbeat {
            leases,
            budget: Some(wire::Budget {
                cells: budget.cells.into(),
                limited_by: budget.limited_by.name().to_owned(),
                in_flight: self.capacity.promised().cells.into(),
                available_bytes: self.capacity.seen().available_bytes.unwrap_or(0),
                load_of_others: budget.load_of_others,
            }),
            tally: Event::ALL.iter().map(count).collect(),
        }
    }
}

fn host_name() -> String {
    nix::unistd::gethostname()
        .ok()
        .and_then(|name| name.into_string().ok())
        .unwrap_or_else(|| "worker".to_owned())
}
