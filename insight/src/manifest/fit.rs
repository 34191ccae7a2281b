//! Whether a manifest fits an object: every name it says is one the object has, every value one that fits.
//!
//! A manifest may come from a peer instead of [`super::parse`], so what its reader promises is checked
//! here again.

use super::problem::{ManifestError, Problem, nearest, none_of};
use super::read::TEXT_BYTES_MAX;
use crate::object;
use domain::contract::{Contract, GlobalBytes, MANIFEST_BYTES_MAX, Manifest, Requirement};
use domain::section::{self, MAP_TYPES, PROGRAM_TYPES};
use domain::{helper, selector};

/// Holds a manifest to the object that is called `name` and has these bytes. Yields the globals as bytes of
/// this object.
///
/// # Errors
/// Everything that does not fit.
pub fn fit(manifest: &Manifest, name: &str, bytes: &[u8]) -> Result<Vec<GlobalBytes>, ManifestError> {
    let mut fitting = Fitting { manifest, problems: Vec::new() };
    fitting.sound();
    let facts = object::inspect(bytes).map_err(|error| ManifestError {
        file: manifest.file.clone(),
        problems: vec![Problem { place: None, says: format!("{name}: {error}") }],
    })?;
    let programs: Vec<&str> = facts.programs.iter().map(|program| program.name.as_str()).collect();
    for (path, program) in named_programs(&manifest.contract) {
        if !programs.contains(&program) {
            let nearest = nearest(program, programs.iter().copied());
            fitting.wrong(&path, format!("{name} has no program `{program}`{nearest}"));
        }
    }
    for map in manifest.contract.maps.keys().filter(|map| !facts.maps.contains(map)) {
        let nearest = nearest(map, facts.maps.iter().map(String::as_str));
        fitting.wrong(&format!("maps.{map}"), format!("{name} has no map `{map}`{nearest}"));
    }
    let globals = match manifest.contract.globals.is_empty() {
        true => Vec::new(),
        false => fitting.globals(name, bytes),
    };
    none_of(&manifest.file, fitting.problems)?;
    Ok(globals)
}

/// Every program the contract names, with the path under which its place is known.
fn named_programs(contract: &Contract) -> impl Iterator<Item = (String, &str)> {
    let programs = contract.programs.keys().map(|name| (format!("programs.{name}"), name.as_str()));
    let candidates = contract.variants.iter().flat_map(|(group, candidates)| {
        let numbered = candidates.iter().enumerate();
        numbered.map(move |(at, one)| (format!("variants.{group}.{at}"), one.program.as_str()))
    });
    let companions = contract.companions.iter().enumerate();
    let companions = companions.map(|(at, name)| (format!("companions.{at}"), name.as_str()));
    let expected =
        contract.expected_failures.iter().enumerate().filter_map(|(at, expected)| {
            Some((format!("expected_failures.{at}"), expected.program.as_deref()?))
        });
    programs.chain(candidates).chain(companions).chain(expected)
}

struct Fitting<'m> {
    manifest: &'m Manifest,
    problems: Vec<Problem>,
}

impl Fitting<'_> {
    fn wrong(&mut self, path: &str, says: String) {
        let place = self.manifest.places.get(path).copied();
        self.problems.push(Problem { place, says });
    }

    fn globals(&mut self, of: &str, bytes: &[u8]) -> Vec<GlobalBytes> {
        let variables = match object::globals(bytes) {
            Ok(variables) => variables,
            Err(error) => {
                self.problems.push(Problem { place: None, says: format!("{of}: {error}") });
                return Vec::new();
            }
        };
        match super::resolve(&self.manifest.contract, &variables) {
            Ok(globals) => globals,
            Err(wrong) => {
                for (name, says) in wrong {
                    self.wrong(&format!("globals.{name}"), format!("{of}: {says}"));
                }
                Vec::new()
            }
        }
    }

    /// Words that only the reader has looked at.
    fn sound(&mut self) {
        let Contract { programs, maps, variants, expected_failures, .. } = &self.manifest.contract;
        let bytes = self.manifest.contract.encoded_bytes();
        if bytes > MANIFEST_BYTES_MAX {
            let says = format!("{bytes} bytes are declared, and at most {MANIFEST_BYTES_MAX} may be");
            self.problems.push(Problem { place: None, says });
        }
        for (name, terms) in programs {
            let known = terms.section.as_deref().is_none_or(section::is_known)
                && terms.r#type.as_deref().is_none_or(|kind| section::number(PROGRAM_TYPES, kind).is_some());
            if !known || terms.section.is_some() && terms.r#type.is_some() {
                self.wrong(
                    &format!("programs.{name}"),
                    format!("`{name}` has no section or type libbpf knows"),
                );
            }
        }
        for (name, terms) in maps {
            let mut inner = terms.inner_map.iter();
            if !inner.all(|inner| section::number(MAP_TYPES, &inner.r#type).is_some()) {
                self.wrong(&format!("maps.{name}"), format!("`{name}` holds maps of no type libbpf knows"));
            }
        }
        for (at, candidate) in variants.values().flatten().enumerate() {
            if let Requirement::Helper(name) = &candidate.requires
                && helper::number(name).is_none()
            {
                self.wrong("variants", format!("candidate {at} requires a helper no kernel has"));
            }
        }
        for (at, expected) in expected_failures.iter().enumerate() {
            let kernels = expected.kernels.parse::<selector::Selector>();
            if let Err(error) = kernels.and_then(|selector| selector.fixed().map(|_| ())) {
                self.wrong(&format!("expected_failures.{at}"), error.to_string());
            }
            if expected.reason.len() > TEXT_BYTES_MAX {
                let says = format!("a reason has at most {TEXT_BYTES_MAX} bytes");
                self.wrong(&format!("expected_failures.{at}"), says);
            }
        }
    }
}
