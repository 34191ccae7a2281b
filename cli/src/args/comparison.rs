//! The two answers of a comparison, as they were named.

use super::file::{self, Expected, FileError};
use insight::compare::{REPORT_BYTES_MAX, Report, ReportError};
use std::path::{Path, PathBuf};

const EXPECTED: Expected = Expected {
    what: "a report, which `bpfcompat test --json FILE` writes, or a run's id",
    bytes_max: REPORT_BYTES_MAX,
    remedy: "compare fewer objects at a time",
};
/// Length of a whole id.
const ID_CHARS: usize = 36;

/// Where an answer is.
#[derive(Debug)]
pub(crate) enum Source {
    /// In a file that was read.
    File(Report),
    /// In a run with an id that begins so.
    Run(String),
}

/// Why there is nothing to compare.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// Its bytes are not a report.
    #[error("{}: {source}", path.display())]
    NotAReport {
        path: PathBuf,
        #[source]
        source: ReportError,
    },
}

/// The answer that was named: a file if there is one, else a run if it looks like the id of one.
///
/// # Errors
/// It is neither, or a file that is no report.
pub(crate) fn source(named: &str) -> Result<Source, SourceError> {
    let path = Path::new(named);
    let is_id = named.len() <= ID_CHARS
        && named.starts_with(|c: char| c.is_ascii_hexdigit())
        && named.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if is_id && !path.exists() {
        return Ok(Source::Run(named.to_owned()));
    }
    let bytes = file::read(path, EXPECTED)?;
    let report = Report::read(&bytes);
    report.map(Source::File).map_err(|source| SourceError::NotAReport { path: path.to_owned(), source })
}
