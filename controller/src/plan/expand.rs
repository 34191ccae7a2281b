//! Objects × kernels × loaders × environments, in the order they should be answered.

use super::submit::SubmitError;
use crate::store::cells::NewCell;
use crate::store::workers::Able;
use domain::axis::{Axes, Loader};
use domain::digest::Digest;
use domain::id::CellId;
use domain::kernel::Kernel;
use domain::selector::{Selector, SelectorError};
use std::collections::BTreeSet;

/// A kernel the run asks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) kernel: Kernel,
    pub(super) required: bool,
}

/// The kernels that both selectors name, each once: required ones first, oldest first. One that
/// is in both is required.
pub(super) fn kernels(
    known: &[Kernel],
    required: &Selector,
    optional: Option<&Selector>,
) -> Result<Vec<Asked>, SelectorError> {
    let asked = |kernel: &Kernel, required| Asked { kernel: kernel.clone(), required };
    let mut chosen: Vec<Asked> =
        required.select(known)?.into_iter().map(|kernel| asked(kernel, true)).collect();
    if let Some(optional) = optional {
        let more: Vec<Asked> = optional
            .select(known)?
            .into_iter()
            .filter(|kernel| !chosen.iter().any(|asked| asked.kernel.id == kernel.id))
            .map(|kernel| asked(kernel, false))
            .collect();
        chosen.extend(more);
    }
    Ok(chosen)
}

/// Refuses a loader that nobody could run on one of the kernels: its cells would wait for ever.
pub(super) fn loadable(able: &[Able], kernels: &[Asked], loaders: &[Loader]) -> Result<(), SubmitError> {
    for kernel in kernels.iter().map(|asked| &asked.kernel.id) {
        let known: BTreeSet<&str> =
            able.iter().filter(|able| able.kernel == *kernel).map(|able| able.loader.name()).collect();
        if let Some(loader) = loaders.iter().find(|loader| !known.contains(loader.name())) {
            let known = known.into_iter().collect::<Vec<_>>().join(", ");
            return Err(SubmitError::NoLoader { kernel: kernel.clone(), loader: loader.clone(), known });
        }
    }
    Ok(())
}

/// One cell per object, kernel, loader and environment. Cells of one kernel and environment follow each
/// other, so that a worker that has their template warm gets several.
pub(super) fn cells(
    objects: &[Digest],
    kernels: &[Asked],
    (loaders, environments): (&[Loader], &[Axes]),
) -> Vec<NewCell> {
    let mut cells = Vec::new();
    for (asked, axes) in kernels.iter().flat_map(|asked| environments.iter().map(move |axes| (asked, axes))) {
        let pairs = objects.iter().flat_map(|object| loaders.iter().map(move |loader| (object, loader)));
        cells.extend(pairs.map(|(object, loader)| NewCell {
            id: CellId::new(),
            object: *object,
            kernel: asked.kernel.id.clone(),
            loader: loader.clone(),
            axes: axes.clone(),
            required: asked.required,
            trial: None,
        }));
    }
    cells
}
