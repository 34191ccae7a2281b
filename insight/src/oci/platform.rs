//! Which image of several: the one for a platform.

use super::document::{Descriptor, Entry};
use serde::Deserialize;
use std::fmt;
use std::str::FromStr;

/// Platforms that a message lists at most.
const LISTED_MAX: usize = 12;

/// What an image is for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Platform {
    /// The operating system, such as `linux`.
    pub os: String,
    /// The architecture, as Go calls it: `amd64`, `arm64`.
    pub architecture: String,
    /// Its variant, such as `v8`.
    pub variant: Option<String>,
}

/// Why no image is the one.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlatformError {
    /// The text is no platform.
    #[error("`{0}` is no platform: write OS/ARCHITECTURE, such as linux/arm64")]
    Malformed(String),
    /// None is for it.
    #[error("no image is for {wanted}; there are {offered}: choose one with --platform")]
    Absent {
        /// What was wanted.
        wanted: String,
        /// What there is.
        offered: String,
    },
}

impl Platform {
    /// Linux on an architecture, as Rust calls it.
    pub fn linux(arch: &str) -> Self {
        let architecture = match arch {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        Self { os: "linux".to_owned(), architecture: architecture.to_owned(), variant: None }
    }

    /// An attestation beside an image, which builders mark so.
    fn is_unknown(&self) -> bool {
        self.os == "unknown" || self.architecture == "unknown"
    }

    fn suits(&self, wanted: &Self) -> bool {
        let is_variant = wanted.variant.is_none() || wanted.variant == self.variant;
        self.os == wanted.os && self.architecture == wanted.architecture && is_variant
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |variant| write!(f, "/{variant}"))
    }
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let parts: Vec<&str> = text.split('/').collect();
        let is_word = |word: &&str| {
            !word.is_empty()
                && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        match parts.as_slice() {
            [os, architecture, variant @ ..] if variant.len() <= 1 && parts.iter().all(is_word) => Ok(Self {
                os: (*os).to_owned(),
                architecture: (*architecture).to_owned(),
                variant: variant.first().map(|variant| (*variant).to_owned()),
            }),
            _ => Err(PlatformError::Malformed(text.to_owned())),
        }
    }
}

/// The image for a platform; where the only one says nothing of a platform, that.
///
/// # Errors
/// None is for it.
pub fn choose<'a>(entries: &'a [Entry], wanted: &Platform) -> Result<&'a Descriptor, PlatformError> {
    let said = |entry: &&Entry| entry.platform.as_ref().is_some_and(|platform| platform.suits(wanted));
    if let Some(entry) = entries.iter().find(said) {
        return Ok(&entry.descriptor);
    }
    match entries {
        [Entry { descriptor, platform: None, .. }] => Ok(descriptor),
        _ => {
            let known = entries.iter().filter_map(|entry| entry.platform.as_ref());
            let known = known.filter(|platform| !platform.is_unknown());
            let offered: Vec<String> = known.take(LISTED_MAX).map(ToString::to_string).collect();
            let offered =
                if offered.is_empty() { "none with a platform".to_owned() } else { offered.join(", ") };
            Err(PlatformError::Absent { wanted: wanted.to_string(), offered })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::digest::Digest;

    fn entry(platform: Option<&str>) -> Entry {
        let digest = Digest::of(platform.unwrap_or_default().as_bytes());
        let descriptor = Descriptor { media_type: String::new(), digest, bytes: 1, title: None };
        Entry { descriptor, platform: platform.map(|text| text.parse().expect(text)), names: Vec::new() }
    }

    #[test]
    fn the_image_of_the_platform_is_chosen() {
        let all = [
            entry(Some("unknown/unknown")),
            entry(Some("linux/amd64")),
            entry(Some("linux/arm64/v8")),
            entry(None),
        ];
        let wanted = |text: &str| choose(&all, &text.parse().expect(text)).map(|found| found.digest);
        assert_eq!(wanted("linux/amd64"), Ok(all[1].descriptor.digest));
        assert_eq!(wanted("linux/arm64"), Ok(all[2].descriptor.digest));
        let says = wanted("linux/arm64/v7").expect_err("no such variant").to_string();
        assert!(says.contains("linux/amd64, linux/arm64/v8") && !says.contains("unknown"), "{says}");
        assert_eq!(choose(&all[3..], &Platform::linux("x86_64")), Ok(&all[3].descriptor));
        assert!(choose(&[], &Platform::linux("aarch64")).is_err());
    }

    #[test]
    fn what_is_no_platform() {
        for text in ["", "arm64", "linux/", "linux/arm/v7/x", "linux/\x1b"] {
            assert!(text.parse::<Platform>().is_err(), "{text}");
        }
    }
}
