//! What a loader sets of a contract, and what it has no way to set.

use super::protocol::Setting;
use crate::sys::libbpf::possible_cpus;
use domain::contract::{Contract, Entries, MapTerms, ProgramTerms};

/// What a loader can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ability {
    Autoload,
    MaxEntries,
    Globals,
}

/// One sentence for each declaration that a loader with these abilities follows, and what is left.
pub(super) fn split(contract: &Contract, able: &[Ability]) -> (Vec<String>, Vec<Setting>) {
    let (mut applied, mut not_applied) = (Vec::new(), Vec::new());
    let mut declared = |subject: &str, setting: String, needs: Option<Ability>| match needs {
        Some(ability) if able.contains(&ability) => applied.push(format!("`{subject}`: {setting}")),
        Some(_) | None => not_applied.push(Setting { subject: subject.to_owned(), setting }),
    };
    for (name, ProgramTerms { autoload, r#type, section, .. }) in &contract.programs {
        if let Some(autoload) = autoload {
            declared(name, format!("autoload {autoload}"), Some(Ability::Autoload));
        }
        for (key, value) in [("type", r#type), ("section", section)] {
            if let Some(value) = value {
                declared(name, format!("{key} {value}"), None);
            }
        }
    }
    for (name, terms) in &contract.maps {
        let MapTerms { r#type, flags, max_entries, key_size, value_size, autocreate, inner_map } = terms;
        if let Some(entries) = max_entries {
            declared(name, format!("max_entries {}", count(*entries)), Some(Ability::MaxEntries));
        }
        let others = [
            ("type", r#type.is_some()),
            ("flags", flags.is_some()),
            ("key_size", key_size.is_some()),
            ("value_size", value_size.is_some()),
            ("autocreate", autocreate.is_some()),
            ("inner_map", inner_map.is_some()),
        ];
        for (key, _) in others.into_iter().filter(|(_, set)| *set) {
            declared(name, key.to_owned(), None);
        }
    }
    for name in contract.globals.keys() {
        declared(name, "its value".to_owned(), Some(Ability::Globals));
    }
    for (group, candidates) in &contract.variants {
        for candidate in candidates {
            declared(&candidate.program, format!("a choice of group {group}"), None);
        }
    }
    (applied, not_applied)
}

/// A declared number of entries.
pub(super) fn count(entries: Entries) -> u32 {
    match entries {
        Entries::Count(count) => count,
        Entries::Cpus => possible_cpus().unwrap_or(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_loader_cannot_set_is_told() {
        let terms =
            MapTerms { max_entries: Some(Entries::Count(7)), key_size: Some(4), ..MapTerms::default() };
        let contract = Contract { maps: [("m".to_owned(), terms)].into(), ..Contract::default() };
        let of = |setting: &str| Setting { subject: "m".to_owned(), setting: setting.to_owned() };
        let (applied, left) = split(&contract, &[Ability::MaxEntries]);
        assert_eq!((applied, left), (vec!["`m`: max_entries 7".to_owned()], vec![of("key_size")]));
        let (applied, left) = split(&contract, &[]);
        assert_eq!((applied, left), (vec![], vec![of("max_entries 7"), of("key_size")]));
    }
}
