//! The JSON report of a suite, `bpfcompat.suite/1`: fields never change meaning, new ones may be added.
//! `docs/schema/suite-report-1.json` describes it and a test holds both together.

use super::{Told, ToldCase};
use crate::exit::Exit;
use crate::render::json;
use domain::verdict::Verdict;
use insight::suite::baseline::Failure;
use insight::suite::gate::Standing;
use serde::Serialize;

/// The name of the format, first in every report.
const SCHEMA: &str = "bpfcompat.suite/1";

/// The report of a suite. `controller` is how the caller reached it: a URL, or `local`.
pub(crate) fn report(told: &Told<'_>, controller: &str) -> String {
    let count = |verdict| told.cases.iter().filter(|case| case.verdict == verdict).count();
    let report = Report {
        schema: SCHEMA,
        name: &told.suite.name,
        controller,
        cases: told.cases.iter().map(|case| of_case(case, controller)).collect(),
        baseline: Baseline {
            known: told.count(|standing| *standing == Standing::Known),
            fixed: &told.review.fixed,
            unasked: &told.review.unasked,
        },
        summary: Summary {
            works: told.verdict() == Verdict::Passes,
            exit_code: Exit::of_run(told.verdict()).code(),
            cases: told.cases.len(),
            work: count(Verdict::Passes),
            do_not: count(Verdict::Fails),
            unknown: told.cases.len() - count(Verdict::Passes) - count(Verdict::Fails),
        },
    };
    serde_json::to_string_pretty(&report).expect("texts, numbers and lists always encode") + "\n"
}

#[derive(Serialize)]
struct Report<'a, R> {
    schema: &'a str,
    name: &'a str,
    controller: &'a str,
    cases: Vec<Case<'a, R>>,
    baseline: Baseline<'a>,
    summary: Summary,
}

#[derive(Serialize)]
struct Case<'a, R> {
    name: &'a str,
    verdict: &'static str,
    exit_code: u8,
    /// Why there is no run.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a str>,
    /// In the order of the cells of the run's report.
    cells: Vec<Cell<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<R>,
}

#[derive(Serialize)]
struct Cell<'a> {
    object: &'a str,
    kernel: &'a str,
    loader: &'a str,
    environment: &'a str,
    verdict: &'static str,
    stands: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    says: Option<&'a str>,
}

#[derive(Serialize)]
struct Baseline<'a> {
    known: usize,
    fixed: &'a [Failure],
    unasked: &'a [Failure],
}

#[derive(Serialize)]
struct Summary {
    works: bool,
    exit_code: u8,
    cases: usize,
    work: usize,
    do_not: usize,
    unknown: usize,
}

fn of_case<'a>(told: &'a ToldCase<'_>, controller: &'a str) -> Case<'a, impl Serialize + use<'a>> {
    let matrix = told.run.as_ref().ok();
    let cells = matrix.into_iter().flat_map(|matrix| matrix.cells.iter().map(move |cell| (matrix, cell)));
    let cells = cells.zip(&told.standings).map(|((matrix, cell), standing)| Cell {
        object: &matrix.objects[cell.object].name,
        kernel: &matrix.kernels[cell.kernel].wire.id,
        loader: &cell.wire.loader,
        environment: &matrix.objects[cell.object].environment,
        verdict: cell.verdict().name(),
        stands: standing.name(),
        until: if let Standing::Excused(until) = standing { Some(until) } else { None },
        says: match standing {
            Standing::Wrong(says) if !says.is_empty() => Some(says),
            _ => None,
        },
    });
    Case {
        name: &told.case.name,
        verdict: told.verdict.name(),
        exit_code: Exit::of_run(told.verdict).code(),
        failure: told.run.as_ref().err().copied(),
        cells: cells.collect(),
        report: matrix.map(|matrix| json::of(matrix, controller)),
    }
}
