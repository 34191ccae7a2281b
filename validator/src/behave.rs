//! The behaviour of an object: all its programs attached at once, and the declared checks.

use crate::attach::Attacher;
use crate::checks;
use crate::exercise::{Exercise, ExerciseError};
use crate::load;
use crate::sys::libbpf::Program;
use crate::tools;
use domain::evidence::{AttachOutcome, LoadScope, LogSubject};
use domain::level::Level;
use domain::message::FromGuest;
use std::collections::BTreeSet;
use std::mem::ManuallyDrop;

/// Where the object lies while checks run.
const OBJECT: &str = "/tmp/object.bpf.o";

impl Exercise<'_> {
    /// Runs the checks while every program of the loaded object that is to be attached and can be is, beside
    /// all others. An object that did not load as a whole is loaded without the programs that were `refused`, if
    /// it may do without each of them: its own loader would do the same.
    ///
    /// The object is opened anew: what its programs did while they were attached before is not what checks are
    /// about.
    pub(crate) fn behaviour(&self, loaded: bool, refused: &BTreeSet<usize>) -> Result<(), ExerciseError> {
        if self.level() != Level::Behave || self.contract().checks.is_empty() {
            return Ok(());
        }
        // Never closed, as the one that was exercised.
        let instance = ManuallyDrop::new(self.reopen()?);
        let mut programs = instance.object.programs().enumerate();
        let may_fail = |(index, program)| !refused.contains(&index) || self.may_fail(program);
        if !loaded && (refused.is_empty() || !programs.all(may_fail)) {
            return Ok(());
        }
        load::without(&instance.object, refused)
            .and_then(|()| load::without_replacements(&instance.object))
            .map_err(ExerciseError::Narrow)?;
        if let Some(errno) = load::load(&instance.object, LoadScope::Whole).errno {
            let without = if loaded { "" } else { " without the programs that were refused" };
            let says = format!("the object did not load another time{without}: {errno}");
            return self.send(&FromGuest::NoChecks(says));
        }
        let ready = tools::install().and_then(|()| {
            std::fs::write(OBJECT, self.specimen.elf())
                .map_err(|error| format!("{OBJECT} could not be written: {error}"))
        });
        if let Err(says) = ready {
            return self.send(&FromGuest::NoChecks(says));
        }
        let attacher = Attacher::new(&instance, &self.fixtures).keeping_policies();
        let mut live = Vec::new();
        let mut held = Vec::new();
        for (index, program) in instance.object.programs().enumerate() {
            if program.info().is_none() || self.level_of(&program.name()) == Level::Load {
                continue;
            }
            let placed = self.placed(program).map(|attach| (attach, None));
            let (attach, hold) = placed.unwrap_or_else(|| attacher.attach(index, program));
            if attach.outcome == AttachOutcome::Attached {
                live.push(attach.program);
                held.extend(hold);
            }
        }
        self.forget();
        self.send(&FromGuest::Live(live))?;
        // What checks do and look at is not the loader's doing.
        self.bounds.leave().map_err(ExerciseError::Bounds)?;
        let environment = [("BPFCOMPAT_OBJECT", OBJECT.to_owned())];
        for check in &self.contract().checks {
            self.send(&FromGuest::Check(checks::run(
                &instance.object,
                check,
                self.specimen.places(),
                &environment,
            )))?;
            self.log(&LogSubject::Check(check.name.clone()), true)?;
        }
        Ok(())
    }

    /// Whether the object may do without a program: it is off by default, declared as not required, or expected
    /// to fail.
    fn may_fail(&self, program: Program<'_>) -> bool {
        let (name, contract) = (program.name(), self.contract());
        let declared = contract.programs.get(&name).and_then(|terms| terms.required);
        let mut expected = contract.expected_failures.iter();
        !declared.unwrap_or_else(|| program.autoload())
            || expected.any(|failure| failure.program.as_ref().is_none_or(|concerns| *concerns == name))
    }
}
