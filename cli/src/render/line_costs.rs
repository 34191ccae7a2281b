//! Where the verifier's walk was dearest, by source line: asked for with `--line-costs`.

use super::matrix::Matrix;
use super::paint::{Paint, Tone};
use super::printable;
use proto::wire;

/// Lines shown of one program; the report has more.
const LINES_MAX: usize = 5;

/// One program on one kernel, and its dearest lines.
pub(super) struct Dearest<'a> {
    /// Index of the object.
    pub(super) object: usize,
    /// Index of the kernel.
    pub(super) kernel: usize,
    /// The program's name.
    pub(super) program: &'a str,
    /// The lines, dearest first.
    pub(super) lines: &'a [wire::LineCost],
}

/// Each program that was counted so, on the newest of the kernels where it was.
pub(super) fn dearest<'a>(matrix: &Matrix<'a>) -> Vec<Dearest<'a>> {
    let mut all: Vec<Dearest<'a>> = Vec::new();
    // Cells are sorted by object and kernel, so those of newer kernels come first from the end.
    for cell in matrix.cells.iter().rev() {
        let (object, kernel) = (cell.object, cell.kernel);
        let programs = cell.wire.verdict.iter().flat_map(|verdict| &verdict.programs);
        for program in programs.filter(|program| !program.line_costs.is_empty()) {
            if !all.iter().any(|known| known.object == object && known.program == program.name) {
                let lines = &program.line_costs[..program.line_costs.len().min(LINES_MAX)];
                all.push(Dearest { object, kernel, program: &program.name, lines });
            }
        }
    }
    all.sort_by_key(|dearest| dearest.object);
    all
}

/// Where a line stands.
pub(super) fn place(cost: &wire::LineCost) -> String {
    format!("{}:{}", printable(&cost.file), cost.line)
}

/// A block for each program that was counted so.
pub(crate) fn lines(matrix: &Matrix<'_>, paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    for Dearest { object, kernel, program, lines: dearest } in dearest(matrix) {
        let (label, kernel) = (printable(&matrix.objects[object].label), &matrix.kernels[kernel].label);
        lines.push(String::new());
        lines.push(format!("dearest lines of {} in {label} on {kernel}", printable(program)));
        for cost in dearest {
            let text = paint.paint(Tone::Dim, &printable(cost.text.trim()));
            lines.push(format!("  {:>9}  {}  {text}", cost.walked, place(cost)));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn the_dearest_lines_come_with_their_source_from_the_newest_kernel_that_counted() {
        let mut response = sample::everything();
        let expected = [
            "",
            "dearest lines of on_exec in probe.bpf.o on 6.12 cloud",
            "       9648  probe.bpf.c:42  for (int i = 0; i < 64; i++)",
        ];
        assert_eq!(lines(&sample::matrix(&response), Paint::OFF), expected);
        let counted = response.cells[1].verdict.as_mut().expect("a verdict").programs[0].line_costs.clone();
        response.cells[0].verdict.as_mut().expect("a verdict").programs[0].line_costs = counted;
        let blocks = lines(&sample::matrix(&response), Paint::OFF);
        assert_eq!(blocks[..3], expected);
        assert_eq!(
            blocks[4], "dearest lines of on\u{fffd}exec in probe.bpf.o on 5.10 cloud",
            "another program"
        );
    }
}
