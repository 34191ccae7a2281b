//! Templates on disk: one directory each, complete or absent.
//!
//! ```text
//! DIR/KEY/template.json   identity, and the digests of the two files
//!        /memory          as long as the guest's memory, with holes
//!        /state
//! DIR/.unfinished-*       being written, or left behind by a process that was killed
//! ```

use super::Template;
use crate::machine::freeze::{Identity, STATE_BYTES_MAX, memory_file};
use crate::machine::launch::seal;
use domain::digest::Digest;
use nix::unistd::{Whence, lseek};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const MANIFEST: &str = "template.json";
const MEMORY: &str = "memory";
const STATE: &str = "state";
const UNFINISHED: &str = ".unfinished-";

/// What is copied at once. Pieces of nothing but zeros stay holes.
const PIECE_BYTES: usize = 64 * 1024;

/// After this long an unfinished directory belongs to nobody: writing one takes a second.
const UNFINISHED_MAX: Duration = Duration::from_secs(3600);

/// Bytes of a block as `stat` counts them, whatever the file system's own are.
pub(super) const BLOCK_BYTES: u64 = 512;

/// The directory of templates and how much it may hold.
#[derive(Debug)]
pub(super) struct Shelf {
    dir: PathBuf,
    bytes_max: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    identity: Identity,
    memory_bytes: u64,
    memory_sha256: Digest,
    state_sha256: Digest,
}

impl Shelf {
    /// The shelf in `dir`; what a killed process left there unfinished is removed.
    pub(super) fn open(dir: PathBuf, bytes_max: u64) -> Self {
        let shelf = Self { dir, bytes_max };
        for entry in shelf.entries() {
            let age = entry.used.elapsed().unwrap_or_default();
            if entry.unfinished && age > UNFINISHED_MAX {
                remove(&entry.path);
            }
        }
        shelf
    }

    /// Reads a template into memory. `None` if there is none; a damaged one is removed and named.
    pub(super) fn take(&self, key: Digest) -> Option<Template> {
        let dir = self.dir.join(key.to_string());
        match read(&dir, key) {
            Ok(template) => {
                // A new time of change makes it the one used last.
                drop(File::open(dir.join(MANIFEST)).and_then(|file| file.set_modified(SystemTime::now())));
                Some(template)
            }
            Err(error) if error.kind() == ErrorKind::NotFound && !dir.exists() => None,
            Err(error) => {
                tracing::warn!(%error, dir = %dir.display(), "a template on disk is damaged and made again");
                remove(&dir);
                None
            }
        }
    }

    /// Writes a template and gives up the ones used longest ago until all fit. Yields how many
    /// were given up.
    ///
    /// # Errors
    /// It could not be written; nothing of it is left.
    pub(super) fn put(&self, template: &Template) -> io::Result<usize> {
        if self.bytes_max == 0 {
            return Ok(0);
        }
        fs::create_dir_all(&self.dir)?;
        let unfinished = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(&self.dir)?;
        write(unfinished.path(), template)?;
        let place = self.dir.join(template.key.to_string());
        match fs::rename(unfinished.path(), &place) {
            // Another worker on this host was faster; its template is as good.
            Err(error) if !place.exists() => return Err(error),
            Err(_) | Ok(()) => {}
        }
        drop(unfinished.close());
        Ok(self.fit(&place))
    }

    /// Removes a template that did not work.
    pub(super) fn discard(&self, key: Digest) {
        let dir = self.dir.join(key.to_string());
        if dir.exists() {
            remove(&dir);
        }
    }

    /// Removes what was used longest ago until the rest fits, but never `keep`.
    fn fit(&self, keep: &Path) -> usize {
        let mut entries = self.entries();
        entries.sort_by_key(|entry| entry.used);
        let mut bytes: u64 = entries.iter().map(|entry| entry.bytes).sum();
        let mut removed = 0;
        for entry in entries.iter().filter(|entry| !entry.unfinished && entry.path != keep) {
            if bytes <= self.bytes_max {
                break;
            }
            remove(&entry.path);
            bytes -= entry.bytes;
            removed += 1;
        }
        removed
    }

    fn entries(&self) -> Vec<Entry> {
        let listed = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        listed.filter_map(|entry| Entry::read(entry.path())).collect()
    }
}

/// A directory on the shelf.
struct Entry {
    path: PathBuf,
    unfinished: bool,
    used: SystemTime,
    bytes: u64,
}

impl Entry {
    fn read(path: PathBuf) -> Option<Self> {
        let unfinished = path.file_name()?.to_str()?.starts_with(UNFINISHED);
        let dated = if unfinished { path.clone() } else { path.join(MANIFEST) };
        let used =
            fs::metadata(dated).and_then(|metadata| metadata.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
        let files = fs::read_dir(&path).ok()?.flatten().filter_map(|file| file.metadata().ok());
        Some(Self { used, unfinished, bytes: files.map(|file| file.blocks() * BLOCK_BYTES).sum(), path })
    }
}

fn remove(dir: &Path) {
    if let Err(error) = fs::remove_dir_all(dir) {
        tracing::warn!(%error, dir = %dir.display(), "a template cannot be removed");
    }
}

fn read(dir: &Path, key: Digest) -> io::Result<Template> {
    let damaged =
        |what: &str| io::Error::new(ErrorKind::InvalidData, format!("{what} is not what was written"));
    let manifest: Manifest = serde_json::from_slice(&fs::read(dir.join(MANIFEST))?)?;
    let state_file = File::open(dir.join(STATE))?;
    if state_file.metadata()?.len() > STATE_BYTES_MAX {
        return Err(damaged(STATE));
    }
    let state = fs::read(dir.join(STATE))?;
    if Digest::of(&state) != manifest.state_sha256 {
        return Err(damaged(STATE));
    }
    let file = File::open(dir.join(MEMORY))?;
    if file.metadata()?.len() != manifest.memory_bytes {
        return Err(damaged(MEMORY));
    }
    let memory = File::from(memory_file(manifest.memory_bytes)?);
    if copy(&file, &memory)? != manifest.memory_sha256 {
        return Err(damaged(MEMORY));
    }
    seal(&memory)?;
    let (identity, memory_bytes) = (manifest.identity, manifest.memory_bytes);
    Ok(Template { key, identity, memory: memory.into(), memory_bytes, state })
}

fn write(dir: &Path, template: &Template) -> io::Result<()> {
    let memory = File::create(dir.join(MEMORY))?;
    memory.set_len(template.memory_bytes)?;
    let manifest = Manifest {
        identity: template.identity.clone(),
        memory_bytes: template.memory_bytes,
        memory_sha256: copy(&template.memory.try_clone()?.into(), &memory)?,
        state_sha256: Digest::of(&template.state),
    };
    fs::write(dir.join(STATE), &template.state)?;
    fs::write(dir.join(MANIFEST), serde_json::to_vec_pretty(&manifest)?)
}

/// Copies what is not zero and yields a digest of it, in which holes and zeros are the same.
fn copy(from: &File, to: &File) -> io::Result<Digest> {
    let end = from.metadata()?.len();
    let mut digest = Sha256::new();
    let mut piece = vec![0; PIECE_BYTES];
    let mut position = next_data(from, 0)?;
    while let Some(start) = position.filter(|start| *start < end) {
        // Whole pieces from multiples of their size, so that the same bytes are the same pieces.
        let start = start - start % PIECE_BYTES as u64;
        let length = usize::try_from(end - start).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
        let piece = &mut piece[..length];
        from.read_exact_at(piece, start)?;
        if piece.iter().any(|byte| *byte != 0) {
            to.write_all_at(piece, start)?;
            digest.update(start.to_le_bytes());
            digest.update(&*piece);
        }
        position = next_data(from, start + length as u64)?;
    }
    digest.update(end.to_le_bytes());
    Ok(Digest(digest.finalize().into()))
}

/// Where data begins at or after `position`, if any does.
fn next_data(file: &File, position: u64) -> io::Result<Option<u64>> {
    let position = i64::try_from(position).map_err(io::Error::other)?;
    match lseek(file.as_fd(), position, Whence::SeekData) {
        Ok(found) => Ok(u64::try_from(found).ok()),
        Err(nix::errno::Errno::ENXIO) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

#[cfg(test)]
mod tests;
