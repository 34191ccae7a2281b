//! The run while it happens, for a log: one line when a cell is settled, and nothing twice.

use super::live;
use super::matrix::Matrix;
use super::paint::Paint;
use super::printable;
use super::reason::headline;
use std::collections::HashSet;

/// What was said already.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    said: HashSet<String>,
    trials: Option<String>,
}

impl Progress {
    /// Lines for cells that were settled since the last call.
    pub(crate) fn lines(&mut self, matrix: &Matrix<'_>, paint: Paint) -> Vec<String> {
        let mut lines = Vec::new();
        for cell in matrix.cells.iter().filter(|cell| cell.given().is_some()) {
            if !self.said.insert(cell.wire.id.clone()) {
                continue;
            }
            let (text, tone) = cell.shown();
            let cause = cell.wire.verdict.as_ref().and_then(|verdict| verdict.cause.as_ref());
            lines.push(format!(
                "[{}/{}] {} on {}: {}{}",
                self.said.len(),
                matrix.cells.len(),
                matrix.objects[cell.object].label,
                matrix.kernels[cell.kernel].label,
                paint.paint(tone, &text),
                cause.map(|cause| format!(" ({})", printable(&headline(cause)))).unwrap_or_default(),
            ));
        }
        let trials = live::trials(matrix);
        if trials != self.trials {
            lines.extend(trials.clone());
            self.trials = trials;
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn each_cell_is_said_once_when_it_is_settled() {
        let mut response = sample::response();
        let later = response.cells[1].verdict.take();
        let mut progress = Progress::default();
        let first = progress.lines(&sample::matrix(&response), Paint::OFF);
        assert_eq!(first.len(), 5);
        assert_eq!(
            first[0],
            "[1/6] probe.bpf.o on 5.10 cloud: ✗ fails (map_type_unknown: events, EINVAL at map)"
        );
        response.cells[1].verdict = later;
        let second = progress.lines(&sample::matrix(&response), Paint::OFF);
        assert_eq!(second, ["[6/6] probe.bpf.o on 6.12 cloud: ✓ passes"]);
        response.run.as_mut().expect("a run").trials = 2;
        assert_eq!(progress.lines(&sample::matrix(&response), Paint::OFF), ["0 of 2 remedies tried"]);
        assert!(progress.lines(&sample::matrix(&response), Paint::OFF).is_empty(), "nothing twice");
    }
}
