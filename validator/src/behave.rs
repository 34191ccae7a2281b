//! The behaviour of an object: all its programs attached at once, and the declared checks.

use crate::attach::Attacher;
use crate::checks;
use crate::exercise::{Exercise, ExerciseError};
use crate::open::Instance;
use crate::tools;
use domain::evidence::{AttachOutcome, LogSubject};
use domain::level::Level;
use domain::message::FromGuest;

/// Where the object lies while checks run.
const OBJECT: &str = "/tmp/object.bpf.o";

impl Exercise<'_> {
    /// Runs the checks while every program of the loaded object that can be is attached, beside all others.
    pub(crate) fn behaviour(&self, instance: &Instance) -> Result<(), ExerciseError> {
        if self.level() != Level::Behave || self.contract().checks.is_empty() {
            return Ok(());
        }
        let ready = tools::install().and_then(|()| {
            std::fs::write(OBJECT, self.specimen.elf())
                .map_err(|error| format!("{OBJECT} could not be written: {error}"))
        });
        if let Err(says) = ready {
            return self.send(&FromGuest::NoChecks(says));
        }
        self.detach();
        let attacher = Attacher::new(instance, &self.fixtures).keeping_policies();
        let mut live = Vec::new();
        let mut held = Vec::new();
        for (index, program) in instance.object.programs().enumerate() {
            if program.info().is_none() {
                continue;
            }
            let (attach, hold) = attacher.attach(index, program);
            if attach.outcome == AttachOutcome::Attached {
                live.push(attach.program);
                held.extend(hold);
            }
        }
        self.forget();
        self.send(&FromGuest::Live(live))?;
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
