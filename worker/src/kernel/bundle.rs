//! Bundles: what one kernel needs to boot, sealed by a list of digests.

use super::modules::STANDING;
use super::pack::Pack;
use super::{KernelError, Unpacked, btf};
use domain::digest::Digest;
use domain::kernel::Kernel;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The list of a bundle's files. Written last, so a directory without it is not a bundle.
const MANIFEST: &str = "bundle.json";

/// The layout of a bundle; a new one makes every bundle be fetched again.
const LAYOUT: u32 = 2;

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
    /// Decompressed modules every guest has, in load order. Those built in are not among them.
    pub modules: Vec<PathBuf>,
    /// All modules, for objects that need more; `None` if the archive has forgotten them.
    pub pack: Option<Pack>,
    /// What could not be had, one sentence each.
    pub lacks: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    layout: u32,
    /// The modules that every guest was meant to have.
    standing: Vec<String>,
    kernel: Kernel,
    vmlinuz: Sealed,
    config: Option<Sealed>,
    btf: Option<Sealed>,
    modules: Vec<Sealed>,
    pack: Option<SealedPack>,
    lacks: Vec<String>,
}

/// The digests of what is in the pack are in its table.
#[derive(Debug, Serialize, Deserialize)]
struct SealedPack {
    modules: Measured,
    table: Sealed,
    symbols: Sealed,
}

/// A file and the length it must have.
#[derive(Debug, Serialize, Deserialize)]
struct Measured {
    /// Relative to the bundle's directory.
    path: PathBuf,
    bytes: u64,
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
    /// The bundle in `dir`, if there is one; looks at the sizes of its files only.
    pub(super) fn on_disk(dir: &Path) -> Option<Self> {
        let manifest = Manifest::read(dir)?;
        manifest.is_complete(dir).then(|| manifest.into_bundle(dir))
    }

    /// The bundle in `dir` if every one of its files still has its digest; of the pack, whose modules are
    /// digested when they are taken out, its length. Reads some 20 MB.
    pub(super) fn intact(dir: &Path) -> Option<Self> {
        let manifest = Manifest::read(dir)?;
        let same = |file: &Sealed| {
            std::fs::read(dir.join(&file.path))
                .is_ok_and(|bytes| Digest::of(&bytes).to_string() == file.sha256)
        };
        let intact = manifest.is_complete(dir) && manifest.sealed().all(same);
        intact.then(|| manifest.into_bundle(dir))
    }

    /// Makes it count as absent, so that it is fetched again.
    pub(super) fn discard(&self) -> Result<(), KernelError> {
        let path = self.dir.join(MANIFEST);
        std::fs::remove_file(&path).map_err(|source| KernelError::io("delete", &path, source))
    }

    /// Everything it holds.
    pub(super) fn files(&self) -> impl Iterator<Item = PathBuf> {
        let one = [&self.vmlinuz].into_iter().chain(&self.config).chain(&self.btf);
        let of_pack = self.pack.iter().flat_map(|pack| [&pack.modules, &pack.table, &pack.symbols]);
        one.chain(&self.modules).chain(of_pack).cloned().chain([self.dir.join(MANIFEST)])
    }

    /// Completes the directory `dir`, into which a source has unpacked `unpacked`.
    pub(super) fn seal(dir: &Path, kernel: Kernel, unpacked: Unpacked) -> Result<(), KernelError> {
        let Unpacked { vmlinuz, config, modules, packed, mut lacks } = unpacked;
        let image = dir.join(&vmlinuz);
        let image = std::fs::read(&image).map_err(|source| KernelError::io("read", &image, source))?;
        let types = btf::of_image(&image);
        let mut btf = None;
        match &types {
            Ok(bytes) => {
                let path = dir.join("btf");
                std::fs::write(&path, bytes).map_err(|source| KernelError::io("write", &path, source))?;
                btf = Some(Sealed::of(dir, Path::new("btf"))?);
            }
            Err(says) => lacks.push(format!("no type information: {says}")),
        }
        let pack = match packed {
            None => None,
            Some(packed) => {
                let of_kernel = insight::btf::symbols(types.as_deref().unwrap_or_default());
                let [modules, table, symbols] = packed.write_index(of_kernel)?;
                let (table, symbols) = (Sealed::of(dir, &table)?, Sealed::of(dir, &symbols)?);
                Some(SealedPack { modules: Measured::of(dir, &modules)?, table, symbols })
            }
        };
        let manifest = Manifest {
            layout: LAYOUT,
            standing: Manifest::standing(),
            kernel,
            vmlinuz: Sealed::of(dir, &vmlinuz)?,
            config: config.map(|path| Sealed::of(dir, &path)).transpose()?,
            btf,
            modules: modules.iter().map(|path| Sealed::of(dir, path)).collect::<Result<_, _>>()?,
            pack,
            lacks,
        };
        let path = dir.join(MANIFEST);
        let io = |source| KernelError::io("write", &path, source);
        let text = serde_json::to_vec_pretty(&manifest).map_err(|error| io(error.into()))?;
        std::fs::write(&path, text).map_err(io)
    }
}

impl Manifest {
    /// The manifest in `dir`, unless it is of another layout or for other guests.
    fn read(dir: &Path) -> Option<Self> {
        let manifest: Self = serde_json::from_slice(&std::fs::read(dir.join(MANIFEST)).ok()?).ok()?;
        let current = manifest.layout == LAYOUT && manifest.standing == Self::standing();
        current.then_some(manifest)
    }

    fn standing() -> Vec<String> {
        STANDING.iter().map(|&name| name.to_owned()).collect()
    }

    fn sealed(&self) -> impl Iterator<Item = &Sealed> {
        let one = [&self.vmlinuz].into_iter().chain(&self.config).chain(&self.btf);
        let of_pack = self.pack.iter().flat_map(|pack| [&pack.table, &pack.symbols]);
        one.chain(&self.modules).chain(of_pack)
    }

    /// Whether every file is there and as long as it must be.
    fn is_complete(&self, dir: &Path) -> bool {
        let pack = self.pack.iter().map(|pack| (&pack.modules.path, pack.modules.bytes));
        let mut files = self.sealed().map(|file| (&file.path, file.bytes)).chain(pack);
        files.all(|(path, bytes)| {
            std::fs::metadata(dir.join(path)).is_ok_and(|metadata| metadata.len() == bytes)
        })
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
            pack: self.pack.map(|pack| Pack {
                modules: dir.join(pack.modules.path),
                table: place(pack.table),
                symbols: place(pack.symbols),
            }),
            lacks: self.lacks,
        }
    }
}

impl Measured {
    /// Makes sure that the file survives a power failure before it is vouched for.
    fn of(dir: &Path, path: &Path) -> Result<Self, KernelError> {
        let full = dir.join(path);
        let sync = || {
            let file = std::fs::File::open(&full)?;
            file.sync_all()?;
            Ok(file.metadata()?.len())
        };
        let bytes = sync().map_err(|source| KernelError::io("read", &full, source))?;
        Ok(Self { path: path.to_owned(), bytes })
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
