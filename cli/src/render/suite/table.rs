//! The matrix of a suite, what is wrong in it, and its baseline, for a terminal or a log.

use super::{Told, ToldCase, baseline_lines, shown, summary};
use crate::exit::Exit;
use crate::render::matrix;
use crate::render::paint::Tone;
use crate::render::printable;
use crate::render::table::{Look, block, layout};
use domain::verdict::Verdict;

/// A suite that is over.
pub(crate) fn run(told: &Told<'_>, look: Look) -> String {
    let mut lines = grid(told, look);
    if told.cases.iter().any(|case| case.run.as_ref().is_ok_and(|matrix| matrix.has_cached())) {
        lines.push(look.paint.paint(Tone::Dim, "* answered from the store; --fresh asks again"));
    }
    for case in &told.cases {
        lines.extend(wrong(case, look));
    }
    let baseline = baseline_lines(&told.review);
    if !baseline.is_empty() {
        lines.push(String::new());
    }
    lines.extend(baseline.iter().map(|line| look.paint.paint(Tone::Unsure, line)));
    let exit = Exit::of_run(told.verdict());
    let tone = match exit {
        Exit::Works => Tone::Good,
        Exit::DoesNot => Tone::Bad,
        Exit::CouldNotTell | Exit::Misuse => Tone::Unsure,
    };
    lines.push(String::new());
    lines.push(format!("{}; exit {}", look.paint.paint(tone, &summary(told)), exit.code()));
    lines.join("\n") + "\n"
}

/// Rows and columns of the matrix with what stands at each place.
pub(super) struct Grid {
    pub(super) rows: Vec<String>,
    pub(super) columns: Vec<String>,
    places: Vec<Vec<(String, Tone)>>,
}

impl Grid {
    pub(super) fn of(told: &Told<'_>) -> Self {
        let labels: Vec<_> = told.kernels.iter().map(|kernel| (*kernel).clone()).collect();
        let columns = matrix::kernels(&labels).into_iter().map(|kernel| kernel.label).collect();
        let (mut rows, mut places) = (Vec::new(), Vec::new());
        for case in &told.cases {
            for (object, row) in case.rows().into_iter().enumerate() {
                rows.push(row);
                let place = |kernel: &&proto::wire::Kernel| {
                    let run = case.run.as_ref().ok()?;
                    let at = run.kernels.iter().position(|own| own.wire.id == kernel.id)?;
                    case.at(object, at).map(|(cell, standing)| shown(cell, standing))
                };
                places.push(told.kernels.iter().map(|kernel| place(kernel).unwrap_or_default()).collect());
            }
        }
        Self { rows, columns, places }
    }

    pub(super) fn at(&self, row: usize, column: usize) -> (String, Tone) {
        self.places[row][column].clone()
    }
}

/// Cases × kernels if that fits, else kernels × cases, else a line for each cell.
fn grid(told: &Told<'_>, look: Look) -> Vec<String> {
    let grid = Grid::of(told);
    let wide = layout(&grid.rows, &grid.columns, look, |row, column| grid.at(row, column));
    let tall = || layout(&grid.columns, &grid.rows, look, |row, column| grid.at(column, row));
    wide.or_else(tall).unwrap_or_else(|| {
        let places = grid.rows.iter().enumerate().flat_map(|(row, name)| {
            let grid = &grid;
            grid.columns.iter().enumerate().map(move |(column, kernel)| (name, kernel, grid.at(row, column)))
        });
        let places = places.filter(|(_, _, (text, _))| !text.is_empty());
        places
            .map(|(name, kernel, (text, tone))| {
                format!("{name} on {kernel}: {}", look.paint.paint(tone, &text))
            })
            .collect()
    })
}

/// Why a case does not simply work; nothing of one that does.
fn wrong(case: &ToldCase<'_>, look: Look) -> Vec<String> {
    if case.verdict == Verdict::Passes {
        return Vec::new();
    }
    let name = look.paint.paint(Tone::Bold, &format!("case {}", printable(&case.case.name)));
    let matrix = match &case.run {
        Ok(matrix) => matrix,
        Err(says) => {
            let says = says.lines().map(|line| format!("  {}", printable(line)));
            return [String::new(), name].into_iter().chain(says).collect();
        }
    };
    let mut lines = vec![String::new(), format!("{name} (run {})", printable(&matrix.run.id))];
    lines.extend(case.notes().iter().map(|note| printable(note)));
    for reason in case.reasons() {
        lines.extend(block(matrix, &reason, look));
    }
    lines
}
