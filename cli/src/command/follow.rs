//! Following a run until it is over.

use super::Context;
use crate::args::ready::Reports;
use crate::exit::{Exit, Failure};
use crate::remote::{Services, refusal};
use crate::render::live::Live;
use crate::render::matrix::Matrix;
use crate::render::paint::Paint;
use crate::render::progress::Progress;
use crate::render::suite::board::Board;
use crate::render::{badge, html, json, junit, markdown, sarif};
use console::Term;
use domain::digest::Digest;
use proto::wire;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tonic::{Code, Status, Streaming};

/// How often the picture is drawn when nothing happens, so that the seconds go on.
const TICK: Duration = Duration::from_millis(500);
/// Times a broken stream is opened again, in a row without any message.
const RECONNECTS_MAX: u32 = 5;
/// Pause before opening it again. Five of them stay below the half minute that the controller
/// keeps an attended run without a watcher.
const RECONNECT_PAUSE: Duration = Duration::from_secs(2);

/// Follows a run, showing it on stderr, until it is over or the caller asks to stop.
/// `labels` replace the names of objects, and say their order.
///
/// # Errors
/// When the controller goes away, or the caller asks to stop; the run itself goes on.
pub(super) async fn follow(
    context: &Context,
    services: &mut Services,
    request: wire::WatchRunRequest,
    labels: &[(Digest, String)],
) -> Result<wire::GetRunResponse, Failure> {
    follow_on(Screen::new(context), context, services, request, labels).await
}

/// Follows a run as [`follow`] does, showing it somewhere else.
///
/// # Errors
/// As [`follow`].
pub(super) async fn follow_on(
    screen: Screen,
    context: &Context,
    services: &mut Services,
    request: wire::WatchRunRequest,
    labels: &[(Digest, String)],
) -> Result<wire::GetRunResponse, Failure> {
    let mut following =
        Following { response: wire::GetRunResponse::default(), labels: labels.to_vec(), screen };
    let mut broken = 0;
    loop {
        let ended = tokio::select! {
            ended = following.read(services, request.clone(), &mut broken) => ended,
            () = context.stop.cancelled() => {
                following.screen.clear();
                return Err(Failure::environment("stopped by you"));
            }
        };
        match ended {
            Ok(()) if following.is_over() => break,
            Err(status) if !is_passing(&status) || broken >= RECONNECTS_MAX => {
                following.screen.clear();
                return Err(refusal(&status));
            }
            Ok(()) if broken >= RECONNECTS_MAX => {
                following.screen.clear();
                return Err(Failure::environment("the controller stops answering before the run is over"));
            }
            Ok(()) | Err(_) => {
                broken += 1;
                tokio::time::sleep(RECONNECT_PAUSE).await;
            }
        }
    }
    following.screen.clear();
    Ok(following.response)
}

/// Whether asking again may help.
fn is_passing(status: &Status) -> bool {
    matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Cancelled | Code::Internal)
}

/// Prints for people: on stdout, or on stderr when stdout belongs to a program.
pub(super) fn print(text: &str, reports: &Reports) -> Result<Exit, Failure> {
    if reports.take_stdout() {
        eprint!("{text}");
        return Ok(Exit::Works);
    }
    super::print(text)
}

/// Writes the reports that were asked for. `controller` is how the caller reached it.
pub(super) fn write(
    matrix: &Matrix<'_>,
    controller: &str,
    reports: &Reports,
    counted: bool,
) -> Result<(), Failure> {
    let written: [(_, &dyn Fn() -> String); 6] = [
        (&reports.json, &|| json::report(matrix, controller)),
        (&reports.markdown, &|| markdown::report(matrix, counted)),
        (&reports.junit, &|| junit::report(matrix)),
        (&reports.sarif, &|| sarif::report(matrix)),
        (&reports.html, &|| html::page(matrix, counted)),
        (&reports.badge, &|| badge::picture(matrix)),
    ];
    for (output, render) in written {
        if let Some(output) = output {
            output.write(&render()).map_err(Failure::environment)?;
        }
    }
    Ok(())
}

/// The run as told so far.
struct Following {
    response: wire::GetRunResponse,
    labels: Vec<(Digest, String)>,
    screen: Screen,
}

/// Where it is shown.
pub(super) enum Screen {
    /// Redrawn in place.
    Live(Live, Instant),
    /// A line for each cell.
    Log(Progress, Paint),
    /// As one of the cases on a board that others share.
    Case(Arc<Board>, usize, Progress),
}

impl Following {
    /// Reads one stream to its end. `broken` starts again with every message.
    async fn read(
        &mut self,
        services: &mut Services,
        request: wire::WatchRunRequest,
        broken: &mut u32,
    ) -> Result<(), Status> {
        let mut stream: Streaming<_> = services.runs.watch_run(request).await?.into_inner();
        let mut ticks = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                message = stream.message() => match message? {
                    Some(message) => {
                        *broken = 0;
                        self.take(message);
                        self.show();
                    }
                    None => return Ok(()),
                },
                _ = ticks.tick() => self.show(),
            }
        }
    }

    fn take(&mut self, message: wire::WatchRunResponse) {
        self.response.run = message.run.or_else(|| self.response.run.take());
        if !message.objects.is_empty() {
            self.response.objects = message.objects;
            self.name_objects();
        }
        if !message.kernels.is_empty() {
            self.response.kernels = message.kernels;
        }
        if !message.manifest.is_empty() {
            self.response.manifest = message.manifest;
        }
        for cell in message.cells {
            match self.response.cells.iter_mut().find(|known| known.id == cell.id) {
                Some(known) => *known = cell,
                None => self.response.cells.push(cell),
            }
        }
    }

    /// The controller stores an object once, under the name it first had, and sorts by digest;
    /// people find theirs by the name and order they typed.
    fn name_objects(&mut self) {
        let place = |object: &wire::Object| {
            self.labels.iter().position(|(digest, _)| digest.0.as_slice() == object.digest)
        };
        for object in &mut self.response.objects {
            if let Some(at) = place(object) {
                object.name.clone_from(&self.labels[at].1);
            }
        }
        self.response.objects.sort_by_key(place);
    }

    fn is_over(&self) -> bool {
        let state = self.response.run.as_ref().map_or(wire::RunState::Unspecified, wire::Run::state);
        matches!(state, wire::RunState::Finished | wire::RunState::Cancelled)
    }

    fn show(&mut self) {
        let Some(run) = &self.response.run else { return };
        let matrix = Matrix::new(&self.response, run);
        match &mut self.screen {
            Screen::Live(live, since) => live.draw(&matrix, since.elapsed()),
            Screen::Case(board, case, progress) => board.show(*case, &matrix, progress),
            Screen::Log(progress, paint) => {
                for line in progress.lines(&matrix, *paint) {
                    eprintln!("{line}");
                }
            }
        }
    }
}

impl Screen {
    /// A screen for one run.
    pub(super) fn new(context: &Context) -> Self {
        let paint = context.paint_err();
        if context.is_live() {
            Self::Live(Live::new(Term::buffered_stderr(), paint), Instant::now())
        } else {
            Self::Log(Progress::default(), paint)
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Live(live, _) => live.clear(),
            Self::Log(..) | Self::Case(..) => {}
        }
    }
}
