//! The behaviour of an object: all its programs attached at once, and the declared checks.

use crate::attach::Attacher;
use crate::checks;
use crate::exercise::{Exercise, ExerciseError};
use crate::load;
use crate::tools;
use domain::evidence::{AttachOutcome, LoadScope, LogSubject};
use domain::level::Level;
use domain::message::FromGuest;
use std::mem::ManuallyDrop;

/// Where the object lies while checks run.
const OBJECT: &str = "/tmp/object.bpf.o";

impl Exercise<'_> {
    /// Runs the checks while every program of the loaded object that is to be attached and can be is, beside
    /// all others.
    ///
    /// The object is opened anew: what its programs did while they were attached before is not what checks are
    /// about.
    pub(crate) fn behaviour(&self) -> Result<(), ExerciseError> {
        if self.level() != Level::Behave || self.contract().checks.is_empty() {
            return Ok(());
        }
        // Never closed, as the one that was exercised.
        let instance = ManuallyDrop::new(self.reopen()?);
        load::without_replacements(&instance.object).map_err(ExerciseError::Narrow)?;
        if let Some(errno) = load::load(&instance.object, LoadScope::Whole).errno {
            return self.send(&FromGuest::NoChecks(format!("the object did not load another time: {errno}")));
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
}
