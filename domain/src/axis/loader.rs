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
    /// A program that workers know under this name, bring along and that speaks the loader protocol.
    External(String),
}

/// A text that names no loader.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no loader; write {known}, or what workers call an external one: a lower-case letter and up to {rest} \
     of a-z, 0-9, - and _",
    known = Loader::BUILT_IN.join(", "),
    rest = NAME_BYTES_MAX - 1
)]
pub struct LoaderError(String);

impl Loader {
    /// Those inside the validator.
    pub const BUILT_IN: [&'static str; 2] = ["libbpf", "aya"];

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
            name if is_name(name) => Ok(Self::External(name.to_owned())),
            other => Err(LoaderError(other.chars().take(NAME_BYTES_MAX).collect())),
        }
    }
}

/// Whether it is a name as external loaders have them.
fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= NAME_BYTES_MAX
        && bytes.first().is_some_and(u8::is_ascii_lowercase)
        && bytes.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
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
        for name in ["libbpf", "aya", "bpftool", "our-loader_2", &"a".repeat(NAME_BYTES_MAX)] {
            let loader = name.parse::<Loader>().expect(name);
            assert_eq!(loader.to_string(), name);
            assert_eq!(matches!(loader, Loader::External(_)), !Loader::BUILT_IN.contains(&name));
        }
        let read = loaders("aya, libbpf,aya".split(',')).expect("both are known");
        assert_eq!(read, [Loader::Aya, Loader::Libbpf]);
        assert!(loaders([]).is_err());
    }

    #[test]
    fn what_cannot_stand_in_tables_names_no_loader() {
        for word in ["", "Aya", "2nd", "-x", "a b", "../sh", "a\n", &"a".repeat(NAME_BYTES_MAX + 1)] {
            let refused = word.parse::<Loader>().expect_err(word).to_string();
            assert!(refused.contains("libbpf, aya"), "{refused}");
        }
    }
}
