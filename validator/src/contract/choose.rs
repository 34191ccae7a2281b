//! Choosing among alternatives: the first candidate whose requirement holds on this kernel is kept.
//!
//! A trial load is one of the openings under the contract, with the candidate, the companions and nothing
//! else. What is missing for a candidate is part of the choice; what a trial said is a log of its own.

use crate::exercise::{Exercise, ExerciseError};
use crate::load;
use crate::open::Instance;
use crate::sys::btf::KernelBtf;
use crate::sys::setting::has_helper;
use domain::contract::{Candidate, Requirement};
use domain::errno::Errno;
use domain::evidence::{Choice, LoadScope, LogSubject, PassedOver};
use domain::helper;

impl Exercise<'_> {
    /// What is kept of each group. `opened` is any opening of the object.
    pub(crate) fn choose(&self, opened: &Instance) -> Result<Vec<Choice>, ExerciseError> {
        let groups = &self.contract().variants;
        groups.iter().map(|(group, candidates)| self.choose_of(opened, group, candidates)).collect()
    }

    fn choose_of(
        &self,
        opened: &Instance,
        group: &str,
        candidates: &[Candidate],
    ) -> Result<Choice, ExerciseError> {
        let mut choice = Choice { group: group.to_owned(), kept: None, passed_over: Vec::new() };
        for Candidate { program, requires } in candidates {
            let missing = match requires {
                Requirement::TrialLoad => self.trial(program)?,
                other if holds(opened, program, other) => None,
                _ => Some(None),
            };
            match missing {
                None => {
                    choice.kept = Some(program.clone());
                    break;
                }
                Some(errno) => {
                    let (program, requires) = (program.clone(), requires.to_string());
                    choice.passed_over.push(PassedOver { program, requires, errno });
                }
            }
        }
        Ok(choice)
    }

    /// Loads a candidate with the companions. `None` when it loads, else the refusal.
    fn trial(&self, candidate: &str) -> Result<Option<Option<Errno>>, ExerciseError> {
        let instance = self.reopen()?;
        let companions = &self.contract().companions;
        for program in instance.object.programs() {
            let name = program.name();
            let wanted = name == candidate || companions.contains(&name);
            program.set_autoload(wanted).map_err(ExerciseError::Narrow)?;
        }
        let load = load::load(&instance.object, LoadScope::Alone(candidate.to_owned()));
        self.log(&LogSubject::Trial(candidate.to_owned()), load.errno.is_none())?;
        Ok(load.errno.map(Some))
    }
}

/// Whether the kernel offers what a candidate requires.
fn holds(opened: &Instance, program: &str, requires: &Requirement) -> bool {
    let kernel = KernelBtf::read();
    match requires {
        Requirement::Nothing | Requirement::TrialLoad => true,
        Requirement::Helper(name) => {
            let Some(number) = helper::number(name) else { return false };
            let mut programs = opened.object.programs();
            let kind = programs.find(|one| one.name() == program).map_or(0, |program| program.number());
            // For types that cannot be tried so, the kernel's own list of helpers tells.
            let listed =
                || kernel.is_ok_and(|btf| btf.enum_end("bpf_func_id").is_some_and(|end| number < end));
            has_helper(kind, number).unwrap_or_else(|_| listed())
        }
        Requirement::Kfunc(name) => kernel.is_ok_and(|btf| {
            btf.has_function(name)
                || loaded_modules()
                    .any(|module| btf.of_module(&module).is_ok_and(|btf| btf.has_function(name)))
        }),
        Requirement::BtfType(name) => {
            let (name, member) = match name.split_once('.') {
                Some((name, member)) => (name, Some(member)),
                None => (name.as_str(), None),
            };
            kernel.is_ok_and(|btf| btf.has_type(name, member))
        }
    }
}

/// Modules that describe themselves.
fn loaded_modules() -> impl Iterator<Item = String> {
    let described = std::fs::read_dir("/sys/kernel/btf").into_iter().flatten().flatten();
    described.map(|entry| entry.file_name().to_string_lossy().into_owned()).filter(|name| name != "vmlinux")
}
