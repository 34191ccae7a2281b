//! Programs one at a time, each with every map and no other program.

use crate::attach::Attacher;
use crate::exercise::{Exercise, ExerciseError};
use crate::load;
use crate::open::Instance;
use crate::sys::libbpf::Program;
use domain::errno::Errno;
use domain::evidence::{Attach, AttachOutcome, Load, LoadScope, Loaded, LogSubject};
use domain::level::Level;
use domain::message::FromGuest;
use std::collections::BTreeSet;

/// How libbpf's message begins when a prog array's first entry is a program that is not loaded.
const EMPTY_SLOT: &str = "failed to initialize slot";

/// Why a program that was loaded in company is not attached.
const UNLOADABLE_SLOTS: &str =
    "a prog array of the object starts with programs that cannot be loaded with it";

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
    /// Loads and attaches each of the programs with these indices, and says which were refused. `whole` is the
    /// object as it was loaded, or refused, before.
    pub(crate) fn each_alone(
        &self,
        indices: Vec<usize>,
        whole: &Instance,
    ) -> Result<BTreeSet<usize>, ExerciseError> {
        let mut refused = BTreeSet::new();
        let mut lacking = Vec::new();
        for index in indices {
            match self.alone(index, whole)? {
                Answer::Loaded => {}
                Answer::Refused => {
                    refused.insert(index);
                }
                Answer::LacksTailCalls => lacking.push(index),
            }
        }
        if !lacking.is_empty() {
            self.in_company(&lacking, &refused)?;
        }
        Ok(refused)
    }

    fn alone(&self, index: usize, whole: &Instance) -> Result<Answer, ExerciseError> {
        let instance = self.reopen()?;
        load::only_programs(&instance.object, |other| other == index).map_err(ExerciseError::Narrow)?;
        let program = instance.object.programs().nth(index).ok_or(ExerciseError::Changed)?;
        if let Err(reason) = load::aim(program, &whole.object) {
            self.forget();
            self.cannot_attach(program, &reason)?;
            return Ok(Answer::Refused);
        }
        let mut load = load::load(&instance.object, LoadScope::Alone(program.name()));
        let log = self.recorder.take(load.errno.is_none());
        if load.errno == Some(Errno(libc::EBADF)) && log.mentions(EMPTY_SLOT) {
            return Ok(Answer::LacksTailCalls);
        }
        let loaded = load.errno.is_none();
        let name = program.name();
        if !loaded {
            load.refused_at = self.refused_at((index, program), &log.text())?;
        }
        self.send(&FromGuest::Load(load))?;
        self.send_log(&LogSubject::LoadAlone(name), log)?;
        if !loaded {
            if self.bounds.bind() {
                self.with_more_capabilities(index, whole)?;
            }
            return Ok(Answer::Refused);
        }
        self.attach(&Attacher::new(&instance, &self.fixtures), index, program)?;
        self.keep(instance);
        Ok(Answer::Loaded)
    }

    /// Programs that the kernel took and that need others in a prog array: loaded once more together
    /// with all the others it takes. Where even that fails, because an entry is a program it
    /// refuses, they count as loaded, with figures of 0, but cannot be attached.
    fn in_company(&self, lacking: &[usize], refused: &BTreeSet<usize>) -> Result<(), ExerciseError> {
        let instance = self.reopen()?;
        let names: Vec<String> = instance.object.programs().map(|program| program.name()).collect();
        let takes = |index: usize| !refused.contains(&index) && !self.is_left_out(&names[index]);
        load::only_programs(&instance.object, takes)
            .and_then(|()| load::without_replacements(&instance.object))
            .map_err(ExerciseError::Narrow)?;
        let together = load::load(&instance.object, LoadScope::Whole);
        self.forget();
        let attacher = Attacher::new(&instance, &self.fixtures);
        for (index, program) in
            instance.object.programs().enumerate().filter(|(index, _)| lacking.contains(index))
        {
            let name = program.name();
            let scope = LoadScope::Alone(name.clone());
            let loaded = together.loaded.iter().find(|other| other.program == name).cloned();
            let counts = together.counts.iter().filter(|counts| counts.program == name).cloned().collect();
            let loaded = vec![loaded.unwrap_or_else(|| without_figures(name))];
            let took_us = together.took_us;
            self.send(&FromGuest::Load(Load {
                scope,
                errno: None,
                loaded,
                counts,
                took_us,
                unable: None,
                refused_at: None,
            }))?;
            match together.errno {
                None => self.attach(&attacher, index, program)?,
                Some(_) => self.cannot_attach(program, UNLOADABLE_SLOTS)?,
            }
        }
        self.keep(instance);
        Ok(())
    }

    fn cannot_attach(&self, program: Program<'_>, reason: &str) -> Result<(), ExerciseError> {
        if self.level_of(&program.name()) == Level::Load {
            return Ok(());
        }
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
