//! `bpfcompat kernels list|show|fetch`

use super::Context;
use crate::args::typed::Kernels;
use crate::exit::{Exit, Failure};
use crate::remote::{self, Services, refusal, soon};
use crate::render::status::Status;
use crate::render::{bytes, list, matrix, printable};
use domain::kernel::Kernel;
use domain::selector::Selector;
use proto::wire;
use worker::kernel::{Catalogue, Library};

/// Does what was asked of kernels: from this machine's library, or a controller's workers'.
pub(super) async fn run(context: &Context, verb: &Kernels) -> Result<Exit, Failure> {
    let (flag, text) = match verb {
        Kernels::List { selector } => ("SELECTOR", selector.as_deref().unwrap_or("all")),
        Kernels::Show { kernel } => ("KERNEL", kernel.as_str()),
        Kernels::Fetch { selector } => ("SELECTOR", selector.as_str()),
    };
    let selector: Selector = text.parse().map_err(|error| Failure::misuse(format!("{flag}: {error}")))?;
    match &context.settings.controller {
        Some(url) => remotely(context, verb, url, text).await,
        None => {
            let status = context.status();
            let ended = locally(context, verb, &selector, &status).await;
            status.clear();
            print(context, verb, ended?)
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
    let chosen = selector.select(&kernels).map_err(Failure::misuse)?;
    if let Kernels::Fetch { .. } = verb {
        fetch(context, &library, &chosen, status).await?;
    }
    Ok(Found {
        on_disk: Some(chosen.iter().map(|kernel| library.bundle_on_disk(&kernel.id).is_some()).collect()),
        kernels: chosen.into_iter().map(Into::into).collect(),
    })
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
    let channel = remote::connect(url).await?;
    let request = soon(wire::ListKernelsRequest { selector: selector.to_owned() });
    let answer = Services::new(&channel).kernels.list_kernels(request).await;
    let kernels = answer.map_err(|status| refusal(&status))?.into_inner().kernels;
    print(context, verb, Found { kernels, on_disk: None })
}

fn print(context: &Context, verb: &Kernels, found: Found) -> Result<Exit, Failure> {
    match verb {
        Kernels::List { .. } | Kernels::Fetch { .. } => {
            super::print(&list::kernels(&found.kernels, found.on_disk.as_deref(), context.paint()))
        }
        Kernels::Show { kernel } => match &found.kernels[..] {
            [only] => super::print(&card(only, found.on_disk.as_ref().map(|here| here[0]))),
            several => Err(Failure::misuse(format!(
                "`{kernel}` names {} kernels; give one of the ids of `bpfcompat kernels list {kernel}`",
                several.len()
            ))),
        },
    }
}

fn card(kernel: &wire::Kernel, on_disk: Option<bool>) -> String {
    let on_disk = match on_disk {
        Some(true) => "yes",
        Some(false) => "no",
        None => "only the workers know",
    };
    let lines = [
        ("id", kernel.id.clone()),
        ("release", kernel.release.clone()),
        ("version", kernel.version.clone()),
        ("series", kernel.series.clone()),
        ("distro", kernel.distro.clone()),
        ("suites", kernel.suites.join(" ")),
        ("flavour", kernel.flavour.clone()),
        ("arch", kernel.arch.clone()),
        ("sha256", matrix::hex(&kernel.digest)),
        ("download", bytes(kernel.download_bytes)),
        ("on disk", on_disk.to_owned()),
    ];
    lines.iter().map(|(key, value)| format!("{key:<10}{}\n", printable(value))).collect()
}
