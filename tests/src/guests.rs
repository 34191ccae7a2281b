//! Real guests without a controller: orders for the kernels that tests and benchmarks ask about.

use crate::system::{data_dir, repository};
use anyhow::{Context as _, ensure};
use domain::digest::Digest;
use domain::evidence::{Accelerator, End, Evidence, Start};
use domain::kernel::Kernel;
use insight::wanted::Wanted;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use worker::jail::Jail;
use worker::kernel::{Catalogue, Library, OnDemand, Settings};
use worker::machine::{Hypervisor, Order, Qemu, Step, template};
use worker::slot::order::order;
use worker::tally::Tally;

/// One kernel of every generation.
pub const SERIES: [&str; 4] = ["5.10", "6.1", "6.12", "newest"];

/// The static validator as `make validator` leaves it.
const VALIDATOR: &str = "target/x86_64-unknown-linux-gnu/guest/bpfcompat-validator";

/// Kernels on this host and the validator for their guests.
#[derive(Debug)]
pub struct Guests {
    library: Library,
    catalogue: Catalogue,
    validator: Vec<u8>,
}

impl Guests {
    /// Reads the catalogue and the validator.
    ///
    /// # Errors
    /// The validator was not built, or no kernels can be listed.
    pub async fn find() -> anyhow::Result<Self> {
        let path = repository().join(VALIDATOR);
        Self::with_validator(std::fs::read(path).context("run `make validator` first")?).await
    }

    /// The same with this program as the guest's first process.
    ///
    /// # Errors
    /// No kernels can be listed.
    pub async fn with_validator(validator: Vec<u8>) -> anyhow::Result<Self> {
        let settings = Settings::default();
        let age = settings.index_max_age();
        let library = Library::open(&data_dir().join("kernels"), settings)?;
        let catalogue = library.catalogue(age, &|_| ()).await?;
        Ok(Self { library, catalogue, validator })
    }

    /// The one kernel that a selector names.
    ///
    /// # Errors
    /// It names none or many.
    pub fn kernel(&self, selector: &str) -> anyhow::Result<&Kernel> {
        let selector: domain::selector::Selector = selector.parse()?;
        let named = selector.select(&self.catalogue.kernels)?;
        ensure!(named.len() == 1, "{selector} names {} kernels", named.len());
        Ok(named[0])
    }

    /// An order about `object` on the kernel that a selector names.
    ///
    /// # Errors
    /// No such kernel, or its bundle cannot be had.
    pub async fn order(&self, selector: &str, object: (String, Vec<u8>)) -> anyhow::Result<Order> {
        let bundle = self.library.bundle(self.kernel(selector)?, &|_| ()).await?;
        let initramfs = bundle.initramfs(&self.validator, None)?;
        let (object_name, object) = object;
        let object_digest = Digest::of(&object);
        let order = order(&bundle, &initramfs, Digest::of(&self.validator));
        Ok(Order { object_name, object: object.into(), object_digest, ..order })
    }

    /// The modules in which the kernel that a selector names has what is wanted.
    ///
    /// # Errors
    /// No such kernel, or its bundle cannot be had.
    pub async fn on_demand(&self, selector: &str, wanted: Vec<Wanted>) -> anyhow::Result<OnDemand> {
        let bundle = self.library.bundle(self.kernel(selector)?, &|_| ()).await?;
        Ok(self.library.on_demand(&bundle, wanted).await?)
    }
}

/// A hypervisor that keeps its templates in `dir` and counts into the tally.
///
/// # Errors
/// There is no QEMU.
pub async fn hypervisor(
    dir: &Path,
    settings: &template::Settings,
) -> anyhow::Result<(Arc<Hypervisor>, Arc<Tally>)> {
    let qemu = Qemu::find(None, &std::env::var("PATH")?).await?;
    let tally = Arc::<Tally>::default();
    let jail = Arc::new(Jail::probe(&qemu.program, Arc::clone(&tally)));
    let hypervisor = Hypervisor::new(qemu, Accelerator::Tcg, jail)?;
    Ok((Arc::new(hypervisor.with_templates(dir.into(), settings, Arc::clone(&tally))), tally))
}

/// What a guest started as `start` answers; an answer that is not whole is an error.
///
/// # Errors
/// No guest, or one that did not finish or was started otherwise.
pub async fn ask(hypervisor: &Arc<Hypervisor>, order: &Order, start: Start) -> anyhow::Result<Evidence> {
    let (steps, _) = watch::channel(Step::Boot);
    let order = Order { start, ..order.clone() };
    let evidence = hypervisor.answer(order, steps, CancellationToken::new()).await?;
    ensure!(evidence.end == End::Finished, "{:?}\n{}", evidence.end, evidence.console);
    ensure!(evidence.guest.start == start, "the guest was started as {:?}", evidence.guest.start);
    Ok(evidence)
}
