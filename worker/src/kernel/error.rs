//! What can go wrong between a mirror and a bundle.

use domain::digest::Digest;
use domain::id::KernelId;
use std::io;
use std::path::{Path, PathBuf};

/// Why there is no list of kernels or no bundle. None of these says anything about an object.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// No mirror is configured and the host's package manager names none.
    #[error("no mirror known: {0}; set `mirror` to the archive's URL")]
    HostMirrorUnknown(String),
    /// A configured URL is not one.
    #[error("`{url}` is not the http or https URL of an archive")]
    MirrorNotAUrl {
        /// What was configured.
        url: String,
    },
    /// No connection, or it broke more often than is tolerated.
    #[error(
        "{what} could not be downloaded from {url} in {tries} tries; check the network and the setting `mirror`, then ask again to resume"
    )]
    MirrorUnreachable {
        /// What was wanted.
        what: String,
        /// From where.
        url: String,
        /// Times it was tried.
        tries: u32,
        /// The last failure.
        #[source]
        source: reqwest::Error,
    },
    /// The mirror answered, but not with the file.
    #[error("{what}: the mirror answered {status} for {url}")]
    MirrorRefused {
        /// What was wanted.
        what: String,
        /// From where.
        url: String,
        /// HTTP status.
        status: u16,
    },
    /// Not one configured suite could be read.
    #[error("no suite could be read: {}", .problems.join("; "))]
    NoSuiteReadable {
        /// One sentence for each suite.
        problems: Vec<String>,
    },
    /// The keyring does not exist.
    #[error("keyring {} cannot be read; install the archive's keyring or set `keyring`", .path.display())]
    KeyringMissing {
        /// The configured file.
        path: PathBuf,
    },
    /// `gpgv` could not be started.
    #[error("gpgv cannot be started, and nothing is used unverified; install the package `gpgv`")]
    VerifierMissing(#[source] io::Error),
    /// The signature of a suite's index is not good.
    #[error("{what}: the signature is not one of {}: {says}", .keyring.display())]
    SignatureRefused {
        /// The index.
        what: String,
        /// The keys it was checked with.
        keyring: PathBuf,
        /// gpgv's own words.
        says: String,
    },
    /// The bytes are not those the signed index announces.
    #[error(
        "{what} was tampered with or damaged: SHA-256 is {got}, the signed index says {expected}; it was deleted"
    )]
    DigestRefused {
        /// The index or package.
        what: String,
        /// From the signed index.
        expected: Digest,
        /// Of what was received.
        got: Digest,
    },
    /// The length is not the one the signed index announces.
    #[error("{what} has {got} bytes, the signed index says {expected}; it was deleted")]
    SizeRefused {
        /// The index or package.
        what: String,
        /// From the signed index.
        expected: u64,
        /// Announced or sent by the mirror.
        got: u64,
    },
    /// Verified bytes that do not have the form they should have, or exceed a limit.
    #[error("{what}: {says}")]
    Malformed {
        /// The index or package, and the place in it.
        what: String,
        /// What is wrong.
        says: String,
    },
    /// No source lists the kernel and there is no bundle of it.
    #[error("{id} is neither on disk nor in any suite read; superseded kernels leave the archive")]
    KernelUnknown {
        /// The kernel asked for.
        id: KernelId,
    },
    /// A module in a bundle is not the one that was put there.
    #[error("module {name} in {} was damaged; its kernel is fetched again", .pack.display())]
    ModuleDamaged {
        /// The module.
        name: String,
        /// The file it is in.
        pack: PathBuf,
    },
    /// The file system is full.
    #[error("no space left for {}; free some or use another directory", .path.display())]
    DiskFull {
        /// What was being written.
        path: PathBuf,
    },
    /// The directory cannot be written.
    #[error("{} cannot be written by this user; change its owner or use another directory", .path.display())]
    NotWritable {
        /// What was being written.
        path: PathBuf,
    },
    /// Any other failure of the file system.
    #[error("{}: cannot {doing}", .path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl KernelError {
    /// The error for `source`, which happened while `doing` something to `path`.
    pub(super) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::NotWritable { path },
            _ => Self::Io { doing, path, source },
        }
    }

    pub(super) fn malformed(what: impl Into<String>, says: impl ToString) -> Self {
        Self::Malformed { what: what.into(), says: says.to_string() }
    }

    /// Whether waiting may help: nothing refused, only nobody reached.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::MirrorUnreachable { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_full_disk_is_named_as_such() {
        let full = Path::new("/dev/full");
        let mut file = std::fs::OpenOptions::new().write(true).open(full).expect("/dev/full exists on Linux");
        let error = KernelError::io("write", full, file.write_all(b"x").expect_err("it is full"));
        assert!(matches!(error, KernelError::DiskFull { .. }), "{error}");
    }
}
