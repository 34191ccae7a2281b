//! Programs one at a time, each with every map and no other program.

use crate::exercise::{Exercise, ExerciseError};
use crate::load;
use crate::sys::libbpf::Program;
use domain::errno::Errno;
use domain::evidence::{Attach, AttachOutcome, Load, LoadScope, Loaded, LogSubject};
use domain::level::Level;
use domain::message::FromGuest;
use std::collections::BTreeSet;

/// How libbpf's message begins when a prog array's first entry is a program that is not loaded.
const EMPTY_SLOT: &str = "failed to initialize slot";

/// What the kernel said of one program alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Loaded,
    Refused,
    /// It took the program, and libbpf then gave up because a prog array of the object starts with
    /// a program that was left out.
    LacksTailCalls,
}

impl Exercise<'_> {
    /// Loads and attaches each of the programs with these indices.
    pub(crate) fn each_alone(&self, indices: Vec<usize>) -> Result<(), ExerciseError> {
        let mut refused = BTreeSet::new();
        let mut lacking = Vec::new();
        for index in indices {
            match self.alone(index)? {
                Answer::Loaded => {}
                Answer::Refused => {
                    refused.insert(index);
                }
                Answer::LacksTailCalls => lacking.push(index),
            }
        }
        if lacking.is_empty() { Ok(()) } else { self.in_company(&lacking, &refused) }
    }

    fn alone(&self, index: usize) -> Result<Answer, ExerciseError> {
        let instance = self.reopen()?;
        load::only_programs(&instance.object, |other| other == index).map_err(ExerciseError::Narrow)?;
        let program = instance.object.programs().nth(index).ok_or(ExerciseError::Changed)?;
        let load = load::load(&instance.object, LoadScope::Alone(program.name()));
        let log = self.recorder.take(load.errno.is_none());
        if load.errno == Some(Errno(libc::EBADF)) && log.mentions(EMPTY_SLOT) {
            return Ok(Answer::LacksTailCalls);
        }
        let loaded = load.errno.is_none();
        self.send(&FromGuest::Load(load))?;
        self.send_log(&LogSubject::LoadAlone(program.name()), log)?;
        if !loaded {
            return Ok(Answer::Refused);
        }
        self.attach(program)?;
        Ok(Answer::Loaded)
    }

    /// Programs that the kernel took and that need others in a prog array: loaded once more together
    /// with all the others it takes. Where even that fails, because an entry is a program it
    /// refuses, they count as loaded, with figures of 0, but cannot be attached.
    fn in_company(&self, lacking: &[usize], refused: &BTreeSet<usize>) -> Result<(), ExerciseError> {
        let instance = self.reopen()?;
        let names: Vec<String> = instance.object.programs().map(|program| program.name()).collect();
        let takes = |index: usize| !refused.contains(&index) && !self.is_left_out(&names[index]);
        load::only_programs(&instance.object, takes).map_err(ExerciseError::Narrow)?;
        let together = load::load(&instance.object, LoadScope::Whole);
        self.forget();
        for (_, program) in
            instance.object.programs().enumerate().filter(|(index, _)| lacking.contains(index))
        {
            let name = program.name();
            let scope = LoadScope::Alone(name.clone());
            let loaded = together.loaded.iter().find(|other| other.program == name).cloned();
            let loaded = vec![loaded.unwrap_or_else(|| without_figures(name))];
            self.send(&FromGuest::Load(Load { scope, errno: None, loaded, took_us: together.took_us }))?;
            match together.errno {
                None => self.attach(program)?,
                Some(_) => self.cannot_attach(program)?,
            }
        }
        Ok(())
    }

    fn cannot_attach(&self, program: Program<'_>) -> Result<(), ExerciseError> {
        if self.level_of(&program.name()) == Level::Load {
            return Ok(());
        }
        let reason = "a prog array of the object starts with programs that cannot be loaded with it";
        self.report_attach(Attach {
            program: program.name(),
            hook: program.section(),
            how: String::new(),
            outcome: AttachOutcome::NotAttempted(reason.to_owned()),
        })
    }
}

/// A program that the kernel took and let go before it could be asked about it.
fn without_figures(program: String) -> Loaded {
    Loaded { program, verified_instructions: 0, translated_bytes: 0, jited_bytes: 0 }
}
