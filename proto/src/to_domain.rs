//! Messages as domain values. Everything a peer may get wrong is checked here.

use crate::wire;
use domain::cell::FailureKind;
use domain::digest::Digest;
use domain::id::KernelId;
use domain::kernel::Kernel;
use domain::level::Level;
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
