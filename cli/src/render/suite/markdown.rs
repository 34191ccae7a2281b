//! The matrix of a suite and what is wrong in it as Markdown, for a comment on a change or a build summary.

use super::table::Grid;
use super::{Told, baseline_lines, summary};
use crate::exit::Exit;
use crate::render::markdown::{cell, code};
use crate::render::reason::headline;
use crate::render::table;
use domain::verdict::Verdict;

/// The whole document.
pub(crate) fn report(told: &Told<'_>) -> String {
    let exit = Exit::of_run(told.verdict()).code();
    let mut text = format!("### bpfcompat: {}: {}; exit {exit}\n\n", cell(&told.suite.name), summary(told));
    let grid = Grid::of(told);
    let columns: String = grid.columns.iter().map(|kernel| format!(" {} |", cell(kernel))).collect();
    text.push_str(&format!("| case |{columns}\n|---|{}\n", "---|".repeat(grid.columns.len())));
    for (row, name) in grid.rows.iter().enumerate() {
        let places = (0..grid.columns.len()).map(|column| format!(" {} |", cell(&grid.at(row, column).0)));
        text.push_str(&format!("| {} |{}\n", cell(name), places.collect::<String>()));
    }
    for case in told.cases.iter().filter(|case| case.verdict != Verdict::Passes) {
        text.push_str(&format!("\n**{}**\n\n", cell(&case.case.name)));
        let matrix = match &case.run {
            Ok(matrix) => matrix,
            Err(says) => {
                text.push_str(&format!("{}\n", cell(says)));
                continue;
            }
        };
        for note in case.notes() {
            text.push_str(&format!("- {}\n", cell(&note)));
        }
        for reason in case.reasons() {
            let object = cell(&matrix.objects[reason.object].label);
            let kernels = cell(&table::kernels(matrix, &reason.kernels));
            let (why, says) = (code(&headline(reason.cause)), cell(&reason.cause.says));
            text.push_str(&format!("- {object} on {kernels}: `{why}` {says}\n"));
        }
    }
    let baseline: String =
        baseline_lines(&told.review).iter().map(|line| format!("- {}\n", cell(line))).collect();
    if baseline.is_empty() { text } else { text + "\n" + &baseline }
}
