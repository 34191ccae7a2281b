//! Objects as files.

use super::file::{self, Expected, FileError};
use domain::OBJECT_BYTES_MAX;
use domain::digest::Digest;
use insight::object::{ObjectError, inspect};
use std::path::{Path, PathBuf};

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
    /// What people are shown: its name, and the names of other files with the same bytes.
    pub(crate) label: String,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
    /// Their digest.
    pub(crate) digest: Digest,
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

/// Reads one object.
///
/// # Errors
/// The first thing that is wrong with the file.
pub(crate) fn read(path: &Path) -> Result<ObjectFile, ObjectFileError> {
    let bytes = file::read(path, EXPECTED)?;
    inspect(&bytes).map_err(|source| ObjectFileError::NotAnObject { path: path.to_owned(), source })?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(ObjectFile { label: name.clone(), name, digest: Digest::of(&bytes), bytes })
}
