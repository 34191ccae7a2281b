//! Loaders other than libbpf, each a process that speaks the loader protocol.
//!
//! In: a job whose loader is not libbpf. Out: the same messages as libbpf's exercise sends. A loader is a process
//! of its own, also where its library is built in: whatever it does to itself (a panic, a hang, all memory) is
//! observed like anything else. [`builtin`] are those this program carries; others come with the job.
//!
//! Deliberately absent: a second look at what was refused (each map and program alone, alternatives, checks),
//! which is libbpf's exercise.

mod aya;
mod bpftool;
mod process;
pub(crate) mod protocol;
mod report;
mod terms;

use crate::environment::Bounds;
use crate::exercise::ExerciseError;
use crate::tools;
use channel::Link;
use domain::axis::Loader;
use domain::message::{Job, LoaderFile};
use process::Conversation;
use protocol::{Entry, Said, Task, VERSION};
use report::Report;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, ExitCode};

/// Where the object lies.
const OBJECT: &str = "/tmp/object.bpf.o";
/// This program, as the guest's first process was started.
const SELF: &str = "/proc/self/exe";
/// The word that makes this program a loader: `bpfcompat-validator loader NAME`.
const VERB: &str = "loader";
/// The external loader that this program speaks for.
const BPFTOOL: &str = "bpftool";

/// Why a loader told nothing, or not all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoaderError {
    #[error("{path} could not be written: {source}")]
    Write {
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error("loader `{loader}` {says}")]
    Broken { loader: String, says: String },
}

/// Loads the job's object with the job's loader.
pub(crate) fn exercise(link: &Link, job: &Job, bounds: Bounds) -> Result<(), ExerciseError> {
    let write = |source| LoaderError::Write { path: OBJECT.to_owned(), source };
    std::fs::write(OBJECT, &job.object).map_err(write)?;
    let programs =
        job.programs.iter().map(|one| Entry { name: one.name.clone(), section: one.section.clone() });
    let task = Task {
        version: VERSION,
        object: OBJECT.to_owned(),
        level: job.level,
        programs: programs.collect(),
        contract: (*job.contract).clone(),
        globals: job.globals.clone(),
    };
    let loader = job.loader.name();
    let broken = |says| LoaderError::Broken { loader: loader.to_owned(), says };
    for LoaderFile { path, bytes } in &job.loader_files {
        place(path, bytes).map_err(|source| LoaderError::Write { path: path.clone(), source })?;
    }
    // A program does without a shell, which not every worker has for its guests.
    if job.loader_files.iter().any(|file| file.bytes.starts_with(b"#!")) {
        tools::install().map_err(broken)?;
    }
    let mut command = command(job);
    bounds.confine(&mut command);
    let mut conversation = Conversation::begin(command, &task).map_err(broken)?;
    let mut report = Report::new(link, job);
    while let Some(said) = conversation.next().map_err(broken)? {
        match said {
            Said::Done {} => return report.finish(),
            said => report.take(said).and_then(|kept| kept.map_err(|says| broken(says).into()))?,
        }
    }
    Err(broken(conversation.end()).into())
}

/// Writes a file of an external loader where it lies on its worker too, so that its libraries are found.
fn place(path: &str, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = Path::new(path).parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, bytes)?;
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755))
}

/// What speaks the protocol: this program, also for a bpftool, or the external loader itself.
fn command(job: &Job) -> Command {
    match (&job.loader, job.loader_files.first()) {
        (Loader::External(name), Some(program)) if name != BPFTOOL => Command::new(&program.path),
        (loader, program) => {
            let mut command = Command::new(SELF);
            command.args([VERB, loader.name()]).args(program.map(|program| &program.path));
            command
        }
    }
}

/// Runs as the loader the arguments name, if they name one that is built in. What goes wrong is complained of, and
/// the first process tells it.
pub(crate) fn builtin(arguments: impl Iterator<Item = String>) -> Option<ExitCode> {
    let arguments: Vec<String> = arguments.collect();
    let done = match arguments.as_slice() {
        [verb, name] if verb == VERB && name == Loader::Aya.name() => speak(aya::load),
        [verb, name, program] if verb == VERB && name == BPFTOOL => {
            speak(|task, tell| bpftool::load(program, task, tell))
        }
        _ => return None,
    };
    Some(done.map_or_else(
        |says| {
            eprintln!("{says}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    ))
}

/// Reads the task, lets `load` answer it, and says that all was said.
fn speak(load: impl Fn(&Task, &mut dyn FnMut(Said)) -> Result<(), String>) -> Result<(), String> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|error| error.to_string())?;
    let task: Task = serde_json::from_str(&line).map_err(|error| error.to_string())?;
    let mut tell =
        |said: Said| println!("{}", serde_json::to_string(&said).expect("plain data always encodes"));
    load(&task, &mut tell)?;
    tell(Said::Done {});
    Ok(())
}
