//! The validator binary that this worker puts into every guest.

use domain::digest::Digest;
use std::io;
use std::path::{Path, PathBuf};

/// The file name beside the running program.
const FILE_NAME: &str = "bpfcompat-validator";

/// The validator's bytes, read once.
#[derive(Debug)]
pub struct Validator {
    /// The static ELF.
    pub bytes: Vec<u8>,
    /// Its digest, part of every question.
    pub digest: Digest,
}

/// The validator cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the validator {path} cannot be read ({source}); build it with `make build` or set `validator`")]
pub struct NoValidator {
    path: PathBuf,
    source: io::Error,
}

impl Validator {
    /// Reads the validator at `path`, or beside the running program.
    ///
    /// # Errors
    /// `NoValidator` with the path that was tried.
    pub fn read(path: Option<&Path>) -> Result<Self, NoValidator> {
        let beside = || {
            let program = std::env::current_exe().unwrap_or_default();
            program.with_file_name(FILE_NAME)
        };
        let path = path.map_or_else(beside, Path::to_path_buf);
        let bytes = std::fs::read(&path).map_err(|source| NoValidator { path, source })?;
        Ok(Self { digest: Digest::of(&bytes), bytes })
    }
}
