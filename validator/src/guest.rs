//! The life of a guest, from its first mount to the answer.

use crate::clock;
use crate::environment;
use crate::exercise::{Exercise, ExerciseError, send_log};
use crate::kmsg::Mark;
use crate::loader;
use crate::modules;
use crate::mounts;
use crate::own_loader;
use crate::prepare::{Fixtures, prepare};
use crate::probe;
use crate::settle::{put_off_chores, settle};
use crate::symbols;
use crate::sys::kernel;
use channel::{Link, LinkError};
use domain::axis::Loader;
use domain::digest::Digest;
use domain::errno::Errno;
use domain::evidence::LogSubject;
use domain::message::{FromGuest, Job, Nonce};
use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::mem::ManuallyDrop;

/// Why a guest has nothing to say about its object.
#[derive(Debug, thiserror::Error)]
enum JobError {
    #[error("the object's digest is {got}, the job says {asked}: it was damaged on its way")]
    Digest { got: Digest, asked: Digest },
    #[error("the clock could not be set: {0}")]
    Clock(#[source] nix::Error),
    #[error("/dev/urandom could not be read")]
    Random(#[source] std::io::Error),
    #[error("the random number generator could not be reseeded: {0}")]
    Reseed(Errno),
    #[error("the loader's capabilities could not be set: {0}")]
    Bounds(Errno),
    #[error("the kernel's messages could not be read")]
    Messages(#[source] std::io::Error),
    #[error("the object could not be exercised")]
    Exercise(#[from] ExerciseError),
    #[error("the conversation with the worker broke")]
    Link(#[from] LinkError),
}

/// Gets ready, takes the job and answers it. An error is one that the worker cannot be told.
pub(crate) fn serve(warm_up: fn()) -> Result<(), LinkError> {
    let lacks = mounts::mount_all();
    put_off_chores();
    let mut link = Link::open()?;
    let last_word = match converse(&mut link, lacks, warm_up) {
        Ok(job_nonce) => FromGuest::Finished { job_nonce },
        Err(error) => FromGuest::Refused { says: whole_chain(&error) },
    };
    link.send(&last_word)
}

fn converse(link: &mut Link, lacks: Vec<String>, warm_up: fn()) -> Result<Nonce, JobError> {
    let boot = link.boot()?;
    let (fixtures, mut facts) = prepare(&boot.modules, lacks, warm_up);
    // Opened for all clones at once, and never closed: the guest ends with its job.
    let random = OpenOptions::new().read(true).write(true).open("/dev/urandom").map_err(JobError::Random)?;
    let random = ManuallyDrop::new(random);
    if let Err(error) = symbols::learn() {
        facts.lacks.push(format!("the kernel's symbols cannot be read: {error}"));
    }
    // A guest that waits is to be a template.
    let waits = !link.has_job()?;
    let offers = waits.then(|| Box::new(probe::offers()));
    if waits {
        settle();
    }
    let mark = Mark::now();
    link.send(&FromGuest::Ready { boot_nonce: boot.nonce, facts, offers })?;
    let job = link.job()?;
    let drawn = begin_anew(&job, &random)?;
    link.send(&FromGuest::Took { boot_nonce: boot.nonce, job_nonce: job.nonce, drawn })?;
    answer(link, &job, fixtures, mark)?;
    Ok(job.nonce)
}

/// Gives the guest a time and random numbers of its own: its memory may be that of many others. Yields
/// the first bytes it draws.
fn begin_anew(job: &Job, mut random: &File) -> Result<[u8; 16], JobError> {
    clock::set(job.unix_seconds).map_err(JobError::Clock)?;
    kernel::reseed(random, job.entropy).map_err(JobError::Reseed)?;
    let mut drawn = [0; 16];
    random.read_exact(&mut drawn).map_err(JobError::Random)?;
    Ok(drawn)
}

fn answer(
    link: &Link,
    job: &Job,
    fixtures: Fixtures,
    mut mark: std::io::Result<Mark>,
) -> Result<(), JobError> {
    let got = Digest::of(&job.object);
    if got != job.object_digest {
        return Err(JobError::Digest { got, asked: job.object_digest });
    }
    if !job.modules.is_empty() {
        link.send(&FromGuest::Modules(modules::load(&job.modules)))?;
        // What a module prints while it is loaded is not the object's doing.
        mark = Mark::now();
    }
    let mark = mark.map_err(JobError::Messages)?;
    let apart = job.contract.command.is_some() || job.loader != Loader::Libbpf;
    let (environment, bounds, fixtures) = match environment::make(&job.axes, fixtures, apart) {
        Ok(made) => made,
        Err(says) => return Ok(link.send(&FromGuest::Unavailable(says))?),
    };
    link.send(&FromGuest::Environment(environment))?;
    match &job.contract.command {
        Some(command) => link.send(&FromGuest::Command(own_loader::run(job, command, bounds)))?,
        None if job.loader != Loader::Libbpf => loader::exercise(link, job, bounds)?,
        None => {
            bounds.enter().map_err(JobError::Bounds)?;
            // What is attached and loaded at the end stays so: the guest ends with its job.
            let exercise = ManuallyDrop::new(Exercise::new(link, job, fixtures, bounds));
            let _loaded = ManuallyDrop::new(exercise.run()?);
            bounds.leave().map_err(JobError::Bounds)?;
        }
    }
    let messages = mark.read(job.log_bytes_max);
    Ok(send_log(link, &LogSubject::Kernel, messages)?)
}

/// An error and its causes in one line.
pub(crate) fn whole_chain(error: &dyn std::error::Error) -> String {
    let mut says = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        says = format!("{says}: {error}");
        cause = error.source();
    }
    says
}
