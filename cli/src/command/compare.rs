//! `bpfcompat compare BASE HEAD`

use super::{Context, follow, runs};
use crate::args::comparison::{self, Source};
use crate::args::ready::Reports;
use crate::args::typed;
use crate::connection::Connection;
use crate::exit::{Exit, Failure};
use crate::local::Crew;
use crate::render::comparison::{Told, json, markdown, terminal};
use crate::render::json as report;
use crate::render::matrix::Matrix;
use insight::compare::{Report, Thresholds, compare};
use proto::wire;

/// Reads both answers, compares and renders. Files are read before anything is started.
pub(super) async fn run(context: &Context, typed: &typed::Compare) -> Result<Exit, Failure> {
    let (json, markdown) = (typed.json.clone(), typed.markdown.clone());
    let reports = typed::Reports { json, markdown, ..typed::Reports::default() };
    let reports = Reports::check(&reports).map_err(Failure::misuse)?;
    let base = comparison::source(&typed.base).map_err(Failure::misuse)?;
    let head = comparison::source(&typed.head).map_err(Failure::misuse)?;
    let [base, head] = answers(context, [base, head]).await?;
    let thresholds = Thresholds { percent: typed.percent, least: typed.least };
    let comparison = compare(&base, &head, thresholds);
    let outcome = comparison.outcome(&typed.fail_on);
    let told = Told {
        comparison: &comparison,
        base: (&typed.base, &base.run.id),
        head: (&typed.head, &head.run.id),
        fail_on: &typed.fail_on,
        thresholds,
        exit: Exit::of_comparison(outcome),
    };
    follow::print(&terminal::text(&told, context.paint_for(reports.take_stdout()), typed.stats), &reports)?;
    if let Some(output) = &reports.json {
        output.write(&json::document(&told)).map_err(Failure::environment)?;
    }
    if let Some(output) = &reports.markdown {
        output.write(&markdown::document(&told)).map_err(Failure::environment)?;
    }
    Ok(told.exit)
}

/// Both answers as reports; a controller is asked only for runs.
async fn answers(context: &Context, sources: [Source; 2]) -> Result<[Report; 2], Failure> {
    let sources = match sources {
        [Source::File(base), Source::File(head)] => return Ok([base, head]),
        sources => sources,
    };
    let status = context.status();
    let opened = Connection::open(&context.settings, Crew::Controller, &status, &context.stop).await;
    status.clear();
    let mut connection = opened?;
    let mut reports = Vec::new();
    for source in sources {
        let report = match source {
            Source::File(report) => Ok(report),
            Source::Run(run) => of_run(&mut connection, &run).await,
        };
        reports.push(report);
    }
    connection.close().await?;
    let mut reports = reports.into_iter();
    let mut next = || reports.next().expect("there is one for each source");
    Ok([next()?, next()?])
}

/// A run, read like the report that it would write.
async fn of_run(connection: &mut Connection, run: &str) -> Result<Report, Failure> {
    let response = runs::get(&mut connection.services, run).await?;
    let bare = wire::Run::default();
    let matrix = Matrix::new(&response, response.run.as_ref().unwrap_or(&bare));
    let text = report::report(&matrix, &connection.name);
    Report::read(text.as_bytes()).map_err(|error| Failure::environment(format!("run {run}: {error}")))
}
