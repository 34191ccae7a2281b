//! What a worker is made of, prepared once before its first session.

use crate::accelerator;
use crate::config::Config;
use crate::jail::{Forbidden, Jail};
use crate::kernel::{Bundle, Initramfs, KernelError, Library, Report};
use crate::machine::template;
use crate::machine::{BootFiles, Hypervisor, ProbeError, Proof, Qemu, prove_accelerator};
use crate::slot::budget::{Capacity, SLOTS_MAX};
use crate::tally::Tally;
use crate::validator::{NoValidator, Validator};
use domain::evidence::Accelerator;
use domain::kernel::Kernel;
use proto::wire;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// A worker that is ready to serve.
#[derive(Debug)]
pub struct Worker {
    name: String,
    capacity: Capacity,
    data_dir: PathBuf,
    qemu: Qemu,
    jail: Arc<Jail>,
    hypervisor: OnceCell<Hypervisor>,
    templates: template::Settings,
    tally: Arc<Tally>,
    slots: u16,
    kernels: Vec<Kernel>,
    pub(crate) library: Library,
    pub(crate) validator: Validator,
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
        let qemu = Qemu::find(config.qemu.as_deref(), &Config::search_path()).await?;
        let tally = Arc::<Tally>::default();
        let jail = Arc::new(Jail::probe(&qemu.program, Arc::clone(&tally)));
        config.jail.allow(jail.lacks())?;
        let library = Library::open(&config.data_dir.join("kernels"), config.kernels.clone())?;
        let catalogue = library.catalogue(config.kernels.index_max_age(), progress).await?;
        for warning in &catalogue.warnings {
            tracing::warn!("{warning}");
        }
        let capacity = Capacity::of_this_host();
        Ok(Self {
            name: if config.name.is_empty() { host_name() } else { config.name.clone() },
            slots: config.slots.map_or(capacity.slots(), |slots| slots.clamp(1, SLOTS_MAX)),
            capacity,
            data_dir: config.data_dir.clone(),
            qemu,
            jail,
            hypervisor: OnceCell::new(),
            templates: config.templates.clone(),
            tally,
            kernels: catalogue.kernels,
            library,
            validator,
        })
    }

    /// Cells answered at once.
    pub fn slots(&self) -> u16 {
        self.slots
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
            let dir = self.data_dir.join("templates");
            Ok(hypervisor.with_templates(dir, &self.templates, Arc::clone(&self.tally)))
        };
        self.hypervisor.get_or_try_init(find).await
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
        wire::Hello {
            name: self.name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            validator: self.validator.digest.0.to_vec(),
            cpus: self.capacity.cpus.into(),
            memory_bytes: self.capacity.available_bytes,
            accelerator: proof.map_or(Accelerator::Tcg, |proof| proof.accelerator).name().to_owned(),
            qemu: self.qemu.version.clone(),
            slots: self.slots.into(),
            kernels: self.kernels.iter().map(Into::into).collect(),
        }
    }
}

fn host_name() -> String {
    nix::unistd::gethostname()
        .ok()
        .and_then(|name| name.into_string().ok())
        .unwrap_or_else(|| "worker".to_owned())
}
