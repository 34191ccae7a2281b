//! The matrix of a suite and what is wrong in it as Markdown, for a comment on a change or a build summary.

use super::table::Grid;
use super::{Told, ToldCase, baseline_lines, summary};
use crate::exit::Exit;
use crate::render::markdown::{LINES_MAX, ROWS_MAX, because, cell};
use crate::render::paint::Tone;
use crate::render::section::{self, Section};
use domain::verdict::Verdict;

/// The whole document, in at most [`LINES_MAX`] lines.
pub(crate) fn report(told: &Told<'_>) -> String {
    let exit = Exit::of_run(told.verdict()).code();
    let mut lines = vec![
        format!("### bpfcompat: {}: {}; exit {exit}", cell(&told.suite.name), summary(told)),
        String::new(),
    ];
    lines.extend(grid(told));
    let wrong = told.cases.iter().filter(|case| case.verdict != Verdict::Passes);
    let wrong: Vec<String> = wrong.flat_map(why).collect();
    let baseline = baseline_lines(&told.review).iter().map(|line| format!("- {}", cell(line))).collect();
    let sections = vec![Section::new("Why", wrong), Section::new("Baseline", baseline)];
    section::fold(&mut lines, sections, LINES_MAX);
    lines.join("\n") + "\n"
}

/// The rows that are not good everywhere first.
fn grid(told: &Told<'_>) -> Vec<String> {
    let grid = Grid::of(told);
    let columns: String = grid.columns.iter().map(|kernel| format!(" {} |", cell(kernel))).collect();
    let mut lines = vec![format!("| case |{columns}"), format!("|---|{}", "---|".repeat(grid.columns.len()))];
    let places = |row: usize| (0..grid.columns.len()).map(move |column| (row, column));
    let is_good = |row: usize| places(row).all(|(row, column)| matches!(grid.at(row, column).1, Tone::Good));
    let mut rows: Vec<usize> = (0..grid.rows.len()).collect();
    rows.sort_by_key(|row| is_good(*row));
    for row in rows.iter().take(ROWS_MAX) {
        let shown = places(*row).map(|(row, column)| format!(" {} |", cell(&grid.at(row, column).0)));
        lines.push(format!("| {} |{}", cell(&grid.rows[*row]), shown.collect::<String>()));
    }
    if let Some(more @ 1..) = rows.len().checked_sub(ROWS_MAX) {
        lines.push(format!("| and {more} more |"));
    }
    lines
}

/// A line for each thing that is wrong with a case.
fn why(case: &ToldCase<'_>) -> Vec<String> {
    let name = cell(&case.case.name);
    let matrix = match &case.run {
        Ok(matrix) => matrix,
        Err(says) => return vec![format!("- {name}: {}", cell(says))],
    };
    let notes = case.notes().into_iter().map(|note| cell(&note));
    let reasons = case.reasons();
    let reasons = reasons.iter().map(|reason| because(matrix, reason));
    notes.chain(reasons).map(|says| format!("- {name}: {says}")).collect()
}
