//! Files that reports are written to: whole or not at all.
//!
//! A report is written beside its place and renamed, so a reader never sees half of one and a
//! full disk never destroys the last one. Whether that will be possible is found out before the
//! run starts, not after an hour of answers.

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Where a report goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output {
    /// Standard output; asked for with `-`.
    Stdout,
    /// A file, replaced when the report is whole.
    File(PathBuf),
    /// Something that exists and is not a file, such as `/dev/stderr` or a pipe of the shell;
    /// it cannot be replaced and is written to.
    Pipe(PathBuf),
}

/// Why a report cannot be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    /// The path names a directory.
    #[error("{}: is a directory; name a file for {flag}", path.display())]
    Directory { flag: &'static str, path: PathBuf },
    /// The folder does not exist or may not be written to.
    #[error("{}: cannot be written for {flag}; name a file in a folder you can write to", path.display())]
    Closed {
        flag: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// Two reports on one stdout.
    #[error(
        "only one of --json, --markdown, --junit, --sarif, --html and --badge can go to stdout; name a file for the others"
    )]
    StdoutTwice,
    /// Writing failed although it was possible before.
    #[error("{}: writing the report failed; is the disk full?", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl Output {
    /// The output a flag names, proven writable without leaving anything behind.
    ///
    /// # Errors
    /// `Directory` or `Closed`.
    pub(crate) fn check(flag: &'static str, path: &Path) -> Result<Self, OutputError> {
        if path == Path::new("-") {
            return Ok(Self::Stdout);
        }
        let closed = |source| OutputError::Closed { flag, path: path.to_owned(), source };
        let place = match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                return Err(OutputError::Directory { flag, path: path.to_owned() });
            }
            Ok(metadata) if !metadata.is_file() => return Ok(Self::Pipe(path.to_owned())),
            // A link to a file stays a link: what it points to is replaced.
            Ok(_) => path.canonicalize().map_err(closed)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
            Err(error) => return Err(closed(error)),
        };
        unfinished(&place).map_err(closed)?;
        Ok(Self::File(place))
    }

    /// Writes the whole report.
    ///
    /// # Errors
    /// `Write`; the file is then as it was before.
    pub(crate) fn write(&self, report: &str) -> Result<(), OutputError> {
        let (path, written) = match self {
            Self::Stdout => (Path::new("stdout"), stdout(report)),
            Self::File(path) => (path.as_path(), replace(path, report)),
            Self::Pipe(path) => (path.as_path(), append(path, report)),
        };
        written.map_err(|source| OutputError::Write { path: path.to_owned(), source })
    }
}

/// Writes to standard output. A reader that has seen enough (`| head`) is no error.
///
/// # Errors
/// Any other error of writing, such as a full disk behind a redirection.
pub(crate) fn stdout(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// A nameless-to-be file in the folder of `path`; it vanishes when dropped.
fn unfinished(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    // 0666 is what every program asks for; the caller's umask takes away what it wants.
    let everybody = Permissions::from_mode(0o666);
    tempfile::Builder::new().prefix(".bpfcompat-").permissions(everybody).tempfile_in(folder)
}

fn replace(path: &Path, report: &str) -> io::Result<()> {
    let mut file = unfinished(path)?;
    file.write_all(report.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn append(path: &Path, report: &str) -> io::Result<()> {
    std::fs::OpenOptions::new().append(true).open(path)?.write_all(report.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).expect("folder");
        entries.map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_report_is_replaced_whole_and_checking_leaves_nothing() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("report.json");
        let output = Output::check("--json", &path).expect("writable");
        assert!(names(folder.path()).is_empty());
        std::fs::write(&path, "the last report, which is longer").expect("write");
        output.write("new").expect("write");
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "new");
        assert_eq!(names(folder.path()), ["report.json"]);
    }

    #[test]
    fn what_cannot_be_written_is_said_before_anything_starts() {
        let folder = tempfile::tempdir().expect("folder");
        let directory = Output::check("--junit", folder.path()).expect_err("directory").to_string();
        assert!(directory.contains("--junit") && directory.contains("is a directory"), "{directory}");
        let missing = folder.path().join("no/such/report.json");
        let closed = Output::check("--json", &missing).expect_err("missing").to_string();
        assert!(closed.contains("--json") && closed.contains("no/such"), "{closed}");
    }

    #[test]
    fn a_link_keeps_pointing_and_a_device_is_never_replaced() {
        let folder = tempfile::tempdir().expect("folder");
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        std::fs::write(&real, "old").expect("write");
        std::os::unix::fs::symlink(&real, &link).expect("link");
        Output::check("--json", &link).expect("writable").write("new").expect("write");
        assert!(link.symlink_metadata().expect("link").is_symlink());
        assert_eq!(std::fs::read_to_string(&real).expect("read"), "new");
        let null = Output::check("--json", Path::new("/dev/null")).expect("writable");
        assert_eq!(null, Output::Pipe(PathBuf::from("/dev/null")));
        null.write("gone").expect("write");
    }
}
