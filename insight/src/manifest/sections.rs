//! The programs that a manifest names, by function or by the section in which exactly one stands.

use super::problem::{PROBLEMS_MAX, nearest};
use crate::object::Program;
use domain::contract::Manifest;
use std::collections::BTreeMap;

/// What names no program, or more than one: the path of the declaration, and what to do.
pub(super) type Unclear = (String, String);

/// The manifest with functions in place of sections. A name of no program stays as it is.
pub(super) fn by_function(
    manifest: &Manifest,
    object: &str,
    programs: &[Program],
) -> (Manifest, Vec<Unclear>) {
    let mut manifest = manifest.clone();
    let mut unclear = Vec::new();
    for (path, name) in names(&mut manifest) {
        match function(name, object, programs) {
            Ok(function) => function.clone_into(name),
            Err(says) => unclear.push((path, says)),
        }
        // More is not told, and looking for what was meant takes its time.
        if unclear.len() == PROBLEMS_MAX {
            break;
        }
    }
    if unclear.len() == PROBLEMS_MAX {
        return (manifest, unclear);
    }
    let mut named: BTreeMap<String, String> = BTreeMap::new();
    for (key, terms) in std::mem::take(&mut manifest.contract.programs) {
        let path = format!("programs.{key}");
        let name = match function(&key, object, programs) {
            Ok(function) => function.to_owned(),
            Err(says) => {
                unclear.push((path, says));
                if unclear.len() == PROBLEMS_MAX {
                    break;
                }
                continue;
            }
        };
        if let Some(place) = manifest.places.get(&path).copied() {
            manifest.places.entry(format!("programs.{name}")).or_insert(place);
        }
        manifest.contract.programs.insert(name.clone(), terms);
        if let Some(first) = named.insert(name, key.clone()) {
            unclear
                .push((path, format!("`{first}` and `{key}` are one program of {object}; declare it once")));
        }
    }
    (manifest, unclear)
}

/// Every place that names a program but the keys of `programs`, with its path.
fn names(manifest: &mut Manifest) -> impl Iterator<Item = (String, &mut String)> {
    let contract = &mut manifest.contract;
    let candidates = contract.variants.iter_mut().flat_map(|(group, candidates)| {
        let numbered = candidates.iter_mut().enumerate();
        numbered.map(move |(at, one)| (format!("variants.{group}.{at}"), &mut one.program))
    });
    let companions = contract.companions.iter_mut().enumerate();
    let companions = companions.map(|(at, name)| (format!("companions.{at}"), name));
    let expected = contract.expected_failures.iter_mut().enumerate();
    let expected =
        expected.filter_map(|(at, one)| Some((format!("expected_failures.{at}"), one.program.as_mut()?)));
    candidates.chain(companions).chain(expected)
}

/// The function that is meant.
fn function<'p>(name: &str, object: &str, programs: &'p [Program]) -> Result<&'p str, String> {
    if let Some(program) = programs.iter().find(|program| program.name == name) {
        return Ok(&program.name);
    }
    let section = name.trim_start_matches('?');
    let within: Vec<&str> =
        programs.iter().filter(|one| one.section == section).map(|one| one.name.as_str()).collect();
    match within.as_slice() {
        [] => {
            let nearest = nearest(name, programs.iter().map(|program| program.name.as_str()));
            Err(format!("{object} has no program `{name}`{nearest}"))
        }
        [function] => Ok(function),
        several => {
            let (count, all) = (several.len(), several.join("`, `"));
            Err(format!("{count} programs of {object} stand in `{name}`; name one of them: `{all}`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::contract::{Contract, Place, ProgramTerms};

    /// An object with one program in `xdp`, one that is called like a section, and two in `kprobe/vfs_read`.
    fn programs() -> Vec<Program> {
        let program = |name: &str, section: &str| Program {
            name: name.to_owned(),
            section: section.to_owned(),
            autoload: true,
        };
        let pair = [program("one", "kprobe/vfs_read"), program("two", "kprobe/vfs_read")];
        [program("pass", "xdp"), program("tc", "fentry/vfs_read")].into_iter().chain(pair).collect()
    }

    fn named(manifest: &Manifest) -> (Vec<String>, Vec<String>) {
        let (meant, unclear) = by_function(manifest, "o", &programs());
        let says = unclear.into_iter().map(|(path, says)| format!("{path}: {says}")).collect();
        (meant.contract.programs.into_keys().chain(meant.contract.companions).collect(), says)
    }

    fn declares(programs: &[&str], companions: &[&str]) -> Manifest {
        let terms = ProgramTerms { required: Some(false), ..ProgramTerms::default() };
        let programs = programs.iter().map(|name| ((*name).to_owned(), terms.clone())).collect();
        let companions = companions.iter().map(|name| (*name).to_owned()).collect();
        let contract = Contract { programs, companions, ..Contract::default() };
        let place = Place { line: 3, column: 5 };
        Manifest { contract, places: [("programs.xdp".to_owned(), place)].into(), ..Manifest::default() }
    }

    #[test]
    fn a_section_means_the_program_that_stands_there_alone() {
        let none = Vec::<String>::new();
        for (programs, companions, expected) in [
            (&["xdp"][..], &["?fentry/vfs_read"][..], &["pass", "tc"][..]),
            (&["tc", "one"], &["two"], &["one", "tc", "two"]),
        ] {
            let expected = expected.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(named(&declares(programs, companions)), (expected, none.clone()));
        }
        let (meant, _) = by_function(&declares(&["xdp"], &[]), "o", &programs());
        assert_eq!(meant.places["programs.pass"], Place { line: 3, column: 5 }, "messages keep their line");
    }

    #[test]
    fn what_cannot_be_told_apart_is_refused() {
        let several = "2 programs of o stand in `kprobe/vfs_read`; name one of them: `one`, `two`";
        let (_, says) = named(&declares(&["kprobe/vfs_read"], &["kprobe/vfs_read"]));
        assert_eq!(
            says,
            [format!("companions.0: {several}"), format!("programs.kprobe/vfs_read: {several}")]
        );
        for (keys, first, second) in
            [(["pass", "xdp"], "pass", "xdp"), (["fentry/vfs_read", "tc"], "fentry/vfs_read", "tc")]
        {
            let (_, says) = named(&declares(&keys, &[]));
            let both =
                format!("programs.{second}: `{first}` and `{second}` are one program of o; declare it once");
            assert_eq!(says, [both]);
        }
        let (_, says) = named(&declares(&["pas"], &["absent"]));
        assert_eq!(
            says,
            [
                "companions.0: o has no program `absent`",
                "programs.pas: o has no program `pas`; did you mean `pass`?"
            ]
        );
    }

    /// Telling what was nearly meant takes time, which nobody shall take at will.
    #[test]
    fn no_more_is_looked_for_than_is_told() {
        let (_, unclear) = by_function(&declares(&["absent"; 1], &["absent"; 10_000]), "o", &programs());
        assert_eq!(unclear.len(), PROBLEMS_MAX);
    }
}
