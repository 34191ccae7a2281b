//! Where kernels come from.

use super::pack::Packed;
use super::{KernelError, Report};
use domain::digest::Digest;
use domain::kernel::Kernel;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

/// A distribution that publishes kernels under a signature.
pub trait Source: std::fmt::Debug + Send + Sync {
    /// The distribution's name, as kernels carry it.
    fn distro(&self) -> &'static str;

    /// The list as it was last read and verified; `None` if it never was with these settings.
    ///
    /// # Errors
    /// When the copy on disk cannot be read.
    fn known(&self) -> Result<Option<Listing>, KernelError>;

    /// Reads and verifies the list anew and keeps a copy.
    fn read<'a>(&'a self, report: Report<'a>) -> BoxFuture<'a, Result<Listing, KernelError>>;

    /// Fetches and verifies the packages of one kernel and unpacks what a guest needs into the
    /// empty directory `into`.
    fn fetch<'a>(
        &'a self,
        listed: &'a Listed,
        into: &'a Path,
        report: Report<'a>,
    ) -> BoxFuture<'a, Result<Unpacked, KernelError>>;
}

/// What a source offers.
#[derive(Debug, Clone)]
pub struct Listing {
    /// When the index was read.
    pub read_at: OffsetDateTime,
    /// Kernels with their packages.
    pub kernels: Vec<Listed>,
    /// What was odd, one sentence each: suites the mirror lacks, indexes past their date.
    pub warnings: Vec<String>,
}

/// A kernel and the packages that hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The kernel.
    pub kernel: Kernel,
    /// Its packages, each vouched for by the signed index.
    pub packages: Vec<Package>,
}

/// One package as the signed index describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Where it is downloaded from.
    pub url: String,
    /// Its exact size.
    pub bytes: u64,
    /// Its exact digest.
    pub sha256: Digest,
}

/// What a source put into the directory; paths are relative to it.
#[derive(Debug, Clone, Default)]
pub struct Unpacked {
    /// The kernel image.
    pub vmlinuz: PathBuf,
    /// The kernel's configuration.
    pub config: Option<PathBuf>,
    /// Decompressed modules that every guest has, in the order in which they can be loaded.
    pub modules: Vec<PathBuf>,
    /// All modules, if the packages have any.
    pub(super) packed: Option<Packed>,
    /// What the packages did not have, one sentence each.
    pub lacks: Vec<String>,
}
