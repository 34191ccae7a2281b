//! The verbs, one file each.
//!
//! In: what was typed and the settings in effect. Out: how the program ends. A verb asks through
//! a [`Connection`](crate::connection::Connection) and renders what comes back; it neither knows
//! whether the controller is far away nor how an answer is found.

mod compare;
mod completions;
mod config;
mod doctor;
mod explain;
mod follow;
mod kernel;
mod kernels;
mod own_loader;
mod runs;
mod suite;
mod test;
mod version;
mod workers;

use crate::args::output;
use crate::args::typed::{Global, Typed, Verb};
use crate::exit::{Exit, Failure};
use crate::render::paint::Paint;
use crate::render::status::Status;
use crate::render::table::{Look, WIDTH_DEFAULT};
use crate::settings::{self, Settings, Surroundings};
use console::Term;
use std::io;
use tokio_util::sync::CancellationToken;

/// What every verb needs to know.
#[derive(Debug)]
struct Context {
    settings: Settings,
    no_color: bool,
    verbose: bool,
    /// Cancelled by the first ctrl-c.
    stop: CancellationToken,
}

/// Does what was typed.
///
/// # Errors
/// `Failure`, to be told to the caller.
pub(crate) async fn run(typed: Typed, stop: CancellationToken) -> Result<Exit, Failure> {
    let Typed { global, verb } = typed;
    match verb {
        Verb::Version => version::run(),
        Verb::Completions { shell } => completions::run(shell),
        Verb::Test(test) => test::run(&Context::new(&global, stop)?, &test).await,
        Verb::Suite(suite) => suite::run(&Context::new(&global, stop)?, &suite).await,
        Verb::Command(command) => own_loader::run(&Context::new(&global, stop)?, &command).await,
        Verb::Compare(comparison) => compare::run(&Context::new(&global, stop)?, &comparison).await,
        Verb::Explain(explain) => explain::run(&Context::new(&global, stop)?, &explain).await,
        Verb::Runs(runs) => runs::run(&Context::new(&global, stop)?, &runs).await,
        Verb::Kernels(kernels) => kernels::run(&Context::new(&global, stop)?, &kernels).await,
        Verb::Workers(workers) => workers::run(&Context::new(&global, stop)?, &workers).await,
        Verb::Doctor(doctor) => doctor::run(&Context::new(&global, stop)?, &doctor).await,
        Verb::Config(verb) => config::run(&Context::new(&global, stop)?, &verb),
    }
}

impl Context {
    fn new(global: &Global, stop: CancellationToken) -> Result<Self, Failure> {
        let settings = settings::read(global, &Surroundings::of_process()).map_err(Failure::misuse)?;
        Ok(Self { settings, no_color: global.no_color, verbose: global.verbose, stop })
    }

    /// What comes of reading inputs, which may have to be fetched, unless the caller asks to stop.
    async fn unless_stopped<T, E: Into<Failure>>(
        &self,
        reading: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Failure> {
        tokio::select! {
            read = reading => read.map_err(Into::into),
            () = self.stop.cancelled() => Err(Failure::environment("stopped by you")),
        }
    }

    /// How to lay out for stdout, or for stderr when stdout belongs to a program.
    fn look(&self, stdout_taken: bool) -> Look {
        let term = if stdout_taken { Term::stderr() } else { Term::stdout() };
        let columns = term.size_checked().map(|(_, columns)| usize::from(columns));
        let paint = Paint::for_term(&term, self.no_color);
        let look = Look::new(columns.unwrap_or(WIDTH_DEFAULT), paint);
        Look { sentences: columns.unwrap_or(usize::MAX), ..look }
    }

    fn paint(&self) -> Paint {
        self.paint_for(false)
    }

    /// Colour for stdout, or for stderr when stdout belongs to a program.
    fn paint_for(&self, stdout_taken: bool) -> Paint {
        self.look(stdout_taken).paint
    }

    fn paint_err(&self) -> Paint {
        Paint::for_term(&Term::stderr(), self.no_color)
    }

    /// Whether stderr is redrawn in place: not when log lines would run through the picture.
    fn is_live(&self) -> bool {
        Term::stderr().is_term() && !self.verbose
    }

    fn status(&self) -> Status {
        Status::new(self.is_live(), self.paint_err())
    }
}

/// Prints for people or programs on stdout.
fn print(text: &str) -> Result<Exit, Failure> {
    written(output::stdout(text))
}

fn written(result: io::Result<()>) -> Result<Exit, Failure> {
    result.map_err(|error| Failure::environment(format!("stdout cannot be written: {error}")))?;
    Ok(Exit::Works)
}
