//! `bpfcompat explain RUN`

mod evidence;

use super::{Context, runs};
use crate::args::output::Output;
use crate::args::report;
use crate::args::typed;
use crate::connection::Connection;
use crate::exit::{Exit, Failure};
use crate::local::Crew;
use crate::remote::Services;
use crate::render::explain::{self, Chosen};
use crate::render::matrix::Matrix;
use domain::kernel::Kernel;
use domain::selector::Selector;
use proto::wire;
use std::path::Path;

/// Explains cells of a run that a controller knows, or of a report in a file. What a report does not have, its
/// controller does: the evidence.
pub(super) async fn run(context: &Context, typed: &typed::Explain) -> Result<Exit, Failure> {
    let output = typed.evidence.as_deref().map(|path| Output::check("--evidence", path)).transpose();
    let output = output.map_err(Failure::misuse)?;
    if typed.log && output == Some(Output::Stdout) {
        return Err(Failure::misuse(
            "--log and `--evidence -` both write to stdout; name a file for --evidence",
        ));
    }
    // Ids have neither, reports nearly always have one.
    let is_file = typed.run.contains(['.', '/']) || Path::new(&typed.run).is_file();
    let read = is_file.then(|| report::read(Path::new(&typed.run)).map_err(Failure::misuse)).transpose()?;
    let (text, json) = match read {
        Some(response) if !typed.log && output.is_none() => (explained(context, &response, typed)?, None),
        read => {
            let status = context.status();
            let mut connection =
                Connection::open(&context.settings, Crew::Controller, &status, &context.stop).await?;
            status.clear();
            let told = told(context, &mut connection.services, read, typed).await;
            connection.close().await?;
            told?
        }
    };
    if let (Some(output), Some(json)) = (&output, &json) {
        output.write(json).map_err(Failure::environment)?;
    }
    // What goes to stdout is for a program, if the evidence does.
    if output == Some(Output::Stdout) { Ok(Exit::Works) } else { super::print(&text) }
}

/// What a controller has of the cells that are meant: the text for people, and the evidence if it is asked for.
async fn told(
    context: &Context,
    services: &mut Services,
    read: Option<wire::GetRunResponse>,
    typed: &typed::Explain,
) -> Result<(String, Option<String>), Failure> {
    let response = match read {
        Some(response) => response,
        None => runs::get(services, &typed.run).await?,
    };
    if !typed.log && typed.evidence.is_none() {
        return Ok((explained(context, &response, typed)?, None));
    }
    let bare = wire::Run::default();
    let matrix = Matrix::new(&response, response.run.as_ref().unwrap_or(&bare));
    let chosen = chosen(&matrix, typed).map_err(Failure::misuse)?;
    let all = evidence::of(services, &explain::meant(&matrix, &chosen)).await?;
    let text = if typed.log {
        evidence::logs(&matrix, &all, chosen.program, context.look(false))
    } else {
        explain::cells(&matrix, &chosen, context.look(false))
    };
    Ok((text, typed.evidence.is_some().then(|| evidence::json(&all))))
}

fn explained(
    context: &Context,
    response: &wire::GetRunResponse,
    typed: &typed::Explain,
) -> Result<String, Failure> {
    let bare = wire::Run::default();
    let matrix = Matrix::new(response, response.run.as_ref().unwrap_or(&bare));
    let chosen = chosen(&matrix, typed).map_err(Failure::misuse)?;
    Ok(explain::cells(&matrix, &chosen, context.look(false)))
}

/// What was typed, as rows and columns of the matrix.
fn chosen<'t>(matrix: &Matrix<'_>, typed: &'t typed::Explain) -> Result<Chosen<'t>, String> {
    let objects = match &typed.object {
        None => Vec::new(),
        Some(wanted) => rows(matrix, wanted)?,
    };
    let kernels = match &typed.kernel {
        None => Vec::new(),
        Some(wanted) => columns(matrix, wanted)?,
    };
    let program = typed.program.as_deref();
    let verdicts = matrix.cells.iter().filter_map(|cell| cell.wire.verdict.as_ref());
    let mut names: Vec<&str> = verdicts
        .flat_map(|verdict| {
            let programs = verdict.programs.iter().map(|program| program.name.as_str());
            programs.chain(verdict.maps.iter().map(|map| map.name.as_str()))
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    match program {
        Some(wanted) if !names.contains(&wanted) => {
            Err(format!("--program: the run has no program or map `{wanted}`; {}", known(&names)))
        }
        Some(_) | None => Ok(Chosen { objects, kernels, program }),
    }
}

fn rows(matrix: &Matrix<'_>, wanted: &str) -> Result<Vec<usize>, String> {
    let rows: Vec<usize> = (0..matrix.objects.len())
        .filter(|at| {
            let object = &matrix.objects[*at];
            object.name == wanted || object.label == wanted || object.wire.name == wanted
        })
        .collect();
    if rows.is_empty() {
        let names: Vec<&str> = matrix.objects.iter().map(|object| object.label.as_str()).collect();
        return Err(format!("--object: the run has no object `{wanted}`; {}", known(&names)));
    }
    Ok(rows)
}

/// The kernel of this id, release, series or label; else those of the run that a selector picks.
fn columns(matrix: &Matrix<'_>, wanted: &str) -> Result<Vec<usize>, String> {
    let is_named = |at: &usize| {
        let kernel = &matrix.kernels[*at];
        let wire = kernel.wire;
        [&kernel.label, &wire.id, &wire.release, &wire.series].into_iter().any(|name| name == wanted)
    };
    let all = 0..matrix.kernels.len();
    let named: Vec<usize> = all.clone().filter(is_named).collect();
    if !named.is_empty() {
        return Ok(named);
    }
    let names: Vec<&str> = matrix.kernels.iter().map(|kernel| kernel.wire.id.as_str()).collect();
    let selector: Selector = wanted.parse().map_err(|error| format!("--kernel: {error}"))?;
    let kernels: Vec<Kernel> =
        matrix.kernels.iter().filter_map(|kernel| Kernel::try_from(kernel.wire.clone()).ok()).collect();
    let picked = selector.select(&kernels);
    let picked = picked
        .map_err(|_| format!("--kernel: the run has no kernel that `{wanted}` picks; {}", known(&names)))?;
    Ok(all.filter(|at| picked.iter().any(|kernel| kernel.id.0 == matrix.kernels[*at].wire.id)).collect())
}

/// Names to choose from; of very many the first.
fn known(names: &[&str]) -> String {
    const NAMED_MAX: usize = 20;
    let more = if names.len() > NAMED_MAX { ", …" } else { "" };
    format!("it has {}{more}", names[..names.len().min(NAMED_MAX)].join(", "))
}
