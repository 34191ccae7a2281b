//! Bundles: what one kernel needs to boot, sealed by a list of digests.

use super::{KernelError, Unpacked, btf};
use domain::digest::Digest;
use domain::kernel::Kernel;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The list of a bundle's files. Written last, so a directory without it is not a bundle.
const MANIFEST: &str = "bundle.json";

/// A kernel's files on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The kernel.
    pub kernel: Kernel,
    /// Its directory.
    pub dir: PathBuf,
    /// The bootable image.
    pub vmlinuz: PathBuf,
    /// The configuration it was built with.
    pub config: Option<PathBuf>,
    /// Its type information, raw as in `/sys/kernel/btf/vmlinux`.
    pub btf: Option<PathBuf>,
    /// Decompressed modules the guest needs, in load order. Those built in are not among them.
    pub modules: Vec<PathBuf>,
    /// What could not be had, one sentence each.
    pub lacks: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    kernel: Kernel,
    vmlinuz: Sealed,
    config: Option<Sealed>,
    btf: Option<Sealed>,
    modules: Vec<Sealed>,
    lacks: Vec<String>,
}

/// A file and the digest it must have.
#[derive(Debug, Serialize, Deserialize)]
struct Sealed {
    /// Relative to the bundle's directory.
    path: PathBuf,
    bytes: u64,
    sha256: String,
}

impl Bundle {
    /// The bundle of `kernel` in `dir`, if there is one; looks at the sizes of its files only.
    pub(super) fn on_disk(dir: &Path) -> Option<Self> {
        let manifest = Manifest::read(dir)?;
        let same_size = |file: &Sealed| {
            std::fs::metadata(dir.join(&file.path)).is_ok_and(|metadata| metadata.len() == file.bytes)
        };
        let complete = manifest.files().all(same_size);
        complete.then(|| manifest.into_bundle(dir))
    }

    /// The bundle in `dir` if every one of its files still has its digest. Reads some 20 MB.
    pub(super) fn intact(dir: &Path) -> Option<Self> {
        let manifest = Manifest::read(dir)?;
        let same = |file: &Sealed| {
            std::fs::read(dir.join(&file.path))
                .is_ok_and(|bytes| Digest::of(&bytes).to_string() == file.sha256)
        };
        let complete = manifest.files().all(same);
        complete.then(|| manifest.into_bundle(dir))
    }

    /// Everything it holds but its manifest.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        let one = [&self.vmlinuz].into_iter().chain(&self.config).chain(&self.btf);
        one.chain(&self.modules).map(PathBuf::as_path)
    }

    /// Completes the directory `dir`, into which a source has unpacked `unpacked`.
    pub(super) fn seal(dir: &Path, kernel: Kernel, unpacked: Unpacked) -> Result<(), KernelError> {
        let Unpacked { vmlinuz, config, modules, mut lacks } = unpacked;
        let image = dir.join(&vmlinuz);
        let image = std::fs::read(&image).map_err(|source| KernelError::io("read", &image, source))?;
        let mut btf = None;
        match btf::of_image(&image) {
            Ok(bytes) => {
                let path = dir.join("btf");
                std::fs::write(&path, bytes).map_err(|source| KernelError::io("write", &path, source))?;
                btf = Some(Sealed::of(dir, Path::new("btf"))?);
            }
            Err(says) => lacks.push(format!("no type information: {says}")),
        }
        let manifest = Manifest {
            kernel,
            vmlinuz: Sealed::of(dir, &vmlinuz)?,
            config: config.map(|path| Sealed::of(dir, &path)).transpose()?,
            btf,
            modules: modules.iter().map(|path| Sealed::of(dir, path)).collect::<Result<_, _>>()?,
            lacks,
        };
        let path = dir.join(MANIFEST);
        let io = |source| KernelError::io("write", &path, source);
        let text = serde_json::to_vec_pretty(&manifest).map_err(|error| io(error.into()))?;
        std::fs::write(&path, text).map_err(io)
    }
}

impl Manifest {
    fn read(dir: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(dir.join(MANIFEST)).ok()?).ok()
    }

    fn files(&self) -> impl Iterator<Item = &Sealed> {
        [&self.vmlinuz].into_iter().chain(&self.config).chain(&self.btf).chain(&self.modules)
    }

    fn into_bundle(self, dir: &Path) -> Bundle {
        let place = |file: Sealed| dir.join(file.path);
        Bundle {
            kernel: self.kernel,
            dir: dir.to_owned(),
            vmlinuz: place(self.vmlinuz),
            config: self.config.map(place),
            btf: self.btf.map(place),
            modules: self.modules.into_iter().map(place).collect(),
            lacks: self.lacks,
        }
    }
}

impl Sealed {
    /// Reads the file and makes sure that it survives a power failure before it is vouched for.
    fn of(dir: &Path, path: &Path) -> Result<Self, KernelError> {
        let full = dir.join(path);
        let read = || {
            let bytes = std::fs::read(&full)?;
            std::fs::File::open(&full)?.sync_all()?;
            Ok(bytes)
        };
        let bytes = read().map_err(|source| KernelError::io("read", &full, source))?;
        Ok(Self {
            path: path.to_owned(),
            bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            sha256: Digest::of(&bytes).to_string(),
        })
    }
}
