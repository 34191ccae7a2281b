//! The objects in the layers of an image.
//!
//! A layer is an object itself, or a tar archive, perhaps compressed with gzip, with objects among its files. Later
//! layers replace and delete what earlier ones hold, as `layer.md` of the image specification says.

use domain::OBJECT_BYTES_MAX;
use flate2::read::MultiGzDecoder;
use std::collections::BTreeMap;
use std::io::{self, Read};

/// Most bytes of a layer as it is fetched: it is held in memory. Images that only carry objects have kilobytes,
/// those that carry their loader too some ten megabytes.
pub const LAYER_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Most bytes of a path, as Linux has it; also of what a tar archive says about one.
const PATH_BYTES_MAX: usize = 4096;
/// Bytes of a file that tell whether it is an object.
const START_BYTES: usize = 20;
/// The machine of eBPF, `EM_BPF` of `linux/elf-em.h`.
const EM_BPF: u16 = 247;

/// What the layers of one image may take together.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Files and folders.
    pub entries: usize,
    /// Bytes once decompressed.
    pub expanded_bytes: u64,
    /// Objects.
    pub objects: usize,
    /// Bytes of all objects.
    pub objects_bytes: usize,
}

/// What an image may take. Whole distributions have below 100,000 files and 1 GiB; a run takes 256 objects, and
/// eight of the largest size are more than any project ships.
pub const LIMITS: Limits = Limits {
    entries: 100_000,
    expanded_bytes: 1024 * 1024 * 1024,
    objects: 256,
    objects_bytes: 8 * OBJECT_BYTES_MAX,
};

/// Why layers cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// A limit is reached.
    #[error("the layers have more than {max} {what}: pass an image with nothing but the objects")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// The limit.
        max: u64,
    },
    /// An object that is too large.
    #[error("`{0}` has more than {OBJECT_BYTES_MAX} bytes: strip its debug sections with `llvm-strip -g`")]
    LargeObject(String),
    /// Compressed in a way that is not read.
    #[error("a layer is compressed with zstd, which is not read here: push the image with gzip")]
    Zstd,
    /// Two layers that are objects have one name.
    #[error("two layers are called `{0}`: give each a title of its own")]
    Twice(String),
    /// It broke off, or contradicts itself.
    #[error("a layer is damaged: {0}: push the image again")]
    Damaged(#[from] io::Error),
}

/// Whether bytes begin an ELF file for eBPF.
pub fn is_object(start: &[u8]) -> bool {
    let machine = start.get(18..START_BYTES).and_then(|bytes| bytes.try_into().ok());
    let machine = machine.map(match start.get(5) {
        Some(2) => u16::from_be_bytes,
        _ => u16::from_le_bytes,
    });
    start.starts_with(b"\x7fELF") && machine == Some(EM_BPF)
}

/// An image on its way to its objects.
#[derive(Debug)]
pub struct Unpacking {
    limits: Limits,
    entries: usize,
    expanded_bytes: u64,
    /// Of earlier layers.
    objects: BTreeMap<String, Vec<u8>>,
    /// Of the layer that is read: what it hides is hidden of earlier ones only.
    fresh: BTreeMap<String, Vec<u8>>,
}

impl Unpacking {
    /// Nothing yet.
    pub fn new(limits: Limits) -> Self {
        Self { limits, entries: 0, expanded_bytes: 0, objects: BTreeMap::new(), fresh: BTreeMap::new() }
    }

    /// Takes the next layer; `name` is what it is called if it is an object itself. What is neither an object nor an
    /// archive holds no objects.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn layer(&mut self, name: &str, bytes: &[u8]) -> Result<(), LayerError> {
        if is_object(bytes) {
            let name = inside(name);
            if self.objects.contains_key(&name) {
                return Err(LayerError::Twice(name));
            }
            self.object(name, bytes, bytes.len() as u64)?;
            self.objects.append(&mut self.fresh);
            return Ok(());
        }
        if bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            return Err(LayerError::Zstd);
        }
        if bytes.starts_with(&[0x1f, 0x8b]) {
            self.archive(MultiGzDecoder::new(bytes))?;
        } else {
            self.archive(bytes)?;
        }
        self.objects.append(&mut self.fresh);
        Ok(())
    }

    /// The objects by their paths. If `named` is one of them, only that.
    pub fn finish(mut self, named: Option<&str>) -> Vec<(String, Vec<u8>)> {
        let named = named.map(inside).and_then(|path| self.objects.remove_entry(&path));
        named.map_or_else(|| self.objects.into_iter().collect(), |one| vec![one])
    }

    fn archive(&mut self, reader: impl Read) -> Result<(), LayerError> {
        let max = self.limits.expanded_bytes;
        let mut reader = reader.take(max.saturating_sub(self.expanded_bytes));
        let read = self.entries(&mut reader);
        self.expanded_bytes = max - reader.limit();
        if reader.limit() == 0 {
            return Err(LayerError::TooMuch { what: "bytes once decompressed", max });
        }
        read
    }

    fn entries(&mut self, reader: impl Read) -> Result<(), LayerError> {
        let mut archive = tar::Archive::new(reader);
        let mut said = None;
        // As they stand: what the archive says of long names is read within limits, and no file is made larger
        // than its bytes.
        for (number, entry) in archive.entries()?.raw(true).enumerate() {
            let mut entry = match entry {
                Ok(entry) => entry,
                // The first header is none, so this is something else than an archive. Decompression fails with
                // other kinds.
                Err(error) if number == 0 && error.kind() == io::ErrorKind::Other => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            self.entries += 1;
            if self.entries > self.limits.entries {
                return Err(too_much("files", self.limits.entries));
            }
            let kind = entry.header().entry_type();
            if kind.is_gnu_longname() || kind.is_pax_local_extensions() {
                let mut bytes = Vec::new();
                entry.by_ref().take(PATH_BYTES_MAX as u64).read_to_end(&mut bytes)?;
                said = if kind.is_gnu_longname() { Some(bytes) } else { path_of(&bytes).or(said) };
                continue;
            }
            let path = said.take().unwrap_or_else(|| entry.header().path_bytes().into_owned());
            let path = inside(String::from_utf8_lossy(&path).trim_end_matches('\0'));
            let linked = entry.header().link_name_bytes().filter(|_| kind.is_hard_link());
            let linked = linked.and_then(|name| self.kept(&inside(&String::from_utf8_lossy(&name))));
            self.replaces(&path);
            if let Some(object) = linked {
                let bytes = object.len() as u64;
                self.object(path, object.as_slice(), bytes)?;
            } else if kind.is_file() {
                let bytes = entry.size();
                self.file(path, entry, bytes)?;
            }
        }
        Ok(())
    }

    /// What another name of the same file leads to.
    fn kept(&self, path: &str) -> Option<Vec<u8>> {
        self.fresh.get(path).or_else(|| self.objects.get(path)).cloned()
    }

    /// A path of a later layer hides what earlier ones have there, and a whiteout hides what it names.
    fn replaces(&mut self, path: &str) {
        let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
        let hidden = match name.strip_prefix(".wh.") {
            Some(".wh..opq") => folder.to_owned(),
            Some("") => return,
            Some(name) => inside(&format!("{folder}/{name}")),
            None => {
                self.objects.remove(path);
                self.fresh.remove(path);
                return;
            }
        };
        let below = format!("{hidden}/");
        self.objects.retain(|path, _| *path != hidden && !path.starts_with(&below) && !hidden.is_empty());
    }

    fn file(&mut self, path: String, mut file: impl Read, bytes: u64) -> Result<(), LayerError> {
        let mut start = Vec::new();
        file.by_ref().take(START_BYTES as u64).read_to_end(&mut start)?;
        if !is_object(&start) {
            return Ok(());
        }
        self.object(path, start.as_slice().chain(file), bytes)
    }

    fn object(&mut self, path: String, reader: impl Read, bytes: u64) -> Result<(), LayerError> {
        if bytes > OBJECT_BYTES_MAX as u64 {
            return Err(LayerError::LargeObject(path));
        }
        if self.objects.len() + self.fresh.len() >= self.limits.objects {
            return Err(too_much("objects", self.limits.objects));
        }
        let mut object = Vec::new();
        reader.take(OBJECT_BYTES_MAX as u64).read_to_end(&mut object)?;
        if object.len() as u64 != bytes {
            return Err(LayerError::Damaged(io::ErrorKind::UnexpectedEof.into()));
        }
        let kept: usize = self.objects.values().chain(self.fresh.values()).map(Vec::len).sum();
        if object.len() > self.limits.objects_bytes.saturating_sub(kept) {
            return Err(too_much("bytes of objects", self.limits.objects_bytes));
        }
        self.fresh.insert(path, object);
        Ok(())
    }
}

fn too_much(what: &'static str, max: usize) -> LayerError {
    LayerError::TooMuch { what, max: max as u64 }
}

/// The path that a pax header gives the next entry.
fn path_of(bytes: &[u8]) -> Option<Vec<u8>> {
    let said = tar::PaxExtensions::new(bytes).filter_map(Result::ok);
    said.filter(|said| said.key_bytes() == b"path").last().map(|said| said.value_bytes().to_vec())
}

/// A path as a name only, without parts that lead anywhere: it is shown and compared, never opened.
fn inside(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests;
