//! Templates made ahead of the first cell, so that no cell waits for a boot, and what they know of their kernels.

use crate::Worker;
use crate::kernel::{KernelError, Report};
use crate::machine::template::{Template, TemplateError};
use crate::slot::order::order;
use domain::kernel::Kernel;
use domain::offers::Offers;
use domain::selector::{Selector, SelectorError};
use std::io;
use std::sync::Arc;

/// Why a kernel has no template.
#[derive(Debug, thiserror::Error)]
pub enum WarmError {
    /// The selector names no kernels.
    #[error(transparent)]
    Selector(#[from] SelectorError),
    /// No bundle of the kernel.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// The operating system refused what starting guests needs.
    #[error("guests cannot be started on this host")]
    Host(#[source] io::Error),
    /// It could not be made.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// Every guest is booted.
    #[error("templates are switched off on this host")]
    Off,
    /// What was said of each kernel, summed up.
    #[error("{0} kernels have no template; the lines above say why")]
    Some(usize),
}

/// Makes the templates of all selected kernels that have none on disk, one after the other, and
/// tells `report` of each.
///
/// # Errors
/// The selector names no kernels; or how many of them have no template, after all were tried.
pub async fn warm(
    worker: &Worker,
    selector: &Selector,
    report: &dyn Fn(&Kernel, Result<(), &WarmError>),
) -> Result<(), WarmError> {
    let mut failed = 0;
    for kernel in selector.select(worker.kernels())? {
        let warmed = template(worker, kernel, &|_| ()).await.map(drop);
        failed += usize::from(warmed.is_err());
        report(kernel, warmed.as_ref().copied());
    }
    if failed == 0 { Ok(()) } else { Err(WarmError::Some(failed)) }
}

/// What a kernel offers to programs, from its template, which is made if there is none. `report` is told of
/// a download.
///
/// # Errors
/// There is no template to be had, or none is kept here (`[templates] enabled = false`).
pub async fn offers(worker: &Worker, kernel: &Kernel, report: Report<'_>) -> Result<Offers, WarmError> {
    let template = template(worker, kernel, report).await?.ok_or(WarmError::Off)?;
    Ok(worker.with_options(kernel.digest, &template.identity().offers).await)
}

async fn template(
    worker: &Worker,
    kernel: &Kernel,
    report: Report<'_>,
) -> Result<Option<Arc<Template>>, WarmError> {
    let bundle = worker.library.bundle(kernel, report).await?;
    let initramfs = worker.initramfs(&bundle)?;
    let hypervisor = worker.hypervisor(&bundle, &initramfs).await.map_err(WarmError::Host)?;
    Ok(hypervisor.warm(&order(&bundle, &initramfs, worker.validator.digest)).await?)
}
