//! Messages as domain values. Everything a peer may get wrong is checked here.

use crate::wire;
use domain::axis::Axes;
use domain::cell::FailureKind;
use domain::digest::Digest;
use domain::id::KernelId;
use domain::kernel::Kernel;
use domain::level::Level;
use domain::offers::{Offer, Offers, Support};
use domain::verdict::Verdict;

/// A message whose content makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("field `{field}`: {says}")]
pub struct NotUnderstood {
    /// The field, as written in the `.proto` file.
    pub field: &'static str,
    /// What is wrong with it.
    pub says: String,
}

impl NotUnderstood {
    /// An error about `field`.
    pub fn new(field: &'static str, says: impl ToString) -> Self {
        Self { field, says: says.to_string() }
    }
}

impl TryFrom<wire::Kernel> for Kernel {
    type Error = NotUnderstood;

    fn try_from(kernel: wire::Kernel) -> Result<Self, NotUnderstood> {
        let id = Self::id_of(&kernel.distro, &kernel.release, &kernel.version);
        if id != KernelId(kernel.id.clone()) {
            return Err(NotUnderstood::new(
                "id",
                format!("`{}` does not match its parts, `{id}`", kernel.id),
            ));
        }
        Ok(Self {
            id,
            series: kernel.series.parse().map_err(|error| NotUnderstood::new("series", error))?,
            digest: Digest::try_from(kernel.digest.as_slice())
                .map_err(|error| NotUnderstood::new("digest", error))?,
            release: kernel.release,
            version: kernel.version,
            distro: kernel.distro,
            suites: kernel.suites,
            flavour: kernel.flavour,
            arch: kernel.arch,
            download_bytes: kernel.download_bytes,
        })
    }
}

impl TryFrom<wire::Axes> for Axes {
    type Error = NotUnderstood;

    fn try_from(axes: wire::Axes) -> Result<Self, NotUnderstood> {
        let wire::Axes { cpus, lsm, lockdown, cgroup, capabilities, unprivileged_bpf, memlock } = axes;
        let cpus = if cpus == 0 { String::new() } else { cpus.to_string() };
        let values = [cpus, lsm, lockdown, cgroup, capabilities, unprivileged_bpf, memlock];
        let said = Self::NAMES.iter().zip(values).filter(|(_, value)| !value.is_empty());
        said.into_iter().try_fold(Self::default(), |axes, (name, value)| {
            axes.with(name, &value).map_err(|error| NotUnderstood::new("axes", error))
        })
    }
}

impl TryFrom<wire::Offers> for Offers {
    type Error = NotUnderstood;

    fn try_from(offers: wire::Offers) -> Result<Self, NotUnderstood> {
        let names = |names: Option<wire::Names>| names.map(|names| names.names);
        let types =
            |types: Vec<wire::Offer>| types.into_iter().map(Offer::try_from).collect::<Result<_, _>>();
        let offers = Self {
            program_types: types(offers.program_types)?,
            map_types: types(offers.map_types)?,
            attach_types: names(offers.attach_types),
            helpers: names(offers.helpers),
            kfuncs: names(offers.kfuncs),
            lsm_hooks: names(offers.lsm_hooks),
            iterators: names(offers.iterators),
            struct_ops: names(offers.struct_ops),
            options: offers.options.map(|options| options.values.into_iter().collect()),
        };
        offers.check().map_err(|error| NotUnderstood::new("offers", error))?;
        Ok(offers)
    }
}

impl TryFrom<wire::Offer> for Offer {
    type Error = NotUnderstood;

    fn try_from(offer: wire::Offer) -> Result<Self, NotUnderstood> {
        let support = match offer.support() {
            wire::Support::Supported => Support::Supported,
            wire::Support::Unsupported => Support::Unsupported,
            wire::Support::Named => Support::Named,
            wire::Support::Unspecified => return Err(NotUnderstood::new("support", "it is missing")),
        };
        Ok(Self { name: offer.name, support })
    }
}

impl From<wire::Level> for Level {
    /// An unspecified level is the default: attach.
    fn from(level: wire::Level) -> Self {
        match level {
            wire::Level::Load => Self::Load,
            wire::Level::Attach | wire::Level::Unspecified => Self::Attach,
            wire::Level::Behave => Self::Behave,
        }
    }
}

impl From<wire::FailureKind> for FailureKind {
    /// A worker that does not say is taken to have crashed: those retries are counted.
    fn from(kind: wire::FailureKind) -> Self {
        match kind {
            wire::FailureKind::Transient => Self::Transient,
            wire::FailureKind::Crashed | wire::FailureKind::Unspecified => Self::Crashed,
        }
    }
}

impl wire::Verdict {
    /// The verdict, or `None` while there is none.
    pub fn to_domain(self) -> Option<Verdict> {
        match self {
            Self::Unspecified => None,
            Self::Passes => Some(Verdict::Passes),
            Self::Fails => Some(Verdict::Fails),
            Self::NotAttempted => Some(Verdict::NotAttempted),
            Self::Inconclusive => Some(Verdict::Inconclusive),
        }
    }
}
