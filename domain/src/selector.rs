//! Selectors: how people say which kernels they care about.
//!
//! A selector is a comma-separated list of terms. Picks are united, filters all have to hold:
//!
//! | term | kind | means |
//! |---|---|---|
//! | `lts` | pick | the newest build of every long-term series |
//! | `newest` | pick | the newest build of the newest series |
//! | `6.12` | pick | the newest build of that series |
//! | `all` | pick | every build |
//! | an exact id or release | pick | that build, whatever the filters say |
//! | `>=6.1`, `>6.1`, `<=7.0`, `<7` | filter | series in that range |
//! | `flavour=cloud` | filter | that flavour; without it, picks other than `all` take the default flavour |
//! | `arch=amd64` | filter | that architecture |
//! | `debian`, `debian/trixie` | filter | that distribution, or a suite of it and what extends it |
//!
//! Only filters and no pick means the newest build of every series that passes them.

use crate::kernel::{Kernel, LONGTERM, Series, by_age};
use std::fmt;
use std::str::FromStr;

/// The flavour that series are answered for unless `flavour=` says otherwise: the smallest
/// download, and what most servers in clouds run.
pub const DEFAULT_FLAVOUR: &str = "cloud";

/// Longest selector accepted, in bytes.
pub const SELECTOR_BYTES_MAX: usize = 4096;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pick {
    Longterm,
    Newest,
    All,
    Series(Series),
    Exact(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    AtLeast,
    Above,
    AtMost,
    Below,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Filter {
    Range(Bound, Series),
    Flavour(String),
    Arch(String),
    Suite { distro: String, suite: Option<String> },
}

/// A parsed selector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    text: String,
    picks: Vec<Pick>,
    filters: Vec<Filter>,
}

/// Why a selector cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SelectorError {
    /// A term that is none of the known forms.
    #[error(
        "`{term}` is not a kernel selector; use lts, newest, all, a series like 6.12, a range like >=6.1, \
         flavour=cloud, arch=amd64, debian/trixie, or an exact kernel id from `bpfcompat kernels list`"
    )]
    Term {
        /// The term as given.
        term: String,
    },
    /// Nothing was given, or far too much.
    #[error("a kernel selector has 1 to {SELECTOR_BYTES_MAX} bytes, this one has {0}")]
    Length(usize),
    /// A selector whose kernels change where they must not.
    #[error("`newest` means another kernel tomorrow; name a series like 6.12 or a range like >=6.1")]
    Relative,
    /// A pick that no kernel satisfies.
    #[error("no kernel matches `{term}`; {known} kernels are known, `bpfcompat kernels list` shows them")]
    NoMatch {
        /// The pick, or the whole selector.
        term: String,
        /// How many kernels there were to choose from.
        known: usize,
    },
    /// Several kernels where one is wanted.
    #[error("`{term}` names {count} kernels; give one of the ids of `bpfcompat kernels list '{term}'`")]
    Several {
        /// The whole selector.
        term: String,
        /// How many it names.
        count: usize,
    },
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        if text.trim().is_empty() || text.len() > SELECTOR_BYTES_MAX {
            return Err(SelectorError::Length(text.len()));
        }
        let mut selector = Self { text: text.to_owned(), picks: Vec::new(), filters: Vec::new() };
        for term in text.split(',').map(str::trim) {
            match (parse_pick(term), parse_filter(term)) {
                (Some(pick), _) => selector.picks.push(pick),
                (None, Some(filter)) => selector.filters.push(filter),
                (None, None) => return Err(SelectorError::Term { term: term.to_owned() }),
            }
        }
        Ok(selector)
    }
}

impl Selector {
    /// The selector, if it means the same kernels tomorrow.
    ///
    /// # Errors
    /// `Relative` for `newest`.
    pub fn fixed(&self) -> Result<&Self, SelectorError> {
        if self.picks.contains(&Pick::Newest) { Err(SelectorError::Relative) } else { Ok(self) }
    }

    /// Whether one kernel is meant, whatever others there are: all filters and, where there are picks,
    /// one of them hold. A series then means all its builds, and no flavour every flavour.
    ///
    /// # Errors
    /// As [`Selector::fixed`].
    pub fn admits(&self, kernel: &Kernel) -> Result<bool, SelectorError> {
        self.fixed()?;
        let picked = |pick: &Pick| match pick {
            Pick::Longterm => LONGTERM.contains(&kernel.series),
            Pick::Newest => false,
            Pick::All => true,
            Pick::Series(series) => kernel.series == *series,
            Pick::Exact(name) => kernel.id.0 == *name || kernel.release == *name,
        };
        let exact = self.picks.iter().any(|pick| matches!(pick, Pick::Exact(_)) && picked(pick));
        let filtered = self.filters.iter().all(|filter| filter.admits(kernel));
        Ok(exact || filtered && (self.picks.is_empty() || self.picks.iter().any(picked)))
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn parse_pick(term: &str) -> Option<Pick> {
    match term {
        "lts" => Some(Pick::Longterm),
        "newest" => Some(Pick::Newest),
        "all" => Some(Pick::All),
        _ => {
            if let Ok(series) = term.parse() {
                return Some(Pick::Series(series));
            }
            let starts_like_release = term.starts_with(|c: char| c.is_ascii_digit()) && term.contains('-');
            (term.contains('@') || starts_like_release).then(|| Pick::Exact(term.to_owned()))
        }
    }
}

fn parse_filter(term: &str) -> Option<Filter> {
    let bounds = [(">=", Bound::AtLeast), ("<=", Bound::AtMost), (">", Bound::Above), ("<", Bound::Below)];
    for (sign, bound) in bounds {
        if let Some(rest) = term.strip_prefix(sign) {
            let rest = rest.trim();
            // `<7` means `<7.0`: the whole of series 7 is excluded.
            let series = rest.parse().or_else(|_| format!("{rest}.0").parse()).ok()?;
            return Some(Filter::Range(bound, series));
        }
    }
    if let Some((key, value)) = term.split_once('=') {
        return match (key.trim(), value.trim()) {
            (_, "") => None,
            ("flavour", value) => Some(Filter::Flavour(value.to_owned())),
            ("arch", value) => Some(Filter::Arch(value.to_owned())),
            _ => None,
        };
    }
    let (distro, suite) = match term.split_once('/') {
        Some((distro, suite)) => (distro, Some(suite)),
        None => (term, None),
    };
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    let is_distro = KNOWN_DISTROS.contains(&distro) && suite.is_none_or(is_name);
    is_distro.then(|| Filter::Suite { distro: distro.to_owned(), suite: suite.map(str::to_owned) })
}

/// Distributions a kernel source exists for. A word outside this list is a typing error, not a
/// filter that silently matches nothing.
const KNOWN_DISTROS: &[&str] = &["debian"];

impl Filter {
    fn admits(&self, kernel: &Kernel) -> bool {
        match self {
            Self::Range(Bound::AtLeast, series) => kernel.series >= *series,
            Self::Range(Bound::Above, series) => kernel.series > *series,
            Self::Range(Bound::AtMost, series) => kernel.series <= *series,
            Self::Range(Bound::Below, series) => kernel.series < *series,
            Self::Flavour(flavour) => kernel.flavour == *flavour,
            Self::Arch(arch) => kernel.arch == *arch,
            Self::Suite { distro, suite } => {
                kernel.distro == *distro
                    && suite.as_ref().is_none_or(|suite| {
                        kernel.suites.iter().any(|carried| {
                            carried == suite
                                || carried
                                    .strip_prefix(suite.as_str())
                                    .is_some_and(|rest| rest.starts_with('-'))
                        })
                    })
            }
        }
    }
}

impl Selector {
    /// The one kernel this selector names.
    ///
    /// # Errors
    /// It names none, or several.
    pub fn only<'a>(&self, kernels: &'a [Kernel]) -> Result<&'a Kernel, SelectorError> {
        match self.select(kernels)?[..] {
            [only] => Ok(only),
            ref several => Err(SelectorError::Several { term: self.to_string(), count: several.len() }),
        }
    }

    /// The kernels this selector names, oldest first, each once.
    ///
    /// # Errors
    /// `NoMatch` for the first pick that names none, so that a misspelt series never shrinks
    /// the question in silence. `lts` needs one long-term series, not all of them.
    pub fn select<'a>(&self, kernels: &'a [Kernel]) -> Result<Vec<&'a Kernel>, SelectorError> {
        let no_match = |term: String| SelectorError::NoMatch { term, known: kernels.len() };
        let filtered: Vec<&Kernel> =
            kernels.iter().filter(|kernel| self.filters.iter().all(|filter| filter.admits(kernel))).collect();
        let says_flavour = self.filters.iter().any(|filter| matches!(filter, Filter::Flavour(_)));
        let of_flavour: Vec<&Kernel> = filtered
            .iter()
            .copied()
            .filter(|kernel| says_flavour || kernel.flavour == DEFAULT_FLAVOUR)
            .collect();
        let newest_of = |series: Series| {
            of_flavour.iter().copied().filter(|kernel| kernel.series == series).max_by(|a, b| by_age(a, b))
        };
        let mut all_series: Vec<Series> = of_flavour.iter().map(|kernel| kernel.series).collect();
        all_series.sort_unstable();
        all_series.dedup();

        let mut chosen: Vec<&Kernel> = Vec::new();
        for pick in &self.picks {
            let before = chosen.len();
            match pick {
                Pick::Longterm => chosen.extend(LONGTERM.iter().filter_map(|series| newest_of(*series))),
                Pick::Newest => chosen.extend(all_series.last().and_then(|series| newest_of(*series))),
                Pick::All => chosen.extend(&filtered),
                Pick::Series(series) => chosen.extend(newest_of(*series)),
                Pick::Exact(name) => chosen.extend(exact(kernels, name)),
            }
            if chosen.len() == before {
                return Err(no_match(pick.to_string()));
            }
        }
        if self.picks.is_empty() {
            chosen.extend(all_series.iter().filter_map(|series| newest_of(*series)));
        }
        if chosen.is_empty() {
            return Err(no_match(self.text.clone()));
        }
        chosen.sort_by(|a, b| by_age(a, b));
        chosen.dedup_by(|a, b| a.id == b.id);
        Ok(chosen)
    }
}

/// The kernel of that id, or the newest build of that release.
fn exact<'a>(kernels: &'a [Kernel], name: &str) -> Option<&'a Kernel> {
    kernels.iter().filter(|kernel| kernel.id.0 == name || kernel.release == name).max_by(|a, b| by_age(a, b))
}

impl fmt::Display for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Longterm => f.write_str("lts"),
            Self::Newest => f.write_str("newest"),
            Self::All => f.write_str("all"),
            Self::Series(series) => series.fmt(f),
            Self::Exact(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    fn kernel(series: &str, version: &str, flavour: &str, suite: &str) -> Kernel {
        let release = format!("{version}-{flavour}-amd64");
        Kernel {
            id: Kernel::id_of("debian", &release, version),
            release,
            version: version.to_owned(),
            series: series.parse().expect("series"),
            distro: "debian".to_owned(),
            suites: vec![suite.to_owned()],
            flavour: flavour.to_owned(),
            arch: "amd64".to_owned(),
            digest: Digest::of(version.as_bytes()),
            download_bytes: 1,
        }
    }

    fn catalogue() -> Vec<Kernel> {
        vec![
            kernel("7.3", "7.3.4-1", "cloud", "trixie-backports"),
            kernel("6.12", "6.12.9-1", "cloud", "trixie"),
            kernel("6.12", "6.12.117-1", "cloud", "trixie-security"),
            kernel("6.12", "6.12.118-1", "generic", "trixie-security"),
            kernel("6.1", "6.1.176-1", "cloud", "bookworm"),
            kernel("5.10", "5.10.223-1", "cloud", "bullseye"),
        ]
    }

    fn versions(selector: &str) -> Result<Vec<String>, SelectorError> {
        let kernels = catalogue();
        let chosen = selector.parse::<Selector>()?.select(&kernels)?;
        Ok(chosen.into_iter().map(|kernel| kernel.version.clone()).collect())
    }

    #[test]
    fn every_form_of_the_table() {
        for (selector, expected) in [
            ("lts", vec!["5.10.223-1", "6.1.176-1", "6.12.117-1"]),
            ("newest", vec!["7.3.4-1"]),
            ("5.10,6.1", vec!["5.10.223-1", "6.1.176-1"]),
            (">=6.1,<7", vec!["6.1.176-1", "6.12.117-1"]),
            (">6.1,<=7.3", vec!["6.12.117-1", "7.3.4-1"]),
            ("lts,newest,6.12", vec!["5.10.223-1", "6.1.176-1", "6.12.117-1", "7.3.4-1"]),
            ("flavour=generic", vec!["6.12.118-1"]),
            ("debian/trixie", vec!["6.12.117-1", "7.3.4-1"]),
            ("all,debian/trixie,<7", vec!["6.12.9-1", "6.12.117-1", "6.12.118-1"]),
            ("6.12.9-1-cloud-amd64", vec!["6.12.9-1"]),
            ("debian/6.12.9-1-cloud-amd64@6.12.9-1,newest", vec!["6.12.9-1", "7.3.4-1"]),
        ] {
            assert_eq!(versions(selector).expect(selector), expected, "{selector}");
        }
    }

    #[test]
    fn one_kernel_is_admitted_whatever_others_there_are() {
        let kernel = kernel("6.12", "6.12.118-1", "generic", "trixie-security");
        let admits = |text: &str| text.parse::<Selector>().expect(text).admits(&kernel);
        for yes in ["6.12", "5.10,6.12", ">=6.1,<7", "lts", "debian/trixie", "6.12,flavour=generic", "all"] {
            assert!(admits(yes).expect(yes), "{yes}");
        }
        for no in ["5.10", "<6.12", "6.12,flavour=cloud", "6.1,debian", "6.12.9-1-cloud-amd64"] {
            assert!(!admits(no).expect(no), "{no}");
        }
        assert!(matches!(admits("newest,5.10"), Err(SelectorError::Relative)));
    }

    #[test]
    fn a_term_that_names_nothing_is_an_error_and_not_a_smaller_question() {
        for (selector, says) in [
            ("6.12,9.9", "`9.9`"),
            ("flavour=rt", "`flavour=rt`"),
            ("6.1.0-99-cloud-amd64", "`6.1.0-99-cloud-amd64`"),
            ("ltz", "`ltz`"),
            ("flavor=cloud", "`flavor=cloud`"),
            ("6.12,", "``"),
            (">=x", "`>=x`"),
        ] {
            let error = versions(selector).expect_err(selector).to_string();
            assert!(error.contains(says), "{selector}: {error}");
        }
    }
}
