//! What came of the checks: a line for each, with the kernels on which it does not pass.

use super::gathered::gathered;
use super::matrix::{Matrix, glyph, tone};
use super::paint::{Paint, Tone};
use super::{printable, table};
use domain::verdict::Verdict;

/// One check of one object on all kernels.
struct Summary<'a> {
    name: &'a str,
    required: bool,
    kernels: usize,
    passes: usize,
    worst: Verdict,
    /// What went wrong, and on which kernel.
    wrong: Vec<(&'a str, usize)>,
}

/// A block for each object that has checks.
pub(crate) fn lines(matrix: &Matrix<'_>, paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, object) in matrix.objects.iter().enumerate() {
        let summaries = summaries(matrix, at);
        if summaries.is_empty() {
            continue;
        }
        lines.push(String::new());
        lines.push(format!("checks of {}", printable(&object.label)));
        for summary in summaries {
            let mark = paint.paint(tone(summary.worst), &glyph(summary.worst).to_string());
            let optional = if summary.required { "" } else { " (optional)" };
            let count = format!("passes on {} of {} kernels", summary.passes, summary.kernels);
            let name = printable(summary.name);
            lines.push(format!("  {mark} {name}{optional}  {}", paint.paint(Tone::Dim, &count)));
            for (says, kernels) in gathered(summary.wrong) {
                lines.push(format!("    {}: {}", table::kernels(matrix, &kernels), printable(says)));
            }
        }
    }
    lines
}

fn summaries<'a>(matrix: &'a Matrix<'_>, object: usize) -> Vec<Summary<'a>> {
    let mut all: Vec<Summary<'a>> = Vec::new();
    for cell in matrix.cells.iter().filter(|cell| cell.object == object) {
        for check in cell.wire.verdict.iter().flat_map(|verdict| &verdict.checks) {
            let verdict = check.verdict().to_domain().unwrap_or(Verdict::Inconclusive);
            let at = all.iter().position(|summary| summary.name == check.name).unwrap_or_else(|| {
                all.push(Summary {
                    name: &check.name,
                    required: check.required,
                    kernels: 0,
                    passes: 0,
                    worst: Verdict::Passes,
                    wrong: Vec::new(),
                });
                all.len() - 1
            });
            let summary = &mut all[at];
            summary.kernels += 1;
            summary.worst = Verdict::of_all([summary.worst, verdict]);
            if verdict == Verdict::Passes {
                summary.passes += 1;
                continue;
            }
            let says = check.cause.as_ref().map_or("it has no verdict", |cause| cause.says.as_str());
            summary.wrong.push((says, cell.kernel));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;
    use proto::wire;

    #[test]
    fn a_check_is_told_once_with_the_kernels_on_which_it_fails() {
        let mut response = sample::response();
        for (cell, verdict) in
            [(0, wire::Verdict::Fails), (1, wire::Verdict::Passes), (2, wire::Verdict::Fails)]
        {
            let says = "Check `counts`: the output lacks `1`.".to_owned();
            let cause = (verdict == wire::Verdict::Fails).then(|| wire::Cause {
                code: "check_failed".to_owned(),
                says,
                ..Default::default()
            });
            response.cells[cell].verdict.as_mut().expect("a verdict").checks = vec![wire::CheckVerdict {
                name: "counts".to_owned(),
                required: true,
                verdict: verdict.into(),
                cause,
                command: None,
            }];
        }
        let lines = lines(&sample::matrix(&response), Paint::OFF);
        assert_eq!(
            lines,
            [
                "",
                "checks of probe.bpf.o",
                "  ✗ counts  passes on 1 of 3 kernels",
                "    5.10 cloud, 7.3 cloud: Check `counts`: the output lacks `1`.",
            ]
        );
        assert!(super::lines(&sample::matrix(&sample::response()), Paint::OFF).is_empty());
    }
}
