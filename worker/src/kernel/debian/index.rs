//! `Packages`: what a suite holds, of which only kernels are kept.

use super::super::KernelError;
use super::super::unpack::decompress;
use domain::digest::Digest;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// Most bytes of an uncompressed index. Debian's are 50 MB.
const TEXT_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// Longest line. Long lists of dependencies have some tens of kilobytes.
const LINE_BYTES_MAX: usize = 1024 * 1024;
/// Most kernel packages in one suite. The fullest suite has about 300.
const STANZAS_MAX: usize = 20_000;

/// Beginnings of the names of packages that hold a part of a kernel.
const KERNEL_PACKAGES: &[&str] = &["linux-image-", "linux-binary-", "linux-modules-", "linux-base-"];

/// One package.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stanza {
    pub(super) package: String,
    pub(super) version: String,
    pub(super) depends: String,
    pub(super) filename: String,
    pub(super) bytes: u64,
    pub(super) sha256: Option<Digest>,
}

/// The kernel packages in the index at `path`, compressed as `kind` says.
pub(super) fn read(what: &str, kind: &str, path: &Path) -> Result<Vec<Stanza>, KernelError> {
    let file = File::open(path).map_err(|source| KernelError::io("open", path, source))?;
    let text = decompress(kind, file).map_err(|error| KernelError::malformed(what, error))?;
    parse(what, BufReader::new(text.take(TEXT_BYTES_MAX)))
}

fn parse(what: &str, mut text: impl BufRead) -> Result<Vec<Stanza>, KernelError> {
    let malformed = |error: std::io::Error| KernelError::malformed(what, error);
    let (mut stanzas, mut stanza, mut line) = (Vec::new(), Stanza::default(), Vec::new());
    loop {
        line.clear();
        let limit = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
        let read = (&mut text).take(limit).read_until(b'\n', &mut line).map_err(malformed)?;
        if read == LINE_BYTES_MAX {
            return Err(KernelError::malformed(what, format!("a line of more than {LINE_BYTES_MAX} bytes")));
        }
        let blank = line.trim_ascii().is_empty();
        if blank && !stanza.package.is_empty() {
            let complete = std::mem::take(&mut stanza);
            if complete.is_kernel() {
                stanzas.push(complete);
            }
            if stanzas.len() > STANZAS_MAX {
                return Err(KernelError::malformed(what, format!("more than {STANZAS_MAX} kernel packages")));
            }
        }
        if read == 0 {
            return Ok(stanzas);
        }
        stanza.take_line(&line);
    }
}

impl Stanza {
    fn take_line(&mut self, line: &[u8]) {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else { return };
        // A package that is of no interest is recognised by its first field; its other fields
        // are not even looked at.
        let of_interest = KERNEL_PACKAGES.iter().any(|start| self.package.starts_with(start));
        if name != b"Package" && !of_interest {
            return;
        }
        let value = || String::from_utf8_lossy(value.trim_ascii()).into_owned();
        match name {
            b"Package" => self.package = value(),
            b"Version" => self.version = value(),
            b"Depends" => self.depends = value(),
            b"Filename" => self.filename = value(),
            b"Size" => self.bytes = value().parse().unwrap_or(0),
            b"SHA256" => self.sha256 = value().parse().ok(),
            _ => {}
        }
    }

    /// Whether it describes a package that can be fetched and whose names can be trusted in paths
    /// and URLs.
    fn is_kernel(&self) -> bool {
        let plain = |text: &str, extra: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
        };
        KERNEL_PACKAGES.iter().any(|start| self.package.starts_with(start))
            && plain(&self.package, "+-.~")
            && plain(&self.version, "+-.~:")
            && plain(&self.filename, "+-.~_:/%")
            && self.filename.split('/').all(|part| !part.is_empty() && part != "..")
            && self.bytes > 0
            && self.sha256.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "fe11bc8e404958693b28825474c20742d70594d65ca58aea7be6a279c81eb6fa";

    fn stanza(package: &str, filename: &str) -> String {
        format!(
            "Package: {package}\nVersion: 6.1.1-1\nDescription: a\n kernel\nFilename: {filename}\nSize: 10\nSHA256: {DIGEST}\n"
        )
    }

    #[test]
    fn only_whole_stanzas_of_kernels_are_kept() {
        let kernel = stanza("linux-image-6.1.0-1-amd64", "pool/main/l/linux/a_6.1.1-1_amd64.deb");
        let text = [
            stanza("bash", "pool/b.deb"),
            stanza("linux-image-6.1.0-2-amd64", "../../etc/passwd"),
            stanza("linux-image-6.1.0-3/../amd64", "pool/c.deb"),
            "Package: linux-image-6.1.0-4-amd64\nVersion: 1\n".to_owned(),
            kernel,
        ]
        .join("\n");
        let stanzas = parse("index", text.as_bytes()).expect("index");
        assert_eq!(stanzas.len(), 1);
        assert_eq!(stanzas[0].package, "linux-image-6.1.0-1-amd64");
        assert_eq!((stanzas[0].version.as_str(), stanzas[0].bytes), ("6.1.1-1", 10));
        assert_eq!(stanzas[0].sha256.map(|digest| digest.to_string()).as_deref(), Some(DIGEST));
    }

    #[test]
    fn an_endless_line_is_refused() {
        let error = parse("index of x", vec![b'x'; LINE_BYTES_MAX + 1].as_slice()).expect_err("too long");
        assert!(error.to_string().contains("index of x"), "{error}");
    }
}
