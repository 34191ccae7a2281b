//! `bpfcompat runs list|show|watch|cancel`

use super::{Context, follow};
use crate::args::ready::Reports;
use crate::args::typed::Runs;
use crate::connection::Connection;
use crate::exit::{Exit, Failure};
use crate::local::Crew;
use crate::remote::{Services, refusal, soon};
use crate::render::matrix::Matrix;
use crate::render::{list, table};
use proto::wire;
use uuid::Uuid;

/// Runs looked through for the start of an id.
const PREFIX_RUNS_MAX: u32 = 500;

/// Does what was asked of runs.
pub(super) async fn run(context: &Context, verb: &Runs) -> Result<Exit, Failure> {
    let reports = match verb {
        Runs::Show { reports, .. } => Reports::check(reports).map_err(Failure::misuse)?,
        Runs::List { .. } | Runs::Watch { .. } | Runs::Cancel { .. } => Reports::default(),
    };
    let status = context.status();
    let mut connection =
        Connection::open(&context.settings, Crew::Controller, &status, &context.stop).await?;
    status.clear();
    let ended = match verb {
        Runs::List { limit } => list(context, &mut connection.services, *limit).await,
        Runs::Show { run, stats, .. } => show(context, &mut connection, run, &reports, *stats).await,
        Runs::Watch { run } => watch(context, &mut connection, run).await,
        Runs::Cancel { run } => cancel(context, &mut connection.services, run).await,
    };
    connection.close().await?;
    ended
}

async fn list(context: &Context, services: &mut Services, limit: u32) -> Result<Exit, Failure> {
    super::print(&list::runs(&recent(services, limit).await?, context.paint()))
}

async fn show(
    context: &Context,
    connection: &mut Connection,
    run: &str,
    reports: &Reports,
    counted: bool,
) -> Result<Exit, Failure> {
    let response = get(&mut connection.services, run).await?;
    let bare = wire::Run::default();
    let matrix = Matrix::new(&response, response.run.as_ref().unwrap_or(&bare));
    let shown = follow::print(&table::run(&matrix, context.look(reports.take_stdout()), counted), reports)?;
    follow::write(&matrix, &connection.name, reports, counted)?;
    Ok(shown)
}

/// The run of this id, or of one that begins so.
pub(super) async fn get(services: &mut Services, run: &str) -> Result<wire::GetRunResponse, Failure> {
    let id = full_id(services, run).await?;
    let response = services.runs.get_run(soon(wire::GetRunRequest { id })).await;
    Ok(response.map_err(|status| refusal(&status))?.into_inner())
}

async fn watch(context: &Context, connection: &mut Connection, run: &str) -> Result<Exit, Failure> {
    let id = full_id(&mut connection.services, run).await?;
    let request = wire::WatchRunRequest { id: id.clone(), attends: false };
    let response = follow::follow(context, &mut connection.services, request, &[]).await?;
    let bare = wire::Run::default();
    let matrix = Matrix::new(&response, response.run.as_ref().unwrap_or(&bare));
    super::print(&table::run(&matrix, context.look(false), false))?;
    Ok(Exit::of_run(matrix.verdict()))
}

async fn cancel(context: &Context, services: &mut Services, run: &str) -> Result<Exit, Failure> {
    let id = full_id(services, run).await?;
    let answer = services.runs.cancel_run(soon(wire::CancelRunRequest { id })).await;
    let run = answer.map_err(|status| refusal(&status))?.into_inner().run;
    super::print(&list::runs(run.as_slice(), context.paint()))
}

async fn recent(services: &mut Services, limit: u32) -> Result<Vec<wire::Run>, Failure> {
    let request = soon(wire::ListRunsRequest { limit, before: String::new() });
    let answer = services.runs.list_runs(request).await.map_err(|status| refusal(&status))?;
    Ok(answer.into_inner().runs)
}

/// The id that begins with what was typed, among recent runs. A whole id is taken as it is.
async fn full_id(services: &mut Services, typed: &str) -> Result<String, Failure> {
    if Uuid::parse_str(typed).is_ok() {
        return Ok(typed.to_owned());
    }
    let runs = recent(services, PREFIX_RUNS_MAX).await?;
    let wanted = typed.to_lowercase();
    let mut found =
        runs.into_iter().map(|run| run.id).filter(|id| !wanted.is_empty() && id.starts_with(&wanted));
    match (found.next(), found.count()) {
        (Some(id), 0) => Ok(id),
        (Some(_), more) => Err(Failure::misuse(format!(
            "`{typed}` begins the ids of {} runs; give more of the id",
            more + 1
        ))),
        (None, _) => Err(Failure::misuse(format!(
            "no recent run has an id that begins with `{typed}`; see `bpfcompat runs list`"
        ))),
    }
}
