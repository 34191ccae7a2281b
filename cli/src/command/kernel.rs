//! `bpfcompat kernels show`: one kernel and what it offers to programs.
//!
//! A controller was told by its workers. This machine looks itself: what a kernel offers is known to the
//! template of it, which is made by booting the kernel once and serves later tests too.

use super::{Context, kernels};
use crate::exit::{Exit, Failure};
use crate::local;
use crate::remote::{self, Services, refusal, soon};
use crate::render::kernel::{Known, card};
use crate::render::status::Status;
use domain::kernel::Kernel;
use domain::offers::Offers;
use domain::selector::Selector;
use proto::wire;

/// Shows the one kernel the selector names. Without knowing what it offers, the answer is not whole.
pub(super) async fn show(context: &Context, selector: &Selector, names: bool) -> Result<Exit, Failure> {
    let (kernel, on_disk, offers) = match &context.settings.controller {
        Some(url) => {
            let (kernel, offers) = remotely(context, url, selector).await?;
            (kernel, None, offers)
        }
        None => {
            let status = context.status();
            let ended = locally(context, selector, &status).await;
            status.clear();
            let (kernel, on_disk, offers) = ended?;
            (kernel, Some(on_disk), offers)
        }
    };
    super::print(&card(&kernel, on_disk, &offers, names, context.look(false)))?;
    Ok(if offers.is_ok() { Exit::Works } else { Exit::CouldNotTell })
}

async fn locally(
    context: &Context,
    selector: &Selector,
    status: &Status,
) -> Result<(wire::Kernel, bool, Known), Failure> {
    let (library, known) = kernels::catalogue(context, status).await?;
    let kernel = selector.only(&known).map_err(Failure::misuse)?;
    let offers = offers(context, kernel, status).await.map_err(|failure| failure.to_string());
    if context.stop.is_cancelled() {
        return Err(Failure::environment("stopped by you; what was downloaded is kept"));
    }
    Ok((kernel.into(), library.bundle_on_disk(&kernel.id).is_some(), offers))
}

async fn offers(context: &Context, kernel: &Kernel, status: &Status) -> Result<Offers, Failure> {
    let worker = local::worker(&context.settings, status, &context.stop).await?;
    status.say("asking the kernel what it offers");
    let report = |progress| status.tell(&progress);
    tokio::select! {
        offers = worker::warm::offers(&worker, kernel, &report) => offers.map_err(Failure::environment),
        () = context.stop.cancelled() => Err(Failure::environment("stopped by you")),
    }
}

async fn remotely(
    context: &Context,
    url: &str,
    selector: &Selector,
) -> Result<(wire::Kernel, Known), Failure> {
    let channel = remote::connect(url, context.settings.ca.as_deref()).await?;
    let request = soon(wire::GetKernelRequest { kernel: selector.to_string() });
    let answer = Services::new(&channel).kernels.get_kernel(request).await;
    let answer = answer.map_err(|status| refusal(&status))?.into_inner();
    let kernel = answer.kernel.unwrap_or_default();
    let offers = match answer.offers {
        Some(offers) => Offers::try_from(offers).map_err(|error| error.to_string()),
        None => Err(format!(
            "no worker has a template of this kernel yet; the first test on it makes one, and so does \
             `bpfcompat-worker warm --kernels {}` on the worker's host before it starts",
            kernel.id
        )),
    };
    Ok((kernel, offers))
}
