//! The validator binary that this worker puts into every guest.

use crate::tools::is_static;
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

/// There is no validator that could run in a guest.
#[derive(Debug, thiserror::Error)]
pub enum NoValidator {
    /// It cannot be read.
    #[error("the validator {} cannot be read ({source}); build it with `make build` or set `validator`", path.display())]
    Unreadable {
        /// Where it should be.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is no program that a guest, which has no libraries, could start.
    #[error(
        "{} cannot run in a guest: it is no static ELF program; build the validator with `make build`, which \
         links it statically, or set `validator`", .0.display()
    )]
    NotStatic(PathBuf),
}

impl Validator {
    /// Reads the validator at `path`, or beside the running program.
    ///
    /// # Errors
    /// [`NoValidator`] with the path that was tried.
    pub fn read(path: Option<&Path>) -> Result<Self, NoValidator> {
        let beside = || {
            let program = std::env::current_exe().unwrap_or_default();
            program.with_file_name(FILE_NAME)
        };
        let path = path.map_or_else(beside, Path::to_path_buf);
        match std::fs::read(&path) {
            // A guest whose first process cannot start panics.
            Ok(bytes) if is_static(&bytes) == Some(true) => Ok(Self { digest: Digest::of(&bytes), bytes }),
            Ok(_) => Err(NoValidator::NotStatic(path)),
            Err(source) => Err(NoValidator::Unreadable { path, source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_guest_could_not_start_is_refused() {
        let dynamic = std::env::current_exe().expect("this program");
        let says = Validator::read(Some(&dynamic)).expect_err("it needs libraries").to_string();
        assert!(says.contains(&*dynamic.to_string_lossy()) && says.contains("make build"), "{says}");
        assert!(Validator::read(Some(Path::new("/nowhere"))).is_err());
    }
}
