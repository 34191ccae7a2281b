//! Files somebody named: read once, within bounds, and never one that could block.

use nix::libc::O_NONBLOCK;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// What is expected of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    /// What it should be, for example `the path of a compiled .bpf.o`.
    pub(crate) what: &'static str,
    /// The most bytes it may have.
    pub(crate) bytes_max: usize,
    /// What to do about one that has more.
    pub(crate) remedy: &'static str,
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// It is not there, or may not be read.
    #[error("{}: cannot be read; pass {what}", path.display())]
    Unreadable {
        path: PathBuf,
        what: &'static str,
        #[source]
        source: io::Error,
    },
    /// It is a directory, a device, a pipe or a socket.
    #[error("{}: is {kind}, not a file; pass {what}", path.display())]
    NotAFile { path: PathBuf, kind: &'static str, what: &'static str },
    /// It is larger than any such file.
    #[error("{}: has {bytes} bytes and at most {max} are accepted; {remedy}", path.display())]
    TooLarge { path: PathBuf, bytes: u64, max: usize, remedy: &'static str },
}

/// Reads a file. It is looked at before it is opened, and opened without blocking: a pipe nobody writes
/// to would otherwise wait for ever.
///
/// # Errors
/// The first thing that is wrong with the file.
pub(crate) fn read(path: &Path, expected: Expected) -> Result<Vec<u8>, FileError> {
    let what = expected.what;
    let unreadable = |source| FileError::Unreadable { path: path.to_owned(), what, source };
    check(path, &std::fs::metadata(path).map_err(unreadable)?, expected)?;
    let file = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(path).map_err(unreadable)?;
    // The path may name something else by now; the open file cannot change under us.
    check(path, &file.metadata().map_err(unreadable)?, expected)?;
    read_bounded(file, expected.bytes_max).map_err(unreadable)
}

/// At most one byte more than is accepted, so that a growing file is refused and not cut.
fn read_bounded(file: File, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let max = u64::try_from(bytes_max).expect("a limit of megabytes fits 64 bits");
    file.take(max + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn check(path: &Path, metadata: &Metadata, expected: Expected) -> Result<(), FileError> {
    let Expected { what, bytes_max, remedy } = expected;
    let kind = metadata.file_type();
    let named = [
        (kind.is_dir(), "a directory"),
        (kind.is_fifo(), "a named pipe"),
        (kind.is_char_device() || kind.is_block_device(), "a device"),
        (kind.is_socket(), "a socket"),
    ];
    if let Some((_, kind)) = named.into_iter().find(|(is, _)| *is) {
        return Err(FileError::NotAFile { path: path.to_owned(), kind, what });
    }
    let too_large = usize::try_from(metadata.len()).map_or(true, |bytes| bytes > bytes_max);
    if too_large {
        return Err(FileError::TooLarge {
            path: path.to_owned(),
            bytes: metadata.len(),
            max: bytes_max,
            remedy,
        });
    }
    Ok(())
}
