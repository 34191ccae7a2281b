//! What an operator can say about kernels.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// Where kernels come from and which of them are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// URL of the archive; without it, the one this host's package manager is configured with.
    pub mirror: Option<String>,
    /// URL of the security archive; without it, the host's, else `mirror` with `-security` added.
    pub security_mirror: Option<String>,
    /// Suites to read. One that the mirror lacks is a warning.
    pub suites: Vec<String>,
    /// The distribution's public keys, as `gpgv` reads them.
    pub keyring: PathBuf,
    /// Flavours to list: `cloud`, `generic`, `rt`.
    pub flavours: Vec<String>,
    /// Architecture in the distribution's words.
    pub arch: String,
    /// Age in seconds at which the list of kernels is read again.
    pub index_max_age_s: u64,
    /// Times a download is tried before the mirror counts as unreachable.
    pub download_tries: u32,
    /// Milliseconds before the second try; each further pause is twice as long.
    pub retry_pause_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        Self {
            mirror: None,
            security_mirror: None,
            suites: words(&[
                "bullseye",
                "bullseye-security",
                "bookworm",
                "bookworm-security",
                "bookworm-backports",
                "trixie",
                "trixie-security",
                "trixie-backports",
            ]),
            keyring: PathBuf::from("/usr/share/keyrings/debian-archive-keyring.gpg"),
            flavours: words(&["cloud", "generic", "rt"]),
            arch: match std::env::consts::ARCH {
                "aarch64" => "arm64".to_owned(),
                "x86_64" => "amd64".to_owned(),
                other => other.to_owned(),
            },
            index_max_age_s: 3600,
            download_tries: 5,
            retry_pause_ms: 500,
        }
    }
}

impl Settings {
    /// Age at which the list of kernels is read again.
    pub fn index_max_age(&self) -> Duration {
        Duration::from_secs(self.index_max_age_s)
    }
}
