//! Where the verifier's walk was dearest, by source line: asked for with `--line-costs`.

use super::matrix::Matrix;
use super::paint::{Paint, Tone};
use super::printable;

/// Lines shown of one program; the report has more.
const LINES_MAX: usize = 5;

/// A block for each program that was counted so, on the newest of its kernels.
pub(crate) fn lines(matrix: &Matrix<'_>, paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, object) in matrix.objects.iter().enumerate() {
        let cells = matrix.cells.iter().filter(|cell| cell.object == at);
        let Some(cell) = cells.max_by_key(|cell| cell.kernel) else { continue };
        for program in cell.wire.verdict.iter().flat_map(|verdict| &verdict.programs) {
            if program.line_costs.is_empty() {
                continue;
            }
            let (label, kernel) = (printable(&object.label), &matrix.kernels[cell.kernel].label);
            lines.push(String::new());
            lines.push(format!("dearest lines of {} in {label} on {kernel}", printable(&program.name)));
            for cost in program.line_costs.iter().take(LINES_MAX) {
                let place = format!("{}:{}", printable(&cost.file), cost.line);
                let text = paint.paint(Tone::Dim, &printable(cost.text.trim()));
                lines.push(format!("  {:>9}  {place}  {text}", cost.walked));
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;
    use proto::wire;

    #[test]
    fn the_dearest_lines_come_with_their_source() {
        let mut response = sample::response();
        let cost = wire::LineCost {
            file: "probe.bpf.c".to_owned(),
            line: 12,
            text: "\tfor (;;)".to_owned(),
            walked: 4711,
        };
        for cell in &mut response.cells {
            for program in cell.verdict.iter_mut().flat_map(|verdict| &mut verdict.programs).take(1) {
                program.line_costs = vec![cost.clone()];
            }
        }
        let lines = lines(&sample::matrix(&response), Paint::OFF);
        assert!(lines[1].starts_with("dearest lines of "), "{lines:?}");
        assert_eq!(lines[2], "       4711  probe.bpf.c:12  for (;;)");
    }
}
