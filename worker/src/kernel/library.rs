//! The kernels one machine knows of, and the bundles it has.
//!
//! ```text
//! DIR/debian/list.json            the verified list of kernels
//! DIR/debian/SHA256.part          packages on their way
//! DIR/bundles/ID/                 finished bundles
//! DIR/bundles/.building-ID/       a bundle on its way; appears as ID by rename
//! DIR/locks/                      one lock for each list and each bundle
//! ```

use super::debian::Debian;
use super::lock::Lock;
use super::verified::Verified;
use super::{Bundle, KernelError, Listed, Listing, OnDemand, Report, Settings, Source};
use domain::id::KernelId;
use domain::kernel::{Kernel, by_age};
use insight::wanted::Wanted;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use time::OffsetDateTime;
use uuid::Uuid;

/// Age at which an unfinished download is no longer worth resuming.
const PART_AGE_MAX: Duration = Duration::from_hours(24);
/// A kernel that the list lacks makes it be read again, unless it is younger than this.
const LIST_AGE_MIN: Duration = Duration::from_mins(1);
/// Start of the name of a directory in which a bundle is built.
const BUILDING: &str = ".building-";
/// Between the unique part of that name and the bundle's; in neither of them.
const BUILT_FOR: char = '=';

/// The kernels the sources list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// When the oldest of the indexes was read.
    pub read_at: OffsetDateTime,
    /// The kernels, oldest first.
    pub kernels: Vec<Kernel>,
    /// What was odd, one sentence each.
    pub warnings: Vec<String>,
}

/// Kernels known and bundles on disk, under one directory that several processes may share.
#[derive(Debug)]
pub struct Library {
    dir: PathBuf,
    sources: Vec<Box<dyn Source>>,
    verified: Arc<Verified>,
}

impl Library {
    /// Opens or creates the library in `dir`, and removes what dead processes left behind.
    ///
    /// # Errors
    /// When `dir` cannot be created or written.
    pub fn open(dir: &Path, settings: Settings) -> Result<Self, KernelError> {
        let dir = std::path::absolute(dir).map_err(|source| KernelError::io("find", dir, source))?;
        let source = Debian::new(settings, dir.join("debian"));
        let library = Self { sources: vec![Box::new(source)], dir, verified: Arc::default() };
        let directories = ["bundles", "locks"].into_iter().chain(library.sources.iter().map(|s| s.distro()));
        for directory in directories {
            let path = library.dir.join(directory);
            std::fs::create_dir_all(&path).map_err(|source| KernelError::io("create", &path, source))?;
        }
        library.sweep()?;
        Ok(library)
    }

    /// The kernels as last read; `None` when no source was ever read. Works offline.
    ///
    /// # Errors
    /// When the copy on disk cannot be read.
    pub fn known(&self) -> Result<Option<Catalogue>, KernelError> {
        let mut listings = Vec::new();
        for source in &self.sources {
            listings.extend(source.known()?);
        }
        Ok((!listings.is_empty()).then(|| catalogue_of(listings)))
    }

    /// The kernels, read again by every source whose list is older than `max_age`. When no mirror
    /// can be reached, an older list is returned with a warning that says so.
    ///
    /// # Errors
    /// When there is no list at all, or when something read was refused.
    pub async fn catalogue(&self, max_age: Duration, report: Report<'_>) -> Result<Catalogue, KernelError> {
        let mut listings = Vec::new();
        for source in &self.sources {
            let listing = match self.list(source.as_ref(), max_age, report).await {
                Err(error) if error.is_unreachable() => {
                    let Some(mut listing) = source.known()? else { return Err(error) };
                    let minutes = (OffsetDateTime::now_utc() - listing.read_at).whole_minutes();
                    let (hours, minutes) = (minutes / 60, minutes % 60);
                    listing.warnings.push(format!("{error}; this list is {hours} h {minutes} min old"));
                    listing
                }
                read => read?,
            };
            listings.push(listing);
        }
        Ok(catalogue_of(listings))
    }

    /// The kernels, read now.
    ///
    /// # Errors
    /// When a source cannot be read or something read was refused.
    pub async fn sync(&self, report: Report<'_>) -> Result<Catalogue, KernelError> {
        let mut listings = Vec::new();
        for source in &self.sources {
            listings.push(self.list(source.as_ref(), Duration::ZERO, report).await?);
        }
        Ok(catalogue_of(listings))
    }

    /// The bundle of that kernel if it is on disk. Its digests are not checked again.
    pub fn bundle_on_disk(&self, id: &KernelId) -> Option<Bundle> {
        let bundle = Bundle::on_disk(&self.bundle_dir(&name_of(id)?))?;
        (bundle.kernel.id == *id).then_some(bundle)
    }

    /// The bundle of `kernel`, its digests checked: from disk, else fetched, verified and unpacked.
    /// Waits while another process fetches the same kernel.
    ///
    /// # Errors
    /// `KernelUnknown` when no source has it, and whatever stops a download.
    pub async fn bundle(&self, kernel: &Kernel, report: Report<'_>) -> Result<Bundle, KernelError> {
        let unknown = || KernelError::KernelUnknown { id: kernel.id.clone() };
        let name = name_of(&kernel.id).ok_or_else(unknown)?;
        let dir = self.bundle_dir(&name);
        if let Some(bundle) = self.intact(&dir, kernel).await? {
            return Ok(bundle);
        }
        let _lock = Lock::take(&self.lock_path(&name)).await?;
        if let Some(bundle) = self.intact(&dir, kernel).await? {
            return Ok(bundle);
        }
        let (source, listed) = self.find(kernel, report).await?.ok_or_else(unknown)?;
        // A name of its own: a fetch that was given up may still be writing into the last one.
        let building = self.bundle_dir(&format!("{BUILDING}{}{BUILT_FOR}{name}", Uuid::new_v4()));
        std::fs::create_dir(&building).map_err(|source| KernelError::io("create", &building, source))?;
        let built = self.build(source, &listed, &building, report).await;
        if built.is_err() {
            remove_dir(&building)?;
        }
        built?;
        if dir.exists() {
            tracing::warn!(kernel.id = %kernel.id, "bundle on disk is damaged or of another version and is replaced");
            remove_dir(&dir)?;
        }
        std::fs::rename(&building, &dir).map_err(|source| KernelError::io("create", &dir, source))?;
        self.intact(&dir, kernel).await?.ok_or_else(unknown)
    }

    /// The modules of `bundle` that have what is `wanted`.
    ///
    /// # Errors
    /// `ModuleDamaged`; the bundle then counts as absent. Whatever keeps files from being read.
    pub async fn on_demand(&self, bundle: &Bundle, wanted: Vec<Wanted>) -> Result<OnDemand, KernelError> {
        let bundle = bundle.clone();
        blocking(move || {
            let found = bundle.on_demand(&wanted);
            if matches!(found, Err(KernelError::ModuleDamaged { .. })) {
                bundle.discard()?;
            }
            found
        })
        .await?
    }

    async fn build(
        &self,
        source: &dyn Source,
        listed: &Listed,
        building: &Path,
        report: Report<'_>,
    ) -> Result<(), KernelError> {
        let unpacked = source.fetch(listed, building, report).await?;
        let (kernel, building) = (listed.kernel.clone(), building.to_owned());
        blocking(move || Bundle::seal(&building, kernel, unpacked)).await?
    }

    async fn intact(&self, dir: &Path, kernel: &Kernel) -> Result<Option<Bundle>, KernelError> {
        let (verified, dir) = (Arc::clone(&self.verified), dir.to_owned());
        let bundle = blocking(move || verified.intact(&dir)).await?;
        Ok(bundle.filter(|bundle| bundle.kernel.id == kernel.id && bundle.kernel.digest == kernel.digest))
    }

    /// The source that lists `kernel`, and its packages.
    async fn find(
        &self,
        kernel: &Kernel,
        report: Report<'_>,
    ) -> Result<Option<(&dyn Source, Listed)>, KernelError> {
        for source in self.sources.iter().filter(|source| source.distro() == kernel.distro) {
            let pick = |listing: Listing| {
                let same =
                    |listed: &Listed| listed.kernel.id == kernel.id && listed.kernel.digest == kernel.digest;
                listing.kernels.into_iter().find(same)
            };
            let mut listed = source.known()?.and_then(pick);
            if listed.is_none() {
                listed = pick(self.list(source.as_ref(), LIST_AGE_MIN, report).await?);
            }
            if let Some(listed) = listed {
                return Ok(Some((source.as_ref(), listed)));
            }
        }
        Ok(None)
    }

    /// The list of one source, at most `max_age` old. Processes read one after the other, and who
    /// waited takes what the one before has read.
    async fn list(
        &self,
        source: &dyn Source,
        max_age: Duration,
        report: Report<'_>,
    ) -> Result<Listing, KernelError> {
        let fresh = || -> Result<Option<Listing>, KernelError> {
            let young =
                |listing: &Listing| (OffsetDateTime::now_utc() - listing.read_at).unsigned_abs() < max_age;
            Ok(source.known()?.filter(young))
        };
        if let Some(listing) = fresh()? {
            return Ok(listing);
        }
        let _lock = Lock::take(&self.lock_path(source.distro())).await?;
        match fresh()? {
            Some(listing) => Ok(listing),
            None => source.read(report).await,
        }
    }

    fn bundle_dir(&self, name: &str) -> PathBuf {
        self.dir.join("bundles").join(name)
    }

    fn lock_path(&self, name: &str) -> PathBuf {
        self.dir.join("locks").join(name)
    }

    /// Removes what processes that no longer live have begun.
    fn sweep(&self) -> Result<(), KernelError> {
        for (name, path) in entries(&self.dir.join("bundles"))? {
            if let Some(name) = name.strip_prefix(BUILDING)
                && let Some((_, name)) = name.split_once(BUILT_FOR)
                && let Some(_lock) = Lock::try_take(&self.lock_path(name))?
            {
                remove_dir(&path)?;
            }
        }
        for source in &self.sources {
            let Some(_lock) = Lock::try_take(&self.lock_path(source.distro()))? else { continue };
            for (name, path) in entries(&self.dir.join(source.distro()))? {
                if name.starts_with(".tmp") && path.is_dir() {
                    remove_dir(&path)?;
                } else if name.starts_with(".tmp") || (name.ends_with(".part") && is_old(&path)) {
                    std::fs::remove_file(&path).map_err(|source| KernelError::io("delete", &path, source))?;
                }
            }
        }
        Ok(())
    }
}

fn catalogue_of(listings: Vec<Listing>) -> Catalogue {
    let read_at = listings.iter().map(|listing| listing.read_at).min().unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (mut kernels, mut warnings) = (Vec::new(), Vec::new());
    for listing in listings {
        kernels.extend(listing.kernels.into_iter().map(|listed| listed.kernel));
        warnings.extend(listing.warnings);
    }
    kernels.sort_by(by_age);
    Catalogue { read_at, kernels, warnings }
}

/// The id as the name of a directory; `None` for one that could lead elsewhere.
fn name_of(id: &KernelId) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "+-.~:@_".contains(c);
    let parts: Vec<&str> = id.0.split('/').collect();
    let safe = |part: &&str| part.starts_with(|c: char| c.is_ascii_alphanumeric()) && part.chars().all(plain);
    parts.iter().all(safe).then(|| parts.join("_"))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, KernelError> {
    let stopped = |error| KernelError::malformed("work on a bundle", error);
    tokio::task::spawn_blocking(work).await.map_err(stopped)
}

fn entries(dir: &Path) -> Result<Vec<(String, PathBuf)>, KernelError> {
    let io = |source| KernelError::io("list", dir, source);
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(io)? {
        let entry = entry.map_err(io)?;
        entries.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
    }
    Ok(entries)
}

fn is_old(path: &Path) -> bool {
    let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > PART_AGE_MAX))
}

fn remove_dir(path: &Path) -> Result<(), KernelError> {
    match std::fs::remove_dir_all(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(KernelError::io("delete", path, source))
        }
        _ => Ok(()),
    }
}
