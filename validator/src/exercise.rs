//! One job: everything that is tried with an object, in an order that wastes nothing.
//!
//! ```text
//! choose among alternatives ──► open
//!
//! open ──► load whole ──┬─ loaded ──► attach each program ──► the programs it left out, alone
//!                       └─ refused ─► each map, alone ──────► every program, alone
//!                                                             alone: load, then attach
//! ```
//! Last, if the job asks for it, the walk through each program is counted by source line.
//! Each observation is sent before the next step begins, so that a guest that dies leaves a trace.

use crate::attach::{Attacher, Hold};
use crate::audience::Audience;
use crate::contract::tails;
use crate::environment::Bounds;
use crate::load;
use crate::loader::LoaderError;
use crate::log::{Log, Recorder};
use crate::open::{self, Instance, Specimen};
use crate::prepare::Fixtures;
use crate::symbols;
use crate::sys::libbpf::Program;
use channel::LinkError;
use domain::contract::Contract;
use domain::errno::Errno;
use domain::evidence::{Attach, AttachOutcome, LoadScope, LogSubject};
use domain::level::Level;
use domain::message::{FromGuest, Job};
use insight::collect::Offence;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Programs, and maps, of one object that are exercised. The largest known object has some 300; what
/// is listed must fit one frame.
const PROGRAMS_MAX: usize = 4096;
pub(crate) const MAPS_MAX: usize = 4096;

/// Programs that stay attached beside each other. Letting go of one waits for the kernel's readers,
/// a third of a short job; keeping all of a large object would have every program of it run at
/// every event while the rest is attached.
const HELD_MAX: usize = 8;

/// Why a job ended early with nothing learnt about the object.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExerciseError {
    #[error("an answer could not be sent")]
    Link(#[from] LinkError),
    #[error("what was observed is beyond what is kept")]
    Offence(#[from] Offence),
    #[error("its time is over")]
    Late,
    #[error("the object holds {0} programs, at most {PROGRAMS_MAX} are exercised")]
    Programs(usize),
    #[error("the object holds {0} maps, at most {MAPS_MAX} are exercised")]
    Maps(usize),
    #[error("the object opened before and does not open again: {0}")]
    Reopen(Errno),
    #[error("the object opened before with more programs")]
    Changed,
    #[error("the loader's capabilities could not be set: {0}")]
    Bounds(Errno),
    #[error("libbpf does not let the load be narrowed: {0}")]
    Narrow(Errno),
    #[error(transparent)]
    Loader(#[from] LoaderError),
}

/// The job's parts that every step needs.
#[derive(Debug)]
pub(crate) struct Exercise<'a> {
    audience: &'a dyn Audience,
    level: Level,
    // The programs that are exercised, if not all are.
    only: Option<&'a BTreeSet<String>>,
    pub(crate) fixtures: Fixtures,
    pub(crate) specimen: Specimen<'a>,
    pub(crate) recorder: Recorder,
    pub(crate) bounds: Bounds,
    // The programs that are attached.
    held: RefCell<Vec<Box<dyn Hold>>>,
}

impl<'a> Exercise<'a> {
    /// Starts to listen to libbpf.
    pub(crate) fn new(audience: &'a dyn Audience, job: &'a Job, fixtures: Fixtures, bounds: Bounds) -> Self {
        let recorder = Recorder::start(job.log_bytes_max);
        Self {
            audience,
            level: job.level,
            only: None,
            fixtures,
            specimen: Specimen::new(job),
            recorder,
            bounds,
            held: RefCell::default(),
        }
    }

    /// As on a machine that is not a guest: nothing is prepared, and nothing is pinned. `only` are the programs
    /// that are exercised, if not all are.
    pub(crate) fn on_host(
        audience: &'a dyn Audience,
        job: &'a Job,
        only: Option<&'a BTreeSet<String>>,
    ) -> Self {
        Self {
            specimen: Specimen::unpinned(job),
            only,
            ..Self::new(audience, job, Fixtures::none(), Bounds::none())
        }
    }

    /// Does it all. What was loaded first stays so for as long as what is returned lives: letting go costs a
    /// tenth of a short job.
    pub(crate) fn run(&self) -> Result<Option<Instance>, ExerciseError> {
        let Some(instance) = self.open()? else {
            return Ok(None);
        };
        let programs = instance.object.programs().enumerate();
        let exercised = programs.filter(|(_, program)| !self.is_left_out(&program.name()));
        let exercised: Vec<usize> = exercised.map(|(index, _)| index).collect();
        let left = self.whole(&instance)?;
        let loaded = left.is_some();
        let left = match left {
            Some(left) => left,
            None => {
                self.maps()?;
                exercised
            }
        };
        let refused = self.each_alone(left, &instance)?;
        if self.contract().line_costs {
            for index in 0..instance.object.programs().count() {
                self.send(&FromGuest::LineCosts(self.line_costs(index)?))?;
            }
        }
        self.behaviour(loaded, &refused)?;
        Ok(Some(instance))
    }

    /// What is declared of the object's loader.
    pub(crate) fn contract(&self) -> &Contract {
        self.specimen.contract()
    }

    /// Whether a program was left out by choice, so that nothing exercises it.
    pub(crate) fn is_left_out(&self, program: &str) -> bool {
        if self.only.is_some_and(|only| !only.contains(program)) {
            return true;
        }
        let Some(group) = self.contract().group_of(program) else { return false };
        let mut choices = self.specimen.choices().iter();
        choices.any(|choice| choice.group == group && choice.kept.as_deref() != Some(program))
    }

    fn open(&self) -> Result<Option<Instance>, ExerciseError> {
        let mut opened = self.specimen.open();
        if let Ok(first) = &opened
            && !self.contract().variants.is_empty()
        {
            self.forget();
            self.specimen.keep(self.choose(first)?);
            self.forget();
            opened = self.specimen.open();
        }
        let facts = match &opened {
            Ok(instance) => open::describe(instance, self.specimen.choices()),
            Err(errno) => open::refused(*errno),
        };
        if facts.programs.len() > PROGRAMS_MAX {
            return Err(ExerciseError::Programs(facts.programs.len()));
        }
        if facts.maps.len() > MAPS_MAX {
            return Err(ExerciseError::Maps(facts.maps.len()));
        }
        let symbols = symbols::of(&facts.programs);
        self.send(&FromGuest::Opened(facts))?;
        if !symbols.is_empty() {
            self.send(&FromGuest::Symbols(symbols))?;
        }
        self.log(&LogSubject::Open, opened.is_ok())?;
        Ok(opened.ok())
    }

    /// Loads the object as a plain loader would. The indices of the programs it left out, or `None`
    /// when it was refused. Programs that replace a function of another one are left out: libbpf loads
    /// them once it is told the loaded program, which takes a second opening.
    fn whole(&self, instance: &Instance) -> Result<Option<Vec<usize>>, ExerciseError> {
        load::without_replacements(&instance.object).map_err(ExerciseError::Narrow)?;
        let load = load::load(&instance.object, LoadScope::Whole);
        let refused = load.errno.is_some();
        self.send(&FromGuest::Load(load))?;
        self.log(&LogSubject::LoadWhole, !refused)?;
        if refused {
            return Ok(None);
        }
        let mut left = Vec::new();
        let attacher = Attacher::new(instance, &self.fixtures);
        for (index, program) in instance.object.programs().enumerate() {
            if program.info().is_some() {
                self.attach(&attacher, index, program)?;
            } else if !self.is_left_out(&program.name()) {
                left.push(index);
            }
        }
        Ok(Some(left))
    }

    /// How far the object is taken.
    pub(crate) fn level(&self) -> Level {
        self.level
    }

    /// How far a program is taken.
    pub(crate) fn level_of(&self, program: &str) -> Level {
        self.contract().programs.get(program).and_then(|terms| terms.level).unwrap_or(self.level)
    }

    /// Puts a program into its slot of a table of tail calls, if that is where it belongs and nothing else
    /// is declared.
    pub(crate) fn placed(&self, program: Program<'_>) -> Option<Attach> {
        let declared = self.contract().programs.get(&program.name());
        declared.is_none_or(|terms| terms.section.is_none()).then(|| tails::place(program))?
    }

    pub(crate) fn attach(
        &self,
        attacher: &Attacher<'_>,
        index: usize,
        program: Program<'_>,
    ) -> Result<(), ExerciseError> {
        match self.level_of(&program.name()) {
            Level::Load => Ok(()),
            Level::Attach | Level::Behave => {
                if let Some(placed) = self.placed(program) {
                    return self.report_attach(placed);
                }
                let (attach, held) = self.beside_others(attacher, index, program);
                self.held.borrow_mut().extend(held);
                self.report_attach(attach)
            }
        }
    }

    /// Attaches a program beside those that are attached, as a loader does. What does not attach there is
    /// tried once more with nothing beside it: some hooks take one program only, and a program that is
    /// at work may forbid, or hide, what the next one needs.
    fn beside_others(
        &self,
        attacher: &Attacher<'_>,
        index: usize,
        program: Program<'_>,
    ) -> (Attach, Option<Box<dyn Hold>>) {
        let held = self.held.borrow().len();
        if held == HELD_MAX {
            self.detach();
        } else if held > 0 {
            let (attach, held) = attacher.attach(index, program);
            if attach.outcome == AttachOutcome::Attached {
                return (attach, held);
            }
            self.detach();
            self.forget();
        }
        attacher.attach(index, program)
    }

    pub(crate) fn report_attach(&self, attach: Attach) -> Result<(), ExerciseError> {
        let subject = LogSubject::Attach(attach.program.clone());
        let failed = matches!(attach.outcome, AttachOutcome::Failed(_));
        self.send(&FromGuest::Attach(attach))?;
        self.log(&subject, !failed)
    }

    /// Keeps an object open for as long as programs of it are attached.
    pub(crate) fn keep(&self, instance: Instance) {
        self.held.borrow_mut().push(Box::new(instance));
    }

    /// Lets go of the programs that are attached, first attached first, then of their object.
    pub(crate) fn detach(&self) {
        drop(self.held.take());
    }

    /// Opens the object once more. What libbpf says of it was sent the first time.
    pub(crate) fn reopen(&self) -> Result<Instance, ExerciseError> {
        self.detach();
        let instance = self.specimen.open().map_err(ExerciseError::Reopen)?;
        self.forget();
        Ok(instance)
    }

    pub(crate) fn send(&self, message: &FromGuest) -> Result<(), ExerciseError> {
        self.audience.hear(message)
    }

    /// Ends a step whose log nobody needs.
    pub(crate) fn forget(&self) {
        drop(self.recorder.take(true));
    }

    /// Ends a step: sends what libbpf said during it.
    pub(crate) fn log(&self, subject: &LogSubject, succeeded: bool) -> Result<(), ExerciseError> {
        self.send_log(subject, self.recorder.take(succeeded))
    }

    pub(crate) fn send_log(&self, subject: &LogSubject, log: Log) -> Result<(), ExerciseError> {
        send_log(self.audience, subject, log)
    }
}

/// Sends a log in pieces.
pub(crate) fn send_log(to: &dyn Audience, subject: &LogSubject, log: Log) -> Result<(), ExerciseError> {
    log.into_pieces(subject).into_iter().try_for_each(|piece| to.hear(&FromGuest::Log(piece)))
}
