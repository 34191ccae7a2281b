//! Kernels: one exact build each.

use crate::digest::Digest;
use crate::id::KernelId;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// Series the kernel developers maintain for years, from the release page of kernel.org.
pub const LONGTERM: &[Series] = &[
    Series { major: 5, minor: 10 },
    Series { major: 5, minor: 15 },
    Series { major: 6, minor: 1 },
    Series { major: 6, minor: 6 },
    Series { major: 6, minor: 12 },
    Series { major: 6, minor: 18 },
];

/// The first two numbers of a kernel version, for example `6.12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Series {
    /// First number.
    pub major: u16,
    /// Second number.
    pub minor: u16,
}

/// A text that is not a kernel series.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a kernel series; series look like 6.12")]
pub struct NotASeries(String);

impl FromStr for Series {
    type Err = NotASeries;

    fn from_str(text: &str) -> Result<Self, NotASeries> {
        let number = |part: &str| -> Option<u16> {
            (!part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse().ok())?
        };
        text.split_once('.')
            .and_then(|(major, minor)| Some(Self { major: number(major)?, minor: number(minor)? }))
            .ok_or_else(|| NotASeries(text.to_owned()))
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// One exact kernel build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kernel {
    /// `distro/release@version`.
    pub id: KernelId,
    /// `uname -r`, for example `6.1.0-50-cloud-amd64`.
    pub release: String,
    /// The distribution's package version, for example `6.1.176-1`.
    pub version: String,
    /// The series it belongs to.
    pub series: Series,
    /// The distribution, for example `debian`.
    pub distro: String,
    /// Suites that carry it, for example `bookworm-security`.
    pub suites: Vec<String>,
    /// `cloud`, `generic`, `rt`, ….
    pub flavour: String,
    /// The machine architecture in the distribution's words, for example `amd64`.
    pub arch: String,
    /// Digest of the package that holds the kernel image: its identity.
    pub digest: Digest,
    /// Bytes to download for a bundle.
    pub download_bytes: u64,
}

impl Kernel {
    /// The id a kernel of these names has.
    pub fn id_of(distro: &str, release: &str, version: &str) -> KernelId {
        KernelId(format!("{distro}/{release}@{version}"))
    }
}

/// Newer builds are greater: by series, then by every number in the package version. A version
/// with `~` (a release candidate, a backport) sorts before the same version without it.
pub fn by_age(a: &Kernel, b: &Kernel) -> Ordering {
    a.series.cmp(&b.series).then_with(|| version_order(&a.version, &b.version)).then_with(|| a.id.cmp(&b.id))
}

/// The order of package versions by Debian policy section 5.6.12, without epochs.
pub fn version_order(a: &str, b: &str) -> Ordering {
    let weight = |byte: Option<u8>| match byte {
        Some(b'~') => -1,
        None => 0,
        Some(byte) if byte.is_ascii_digit() => 0,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(byte),
        Some(byte) => i32::from(byte) + 256,
    };
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while !a.is_empty() || !b.is_empty() {
        let is_digit = |bytes: &[u8]| bytes.first().is_some_and(u8::is_ascii_digit);
        while (!a.is_empty() && !is_digit(a)) || (!b.is_empty() && !is_digit(b)) {
            let order = weight(a.first().copied()).cmp(&weight(b.first().copied()));
            if order != Ordering::Equal {
                return order;
            }
            a = a.get(1..).unwrap_or_default();
            b = b.get(1..).unwrap_or_default();
        }
        let (number_a, rest_a) = leading_number(a);
        let (number_b, rest_b) = leading_number(b);
        let order = number_a.len().cmp(&number_b.len()).then_with(|| number_a.cmp(number_b));
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
    Ordering::Equal
}

/// The digits at the start, without leading zeros, and the rest.
fn leading_number(bytes: &[u8]) -> (&[u8], &[u8]) {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let zeros = bytes[..digits].iter().take_while(|byte| **byte == b'0').count();
    (&bytes[zeros..digits], &bytes[digits..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_sort_as_the_policy_says() {
        let sorted = [
            "6.12.9-1",
            "6.12.10~rc1-1",
            "6.12.10-1~bpo12+1",
            "6.12.10-1",
            "6.12.10-1+deb13u1",
            "6.12.117-1",
        ];
        for pair in sorted.windows(2) {
            assert_eq!(version_order(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        assert_eq!(version_order("6.01-1", "6.1-1"), Ordering::Equal);
    }

    #[test]
    fn a_series_is_two_numbers() {
        assert_eq!("6.12".parse::<Series>().expect("series"), Series { major: 6, minor: 12 });
        for bad in ["", "6", "6.", "6.12.1", "six.1", "+6.1"] {
            assert!(bad.parse::<Series>().is_err(), "{bad}");
        }
    }
}
