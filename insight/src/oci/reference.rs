//! What names an image in a registry: `registry/repository[:tag][@sha256:digest]`.

use super::parse_digest;
use domain::digest::Digest;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Longest reference, in bytes: a host name, a repository of 255, a tag of 128 and a digest fit.
const REFERENCE_BYTES_MAX: usize = 768;
/// Longest tag, in characters, as the distribution specification says.
const TAG_MAX: usize = 128;
/// The tag that is meant where neither a tag nor a digest is said.
const TAG_DEFAULT: &str = "latest";

/// An image in a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Host and port.
    pub registry: String,
    /// Path below it.
    pub repository: String,
    /// The tag, if one was said.
    pub tag: Option<String>,
    /// What the image must be, if that was said.
    pub digest: Option<Digest>,
}

/// Why a text names no image.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: write REGISTRY/REPOSITORY[:TAG][@sha256:DIGEST], such as ghcr.io/project/probe:v1")]
pub struct ReferenceError {
    what: String,
}

impl Reference {
    /// What to ask the registry for: the digest where there is one, else the tag.
    pub fn wanted(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => format!("sha256:{digest}"),
            (None, Some(tag)) => tag.clone(),
            (None, None) => TAG_DEFAULT.to_owned(),
        }
    }

    /// Where the registry is reached: Docker Hub has another host than it is called by.
    pub fn host(&self) -> &str {
        match self.registry.as_str() {
            "docker.io" | "index.docker.io" => "registry-1.docker.io",
            registry => registry,
        }
    }

    /// Whether the registry is on this machine, so that plain HTTP leaves it to nobody.
    pub fn is_loopback(&self) -> bool {
        let host = self.registry.rsplit_once(':').filter(|(_, port)| !port.ends_with(']'));
        is_loopback(host.map_or(self.registry.as_str(), |(host, _)| host))
    }

    /// The last part of the repository.
    pub fn name(&self) -> &str {
        self.repository.rsplit('/').next().unwrap_or_default()
    }
}

/// Whether a host, as URLs have it, is this machine.
pub fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || address.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        self.digest.as_ref().map_or(Ok(()), |digest| write!(f, "@sha256:{digest}"))
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let refused = |what: &str| ReferenceError { what: what.to_owned() };
        if text.len() > REFERENCE_BYTES_MAX {
            return Err(refused("the reference is too long"));
        }
        let (named, digest) = match text.split_once('@') {
            Some((named, digest)) => {
                let digest = parse_digest(digest).ok_or_else(|| refused("the digest is not sha256:HEX"))?;
                (named, Some(digest))
            }
            None => (text, None),
        };
        let (registry, path) = named.split_once('/').ok_or_else(|| refused("no registry is named"))?;
        if !is_registry(registry) {
            return Err(refused("the registry is not a host, which has a dot or a port or is localhost"));
        }
        let (repository, tag) = match path.split_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (path, None),
        };
        if !repository.split('/').all(is_part) {
            return Err(refused(
                "the repository is not made of lower-case letters, digits and single . _ - /",
            ));
        }
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(refused("the tag is not made of up to 128 letters, digits and _ . -"));
        }
        let (registry, repository) = (registry.to_owned(), repository.to_owned());
        Ok(Self { registry, repository, tag: tag.map(str::to_owned), digest })
    }
}

fn is_registry(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_name = host.split('.').all(|part| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    });
    let is_host = bracketed.map_or(is_name, |address| address.parse::<Ipv6Addr>().is_ok());
    let is_marked = host.contains('.') || port.is_some() || bracketed.is_some() || host == "localhost";
    is_host && is_marked && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

fn is_part(part: &str) -> bool {
    let bytes = part.as_bytes();
    let edge =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let inner = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(byte);
    edge(bytes.first()) && edge(bytes.last()) && bytes.iter().all(inner) && !part.contains("..")
}

/// Whether a text can be a tag.
fn is_tag(tag: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= TAG_MAX
        && tag.bytes().next().is_some_and(word)
        && tag.bytes().all(|byte| word(byte) || byte == b'.' || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEX: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    #[test]
    fn what_people_write() {
        let pinned = format!("ghcr.io/a/b-c/d_e:v1.2@sha256:{HEX}");
        for (text, wanted) in [
            ("ghcr.io/a/b:v1", "v1"),
            ("localhost/a", "latest"),
            ("localhost:5000/a:B_1", "B_1"),
            ("127.0.0.1:5000/a", "latest"),
            ("[::1]:5000/a:x", "x"),
            (&pinned, &format!("sha256:{HEX}")),
        ] {
            let reference: Reference = text.parse().expect(text);
            assert_eq!((reference.to_string().as_str(), reference.wanted().as_str()), (text, wanted));
        }
    }

    #[test]
    fn what_names_no_image() {
        for text in [
            "",
            "busybox",
            "library/busybox",
            "ghcr.io/",
            "ghcr.io/A/b",
            "ghcr.io/a//b",
            "ghcr.io/a/../b",
            "ghcr.io/a:",
            "ghcr.io/a:.x",
            "ghcr.io/a@sha256:12",
            &format!("ghcr.io/a@sha256:{}", "A".repeat(64)),
            "user@ghcr.io/a",
            "ghcr.io:0/a",
            "ghcr.io:99999/a",
            "gh cr.io/a",
            "ghcr.io/a?b",
            "[::g]/a",
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for (text, loopback) in [
            ("localhost:5000/a", true),
            ("127.0.0.1:5000/a", true),
            ("127.8.0.1/a", true),
            ("[::1]:5000/a", true),
            ("127.0.0.1.example:5000/a", false),
            ("localhost.example/a", false),
            ("10.0.0.1:5000/a", false),
        ] {
            assert_eq!(text.parse::<Reference>().expect(text).is_loopback(), loopback, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_alike(text in "[a-z0-9.:/@_\\-\\[\\]]{0,40}") {
            if let Ok(reference) = text.parse::<Reference>() {
                prop_assert_eq!(reference.to_string(), text);
            }
        }
    }
}
