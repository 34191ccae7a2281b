//! Asking the running kernel about an object before it is loaded.
//!
//! In: an object and what its loader declares of it. Out: a [`Report`], made by the same judge from the same
//! kind of evidence as that of a guest; or a [`RefusedError`], which is about anything but the object.
//!
//! It runs in a process and on a machine of somebody else: nothing is mounted, pinned, attached or raised, no
//! module is loaded, no setting changed, nothing written; and what was loaded to see whether it can be is gone
//! when it returns. Deliberately absent: attaching, checks and commands, which would disturb that machine.

mod fold;
mod options;
mod permission;
mod report;

pub use options::Options;
pub use report::Report;

use crate::exercise::{Exercise, ExerciseError};
use crate::facts;
use crate::guest::whole_chain;
use crate::sys::memory;
use crate::sys::print::Listening;
use domain::level::Level;
use fold::Fold;
use insight::judge::judge;
use insight::manifest::ManifestError;
use insight::object::ObjectError;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use time::OffsetDateTime;

/// One caller at a time: libbpf's messages have one way out of a process.
static TURN: Mutex<()> = Mutex::new(());

/// Why nothing can be said about the object.
#[derive(Debug, thiserror::Error)]
pub enum RefusedError {
    /// The bytes are no eBPF object.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// The object has no such part, or none that can be set so.
    #[error(transparent)]
    Options(#[from] ManifestError),
    /// The contract is that of a command.
    #[error("the contract declares a command, which runs in guests only: take it out")]
    Command,
    /// The kernel does not answer to this thread. `missing` are the capabilities that it lacks; there may be
    /// other reasons, and the text names them.
    #[error("the kernel gives this thread no answer about the object: {says}")]
    NotPermitted {
        /// Capabilities, by the kernel's names.
        missing: Vec<&'static str>,
        /// One sentence.
        says: String,
    },
    /// The time was over before everything was tried.
    #[error("not everything was tried within {0:?}: allow more time, or ask about fewer programs")]
    Late(Duration),
    /// It could not be tried.
    #[error("the object could not be tried: {0}")]
    NotTried(String),
}

impl RefusedError {
    /// As the command line ends: 3 for misuse, 2 for what could not be told.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Object(_) | Self::Options(_) | Self::Command => 3,
            Self::NotPermitted { .. } | Self::Late(_) | Self::NotTried(_) => 2,
        }
    }
}

/// Asks the running kernel whether it takes an object, and why not.
///
/// The object is opened and loaded with libbpf as its contract says, whole and, where the kernel refuses
/// that, each map and each program alone. Everything is let go before this returns, of which the kernel frees
/// some a moment later.
///
/// # Errors
/// [`RefusedError`]: bad input, of which the kernel was not asked; or no answer. Neither says anything about
/// the object.
pub fn validate_before_load(object: &[u8], options: &Options) -> Result<Report, RefusedError> {
    let job = options.job(object)?;
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let begun = Instant::now();
    permission::ask()?;
    let _listening = Listening::begin();
    memory::keep_limit();
    let fold = Fold::new(facts::collect(Vec::new(), Vec::new()), begun.checked_add(options.deadline))?;
    let exercise = Exercise::on_host(&fold, &job, options.programs.as_ref());
    let ran = exercise.run().map(drop);
    drop(exercise);
    match ran {
        Ok(()) => {}
        Err(ExerciseError::Late) => return Err(RefusedError::Late(options.deadline)),
        Err(error) => return Err(RefusedError::NotTried(whole_chain(&error))),
    }
    let evidence = fold.into_evidence(*job.contract)?;
    let cell = judge(&evidence, Level::Load, OffsetDateTime::now_utc().date());
    permission::believe(&evidence, cell.verdict)?;
    Ok(Report::new(evidence, cell))
}
