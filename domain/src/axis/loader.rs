//! What loads an object.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Longest name of a loader, in bytes: it stands in tables and in the queue.
const NAME_BYTES_MAX: usize = 32;

/// What opens and loads the object inside the guest.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
pub enum Loader {
    /// libbpf, built into the validator at one pinned version.
    #[default]
    Libbpf,
    /// aya, built into the validator at one pinned version.
    Aya,
    /// A program of this name that the worker brings along and that speaks the loader protocol.
    External(String),
}

/// A text that names no loader.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no loader; known are {known}", known = Loader::NAMES.join(", "))]
pub struct LoaderError(String);

impl Loader {
    /// The loaders that can be asked for.
    pub const NAMES: &'static [&'static str] = &["libbpf", "aya", "bpftool"];

    /// The name used in SQL and reports.
    pub fn name(&self) -> &str {
        match self {
            Self::Libbpf => "libbpf",
            Self::Aya => "aya",
            Self::External(name) => name,
        }
    }
}

impl fmt::Display for Loader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Loader {
    type Err = LoaderError;

    fn from_str(name: &str) -> Result<Self, LoaderError> {
        match name {
            "libbpf" => Ok(Self::Libbpf),
            "aya" => Ok(Self::Aya),
            name if Self::NAMES.contains(&name) => Ok(Self::External(name.to_owned())),
            other => Err(LoaderError(other.chars().take(NAME_BYTES_MAX).collect())),
        }
    }
}

/// Reads a list of loaders, each once and in the order they are named.
///
/// # Errors
/// The first word that names none; an empty list names none either.
pub fn loaders<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Vec<Loader>, LoaderError> {
    let mut loaders = Vec::new();
    for word in words {
        let loader = word.trim().parse()?;
        if !loaders.contains(&loader) {
            loaders.push(loader);
        }
    }
    if loaders.is_empty() { Err(LoaderError(String::new())) } else { Ok(loaders) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loader_is_read_back_by_its_name_and_named_once() {
        for name in Loader::NAMES {
            assert_eq!(name.parse::<Loader>().map(|loader| loader.to_string()).as_deref(), Ok(*name));
        }
        let read = loaders("aya, libbpf,aya".split(',')).expect("both are known");
        assert_eq!(read, [Loader::Aya, Loader::Libbpf]);
        let refused = loaders("libbpf,cilium".split(',')).expect_err("nobody brings it").to_string();
        assert!(refused.contains("`cilium`") && refused.contains("bpftool"), "{refused}");
        assert!(loaders([]).is_err());
    }
}
