//! `InRelease`: the signed file that vouches for a suite's package index.

use super::super::download::Downloader;
use super::super::{KernelError, Package, Settings};
use domain::digest::Digest;
use std::path::{Path, PathBuf};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tokio::process::Command;

/// Largest `InRelease` accepted. Debian's are about 200 KB.
const RELEASE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Largest compressed package index accepted. Debian's are about 10 MB.
const INDEX_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Longest `gpgv` may take. It needs some tens of milliseconds.
const VERIFY_MAX: Duration = Duration::from_secs(60);

/// What a verified `InRelease` says.
#[derive(Debug)]
pub(super) struct Release {
    /// The suite it was read for.
    suite: String,
    /// Directory of the suite on the mirror.
    url: String,
    /// When the distribution stops vouching for it, if it says so.
    pub(super) valid_until: Option<OffsetDateTime>,
    by_hash: bool,
    files: Vec<(String, u64, Digest)>,
}

/// Whether `gpgv` has keys to check with.
pub(super) fn check_keyring(keyring: &Path) -> Result<(), KernelError> {
    let missing = |_| KernelError::KeyringMissing { path: keyring.to_owned() };
    std::fs::File::open(keyring).map(drop).map_err(missing)
}

/// Downloads and verifies the `InRelease` of `suite`.
pub(super) async fn read(
    downloader: &Downloader,
    settings: &Settings,
    suite: &str,
    archive: &str,
    scratch: &Path,
) -> Result<Release, KernelError> {
    let url = format!("{archive}/dists/{suite}");
    let what = format!("InRelease of {suite}");
    let signed_url = format!("{url}/InRelease");
    let signed = downloader.small(&what, &signed_url, RELEASE_BYTES_MAX).await?;
    let signed = signed.ok_or_else(|| KernelError::MirrorRefused {
        what: format!("suite {suite}"),
        url: signed_url,
        status: 404,
    })?;
    let path = scratch.join("InRelease");
    std::fs::write(&path, signed).map_err(|source| KernelError::io("write", &path, source))?;
    let verified = verify(&what, &path, &settings.keyring).await?;
    parse(suite, url, &verified)
}

/// The bytes under the signature, and nothing else of the file.
async fn verify(what: &str, signed: &Path, keyring: &Path) -> Result<String, KernelError> {
    let keyring = std::path::absolute(keyring).map_err(|source| KernelError::io("find", keyring, source))?;
    let refused = |says: String| KernelError::SignatureRefused {
        what: what.to_owned(),
        keyring: keyring.clone(),
        says,
    };
    let verified: PathBuf = signed.with_extension("verified");
    let gpgv = Command::new("gpgv")
        .arg("--keyring")
        .arg(&keyring)
        .arg("--output")
        .arg(&verified)
        .arg(signed)
        .env("LC_ALL", "C")
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(VERIFY_MAX, gpgv)
        .await
        .map_err(|_| refused(format!("gpgv gave no answer in {} s", VERIFY_MAX.as_secs())))?
        .map_err(KernelError::VerifierMissing)?;
    if !output.status.success() {
        let says = String::from_utf8_lossy(&output.stderr);
        let last = says.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("gpgv failed");
        return Err(refused(last.trim_start_matches("gpgv: ").to_owned()));
    }
    let bytes = std::fs::read(&verified).map_err(|source| KernelError::io("read", &verified, source))?;
    String::from_utf8(bytes).map_err(|error| KernelError::malformed(what, error))
}

fn parse(suite: &str, url: String, text: &str) -> Result<Release, KernelError> {
    let what = format!("InRelease of {suite}");
    let field =
        |name: &str| text.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim()));
    if field("Codename") != Some(suite) && field("Suite") != Some(suite) {
        let says = format!("is signed for suite {}", field("Codename").unwrap_or("unknown"));
        return Err(KernelError::malformed(what, says));
    }
    let valid_until = field("Valid-Until")
        .map(|date| OffsetDateTime::parse(&date.replace("UTC", "+0000"), &Rfc2822))
        .transpose()
        .map_err(|error| KernelError::malformed(&what, format!("Valid-Until is not a date: {error}")))?;
    let files = text
        .lines()
        .skip_while(|line| line.trim_end() != "SHA256:")
        .skip(1)
        .take_while(|line| line.starts_with(' '))
        .filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            let (digest, bytes, path) = (words.next()?, words.next()?, words.next()?);
            Some((path.to_owned(), bytes.parse().ok()?, digest.parse().ok()?))
        })
        .collect();
    let by_hash = field("Acquire-By-Hash") == Some("yes");
    Ok(Release { suite: suite.to_owned(), url, valid_until, by_hash, files })
}

impl Release {
    /// The index of all packages of `arch` in the main component, and how it is compressed.
    pub(super) fn package_index(&self, arch: &str) -> Result<(&'static str, Package), KernelError> {
        let directory = format!("main/binary-{arch}");
        let what = format!("package index of {}", self.suite);
        for kind in [".xz", ".gz", ".zst", ""] {
            let path = format!("{directory}/Packages{kind}");
            let Some((path, bytes, sha256)) = self.files.iter().find(|(listed, ..)| *listed == path) else {
                continue;
            };
            if *bytes > INDEX_BYTES_MAX {
                return Err(KernelError::malformed(what, format!("{bytes} bytes are more than is accepted")));
            }
            let url = if self.by_hash {
                format!("{}/{directory}/by-hash/SHA256/{sha256}", self.url)
            } else {
                format!("{}/{path}", self.url)
            };
            return Ok((kind, Package { name: what, url, bytes: *bytes, sha256: *sha256 }));
        }
        Err(KernelError::malformed(what, format!("InRelease lists no {directory}/Packages")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Origin: Debian\nSuite: oldstable\nCodename: bookworm\n\
        Valid-Until: Sat, 28 Nov 2026 00:53:02 UTC\nAcquire-By-Hash: yes\n\
        MD5Sum:\n 00 1 main/binary-amd64/Packages.xz\n\
        SHA256:\n \
        0000000000000000000000000000000000000000000000000000000000000001 12 main/binary-amd64/Packages.gz\n \
        0000000000000000000000000000000000000000000000000000000000000002 10 main/binary-amd64/Packages.xz\n";

    #[test]
    fn the_index_is_found_by_hash() {
        let release = parse("bookworm", "http://m.example/dists/bookworm".to_owned(), TEXT).expect("release");
        assert_eq!(release.valid_until.map(OffsetDateTime::unix_timestamp), Some(1_795_827_182));
        let (kind, index) = release.package_index("amd64").expect("index");
        assert_eq!((kind, index.bytes), (".xz", 10));
        let by_hash = format!("main/binary-amd64/by-hash/SHA256/{:064}", 2);
        assert_eq!(index.url, format!("http://m.example/dists/bookworm/{by_hash}"));
        assert!(release.package_index("riscv64").is_err());
    }

    #[test]
    fn the_signed_file_of_another_suite_is_refused() {
        let error = parse("trixie", String::new(), TEXT).expect_err("bookworm's");
        assert!(error.to_string().contains("trixie") && error.to_string().contains("bookworm"), "{error}");
    }
}
