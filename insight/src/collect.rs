//! Folding what a validator says into evidence, while holding it to the protocol.
//!
//! In: messages that already are well-formed frames, still hostile in order, number and content. Out:
//! [`Evidence`] that can always be sealed. A guest that breaks a rule ends the conversation, and what it said
//! before is kept, because it was observed. Deliberately absent: judgement.

mod inflate;
mod step;

pub use inflate::InflateError;
pub use step::Step;

use crate::object::PROGRAMS_MAX;
use crate::splat;
use crate::text::{printable, sentence};
use domain::JOB_MODULES_MAX;
use domain::axis::{Axes, Loader};
use domain::check::{CHECKS_MAX, CheckRun, Saw};
use domain::command::{CommandEvidence, FOUND_MAX};
use domain::contract::Contract;
use domain::evidence::{
    Attach, Behaviour, End, Environment, Evidence, Guest, KernelFacts, LineCosts, Load, Log, LogSubject,
    MapCreate, ModuleLoad, Modules, Open, PrivilegedLoad, Splat, Symbol,
};
use domain::message::{FromGuest, LogPiece, Nonce, Nonces};
use domain::offers::{NoOffers, Offers};
use inflate::Inflater;
use serde::Serialize;

/// Bytes of one log the validator is told to keep, before compression; it drops the middle of a
/// longer one. The longest log seen, of a program of a million verified instructions, has 13 MB
/// and deflates to half a megabyte.
pub const LOG_BYTES_MAX: u32 = 16 * 1024 * 1024;

/// What one log may inflate to: the limit the validator was told, and the line it puts in place
/// of what it dropped.
const LOG_INFLATED_BYTES_MAX: usize = LOG_BYTES_MAX as usize + 4096;

/// Bytes of text kept of all logs together. An honest guest can exceed it, with hundreds of
/// rejected programs, so later logs are then marked as cut instead of ending the conversation.
const LOGS_BYTES_MAX: usize = 48 * 1024 * 1024;

/// Records of one kind: programs, maps, loads, attach attempts or logs. Of an object with as many programs and maps
/// as are exercised, every one may be refused with the whole, then alone, and then each has a log; candidates of
/// alternatives are tried before.
const RECORDS_MAX: usize = 4 * PROGRAMS_MAX;

/// What everything but the text of logs may take in the sealed evidence, in bytes. An object with
/// as many programs and maps as the validator exercises takes a few mebibytes.
const RECORDS_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Largest JSON of one cell's evidence, in bytes: twice the 48 MiB of logs that are kept, because
/// JSON escapes, 3 MiB of console, 16 MiB of records, and room to spare. No guest can exceed it.
pub const EVIDENCE_BYTES_MAX: usize = 128 * 1024 * 1024;

/// How a guest broke the protocol.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Offence {
    /// The first message was not `Ready`.
    #[error("it spoke before it said Ready")]
    BeforeReady,
    /// `Ready` came twice, or from a clone, whose template said it.
    #[error("it said Ready twice")]
    ReadyTwice,
    /// Something else came before `Took`.
    #[error("it answered before it took its job")]
    BeforeTook,
    /// `Took` came twice.
    #[error("it took its job twice")]
    TookTwice,
    /// `Ready`, `Took` or `Finished` carried a nonce that was not given to this guest.
    #[error("it answered with the nonce of another {0}")]
    WrongNonce(&'static str),
    /// A record of a load, map or attach attempt before the object was opened.
    #[error("it reported on an object it had not opened")]
    BeforeOpened,
    /// Modules were reported twice, or after the object was opened.
    #[error("it loaded its job's modules twice or too late")]
    ModulesAgain,
    /// The environment was made twice, or after the object was opened.
    #[error("it made its job's environment twice or too late")]
    EnvironmentAgain,
    /// The object was opened twice.
    #[error("it opened the object twice")]
    OpenedTwice,
    /// A command was run twice.
    #[error("it ran its command twice")]
    CommandAgain,
    /// Too many records.
    #[error("it sent more than {0} {1}")]
    TooMany(usize, &'static str),
    /// Too many bytes of records.
    #[error("it sent records of more than {RECORDS_BYTES_MAX} bytes")]
    TooLong,
    /// A piece of one log came before the last piece of another.
    #[error("it mixed the pieces of two logs")]
    MixedLogs,
    /// `Finished` came before the last piece of a log.
    #[error("it finished in the middle of a log")]
    UnfinishedLog,
    /// What its kernel offers is beyond the limits.
    #[error(transparent)]
    Offers(#[from] NoOffers),
    /// A log could not be inflated.
    #[error(transparent)]
    Inflate(#[from] InflateError),
}

/// What one guest said so far.
#[derive(Debug)]
pub struct Collector {
    nonces: Nonces,
    // What the guest drew at random, once it took its job.
    drawn: Option<[u8; 16]>,
    nonce_ok: bool,
    kernel: Option<KernelFacts>,
    loader_version: String,
    environment: Option<Environment>,
    unavailable: Option<String>,
    modules: Option<Vec<ModuleLoad>>,
    offers: Offers,
    open: Option<Open>,
    symbols: Vec<Symbol>,
    maps: Vec<MapCreate>,
    loads: Vec<Load>,
    privileged: Vec<PrivilegedLoad>,
    attaches: Vec<Attach>,
    line_costs: Vec<LineCosts>,
    behaviour: Option<Behaviour>,
    command: Option<CommandEvidence>,
    records_bytes: usize,
    logs: Vec<Log>,
    logs_bytes: usize,
    unfinished: Option<Unfinished>,
}

/// A log whose last piece has not come.
struct Unfinished {
    piece: LogPiece,
    inflater: Inflater,
}

impl std::fmt::Debug for Unfinished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unfinished").field("subject", &self.piece.subject).finish_non_exhaustive()
    }
}

impl Collector {
    /// A collector for the guest that was given these nonces; `kernel` is what its template saw,
    /// if it is a clone.
    pub fn new(nonces: Nonces, kernel: Option<KernelFacts>) -> Self {
        Self {
            nonces,
            drawn: None,
            nonce_ok: false,
            records_bytes: kernel.as_ref().map_or(0, json_bytes),
            kernel,
            loader_version: String::new(),
            environment: None,
            unavailable: None,
            modules: None,
            offers: Offers::default(),
            open: None,
            symbols: Vec::new(),
            maps: Vec::new(),
            loads: Vec::new(),
            privileged: Vec::new(),
            attaches: Vec::new(),
            line_costs: Vec::new(),
            behaviour: None,
            command: None,
            logs: Vec::new(),
            logs_bytes: 0,
            unfinished: None,
        }
    }

    /// Takes the next message; yields how the conversation ended if this one ended it.
    ///
    /// # Errors
    /// The rule the guest broke. The message is then not part of the evidence; earlier ones are.
    pub fn take(&mut self, message: FromGuest) -> Result<Option<End>, Offence> {
        self.in_order(&message)?;
        match message {
            FromGuest::Ready { boot_nonce, facts, offers } => {
                Self::check("boot", boot_nonce, self.nonces.boot)?;
                self.weigh(&(&facts, &offers))?;
                let offers = offers.map(|offers| *offers).unwrap_or_default();
                offers.check()?;
                self.kernel = Some(facts);
                self.offers = offers;
            }
            FromGuest::Took { boot_nonce, job_nonce, drawn } => {
                Self::check("boot", boot_nonce, self.nonces.boot)?;
                Self::check("job", job_nonce, self.nonces.job)?;
                self.drawn = Some(drawn);
            }
            FromGuest::Modules(modules) => self.take_modules(modules)?,
            FromGuest::Environment(environment) => self.take_environment(environment)?,
            FromGuest::Unavailable(says) => self.unavailable = Some(sentence(&says)),
            FromGuest::Loader(version) => self.loader_version = sentence(&version),
            FromGuest::Opened(open) => {
                if self.open.is_some() {
                    return Err(Offence::OpenedTwice);
                }
                if open.programs.len().max(open.maps.len()) > PROGRAMS_MAX {
                    return Err(Offence::TooMany(PROGRAMS_MAX, "programs or maps"));
                }
                self.weigh(&open)?;
                self.open = Some(open);
            }
            FromGuest::Symbols(symbols) => {
                self.opened()?.weigh(&symbols)?;
                self.symbols = symbols;
            }
            FromGuest::Map(map) => self.opened()?.keep(map, |all| &mut all.maps, "maps")?,
            FromGuest::Load(load) => self.opened()?.keep(load, |all| &mut all.loads, "loads")?,
            FromGuest::Privileged(load) => {
                self.opened()?.keep(load, |all| &mut all.privileged, "loads")?;
            }
            FromGuest::Attach(attach) => {
                self.opened()?.keep(attach, |all| &mut all.attaches, "attach attempts")?;
            }
            FromGuest::LineCosts(costs) => {
                self.opened()?.keep(costs, |all| &mut all.line_costs, "line costs")?;
            }
            FromGuest::Live(live) => {
                self.opened()?.weigh(&live)?;
                self.behaviour.get_or_insert_default().live = live;
            }
            FromGuest::Check(check) => self.opened()?.take_check(check)?,
            FromGuest::Command(command) => self.take_command(command)?,
            FromGuest::NoChecks(says) => {
                self.opened()?.behaviour.get_or_insert_default().hindered = Some(sentence(&says));
            }
            FromGuest::Log(piece) => self.take_piece(piece)?,
            FromGuest::Refused { says } => return Ok(Some(End::Refused(sentence(&says)))),
            FromGuest::Finished { job_nonce } => {
                Self::check("job", job_nonce, self.nonces.job)?;
                if self.unfinished.is_some() {
                    return Err(Offence::UnfinishedLog);
                }
                self.nonce_ok = true;
                return Ok(Some(End::Finished));
            }
        }
        Ok(None)
    }

    /// Holds the guest to `Ready`, `Took`, everything else.
    fn in_order(&self, message: &FromGuest) -> Result<(), Offence> {
        let (ready, took) = (self.kernel.is_some(), self.drawn.is_some());
        match message {
            FromGuest::Ready { .. } if ready => Err(Offence::ReadyTwice),
            FromGuest::Ready { .. } => Ok(()),
            FromGuest::Took { .. } if took => Err(Offence::TookTwice),
            _ if !ready => Err(Offence::BeforeReady),
            // A job that cannot be read is refused before it is taken.
            FromGuest::Took { .. } | FromGuest::Refused { .. } => Ok(()),
            _ if !took => Err(Offence::BeforeTook),
            _ => Ok(()),
        }
    }

    fn check(which: &'static str, got: Nonce, given: Nonce) -> Result<(), Offence> {
        if got == given { Ok(()) } else { Err(Offence::WrongNonce(which)) }
    }

    /// What the guest saw of its kernel and what that offers, once it said `Ready`.
    pub fn into_kernel(self) -> Option<(KernelFacts, Offers)> {
        Some((self.kernel?, self.offers))
    }

    /// What the guest is doing, judged by what it said last.
    pub fn step(&self) -> Step {
        match &self.open {
            _ if self.drawn.is_none() => Step::Boot,
            None => Step::Open,
            Some(_) if self.behaviour.is_some() => Step::Behave,
            Some(_) if self.attaches.is_empty() => Step::Load,
            Some(_) => Step::Attach,
        }
    }

    /// The evidence. `console` is the whole console, `since_took` what came after it took its job;
    /// what is known of its nonces and random numbers is filled into `guest` here. The guest is not asked for
    /// loader, environment and contract it was given: whoever gave them knows them.
    pub fn into_evidence(mut self, guest: Guest, console: String, since_took: &str, end: End) -> Evidence {
        if let Some(Unfinished { mut piece, inflater }) = self.unfinished.take() {
            piece.cut = true;
            self.keep_log(&piece, &inflater.abandon());
        }
        Evidence {
            guest: Guest {
                nonce_ok: self.nonce_ok,
                drawn: self.drawn.map(hex::encode).unwrap_or_default(),
                loader_version: self.loader_version,
                environment: self.environment,
                ..guest
            },
            kernel: self.kernel.filter(|_| self.drawn.is_some()),
            loader: Loader::default(),
            axes: Axes::default(),
            unavailable: self.unavailable,
            contract: Contract::default(),
            modules: Modules { loads: self.modules.unwrap_or_default(), ..Modules::default() },
            open: self.open,
            symbols: self.symbols,
            maps: self.maps,
            loads: self.loads,
            privileged: self.privileged,
            attaches: self.attaches,
            behaviour: self.behaviour,
            command: self.command.map(Box::new),
            splats: splats(&self.logs, since_took),
            line_costs: self.line_costs,
            logs: self.logs,
            console,
            end,
        }
    }

    fn opened(&mut self) -> Result<&mut Self, Offence> {
        if self.open.is_some() { Ok(self) } else { Err(Offence::BeforeOpened) }
    }

    /// Counts what is kept, before it is.
    fn weigh(&mut self, record: &impl Serialize) -> Result<(), Offence> {
        let bytes = self.records_bytes.saturating_add(json_bytes(record));
        if bytes > RECORDS_BYTES_MAX {
            return Err(Offence::TooLong);
        }
        self.records_bytes = bytes;
        Ok(())
    }

    fn keep<T: Serialize>(
        &mut self,
        record: T,
        among: impl Fn(&mut Self) -> &mut Vec<T>,
        kind: &'static str,
    ) -> Result<(), Offence> {
        if among(self).len() == RECORDS_MAX {
            return Err(Offence::TooMany(RECORDS_MAX, kind));
        }
        self.weigh(&record)?;
        among(self).push(record);
        Ok(())
    }

    fn take_modules(&mut self, modules: Vec<ModuleLoad>) -> Result<(), Offence> {
        if self.modules.is_some() || self.open.is_some() {
            return Err(Offence::ModulesAgain);
        }
        if modules.len() > JOB_MODULES_MAX {
            return Err(Offence::TooMany(JOB_MODULES_MAX, "modules"));
        }
        self.weigh(&modules)?;
        self.modules = Some(modules);
        Ok(())
    }

    fn take_environment(&mut self, environment: Environment) -> Result<(), Offence> {
        if self.environment.is_some() || self.open.is_some() {
            return Err(Offence::EnvironmentAgain);
        }
        self.weigh(&environment)?;
        self.environment = Some(environment);
        Ok(())
    }

    /// Keeps what was observed of a command, made printable.
    fn take_command(&mut self, mut command: CommandEvidence) -> Result<(), Offence> {
        if self.command.is_some() {
            return Err(Offence::CommandAgain);
        }
        if command.loaded.len().max(command.left.len()) > FOUND_MAX {
            return Err(Offence::TooMany(FOUND_MAX, "programs and maps of a command"));
        }
        for output in [&mut command.run.stdout, &mut command.run.stderr] {
            output.text = printable(output.text.as_bytes());
        }
        for found in command.loaded.iter_mut().chain(&mut command.left) {
            found.name = sentence(&found.name);
        }
        command.hindered = command.hindered.map(|says| sentence(&says));
        self.weigh(&command)?;
        self.command = Some(command);
        Ok(())
    }

    /// Keeps what was observed of a check, with what its command wrote made printable.
    fn take_check(&mut self, mut check: CheckRun) -> Result<(), Offence> {
        for output in [&mut check.command.stdout, &mut check.command.stderr] {
            output.text = printable(output.text.as_bytes());
        }
        for saw in &mut check.saw {
            if let Saw::Nothing(says) = saw {
                *says = sentence(says);
            }
        }
        self.weigh(&check)?;
        let checks = &mut self.behaviour.get_or_insert_default().checks;
        if checks.len() == CHECKS_MAX {
            return Err(Offence::TooMany(CHECKS_MAX, "checks"));
        }
        checks.push(check);
        Ok(())
    }

    fn take_piece(&mut self, mut piece: LogPiece) -> Result<(), Offence> {
        if self.logs.len() == RECORDS_MAX {
            return Err(Offence::TooMany(RECORDS_MAX, "logs"));
        }
        let deflated = std::mem::take(&mut piece.deflated);
        let mut log = match self.unfinished.take() {
            Some(log) if log.piece.subject != piece.subject => {
                return Err(self.broke_off(log, Offence::MixedLogs));
            }
            Some(log) => Unfinished { piece, inflater: log.inflater },
            None => {
                self.weigh(&piece)?;
                Unfinished { piece, inflater: Inflater::new(LOG_INFLATED_BYTES_MAX) }
            }
        };
        if let Err(error) = log.inflater.push(&deflated) {
            return Err(self.broke_off(log, error.into()));
        }
        if log.piece.last {
            let bytes = log.inflater.finish()?;
            self.keep_log(&log.piece, &bytes);
        } else {
            self.unfinished = Some(log);
        }
        Ok(())
    }

    /// Remembers a log that will not be continued, so that its beginning is part of the evidence.
    fn broke_off(&mut self, log: Unfinished, offence: Offence) -> Offence {
        self.unfinished = Some(log);
        offence
    }

    fn keep_log(&mut self, last: &LogPiece, bytes: &[u8]) {
        let room = LOGS_BYTES_MAX - self.logs_bytes;
        let mut text = printable(&bytes[..bytes.len().min(room)]);
        // What is not printable grows when it is replaced.
        let cut = last.cut || room < bytes.len().max(text.len());
        text.truncate(text.floor_char_boundary(room));
        self.logs_bytes += text.len();
        self.logs.push(Log { subject: last.subject.clone(), text, raw_bytes: last.raw_bytes, cut });
    }
}

/// Kernel trouble of one guest: from its kernel log, which covers exactly the job, if it lived to send it; else
/// from `console`, which is what it printed since it took its job. Never from both, or every splat would count
/// twice.
fn splats(logs: &[Log], console: &str) -> Vec<Splat> {
    let kernel = logs.iter().find(|log| log.subject == LogSubject::Kernel && !log.cut);
    splat::find(&splat::Policy::built_in(), kernel.map_or(console, |log| &log.text))
}

/// Bytes that a part of evidence takes in the whole before compression.
fn json_bytes(part: &impl Serialize) -> usize {
    let mut counted = Counted(0);
    serde_json::to_writer(&mut counted, part).map_or(usize::MAX, |()| counted.0)
}

/// Counts what is written.
struct Counted(usize);

impl std::io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
