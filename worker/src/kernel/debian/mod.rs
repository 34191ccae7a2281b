//! Debian's archive, and others of its kind.
//!
//! In: the suites and mirrors of [`Settings`]. Out: the kernels in them, and the files of one
//! kernel. Per suite: `InRelease` is checked by `gpgv` (`release.rs`), it vouches for the package
//! index (`index.rs`), and that for each package. Which packages make a kernel is decided in
//! `layout.rs`, which host to ask in `mirror.rs`.
//!
//! An index that did not change since the last reading, by the digest in the signed file, is not
//! downloaded again. Absent: pinning, source packages, other components than `main`.

mod index;
mod layout;
mod mirror;
mod release;

use super::download::Downloader;
use super::modules::{STANDING, load_order};
use super::pack::Packed;
use super::unpack::Search;
use super::{KernelError, Listed, Listing, Progress, Report, Settings, Source, Unpacked};
use domain::digest::Digest;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use index::Stanza;
use mirror::Mirrors;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

/// Suites read at the same time. More gains nothing: a mirror's line is full with a few.
const SUITES_AT_ONCE: usize = 4;
/// Largest package accepted. Kernel packages are under 120 MB; those with debug information,
/// which are never wanted, about 1 GB.
const PACKAGE_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// A source that reads Debian's archive.
#[derive(Debug)]
pub(super) struct Debian {
    settings: Settings,
    downloader: Downloader,
    /// Where the verified list is kept, and where downloads happen.
    dir: PathBuf,
}

/// The verified list on disk.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    asked: Asked,
    #[serde(with = "time::serde::timestamp")]
    read_at: OffsetDateTime,
    suites: Vec<Suite>,
    warnings: Vec<String>,
}

/// The settings a list depends on: with others, another list has to be read.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    mirror: Option<String>,
    security_mirror: Option<String>,
    suites: Vec<String>,
    keyring: PathBuf,
    arch: String,
}

/// What one suite's index said about kernel packages.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Suite {
    name: String,
    /// URL of the archive the packages' file names are relative to.
    archive: String,
    /// Digest of the package index the stanzas were read from.
    index: Digest,
    stanzas: Vec<Stanza>,
}

impl Debian {
    pub(super) fn new(settings: Settings, dir: PathBuf) -> Self {
        Self { downloader: Downloader::new(&settings), settings, dir }
    }

    fn asked(&self) -> Asked {
        let Settings { mirror, security_mirror, suites, keyring, arch, .. } = self.settings.clone();
        Asked { mirror, security_mirror, suites, keyring, arch }
    }

    fn stored_path(&self) -> PathBuf {
        self.dir.join("list.json")
    }

    /// The list on disk, unless it was read with other settings or by another version.
    fn stored(&self) -> Result<Option<Stored>, KernelError> {
        let path = self.stored_path();
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(KernelError::io("read", &path, source)),
        };
        let stored: Option<Stored> = serde_json::from_slice(&bytes).ok();
        Ok(stored.filter(|stored| stored.asked == self.asked()))
    }

    fn store(&self, stored: &Stored) -> Result<(), KernelError> {
        let path = self.stored_path();
        let io = |source| KernelError::io("write", &path, source);
        let mut file = tempfile::NamedTempFile::new_in(&self.dir).map_err(io)?;
        file.write_all(&serde_json::to_vec(stored).map_err(|error| io(error.into()))?).map_err(io)?;
        file.persist(&path).map_err(|error| io(error.error))?;
        Ok(())
    }

    fn listing(&self, stored: Stored) -> Listing {
        let kernels = layout::kernels(self.distro(), &self.settings, &stored.suites);
        Listing { read_at: stored.read_at, kernels, warnings: stored.warnings }
    }

    async fn read_suites(&self, report: Report<'_>) -> Result<Listing, KernelError> {
        release::check_keyring(&self.settings.keyring)?;
        let mirrors = Mirrors::of(&self.settings).await?;
        let known = self.stored()?.map(|stored| stored.suites).unwrap_or_default();
        let now = OffsetDateTime::now_utc();
        let reading: Vec<_> = (self.settings.suites.iter())
            .map(|suite| self.read_suite(suite, mirrors.archive_of(suite), &known, report))
            .collect();
        let mut reading = stream::iter(reading).buffered(SUITES_AT_ONCE);
        let (mut suites, mut warnings) = (Vec::new(), Vec::new());
        while let Some(read) = reading.next().await {
            match read {
                Ok((suite, valid_until)) => {
                    if let Some(until) = valid_until.filter(|until| *until < now) {
                        let (name, until) = (&suite.name, until.date());
                        warnings.push(format!("suite {name}: the mirror's index was valid until {until}"));
                    }
                    suites.push(suite);
                }
                Err(error @ KernelError::MirrorRefused { .. }) => warnings.push(error.to_string()),
                // Also when only the connection broke: a list that is shorter for that would be
                // taken for all there is.
                Err(error) => return Err(error),
            }
        }
        if suites.is_empty() {
            return Err(KernelError::NoSuiteReadable { problems: warnings });
        }
        let stored = Stored { asked: self.asked(), read_at: now, suites, warnings };
        self.store(&stored)?;
        Ok(self.listing(stored))
    }

    async fn read_suite(
        &self,
        suite: &str,
        archive: String,
        known: &[Suite],
        report: Report<'_>,
    ) -> Result<(Suite, Option<OffsetDateTime>), KernelError> {
        let scratch = tempfile::tempdir_in(&self.dir)
            .map_err(|source| KernelError::io("create a directory in", &self.dir, source))?;
        let release =
            release::read(&self.downloader, &self.settings, suite, &archive, scratch.path()).await?;
        let (kind, announced) = release.package_index(&self.settings.arch)?;
        let unchanged =
            known.iter().find(|known| known.index == announced.sha256 && known.archive == archive);
        if let Some(unchanged) = unchanged {
            return Ok((Suite { name: suite.to_owned(), ..unchanged.clone() }, release.valid_until));
        }
        let packed = scratch.path().join("Packages");
        self.downloader.fetch(&announced, &packed, report).await?;
        let what = announced.name;
        let stanzas = blocking(move || index::read(&what, kind, &packed)).await?;
        Ok((Suite { name: suite.to_owned(), archive, index: announced.sha256, stanzas }, release.valid_until))
    }

    async fn fetch_packages(
        &self,
        listed: &Listed,
        into: &Path,
        report: Report<'_>,
    ) -> Result<Unpacked, KernelError> {
        let mut debs = Vec::new();
        for package in &listed.packages {
            if package.bytes > PACKAGE_BYTES_MAX {
                let says = format!("{} bytes are more than the {PACKAGE_BYTES_MAX} accepted", package.bytes);
                return Err(KernelError::malformed(&package.name, says));
            }
            let deb = self.dir.join(format!("{}.part", package.sha256));
            self.downloader.fetch(package, &deb, report).await?;
            debs.push((package.name.clone(), deb));
        }
        let release = listed.kernel.release.clone();
        let total_bytes = listed.kernel.download_bytes;
        report(Progress { what: format!("unpacking {release}"), done_bytes: 0, total_bytes });
        let into = into.to_owned();
        let downloaded: Vec<PathBuf> = debs.iter().map(|(_, deb)| deb.clone()).collect();
        let unpacked = blocking(move || unpack(&release, &debs, &into)).await;
        for deb in downloaded {
            std::fs::remove_file(&deb).map_err(|source| KernelError::io("delete", &deb, source))?;
        }
        unpacked
    }
}

impl Source for Debian {
    fn distro(&self) -> &'static str {
        "debian"
    }

    fn known(&self) -> Result<Option<Listing>, KernelError> {
        Ok(self.stored()?.map(|stored| self.listing(stored)))
    }

    fn read<'a>(&'a self, report: Report<'a>) -> BoxFuture<'a, Result<Listing, KernelError>> {
        self.read_suites(report).boxed()
    }

    fn fetch<'a>(
        &'a self,
        listed: &'a Listed,
        into: &'a Path,
        report: Report<'a>,
    ) -> BoxFuture<'a, Result<Unpacked, KernelError>> {
        self.fetch_packages(listed, into, report).boxed()
    }
}

/// Takes what a guest needs out of the packages, each of which is read once.
fn unpack(release: &str, debs: &[(String, PathBuf)], into: &Path) -> Result<Unpacked, KernelError> {
    let mut search = Search::new(release, into)?;
    for (name, deb) in debs {
        search.package(name, deb)?;
    }
    let Search { vmlinuz, config, builtin, packing, .. } = search;
    let packed = packing.finish(&builtin)?;
    let depends = |name: &str| packed.as_ref().and_then(|packed| packed.depends(name));
    let (order, mut lacks) = load_order(STANDING, &builtin, &depends);
    if config.is_none() {
        lacks.push("the configuration is not in the packages".to_owned());
    }
    let alone = |packed: &Packed| order.iter().map(|name| packed.write_alone(name)).collect();
    let modules = packed.as_ref().map(alone).transpose()?.unwrap_or_default();
    let vmlinuz =
        vmlinuz.ok_or_else(|| KernelError::malformed(release, "its packages hold no kernel image"))?;
    Ok(Unpacked { vmlinuz, config, modules, packed, lacks })
}

/// Runs what computes or reads files for long away from the threads that serve everybody.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KernelError> + Send + 'static,
) -> Result<T, KernelError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(stopped) => Err(KernelError::malformed("unpacking", stopped)),
    }
}
