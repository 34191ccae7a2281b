//! Objects as files: read once, within bounds, and never a file that could block.

use domain::OBJECT_BYTES_MAX;
use domain::digest::Digest;
use insight::object::{ObjectError, inspect};
use nix::libc::O_NONBLOCK;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

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
    /// It is not there, or may not be read.
    #[error("{}: cannot be read; pass the path of a compiled .bpf.o", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// It is a directory, a device, a pipe or a socket.
    #[error("{}: is {kind}, not a file; pass the path of a compiled .bpf.o", path.display())]
    NotAFile { path: PathBuf, kind: &'static str },
    /// It is larger than any object.
    #[error(
        "{}: has {bytes} bytes and at most {OBJECT_BYTES_MAX} are accepted; strip its debug sections \
         with `llvm-strip -g`, which keeps BTF", path.display()
    )]
    TooLarge { path: PathBuf, bytes: u64 },
    /// Its bytes are not an object.
    #[error("{}: {source}", path.display())]
    NotAnObject {
        path: PathBuf,
        #[source]
        source: ObjectError,
    },
}

/// Reads one object. The file is looked at before it is opened, and opened without blocking:
/// a pipe nobody writes to would otherwise wait for ever.
///
/// # Errors
/// The first thing that is wrong with the file.
pub(crate) fn read(path: &Path) -> Result<ObjectFile, ObjectFileError> {
    let unreadable = |source| ObjectFileError::Unreadable { path: path.to_owned(), source };
    check(path, &std::fs::metadata(path).map_err(unreadable)?)?;
    let file = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(path).map_err(unreadable)?;
    // The path may name something else by now; the open file cannot change under us.
    check(path, &file.metadata().map_err(unreadable)?)?;
    let bytes = read_bounded(file).map_err(unreadable)?;
    inspect(&bytes).map_err(|source| ObjectFileError::NotAnObject { path: path.to_owned(), source })?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(ObjectFile { label: name.clone(), name, digest: Digest::of(&bytes), bytes })
}

/// At most one byte more than is accepted, so that a growing file is refused and not cut.
fn read_bounded(file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let max = u64::try_from(OBJECT_BYTES_MAX).expect("a limit of megabytes fits 64 bits");
    file.take(max + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn check(path: &Path, metadata: &Metadata) -> Result<(), ObjectFileError> {
    let kind = metadata.file_type();
    let named = [
        (kind.is_dir(), "a directory"),
        (kind.is_fifo(), "a named pipe"),
        (kind.is_char_device() || kind.is_block_device(), "a device"),
        (kind.is_socket(), "a socket"),
    ];
    if let Some((_, kind)) = named.into_iter().find(|(is, _)| *is) {
        return Err(ObjectFileError::NotAFile { path: path.to_owned(), kind });
    }
    let too_large = usize::try_from(metadata.len()).map_or(true, |bytes| bytes > OBJECT_BYTES_MAX);
    if too_large {
        return Err(ObjectFileError::TooLarge { path: path.to_owned(), bytes: metadata.len() });
    }
    Ok(())
}
