//! The matrix: a body of rows per object, its own verdicts first and then those of its programs; a column per
//! kernel.

use super::blame::Blames;
use super::class;
use crate::render::markup::escaped;
use crate::render::matrix::{Cell, Matrix, words};
use crate::render::reason::{At, Part};
use domain::verdict::Verdict;
use proto::wire;

/// Kernels beside each other whose verdicts are written out; of more only the signs are seen.
const WORDY_MAX: usize = 6;

/// The section with its legend.
pub(super) fn section(matrix: &Matrix<'_>, blames: &Blames<'_>) -> String {
    let tight = if matrix.kernels.len() > WORDY_MAX { " class=\"tight\"" } else { "" };
    let kernels = matrix.kernels.iter().map(|kernel| {
        let optional = if kernel.required { "" } else { " <small>optional</small>" };
        format!("<th scope=\"col\"><span>{}{optional}</span>", escaped(&kernel.label))
    });
    let kernels: String = kernels.collect();
    let bodies: String = (0..matrix.objects.len()).map(|object| body(matrix, object, blames)).collect();
    format!(
        "<section><h2 id=\"matrix\">Programs on kernels</h2>\n\
         <p class=\"legend\"><span class=\"p\">passes</span> <span class=\"f\">fails</span> \
         <span class=\"n\">not attempted</span> <span class=\"i\">inconclusive</span>\n\
         <p><label><input type=\"checkbox\" id=\"only\"> Hide rows that pass everywhere</label>\n\
         <div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-labelledby=\"matrix\">\n\
         <table{tight}><thead><tr><th scope=\"col\">Program{kernels}\n{bodies}</table></div></section>\n"
    )
}

fn body(matrix: &Matrix<'_>, object: usize, blames: &Blames<'_>) -> String {
    let cells: Vec<Option<Cell<'_>>> =
        (0..matrix.kernels.len()).map(|kernel| matrix.at(object, kernel)).collect();
    let whole = cells.iter().map(|cell| cell.as_ref().map(|cell| shown_cell(cell, blames)));
    let label = escaped(&matrix.objects[object].label);
    let mut html = format!("<tbody>\n{}", row("object", "rowgroup", &label, whole));
    for program in programs(&cells) {
        let of_cell = |cell: &Option<Cell<'_>>| {
            let cell = cell.as_ref()?;
            let verdicts = &cell.wire.verdict.as_ref()?.programs;
            let verdict = verdicts.iter().find(|verdict| verdict.name == program.name)?;
            Some(shown_program(cell, verdict, blames))
        };
        let optional = if program.required { "" } else { " <small>optional</small>" };
        let name = format!("{}{optional}", escaped(&program.name));
        html.push_str(&row("program", "row", &name, cells.iter().map(of_cell)));
    }
    html
}

/// The programs of an object, as they are first told of.
fn programs<'a>(cells: &[Option<Cell<'a>>]) -> Vec<&'a wire::ProgramVerdict> {
    let mut known: Vec<&wire::ProgramVerdict> = Vec::new();
    let verdicts = cells.iter().flatten().filter_map(|cell| cell.wire.verdict.as_ref());
    for program in verdicts.flat_map(|verdict| &verdict.programs) {
        if !known.iter().any(|other| other.name == program.name) {
            known.push(program);
        }
    }
    known
}

/// What one cell of the table shows: a verdict, its words and its cause's number.
type Shown = (Verdict, &'static str, Option<usize>);

fn shown_cell(cell: &Cell<'_>, blames: &Blames<'_>) -> Shown {
    let verdict = cell.verdict();
    let says = if cell.is_excused() { "fails as expected" } else { words(verdict) };
    let cause = cell.wire.verdict.as_ref().and_then(|verdict| verdict.cause.as_ref());
    (verdict, says, cause.and_then(|cause| blames.number(cell, &Part { cause, verdict, at: At::Cell })))
}

fn shown_program<'a>(cell: &Cell<'a>, program: &'a wire::ProgramVerdict, blames: &Blames<'a>) -> Shown {
    let verdict = program.verdict().to_domain().unwrap_or(Verdict::Inconclusive);
    let part = program.cause.as_ref().map(|cause| Part { cause, verdict, at: At::Program(program) });
    (verdict, words(verdict), part.and_then(|part| blames.number(cell, &part)))
}

fn row(kind: &str, scope: &str, label: &str, cells: impl Iterator<Item = Option<Shown>>) -> String {
    let (mut html, mut fine) = (String::new(), true);
    for cell in cells {
        let Some((verdict, says, number)) = cell else {
            html.push_str("<td>");
            continue;
        };
        fine &= verdict == Verdict::Passes;
        // Attributes without quotes and cells without ends: there are thousands of them.
        match number {
            Some(number) => {
                html.push_str(&format!("<td class={}><a href=#c{number}>{says}</a>", class(verdict)));
            }
            None => html.push_str(&format!("<td class={}>{says}", class(verdict))),
        }
    }
    let fine = if fine { " fine" } else { "" };
    format!("<tr class=\"{kind}{fine}\"><th scope=\"{scope}\">{label}{html}\n")
}
