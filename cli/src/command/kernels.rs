//! `bpfcompat kernels list|fetch`, and what [`kernel`](super::kernel) needs for `show`.

use super::{Context, kernel};
use crate::args::typed::Kernels;
use crate::exit::{Exit, Failure};
use crate::remote::{self, Services, refusal, soon};
use crate::render::status::Status;
use crate::render::{list, printable};
use domain::kernel::Kernel;
use domain::selector::Selector;
use proto::wire;
use worker::kernel::{Catalogue, Library};

/// Does what was asked of kernels: from this machine's library, or a controller's workers'.
pub(super) async fn run(context: &Context, verb: &Kernels) -> Result<Exit, Failure> {
    let (flag, text) = match verb {
        Kernels::List { selector } => ("SELECTOR", selector.as_deref().unwrap_or("all")),
        Kernels::Show { kernel, .. } => ("KERNEL", kernel.as_str()),
        Kernels::Fetch { selector } => ("SELECTOR", selector.as_str()),
    };
    let selector: Selector = text.parse().map_err(|error| Failure::misuse(format!("{flag}: {error}")))?;
    if let Kernels::Show { names, .. } = verb {
        return kernel::show(context, &selector, *names).await;
    }
    match &context.settings.controller {
        Some(url) => remotely(context, verb, url, text).await,
        None => {
            let status = context.status();
            let ended = locally(context, verb, &selector, &status).await;
            status.clear();
            print(context, &ended?)
        }
    }
}

/// Kernels, and for each whether it is on disk, where that is known.
struct Found {
    kernels: Vec<wire::Kernel>,
    on_disk: Option<Vec<bool>>,
}

async fn locally(
    context: &Context,
    verb: &Kernels,
    selector: &Selector,
    status: &Status,
) -> Result<Found, Failure> {
    let (library, kernels) = catalogue(context, status).await?;
    let chosen = selector.select(&kernels).map_err(Failure::misuse)?;
    if let Kernels::Fetch { .. } = verb {
        fetch(context, &library, &chosen, status).await?;
    }
    Ok(Found {
        on_disk: Some(chosen.iter().map(|kernel| library.bundle_on_disk(&kernel.id).is_some()).collect()),
        kernels: chosen.into_iter().map(Into::into).collect(),
    })
}

/// This machine's library and the kernels that its sources list.
pub(super) async fn catalogue(context: &Context, status: &Status) -> Result<(Library, Vec<Kernel>), Failure> {
    let settings = &context.settings;
    let library = Library::open(&settings.data_dir.join("kernels"), settings.sources.clone());
    let library = library.map_err(Failure::environment)?;
    let report = |progress| status.tell(&progress);
    let Catalogue { kernels, warnings, .. } = tokio::select! {
        read = library.catalogue(settings.sources.index_max_age(), &report) => {
            read.map_err(Failure::environment)?
        }
        () = context.stop.cancelled() => return Err(Failure::environment("stopped by you")),
    };
    status.clear();
    for warning in warnings {
        eprintln!("warning: {}", printable(&warning));
    }
    Ok((library, kernels))
}

async fn fetch(
    context: &Context,
    library: &Library,
    kernels: &[&Kernel],
    status: &Status,
) -> Result<(), Failure> {
    let report = |progress| status.tell(&progress);
    for kernel in kernels {
        tokio::select! {
            bundle = library.bundle(kernel, &report) => {
                bundle.map_err(Failure::environment)?;
            }
            () = context.stop.cancelled() => {
                return Err(Failure::environment("stopped by you; what was downloaded is kept"));
            }
        }
    }
    Ok(())
}

async fn remotely(context: &Context, verb: &Kernels, url: &str, selector: &str) -> Result<Exit, Failure> {
    if let Kernels::Fetch { .. } = verb {
        return Err(Failure::misuse(
            "a controller's workers fetch kernels when they are asked about; run `kernels fetch` \
             without --controller to fill this machine's library",
        ));
    }
    let channel = remote::connect(url, context.settings.ca.as_deref()).await?;
    let request = soon(wire::ListKernelsRequest { selector: selector.to_owned() });
    let answer = Services::new(&channel).kernels.list_kernels(request).await;
    let kernels = answer.map_err(|status| refusal(&status))?.into_inner().kernels;
    print(context, &Found { kernels, on_disk: None })
}

fn print(context: &Context, found: &Found) -> Result<Exit, Failure> {
    super::print(&list::kernels(&found.kernels, found.on_disk.as_deref(), context.paint()))
}
