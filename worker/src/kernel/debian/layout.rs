//! Which packages make a kernel.
//!
//! | layout | image | modules | configuration |
//! |---|---|---|---|
//! | up to 6.18 | `linux-image-RELEASE` | same package | same package |
//! | from 6.19 | `linux-binary-RELEASE`; `linux-image-RELEASE` is empty and names the parts | `linux-modules-RELEASE` | `linux-base-RELEASE` |
//!
//! The archive forgets the modules of superseded builds of the newer layout long before their
//! images. Such a kernel still boots, so it is listed; its bundle says what it lacks.
//!
//! Images come signed for secure boot and unsigned; both hold the same kernel, so they are one.

use super::super::{Listed, Package, Settings};
use super::Suite;
use super::index::Stanza;
use domain::kernel::{Kernel, Series, by_age};
use std::collections::BTreeMap;

/// The part of a kernel a package holds; smaller is preferred among images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Signed,
    Unsigned,
    Modules,
    Base,
}

/// The kernels in `suites` of the architecture and flavours wanted, oldest first.
pub(super) fn kernels(distro: &str, settings: &Settings, suites: &[Suite]) -> Vec<Listed> {
    let mut groups: BTreeMap<(&str, &str), BTreeMap<Part, Package>> = BTreeMap::new();
    let mut carriers: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for suite in suites {
        for stanza in &suite.stanzas {
            let (Some((part, release)), Some(sha256)) = (part_of(stanza), stanza.sha256) else { continue };
            let key = (release, stanza.version.as_str());
            groups.entry(key).or_default().entry(part).or_insert_with(|| Package {
                name: stanza.package.clone(),
                url: format!("{}/{}", suite.archive, stanza.filename),
                bytes: stanza.bytes,
                sha256,
            });
            let carriers = carriers.entry(key).or_default();
            if matches!(part, Part::Signed | Part::Unsigned) && !carriers.contains(&suite.name) {
                carriers.push(suite.name.clone());
            }
        }
    }
    let mut kernels: Vec<Listed> = groups
        .into_iter()
        .filter_map(|(key, mut parts)| {
            let suites = carriers.remove(&key).unwrap_or_default();
            let image = parts.remove(&Part::Signed).or_else(|| parts.remove(&Part::Unsigned))?;
            parts.remove(&Part::Unsigned);
            listed(distro, settings, key, suites, [image].into_iter().chain(parts.into_values()).collect())
        })
        .collect();
    kernels.sort_by(|a, b| by_age(&a.kernel, &b.kernel));
    kernels
}

/// `packages` starts with the one that has the image.
fn listed(
    distro: &str,
    settings: &Settings,
    (release, version): (&str, &str),
    suites: Vec<String>,
    packages: Vec<Package>,
) -> Option<Listed> {
    let flavour = flavour(release, &settings.arch)?;
    if !settings.flavours.contains(&flavour) {
        return None;
    }
    let kernel = Kernel {
        id: Kernel::id_of(distro, release, version),
        release: release.to_owned(),
        version: version.to_owned(),
        series: series(release)?,
        distro: distro.to_owned(),
        suites,
        flavour,
        arch: settings.arch.clone(),
        digest: packages.first()?.sha256,
        download_bytes: packages.iter().map(|package| package.bytes).sum(),
    };
    Some(Listed { kernel, packages })
}

/// The part of a kernel this package holds, and of which release. `None` for debug information,
/// templates, and packages that only point to others.
fn part_of(stanza: &Stanza) -> Option<(Part, &str)> {
    let name = stanza.package.as_str();
    if name.ends_with("-dbg") || name.ends_with("-template") {
        return None;
    }
    let rest =
        |start: &str| name.strip_prefix(start).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if let Some(release) = rest("linux-modules-") {
        return Some((Part::Modules, release));
    }
    if let Some(release) = rest("linux-base-") {
        return Some((Part::Base, release));
    }
    if let Some(release) = rest("linux-binary-") {
        return Some((Part::Signed, release));
    }
    if let Some(release) = rest("linux-binary-unsigned-").or_else(|| rest("linux-image-unsigned-")) {
        return Some((Part::Unsigned, release));
    }
    let release = rest("linux-image-")?;
    let points_to_others = ["linux-binary-", "linux-image-"].iter().any(|part| stanza.depends.contains(part));
    match release.strip_suffix("-unsigned") {
        _ if points_to_others => None,
        Some(release) => Some((Part::Unsigned, release)),
        None => Some((Part::Signed, release)),
    }
}

/// The flavour in a release: `6.1.0-50-cloud-amd64` is `cloud`, `6.1.0-50-amd64` is `generic`.
/// `None` when the release is for another architecture.
fn flavour(release: &str, arch: &str) -> Option<String> {
    let build = release.strip_suffix(arch)?.strip_suffix('-')?;
    let last = build.rsplit('-').next()?;
    // Versions have digits (`deb11`, `rc7`), names of flavours have none.
    let named = last.chars().all(|c| c.is_ascii_lowercase());
    Some(if named { last } else { "generic" }.to_owned())
}

/// The series a release belongs to: `6.12.107+deb13-amd64` is of 6.12.
fn series(release: &str) -> Option<Series> {
    let numbers: Vec<&str> = release.split(|c: char| !c.is_ascii_digit()).take(2).collect();
    numbers.join(".").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::digest::Digest;

    fn stanza(package: &str, version: &str, depends: &str) -> Stanza {
        Stanza {
            package: package.to_owned(),
            version: version.to_owned(),
            depends: depends.to_owned(),
            filename: format!("pool/{package}.deb"),
            bytes: 10,
            sha256: Some(Digest::of(package.as_bytes())),
        }
    }

    fn suite(name: &str, stanzas: Vec<Stanza>) -> Suite {
        Suite {
            name: name.to_owned(),
            archive: "http://m.example/a".to_owned(),
            index: Digest::of(b""),
            stanzas,
        }
    }

    fn settings() -> Settings {
        Settings { arch: "amd64".to_owned(), ..Settings::default() }
    }

    #[test]
    fn flavours_and_series_are_read_from_the_release() {
        for (release, expected, of_series) in [
            ("5.10.0-32-cloud-amd64", Some("cloud"), "5.10"),
            ("6.1.0-0.deb11.52-amd64", Some("generic"), "6.1"),
            ("6.12.107+deb13-amd64", Some("generic"), "6.12"),
            ("7.3.4+deb13-rt-amd64", Some("rt"), "7.3"),
            ("7.3-rc7-amd64", Some("generic"), "7.3"),
            ("6.1.0-50-cloud-arm64", None, "6.1"),
        ] {
            assert_eq!(flavour(release, "amd64").as_deref(), expected, "{release}");
            assert_eq!(
                series(release).map(|series| series.to_string()).as_deref(),
                Some(of_series),
                "{release}"
            );
        }
    }

    #[test]
    fn signed_and_unsigned_in_several_suites_are_one_kernel() {
        let release = "6.1.0-50-cloud-amd64";
        let unsigned = stanza(&format!("linux-image-{release}-unsigned"), "6.1.176-1", "");
        let signed = stanza(&format!("linux-image-{release}"), "6.1.176-1", "kmod");
        let debug = stanza(&format!("linux-image-{release}-dbg"), "6.1.176-1", "");
        let meta = stanza(
            "linux-image-6.1-cloud-amd64",
            "6.1.176-1",
            &format!("linux-image-{release} (= 6.1.176-1)"),
        );
        let suites = [
            suite("bookworm", vec![unsigned, debug, meta]),
            suite("bookworm-security", vec![signed.clone()]),
        ];
        let kernels = kernels("debian", &settings(), &suites);
        assert_eq!(kernels.len(), 1, "{kernels:?}");
        let Listed { kernel, packages } = &kernels[0];
        assert_eq!(kernel.id.0, "debian/6.1.0-50-cloud-amd64@6.1.176-1");
        assert_eq!(kernel.suites, ["bookworm", "bookworm-security"]);
        assert_eq!((packages.len(), Some(kernel.digest)), (1, signed.sha256));
    }

    #[test]
    fn the_split_layout_takes_its_parts_of_the_same_version() {
        let release = "7.3.4+deb13-cloud-amd64";
        let part = |part: &str| stanza(&format!("linux-{part}-{release}"), "7.3.4-1", "");
        let points = format!("linux-base-{release}, linux-binary-{release}, linux-modules-{release}");
        let suites = [suite(
            "trixie-backports",
            vec![
                stanza(&format!("linux-image-{release}"), "7.3.4-1", &points),
                part("binary-unsigned"),
                part("binary"),
                part("modules"),
                part("base"),
                stanza(&format!("linux-modules-{release}"), "7.3.4-2", ""),
            ],
        )];
        let kernels = kernels("debian", &settings(), &suites);
        assert_eq!(kernels.len(), 1, "{kernels:?}");
        let names: Vec<&str> = kernels[0].packages.iter().map(|package| package.name.as_str()).collect();
        let expected = ["binary", "modules", "base"].map(|part| format!("linux-{part}-{release}"));
        assert_eq!(names, expected);
        assert_eq!(
            (kernels[0].kernel.digest, kernels[0].kernel.download_bytes),
            (part("binary").sha256.expect("set"), 30)
        );
    }
}
