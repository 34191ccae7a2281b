//! Templates made ahead of the first cell, so that no cell waits for a boot.

use crate::Worker;
use crate::kernel::KernelError;
use crate::machine::template::TemplateError;
use crate::slot::order::order;
use domain::kernel::Kernel;
use domain::selector::{Selector, SelectorError};
use std::io;

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
        let warmed = one(worker, kernel).await;
        failed += usize::from(warmed.is_err());
        report(kernel, warmed.as_ref().copied());
    }
    if failed == 0 { Ok(()) } else { Err(WarmError::Some(failed)) }
}

async fn one(worker: &Worker, kernel: &Kernel) -> Result<(), WarmError> {
    let bundle = worker.library.bundle(kernel, &|_| ()).await?;
    let initramfs = worker.initramfs(&bundle)?;
    let hypervisor = worker.hypervisor(&bundle, &initramfs).await.map_err(WarmError::Host)?;
    hypervisor.warm(&order(&bundle, &initramfs, worker.validator.digest)).await?;
    Ok(())
}
