//! `bpfcompat test OBJECT...`

use super::Context;
use super::follow::{self, Screen};
use crate::args::object::ObjectFile;
use crate::args::ready::{self, Question, Reports};
use crate::args::typed;
use crate::connection::Connection;
use crate::exit::{Exit, Failure};
use crate::local::Crew;
use crate::remote::{Services, refusal, soon};
use crate::render::matrix::Matrix;
use crate::render::{printable, table};
use domain::contract::Manifest;
use domain::digest::Digest;
use proto::{PIECE_BYTES, wire};

/// Asks, follows, renders. Everything typed is checked before anything is started.
pub(super) async fn run(context: &Context, typed: &typed::Test) -> Result<Exit, Failure> {
    let question = context.unless_stopped(ready::question(typed, &context.settings)).await?;
    let reports = Reports::check(&typed.reports);
    answer(context, &question, &reports.map_err(Failure::misuse)?, typed.stats).await
}

/// Asks, follows and renders what is ready.
pub(super) async fn answer(
    context: &Context,
    question: &Question,
    reports: &Reports,
    counted: bool,
) -> Result<Exit, Failure> {
    for line in &question.skipped {
        eprintln!("{}", printable(line));
    }
    let status = context.status();
    let kernels: Vec<_> = question.selectors().map(|selector| (None, selector)).collect();
    let crew = Crew::WithWorker { kernels: &kernels };
    let opened = Connection::open(&context.settings, crew, &status, &context.stop).await;
    status.clear();
    let mut connection = opened?;
    let answered = ask(context, &mut connection.services, question, Screen::new(context)).await;
    let name = connection.name.clone();
    let closed = connection.close().await;
    let response = answered?;
    closed?;
    report(context, &response, &name, question, reports, counted)
}

/// Uploads, submits and follows; a run that is not followed to its end is cancelled.
pub(super) async fn ask(
    context: &Context,
    services: &mut Services,
    question: &Question,
    screen: Screen,
) -> Result<wire::GetRunResponse, Failure> {
    let mut objects = Vec::new();
    for object in &question.objects {
        objects.push(upload(services, object, question.manifest.contract.command.is_some()).await?);
    }
    let timeout_ms = question.timeout.map_or(0, |timeout| timeout.as_millis());
    let request = soon(wire::SubmitRunRequest {
        objects,
        kernels: question.kernels.to_string(),
        optional_kernels: question.optional.as_ref().map(ToString::to_string).unwrap_or_default(),
        level: wire::Level::from(question.level).into(),
        fresh: question.fresh,
        attended: true,
        cell_timeout_ms: u32::try_from(timeout_ms).unwrap_or(u32::MAX),
        manifest: declared(&question.manifest),
        loaders: question.loaders.iter().map(ToString::to_string).collect(),
        axes: question.environments.iter().map(Into::into).collect(),
        try_remedies: question.try_remedies,
    });
    let submitted = services.runs.submit_run(request).await.map_err(|status| refusal(&status))?;
    let id = submitted.into_inner().run.unwrap_or_default().id;
    let labels: Vec<(Digest, String)> =
        question.objects.iter().map(|object| (object.digest, object.label.clone())).collect();
    let request = wire::WatchRunRequest { id: id.clone(), attends: true };
    match follow::follow_on(screen, context, services, request, &labels).await {
        Ok(response) => Ok(response),
        Err(failure) => {
            let cancelled = services.runs.cancel_run(soon(wire::CancelRunRequest { id: id.clone() })).await;
            let outcome = match cancelled {
                Ok(_) => "was cancelled".to_owned(),
                Err(status) => format!("could not be cancelled: {}", status.message()),
            };
            Err(Failure::environment(format!("{failure}; run {id} {outcome}")))
        }
    }
}

/// What is declared, as the controller reads it.
fn declared(manifest: &Manifest) -> Vec<u8> {
    if *manifest == Manifest::default() {
        return Vec::new();
    }
    serde_json::to_vec(manifest).expect("plain data always encodes")
}

/// Sends one object in pieces and returns its digest.
async fn upload(services: &mut Services, object: &ObjectFile, command: bool) -> Result<Vec<u8>, Failure> {
    let named = wire::UploadObjectRequest { name: object.name.clone(), data: Vec::new(), command };
    let pieces = object.bytes.chunks(PIECE_BYTES);
    let pieces =
        pieces.map(|piece| wire::UploadObjectRequest { name: String::new(), data: piece.to_vec(), command });
    let messages: Vec<_> = std::iter::once(named).chain(pieces).collect();
    let uploaded = services.runs.upload_object(soon(tokio_stream::iter(messages))).await;
    uploaded.map_err(|status| refusal(&status))?;
    Ok(object.digest.0.to_vec())
}

fn report(
    context: &Context,
    response: &wire::GetRunResponse,
    controller: &str,
    question: &Question,
    reports: &Reports,
    counted: bool,
) -> Result<Exit, Failure> {
    let bare = wire::Run::default();
    let mut matrix = Matrix::new(response, response.run.as_ref().unwrap_or(&bare));
    matrix.came_from(&question.objects);
    follow::print(&table::run(&matrix, context.look(reports.take_stdout()), counted), reports)?;
    follow::write(&matrix, controller, reports, counted)?;
    Ok(Exit::of_run(matrix.verdict()))
}
