//! Debian packages, read in Rust: `ar` around a compressed `tar`.
//!
//! Where an entry is written is decided by what it is, never by its name in the archive, so a
//! hostile archive has nothing to aim with.

use super::KernelError;
use super::modules::Builtin;
use super::pack::Packing;
use flate2::read::GzDecoder;
use liblzma::read::XzDecoder;
use ruzstd::decoding::StreamingDecoder;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// Most entries in one package. The largest kernel packages have about 5,500.
const ENTRIES_MAX: usize = 50_000;
/// Largest file taken out of a package. Kernel images are under 20 MB, modules up to 50 MB.
const FILE_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// Most bytes a package may unpack to. The largest kernel packages unpack to 500 MB.
const PACKAGE_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

/// What is looked for in the packages of one kernel, and what was found of it so far.
#[derive(Debug)]
pub(super) struct Search<'a> {
    /// The kernel's release, as paths in the package carry it.
    pub(super) release: &'a str,
    /// Directory that receives the image and the configuration.
    pub(super) into: &'a Path,
    /// Where the image is, once found.
    pub(super) vmlinuz: Option<PathBuf>,
    /// Where the configuration is, once found.
    pub(super) config: Option<PathBuf>,
    /// What is built into the image.
    pub(super) builtin: Builtin,
    /// Every module found.
    pub(super) packing: Packing,
}

enum Entry {
    Vmlinuz,
    Config,
    Builtin,
    Module(String),
}

impl<'a> Search<'a> {
    /// A search for the kernel `release`, which writes into the directory `into`.
    pub(super) fn new(release: &'a str, into: &'a Path) -> Result<Self, KernelError> {
        let packing = Packing::start(into)?;
        Ok(Self { release, into, vmlinuz: None, config: None, builtin: Builtin::default(), packing })
    }

    /// Takes what is wanted out of the package file `deb`, called `name` in messages.
    pub(super) fn package(&mut self, name: &str, deb: &Path) -> Result<(), KernelError> {
        let malformed =
            |error: std::io::Error| KernelError::malformed(name, format!("not a package: {error}"));
        let file = File::open(deb).map_err(|source| KernelError::io("open", deb, source))?;
        let mut members = ar::Archive::new(BufReader::new(file));
        while let Some(member) = members.next_entry() {
            let member = member.map_err(malformed)?;
            let member_name = String::from_utf8_lossy(member.header().identifier()).into_owned();
            if let Some(kind) = member_name.trim_end_matches('/').strip_prefix("data.tar") {
                let tar = decompress(kind, member).map_err(malformed)?;
                return self.tar(name, tar.take(PACKAGE_BYTES_MAX));
            }
        }
        Err(KernelError::malformed(name, "not a package: it has no data.tar"))
    }

    fn tar(&mut self, package: &str, tar: impl Read) -> Result<(), KernelError> {
        let malformed = |error: std::io::Error| KernelError::malformed(package, error);
        for (number, entry) in tar::Archive::new(tar).entries().map_err(malformed)?.enumerate() {
            let mut entry = entry.map_err(malformed)?;
            if number >= ENTRIES_MAX {
                return Err(KernelError::malformed(package, format!("more than {ENTRIES_MAX} entries")));
            }
            let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let Some(wanted) = self.recognise(&path).filter(|_| entry.header().entry_type().is_file()) else {
                continue;
            };
            let bytes = read_bounded(&mut entry).map_err(malformed)?;
            match wanted {
                Entry::Vmlinuz => self.vmlinuz = Some(self.write("vmlinuz", &bytes)?),
                Entry::Config => self.config = Some(self.write("config", &bytes)?),
                Entry::Builtin => self.builtin = Builtin::parse(&bytes),
                Entry::Module(name) => {
                    let kind = path.rsplit_once(".ko").map_or("", |(_, kind)| kind);
                    self.packing.add(&name, kind, bytes)?;
                }
            }
        }
        Ok(())
    }

    /// What the entry at `path` is, in either layout of packages.
    fn recognise(&self, path: &str) -> Option<Entry> {
        let path = path.trim_start_matches("./");
        if let Some(name) = path.strip_prefix("boot/") {
            return match name.strip_suffix(self.release)?.strip_suffix('-')? {
                "vmlinuz" => Some(Entry::Vmlinuz),
                "config" => Some(Entry::Config),
                _ => None,
            };
        }
        let path = path.strip_prefix("usr/").unwrap_or(path).strip_prefix("lib/modules/")?;
        match path.strip_prefix(self.release)?.strip_prefix('/')? {
            "vmlinuz" => Some(Entry::Vmlinuz),
            "config" => Some(Entry::Config),
            "modules.builtin" => Some(Entry::Builtin),
            path => {
                let (stem, _) = path.rsplit('/').next()?.split_once(".ko")?;
                Some(Entry::Module(stem.replace('-', "_")))
            }
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, KernelError> {
        let path = self.into.join(name);
        std::fs::write(&path, bytes).map_err(|source| KernelError::io("write", &path, source))?;
        Ok(PathBuf::from(name))
    }
}

/// A reader of what `from` holds, compressed as the end of its name says.
pub(super) fn decompress<'a>(kind: &str, from: impl Read + 'a) -> std::io::Result<Box<dyn Read + 'a>> {
    match kind {
        "" => Ok(Box::new(from)),
        ".xz" => Ok(Box::new(XzDecoder::new(from))),
        ".gz" => Ok(Box::new(GzDecoder::new(from))),
        ".zst" => Ok(Box::new(StreamingDecoder::new(from).map_err(std::io::Error::other)?)),
        _ => Err(std::io::Error::other(format!("compressed in an unknown way, `{kind}`"))),
    }
}

fn read_bounded(from: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = from.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if u64::try_from(read).is_ok_and(|read| read <= FILE_BYTES_MAX) {
        return Ok(bytes);
    }
    Err(std::io::Error::other(format!("a file of more than {FILE_BYTES_MAX} bytes")))
}
