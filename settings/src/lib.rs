//! What can be set, for programs that are told by a file, their environment and their command line.
//!
//! In: a type with defaults whose fields are the keys. Out: a value of it, or every problem at once, each with the key
//! and where it came from; the value as a file; and the page about all keys, from the type's own documentation.
//! Deliberately absent: what the keys mean.

mod reference;
mod secret;
mod verb;

pub use reference::reference;
pub use secret::without_password;
pub use toml::ser::Error as ShowError;
pub use verb::Verb;

use figment::Figment;
use figment::providers::{Env, Format as _, Serialized, Toml};
use figment::value::{Dict, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;

/// What separates the levels of a key in a variable: `…_KERNELS__MIRROR` is `kernels.mirror`.
const LEVELS: &str = "__";

/// Everything that is wrong with the settings, one line each.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the settings cannot be used:\n  {}", .0.join("\n  "))]
pub struct Problems(pub Vec<String>);

/// The settings in effect: defaults < file < variables with this prefix < flags. Unknown keys are refused.
///
/// # Errors
/// Every key that is unknown or has a value of the wrong kind, with the source it came from.
pub fn read<T>(file: Option<&Path>, prefix: &str, flags: &impl Serialize) -> Result<T, Problems>
where
    T: Default + Serialize + DeserializeOwned,
{
    let mut given = Figment::new();
    if let Some(file) = file {
        given = given.merge(Toml::file_exact(file));
    }
    given = given.merge(Env::prefixed(prefix).split(LEVELS)).merge(Serialized::defaults(flags));
    let defaults = || Figment::from(Serialized::defaults(T::default()));
    defaults().merge(&given).extract().map_err(|first| {
        let Ok(values) = given.extract::<Dict>() else { return Problems(vec![first.to_string()]) };
        // One error ends the extraction, so every key is tried alone to find them all.
        let problem = |(key, value): (String, &Value)| {
            let alone = defaults().merge(Serialized::default(&key, value));
            let error = alone.extract::<T>().err()?;
            let source = given.find_metadata(&key).map_or("the settings".into(), |from| from.name.clone());
            Some(format!("{key}: {}, in {source}", error.kind))
        };
        let problems: Vec<String> = leaves("", &values).into_iter().filter_map(problem).collect();
        Problems(if problems.is_empty() { vec![first.to_string()] } else { problems })
    })
}

/// Every key with a value, the levels joined by dots.
fn leaves<'v>(above: &str, values: &'v Dict) -> Vec<(String, &'v Value)> {
    let mut all = Vec::new();
    for (key, value) in values {
        let path = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
        match value {
            Value::Dict(_, below) if !below.is_empty() => all.extend(leaves(&path, below)),
            value => all.push((path, value)),
        }
    }
    all
}

/// The settings as a file that says the same. Secrets are left out before.
///
/// # Errors
/// A value that no file can hold.
pub fn show(settings: &impl Serialize) -> Result<String, ShowError> {
    toml::to_string(settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::io::Write as _;

    #[derive(Debug, Serialize, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, default)]
    struct All {
        name: Option<String>,
        port: u16,
        below: Below,
    }

    #[derive(Debug, Default, Serialize, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, default)]
    struct Below {
        words: Vec<String>,
    }

    impl Default for All {
        fn default() -> Self {
            Self { name: None, port: 7, below: Below::default() }
        }
    }

    fn from(text: &str) -> Result<All, Problems> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text.as_bytes()).expect("it is written");
        read(Some(file.path()), "NOBODY_SETS_THIS_", &Dict::new())
    }

    #[test]
    fn every_problem_at_every_depth_is_told_with_its_source() {
        let problems =
            from("prot = 1\nport = \"high\"\n[below]\nwords = 3\nwrods = []\n").expect_err("broken");
        let says = problems.to_string();
        for key in ["prot: ", "port: ", "below.words: ", "below.wrods: ", "TOML file"] {
            assert!(says.contains(key), "{key}: {says}");
        }
        assert_eq!(problems.0.len(), 4, "{says}");
        let missing = read::<All>(Some(Path::new("/nowhere.toml")), "NOBODY_SETS_THIS_", &Dict::new());
        assert!(missing.expect_err("no file").to_string().contains("/nowhere.toml"));
    }

    #[test]
    fn what_is_shown_can_be_read_again() {
        let all = from("port = 8\n[below]\nwords = [\"a\"]\n").expect("sound");
        assert_eq!(from(&show(&all).expect("a file")).expect("sound"), all);
    }
}
