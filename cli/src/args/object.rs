//! Objects, wherever they came from, and those that are files.

use super::file::{self, Expected, FileError};
use domain::OBJECT_BYTES_MAX;
use domain::digest::Digest;
use insight::object::{ObjectError, inspect};
use std::path::{Path, PathBuf};

/// Longest name of an object, in bytes: what file systems allow and controllers take.
const NAME_BYTES_MAX: usize = 255;

const EXPECTED: Expected = Expected {
    what: "the path of a compiled .bpf.o",
    bytes_max: OBJECT_BYTES_MAX,
    remedy: "strip its debug sections with `llvm-strip -g`, which keeps BTF",
};

/// An object that can be asked about.
#[derive(Debug, Clone)]
pub(crate) struct ObjectFile {
    /// Its file name.
    pub(crate) name: String,
    /// What people are shown: its name or where it is in what it came from, and those of others with the same bytes.
    pub(crate) label: String,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
    /// Their digest.
    pub(crate) digest: Digest,
    /// Where it came from, if it is no file of this machine.
    pub(crate) source: Option<Source>,
}

/// Where an object came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    /// What was named.
    pub(crate) reference: String,
    /// What that was: digest of the image or of the bytes at the address, with `sha256:`.
    pub(crate) digest: String,
}

/// Why a file is not an object that can be asked about.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ObjectFileError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// Its bytes are not an object.
    #[error("{}: {source}", path.display())]
    NotAnObject {
        path: PathBuf,
        #[source]
        source: ObjectError,
    },
}

impl ObjectFile {
    /// Bytes as an object, if they are one. `name` is made one of a file.
    ///
    /// # Errors
    /// What they are instead.
    pub(crate) fn new(
        name: &str,
        label: String,
        bytes: Vec<u8>,
        source: Option<Source>,
    ) -> Result<Self, ObjectError> {
        inspect(&bytes)?;
        let last = name.rsplit('/').next().unwrap_or_default();
        let mut name: String = last.chars().filter(|letter| !letter.is_control()).collect();
        name.truncate(name.floor_char_boundary(NAME_BYTES_MAX));
        if name.is_empty() {
            "object".clone_into(&mut name);
        }
        Ok(Self { name, label, digest: Digest::of(&bytes), bytes, source })
    }
}

/// Reads one object.
///
/// # Errors
/// The first thing that is wrong with the file.
pub(crate) fn read(path: &Path) -> Result<ObjectFile, ObjectFileError> {
    let bytes = file::read(path, EXPECTED)?;
    inspect(&bytes).map_err(|source| ObjectFileError::NotAnObject { path: path.to_owned(), source })?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(ObjectFile { label: name.clone(), name, digest: Digest::of(&bytes), bytes, source: None })
}
