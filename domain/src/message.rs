//! The conversation with the validator inside a guest.
//!
//! ```text
//! worker                                validator
//!   | boots the kernel                      |
//!   |  <------------------------  Ready     |   mounts done, modules and fixtures up
//!   :  (here a template is frozen, and every clone begins)
//!   |  Job  ------------------------->      |
//!   |  <------------------------  Took      |   from this guest's memory: which boot it is
//!   |  <------------------------  Modules   |   only if the job brought some
//!   |  <--------------------  Environment   |   or Unavailable, and then Finished
//!   |  <------------------------  Opened    |
//!   |  <----------------  Map, Load, Log …  |   as they happen, so a dying guest leaves a trace
//!   |  <----------------  Attached …        |
//!   |  <------------------------  Finished  |
//!   | kills the guest                       |
//! ```

use crate::axis::{Axes, Loader};
use crate::check::{CheckRun, GlobalPlace};
use crate::command::CommandEvidence;
use crate::contract::{Contract, GlobalBytes};
use crate::digest::Digest;
use crate::evidence::{
    Attach, Environment, KernelFacts, LineCosts, Load, LogSubject, MapCreate, ModuleLoad, Open,
    PrivilegedLoad, ProgramFact, Symbol,
};
use crate::level::Level;
use crate::offers::Offers;
use serde::{Deserialize, Serialize};

/// 32 random bytes that prove which boot and which job an answer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nonce(pub [u8; 32]);

/// The two nonces of one guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nonces {
    /// Given at boot, returned with `Ready`.
    pub boot: Nonce,
    /// Given with the job, returned with `Finished`.
    pub job: Nonce,
}

/// What the worker tells a guest at boot, before any job exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot {
    /// Kept in guest memory only and returned with `Ready` and `Took`: proves which boot answers.
    pub nonce: Nonce,
    /// Paths of modules inside the initramfs, in load order.
    pub modules: Vec<String>,
}

/// A kernel module that a job brings along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// The kernel's name of it, for example `nf_conntrack`.
    pub name: String,
    /// The plain `.ko` file.
    pub file: Vec<u8>,
}

/// A file of an external loader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoaderFile {
    /// Where it lies in the guest, as on its worker.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The question put to one guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Returned with `Took` and `Finished`: proves that the answer belongs to this job.
    pub nonce: Nonce,
    /// Seconds since the Unix epoch on the worker, to set the guest's clock.
    pub unix_seconds: i64,
    /// 32 random bytes for the guest's random number generator.
    pub entropy: [u8; 32],
    /// How far every program should be taken.
    pub level: Level,
    /// What is to load the object.
    pub loader: Loader,
    /// What it is to work in.
    pub axes: Axes,
    /// The object's programs as they were read outside the guest, for a loader that does not tell their
    /// sections; libbpf does.
    pub programs: Vec<ProgramFact>,
    /// What is declared of its loader.
    pub contract: Box<Contract>,
    /// The contract's globals as they stand in this object's memory.
    pub globals: Vec<GlobalBytes>,
    /// The object's file name, which libbpf uses as prefix of map names.
    pub object_name: String,
    /// Digest of `object`, checked by the validator before it is opened.
    pub object_digest: Digest,
    /// The ELF itself.
    pub object: Vec<u8>,
    /// An external loader: the program first, then the libraries it needs.
    pub loader_files: Vec<LoaderFile>,
    /// Modules to load before the object is opened, in this order.
    pub modules: Vec<Module>,
    /// Where the global variables stand whose values are expected.
    pub places: Vec<GlobalPlace>,
    /// Bytes kept of each log before compression; more is counted but dropped.
    pub log_bytes_max: u32,
}

/// Messages to a guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToGuest {
    /// Given at boot.
    Boot(Boot),
    /// Given once per guest.
    Job(Box<Job>),
}

/// One piece of a log. Pieces of one log come in order and are one zlib stream together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPiece {
    /// What was being done when the log was written.
    pub subject: LogSubject,
    /// Bytes of the whole log before compression, also of what was dropped.
    pub raw_bytes: u64,
    /// Whether the middle of the log was dropped to stay under the job's limit.
    pub cut: bool,
    /// A piece of the zlib stream.
    pub deflated: Vec<u8>,
    /// Whether this is the last piece.
    pub last: bool,
}

/// Messages from a guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromGuest {
    /// The guest is up.
    Ready {
        /// The nonce given at boot.
        boot_nonce: Nonce,
        /// What the validator sees of its kernel.
        facts: KernelFacts,
        /// What the kernel offers, from a guest that is to be a template.
        offers: Option<Box<Offers>>,
    },
    /// The guest read its job and is a guest of its own. The first word of a clone, whose `Ready` its template said.
    Took {
        /// The nonce of the boot this guest descends from, out of its memory.
        boot_nonce: Nonce,
        /// The nonce of the job.
        job_nonce: Nonce,
        /// What the guest's kernel drew at random once it was reseeded: no two guests draw the same.
        drawn: [u8; 16],
    },
    /// What came of loading the job's modules, in their order.
    Modules(Vec<ModuleLoad>),
    /// The environment was made as it was asked for.
    Environment(Environment),
    /// This kernel cannot give the environment that was asked for; the text says what is missing.
    Unavailable(String),
    /// The version a loader other than libbpf tells of itself, before it opens the object.
    Loader(String),
    /// The object was opened, or not.
    Opened(Open),
    /// What is known of the functions that its programs hook, apart from their names.
    Symbols(Vec<Symbol>),
    /// One map was created on its own, or not.
    Map(MapCreate),
    /// The object, or one program of it, was loaded, or not.
    Load(Load),
    /// One program that was refused was loaded with all capabilities, or not.
    Privileged(PrivilegedLoad),
    /// One program was attached, or not.
    Attach(Attach),
    /// The walk through one program, by source line.
    LineCosts(LineCosts),
    /// These programs are attached at once while the checks run.
    Live(Vec<String>),
    /// One check was run.
    Check(CheckRun),
    /// The command was run.
    Command(CommandEvidence),
    /// No check can be run in this guest; the text says why.
    NoChecks(String),
    /// A piece of a log.
    Log(LogPiece),
    /// The job could not be begun; nothing was learnt about the object.
    Refused {
        /// Why.
        says: String,
    },
    /// The job is over and everything was said.
    Finished {
        /// The nonce of the job.
        job_nonce: Nonce,
    },
}
