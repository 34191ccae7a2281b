//! What is asked of an object, held to it before any kernel is.

use super::RefusedError;
use domain::axis::{Axes, Loader};
use domain::contract::{Contract, Manifest};
use domain::digest::Digest;
use domain::level::Level;
use domain::message::{Job, Nonce};
use insight::collect::LOG_BYTES_MAX;
use insight::{manifest, object};
use std::collections::BTreeSet;
use std::time::Duration;

/// What the object is called in messages, and to libbpf, which names maps of data after it.
const NAME: &str = "object";
/// A loader that waits longer for its gate is better told so. The largest known objects take a few seconds.
const DEADLINE: Duration = Duration::from_secs(60);

/// Bytes of a log that tell why a load was refused: the longest refusals but a verifier's walk have a few thousand.
const LOG_BYTES_MIN: u32 = 64 * 1024;

/// How an object is asked about. The default declares nothing and asks about every program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// What the object's loader sets before it loads. Checks, levels, walks by source line and expected
    /// failures are not looked at: everything is loaded, nothing is attached, and no failure is excused.
    pub contract: Contract,
    /// The programs that are loaded and decide, by function name, whatever the contract and their sections say
    /// of it; `None` for those that the contract and the object have loaded. No other program is tried then.
    pub programs: Option<BTreeSet<String>>,
    /// Bytes kept of each log, from 64 KiB to 16 MiB; the middle of a longer one is dropped. The verdict is read
    /// from them too, so fewer are not kept.
    pub log_bytes_max: u32,
    /// How long it may take once no other question of this process is asked. It is looked at between two
    /// answers of the kernel: none is interrupted.
    pub deadline: Duration,
}

impl Default for Options {
    fn default() -> Self {
        let contract = Contract::default();
        Self { contract, programs: None, log_bytes_max: LOG_BYTES_MAX, deadline: DEADLINE }
    }
}

impl Options {
    /// The job they make of an object.
    pub(super) fn job(&self, object: &[u8]) -> Result<Job, RefusedError> {
        let facts = object::inspect(object)?;
        let declared = |contract| Manifest { file: "options".to_owned(), contract, ..Manifest::default() };
        // Functions in place of sections first, as the choice names functions.
        let meant = manifest::fit(&declared(self.at_load()?), None, NAME, object)?.contract;
        let chosen = self.of_choice(meant, facts.programs.iter().map(|program| program.name.as_str()));
        let declared = manifest::fit(&declared(chosen), None, NAME, object)?;
        let globals = match declared.contract.globals.is_empty() {
            true => Vec::new(),
            false => manifest::resolve(&declared.contract, &object::globals(object)?).map_err(unfit)?,
        };
        Ok(Job {
            nonce: Nonce([0; 32]),
            unix_seconds: 0,
            entropy: [0; 32],
            level: Level::Load,
            loader: Loader::Libbpf,
            axes: Axes::default(),
            programs: Vec::new(),
            contract: Box::new(declared.contract),
            globals,
            object_name: NAME.to_owned(),
            object_digest: Digest::of(object),
            object: object.to_vec(),
            loader_files: Vec::new(),
            modules: Vec::new(),
            places: Vec::new(),
            log_bytes_max: self.log_bytes_max.clamp(LOG_BYTES_MIN, LOG_BYTES_MAX),
        })
    }

    /// The part of the contract that is about loading.
    fn at_load(&self) -> Result<Contract, RefusedError> {
        if self.contract.command.is_some() {
            return Err(RefusedError::Command);
        }
        let mut contract = Contract {
            expected_failures: Vec::new(),
            checks: Vec::new(),
            line_costs: false,
            ..self.contract.clone()
        };
        contract.programs.values_mut().for_each(|terms| terms.level = None);
        Ok(contract)
    }

    /// The contract with the choice of programs in it, which stands above alternatives too.
    fn of_choice<'p>(&'p self, mut contract: Contract, programs: impl Iterator<Item = &'p str>) -> Contract {
        let Some(only) = &self.programs else { return contract };
        for program in programs.chain(only.iter().map(String::as_str)) {
            let terms = contract.programs.entry(program.to_owned()).or_default();
            let chosen = only.contains(program);
            (terms.autoload, terms.required) = (Some(chosen), Some(chosen));
        }
        contract.variants.clear();
        contract.companions.clear();
        contract
    }
}

/// Values that do not fit, of which [`manifest::fit`] leaves none.
fn unfit(wrong: Vec<(String, String)>) -> RefusedError {
    let says = wrong.into_iter().map(|(_, says)| says).collect::<Vec<_>>();
    RefusedError::NotTried(says.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::command::{CommandTerms, Ending};
    use domain::contract::{Candidate, ProgramTerms, Requirement};

    #[test]
    fn of_a_contract_only_loading_is_left() {
        let terms = |level, required| ProgramTerms { level, required, ..ProgramTerms::default() };
        let programs = [("a", terms(Some(Level::Attach), None)), ("b", terms(None, Some(true)))];
        let alternative = Candidate { program: "b".to_owned(), requires: Requirement::Nothing };
        let contract = Contract {
            programs: programs.map(|(name, terms)| (name.to_owned(), terms)).into(),
            variants: [("g".to_owned(), vec![alternative])].into(),
            companions: vec!["c".to_owned()],
            line_costs: true,
            ..Contract::default()
        };
        let options = Options { contract, programs: Some(["a".to_owned()].into()), ..Options::default() };
        let left = options.of_choice(options.at_load().expect("no command"), ["a", "b", "c"].into_iter());
        assert!(left.variants.is_empty() && left.companions.is_empty(), "the choice stands above them");
        let told = left.programs.iter().map(|(name, terms)| (name.as_str(), terms.autoload, terms.required));
        let (yes, no) = (Some(true), Some(false));
        assert_eq!(told.collect::<Vec<_>>(), [("a", yes, yes), ("b", no, no), ("c", no, no)]);
        assert!(left.programs.values().all(|terms| terms.level.is_none()) && !left.line_costs);
    }

    #[test]
    fn what_is_no_question_about_an_object_is_refused() {
        let command = CommandTerms {
            program: "run".to_owned(),
            object: None,
            arguments: vec![],
            timeout_ms: 1,
            expect: Ending::Exit(0),
        };
        let contract = Contract { command: Some(command), ..Contract::default() };
        let of_command = Options { contract, ..Options::default() };
        assert!(matches!(of_command.at_load(), Err(RefusedError::Command)));
        let refused = Options::default().job(b"#!/bin/sh\n").expect_err("no ELF");
        assert_eq!(refused.exit_code(), 3);
        assert!(refused.to_string().contains("not an ELF file"), "{refused}");
    }
}
