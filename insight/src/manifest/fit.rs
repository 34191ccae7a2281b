//! Whether a manifest fits an object: every name it says is one the object has, every value one that fits.
//!
//! A manifest may come from a peer instead of [`super::parse`], so what its reader promises is checked
//! here again.

use super::problem::{ManifestError, Problem, nearest, none_of};
use super::read::TEXT_BYTES_MAX;
use super::{checks, sections, too_many, variants};
use crate::archive;
use crate::object::{self, Global, ObjectFacts};
use domain::check::{
    CHECK_MS_MAX, CHECKS_MAX, COMMAND_BYTES_MAX, EXPECTATIONS_MAX, Expectation, GlobalPlace,
};
use domain::command::{ARGUMENTS_BYTES_MAX, ARGUMENTS_MAX, CommandTerms};
use domain::contract::{Contract, Manifest, Requirement};
use domain::section::{self, MAP_TYPES, PROGRAM_TYPES};
use domain::{helper, selector};

/// Holds a manifest to the object that is called `name` and has these bytes. Yields the manifest with
/// functions in place of sections. `fitted` is what it came to with another object of the run.
///
/// # Errors
/// Everything that does not fit.
pub fn fit(
    manifest: &Manifest,
    fitted: Option<&Manifest>,
    name: &str,
    bytes: &[u8],
) -> Result<Manifest, ManifestError> {
    none_of(
        &manifest.file,
        too_many(&manifest.contract).map(|says| Problem { place: None, says }).collect(),
    )?;
    if let Some(command) = &manifest.contract.command {
        let mut fitting = Fitting { manifest, problems: Vec::new() };
        fitting.sound();
        fitting.command(name, command, bytes);
        none_of(&manifest.file, fitting.problems)?;
        return Ok(manifest.clone());
    }
    let facts = object::inspect(bytes).map_err(|error| ManifestError {
        file: manifest.file.clone(),
        problems: vec![Problem { place: None, says: format!("{name}: {error}") }],
    })?;
    let (manifest, unclear) = sections::by_function(manifest, name, &facts.programs);
    let mut fitting = Fitting { manifest: &manifest, problems: Vec::new() };
    if unclear.is_empty() && fitted.is_some_and(|fitted| fitted.contract != manifest.contract) {
        let says = format!(
            "a section stands for another program in {name} than in the objects before; ask about {name} in a \
             run of its own"
        );
        fitting.problems.push(Problem { place: None, says });
    }
    for (path, says) in unclear {
        fitting.wrong(&path, says);
    }
    fitting.sound();
    fitting.maps(name, &facts);
    let looked_at = expected_globals(&manifest.contract).next().is_some();
    if !manifest.contract.globals.is_empty() || looked_at {
        fitting.globals(name, bytes);
    }
    none_of(&manifest.file, fitting.problems)?;
    Ok(manifest)
}

fn expectations(contract: &Contract) -> impl Iterator<Item = &Expectation> {
    contract.checks.iter().flat_map(|check| &check.expect)
}

/// Every map a check looks at.
fn expected_maps(contract: &Contract) -> impl Iterator<Item = &str> {
    expectations(contract).filter_map(|expectation| match expectation {
        Expectation::Entry { map, .. }
        | Expectation::Entries { map, .. }
        | Expectation::Events { map, .. } => Some(map.as_str()),
        Expectation::Stdout(_)
        | Expectation::Stderr(_)
        | Expectation::Trace(_)
        | Expectation::Global { .. } => None,
    })
}

/// Every global variable a check looks at.
fn expected_globals(contract: &Contract) -> impl Iterator<Item = &str> {
    expectations(contract).filter_map(|expectation| match expectation {
        Expectation::Global { name, .. } => Some(name.as_str()),
        _ => None,
    })
}

/// Where the variables stand that checks look at.
pub fn places(contract: &Contract, variables: &[Global]) -> Vec<GlobalPlace> {
    let known =
        expected_globals(contract).filter_map(|name| variables.iter().find(|variable| variable.name == name));
    let place = |global: &Global| GlobalPlace {
        name: global.name.clone(),
        section: global.section.clone(),
        offset: global.offset,
        bytes: global.bytes,
    };
    known.map(place).collect()
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

    /// Maps.
    fn maps(&mut self, of: &str, facts: &ObjectFacts) {
        let contract = &self.manifest.contract;
        let declared = contract.maps.keys().map(|map| (format!("maps.{map}"), map.as_str()));
        let looked_at = expected_maps(contract).map(|map| (format!("expect.maps.{map}"), map));
        for (path, map) in declared.chain(looked_at) {
            if !facts.maps.iter().any(|known| known == map) {
                let nearest = nearest(map, facts.maps.iter().map(String::as_str));
                self.wrong(&path, format!("{of} has no map `{map}`{nearest}"));
            }
        }
    }

    fn globals(&mut self, of: &str, bytes: &[u8]) {
        let variables = match object::globals(bytes) {
            Ok(variables) => variables,
            Err(error) => {
                self.problems.push(Problem { place: None, says: format!("{of}: {error}") });
                return;
            }
        };
        for name in expected_globals(&self.manifest.contract) {
            let found = variables.iter().find(|variable| variable.name == name);
            let says = match found {
                Some(variable) if [1, 2, 4, 8].contains(&variable.bytes) => continue,
                Some(variable) => format!("`{name}` has {} bytes and is no number", variable.bytes),
                None => {
                    let nearest = nearest(name, variables.iter().map(|variable| variable.name.as_str()));
                    format!("no global variable `{name}`{nearest}")
                }
            };
            self.wrong(&format!("expect.globals.{name}"), format!("{of}: {says}"));
        }
        if let Err(wrong) = super::resolve(&self.manifest.contract, &variables) {
            for (name, says) in wrong {
                self.wrong(&format!("globals.{name}"), format!("{of}: {says}"));
            }
        }
    }

    fn command(&mut self, name: &str, command: &CommandTerms, bytes: &[u8]) {
        if let Err(error) = archive::fits(bytes, &command.program, command.object.as_deref()) {
            self.problems.push(Problem { place: None, says: format!("{name}: {error}") });
        }
        let CommandTerms { arguments, timeout_ms, .. } = command;
        let bytes = arguments.iter().map(String::len).sum::<usize>();
        let too_much = arguments.len() > ARGUMENTS_MAX || bytes > ARGUMENTS_BYTES_MAX;
        let faults = [
            (
                too_much,
                format!(
                    "{} arguments of {bytes} bytes, and a command is given at most {ARGUMENTS_MAX} of \
                 {ARGUMENTS_BYTES_MAX} bytes together; ship a file with it",
                    arguments.len()
                ),
            ),
            (
                arguments.iter().any(|one| one.contains('\0')),
                "an argument holds a NUL, which ends it".to_owned(),
            ),
            (
                !(1..=CHECK_MS_MAX).contains(timeout_ms),
                format!("it may run 1 to {CHECK_MS_MAX} ms, not {timeout_ms}"),
            ),
        ];
        for (_, says) in faults.into_iter().filter(|(is_so, _)| *is_so) {
            self.problems.push(Problem { place: None, says: format!("{name}: {says}") });
        }
    }

    /// Words that only the reader has looked at.
    fn sound(&mut self) {
        let Contract { programs, maps, variants, expected_failures, checks, .. } = &self.manifest.contract;
        for (at, check) in checks.iter().enumerate() {
            let fits = checks.len() <= CHECKS_MAX
                && check.expect.len() <= EXPECTATIONS_MAX
                && check.command.len() <= COMMAND_BYTES_MAX
                && !check.command.contains('\0')
                && (1..=CHECK_MS_MAX).contains(&check.timeout_ms)
                && !checks[..at].iter().any(|other| other.name == check.name);
            if !fits {
                self.wrong(
                    &format!("checks.{at}"),
                    format!("check {at} is longer than a check may be, or a second one of its name"),
                );
            }
        }
        if let Some(says) = checks::too_long(checks) {
            self.wrong("checks.0", says);
        }
        for (path, says) in variants::contradictions(variants) {
            self.wrong(&path, says);
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
