//! Programs that a manifest names by their section: where exactly one stands in it, its function is meant.

use crate::object::Program;
use domain::contract::Manifest;

/// What cannot be told apart: the path of the declaration, and what to do.
pub(super) type Unclear = (String, String);

/// The manifest with functions in place of sections. A name that is neither stays as it is.
pub(super) fn by_function(
    manifest: &Manifest,
    object: &str,
    programs: &[Program],
) -> (Manifest, Vec<Unclear>) {
    let mut manifest = manifest.clone();
    let mut unclear = Vec::new();
    for (path, name) in names(&mut manifest) {
        match function(name, object, programs) {
            Ok(Some(function)) => function.clone_into(name),
            Ok(None) => {}
            Err(says) => unclear.push((path, says)),
        }
    }
    for (section, terms) in std::mem::take(&mut manifest.contract.programs) {
        let path = format!("programs.{section}");
        let name = function(&section, object, programs).unwrap_or_else(|says| {
            unclear.push((path.clone(), says));
            None
        });
        let name = name.unwrap_or(&section).to_owned();
        if let Some(place) = manifest.places.get(&path).copied() {
            manifest.places.insert(format!("programs.{name}"), place);
        }
        if manifest.contract.programs.insert(name.clone(), terms).is_some() {
            let says = format!("`{section}` and `{name}` are one program of {object}; declare it once");
            unclear.push((path, says));
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

/// The function that is meant where it is not the name itself.
fn function<'p>(name: &str, object: &str, programs: &'p [Program]) -> Result<Option<&'p str>, String> {
    if programs.iter().any(|program| program.name == name) {
        return Ok(None);
    }
    let section = name.trim_start_matches('?');
    let within: Vec<&str> =
        programs.iter().filter(|one| one.section == section).map(|one| one.name.as_str()).collect();
    match within.as_slice() {
        [] => Ok(None),
        [function] => Ok(Some(function)),
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
            (&["absent"], &[], &["absent"]),
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
        let (_, says) = named(&declares(&["pass", "xdp"], &[]));
        assert_eq!(says, ["programs.xdp: `xdp` and `pass` are one program of o; declare it once"]);
    }
}
