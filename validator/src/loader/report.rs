//! What a loader says, as the messages libbpf's exercise sends.

use super::protocol::{Attempt, Refusal, Said, Setting, Size};
use crate::exercise::{ExerciseError, send_log};
use crate::log::{Log, one_message};
use crate::symbols;
use crate::sys::libbpf;
use channel::Link;
use domain::errno::Errno;
use domain::evidence::{
    Attach, AttachOutcome, Load, LoadScope, Loaded, LogSubject, MapCreate, NotApplied, Open, ProgramFact,
    Unable,
};
use domain::level::Level;
use domain::message::{FromGuest, Job};
use std::collections::BTreeSet;

/// Longest sentence or name that is kept, in bytes.
const WORDS_BYTES_MAX: usize = 2048;

/// Holds a loader to the order of the protocol, and sends on what it says.
#[derive(Debug)]
pub(super) struct Report<'a> {
    link: &'a Link,
    job: &'a Job,
    stage: Stage,
    told: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Begun,
    Opened,
    /// A program was told of, so all maps were created.
    Loading,
    Over,
}

/// Why a message was not kept: the rule it broke.
type Broken = String;

impl<'a> Report<'a> {
    pub(super) fn new(link: &'a Link, job: &'a Job) -> Self {
        Self { link, job, stage: Stage::Begun, told: BTreeSet::new() }
    }

    /// Sends on one message, unless it breaks a rule.
    pub(super) fn take(&mut self, said: Said) -> Result<Result<(), Broken>, ExerciseError> {
        match (said, self.stage) {
            (Said::Hello { loader, .. }, _) => self.send(&FromGuest::Loader(bounded(loader)))?,
            (Said::Opened { maps, applied, not_applied }, Stage::Begun) => {
                if maps.len() > crate::exercise::MAPS_MAX {
                    return Ok(Err("told of too many maps".to_owned()));
                }
                self.stage = Stage::Opened;
                let applied = applied.into_iter().map(bounded).collect();
                let not_applied = not_applied.into_iter().map(NotApplied::from).collect();
                self.send(&FromGuest::Opened(Open {
                    programs: self.programs(),
                    maps,
                    applied,
                    not_applied,
                    ..Open::default()
                }))?;
                let symbols = symbols::of(&self.programs());
                if !symbols.is_empty() {
                    self.send(&FromGuest::Symbols(symbols))?;
                }
            }
            (Said::Refused(refusal), Stage::Begun) => {
                self.stage = Stage::Over;
                let (errno, unable) = split(&refusal);
                self.send(&FromGuest::Opened(Open { errno, unable, ..Open::default() }))?;
                self.log(&LogSubject::Open, None, &refusal)?;
            }
            (Said::Refused(refusal), Stage::Opened) => {
                self.stage = Stage::Over;
                self.load(LoadScope::Whole, vec![], &refusal)?;
                self.log(&LogSubject::LoadWhole, None, &refusal)?;
            }
            (Said::Map { name, refusal }, Stage::Opened) => {
                let Some(errno) = refusal.errno else {
                    return Ok(Err(format!("refused map `{}` without errno", bounded(name))));
                };
                let map = bounded(name);
                self.send(&FromGuest::Map(MapCreate {
                    map: map.clone(),
                    errno: Some(Errno(errno)),
                    without_flags: None,
                }))?;
                self.log(&LogSubject::Map(map), None, &refusal)?;
            }
            (Said::Program { name, size, refusal }, Stage::Opened | Stage::Loading) => {
                return self.program(name, size, &refusal);
            }
            (Said::Attach(attempt), Stage::Loading) => return self.attach(attempt),
            (_, stage) => return Ok(Err(format!("spoke out of turn, at stage {stage:?}"))),
        }
        Ok(Ok(()))
    }

    fn program(
        &mut self,
        name: String,
        size: Size,
        refusal: &Refusal,
    ) -> Result<Result<(), Broken>, ExerciseError> {
        if !self.job.programs.iter().any(|known| known.name == name) {
            return Ok(Err(format!("told of program `{}`, which the object has not", bounded(name))));
        }
        if !self.told.insert(name.clone()) {
            return Ok(Err(format!("told of program `{name}` twice")));
        }
        if self.stage == Stage::Opened {
            self.stage = Stage::Loading;
            self.load(LoadScope::Whole, vec![], &Refusal::default())?;
        }
        let loaded = Loaded {
            program: name.clone(),
            verified_instructions: size.verified_instructions,
            translated_bytes: size.translated_bytes,
            jited_bytes: size.jited_bytes,
        };
        let loaded = if refusal.is_one() { vec![] } else { vec![loaded] };
        self.load(LoadScope::Alone(name.clone()), loaded, refusal)?;
        self.log(&LogSubject::LoadAlone(name.clone()), Some(&name), refusal)?;
        Ok(Ok(()))
    }

    fn attach(&self, attach: Attempt) -> Result<Result<(), Broken>, ExerciseError> {
        let Attempt { name, hook, how, errno, not_tried, says } = attach;
        if !self.told.contains(&name) {
            return Ok(Err(format!("attached `{}` without loading it", bounded(name))));
        }
        let outcome = match (errno, not_tried) {
            (Some(errno), _) => AttachOutcome::Failed(Errno(errno)),
            (None, Some(why)) => AttachOutcome::NotAttempted(bounded(why)),
            (None, None) => AttachOutcome::Attached,
        };
        let (program, hook, how) = (name.clone(), bounded(hook), bounded(how));
        self.send(&FromGuest::Attach(Attach { program, hook, how, outcome }))?;
        let words = Refusal { says, ..Refusal::default() };
        self.log(&LogSubject::Attach(name), None, &words)?;
        Ok(Ok(()))
    }

    /// Everything was said.
    pub(super) fn finish(mut self) -> Result<(), ExerciseError> {
        if self.stage == Stage::Opened {
            self.stage = Stage::Loading;
            self.load(LoadScope::Whole, vec![], &Refusal::default())?;
        }
        if self.job.level == Level::Behave && self.stage == Stage::Loading {
            let says = "checks are run on what libbpf loaded, not on what other loaders did";
            self.send(&FromGuest::NoChecks(says.to_owned()))?;
        }
        Ok(())
    }

    /// The job's programs with what libbpf and the contract know of them.
    fn programs(&self) -> Vec<ProgramFact> {
        let fact = |one: &ProgramFact| {
            let declared = self.job.contract.programs.get(&one.name).and_then(|terms| terms.autoload);
            let kind = libbpf::kind_of_section(&one.section).unwrap_or_default();
            ProgramFact { kind, autoload: declared.unwrap_or(one.autoload), ..one.clone() }
        };
        self.job.programs.iter().map(fact).collect()
    }

    fn load(&self, scope: LoadScope, loaded: Vec<Loaded>, refusal: &Refusal) -> Result<(), ExerciseError> {
        let (errno, unable) = split(refusal);
        self.send(&FromGuest::Load(Load {
            scope,
            errno,
            unable,
            loaded,
            counts: vec![],
            took_us: 0,
            refused_at: None,
        }))
    }

    /// The loader's words, and the verifier's as the message that libbpf would make of them.
    fn log(
        &self,
        subject: &LogSubject,
        verified: Option<&str>,
        refusal: &Refusal,
    ) -> Result<(), ExerciseError> {
        let mut log = Log::new(self.job.log_bytes_max);
        if !refusal.says.is_empty() {
            log.push(format!("{}\n", refusal.says).as_bytes());
        }
        match verified {
            Some(name) if !refusal.log.is_empty() => {
                let (begin, end) = ("-- BEGIN PROG LOAD LOG --", "-- END PROG LOAD LOG --");
                let message = format!("libbpf: prog '{name}': {begin}\n{}\n{end}\n", refusal.log);
                log.push(&one_message(message.as_bytes()));
            }
            _ => log.push(refusal.log.as_bytes()),
        }
        send_log(self.link, subject, log)
    }

    fn send(&self, message: &FromGuest) -> Result<(), ExerciseError> {
        Ok(self.link.send(message)?)
    }
}

impl From<Setting> for NotApplied {
    fn from(Setting { subject, setting }: Setting) -> Self {
        Self { subject: bounded(subject), setting: bounded(setting), errno: Errno::EOPNOTSUPP }
    }
}

/// The kernel's answer, or else why the loader gave up.
fn split(refusal: &Refusal) -> (Option<Errno>, Option<Unable>) {
    let errno = refusal.errno.map(Errno);
    let gave_up = errno.is_none() && refusal.is_one();
    let says = if refusal.says.is_empty() { "it does not say why".to_owned() } else { refusal.says.clone() };
    let unable = || Unable { says: bounded(says), missing: refusal.missing.clone().map(bounded) };
    (errno, gave_up.then(unable))
}

fn bounded(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(WORDS_BYTES_MAX));
    text
}
