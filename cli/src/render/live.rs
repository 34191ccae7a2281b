//! The run while it happens, redrawn in place on a terminal's stderr.
//!
//! Each frame is one write that overwrites the last frame line by line, so nothing flickers and
//! nothing is left behind: [`Live::clear`] takes the picture away before the result is printed.

use super::matrix::{Cell, Matrix};
use super::paint::{Paint, Tone};
use super::table::{Look, grid};
use super::{bytes, duration, printable};
use console::{Term, truncate_str};
use domain::verdict::Verdict;
use proto::wire;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::Duration;

/// Columns of a download's bar.
const BAR_WIDTH: usize = 24;

/// The picture on the terminal.
#[derive(Debug)]
pub(crate) struct Live {
    term: Term,
    paint: Paint,
    drawn: usize,
}

impl Live {
    /// Nothing drawn yet.
    pub(crate) fn new(term: Term, paint: Paint) -> Self {
        Self { term, paint, drawn: 0 }
    }

    /// Draws the run as it is.
    pub(crate) fn draw(&mut self, matrix: &Matrix<'_>, elapsed: Duration) {
        let (height, width) = self.term.size();
        let look = Look::new(width.into(), self.paint);
        self.show(&frame(matrix, look, height.into(), elapsed));
    }

    /// Replaces the picture by these lines.
    pub(crate) fn show(&mut self, lines: &[String]) {
        let (height, width) = self.term.size();
        let mut text = up(self.drawn);
        // One row less than the terminal has: a line break in the last row would scroll.
        let lines = &lines[..lines.len().min(usize::from(height).saturating_sub(1))];
        for line in lines {
            text.push_str(&truncate_str(line, width.into(), "…"));
            text.push_str("\x1b[K\n");
        }
        text.push_str("\x1b[J");
        self.drawn = lines.len();
        self.write(&text);
    }

    /// Takes the picture away.
    pub(crate) fn clear(&mut self) {
        let text = format!("{}\x1b[J", up(std::mem::take(&mut self.drawn)));
        self.write(&text);
    }

    /// A terminal that went away is nobody's concern: the answer is still computed and its
    /// reports are still written.
    fn write(&mut self, text: &str) {
        drop(self.term.write_all(text.as_bytes()).and_then(|()| self.term.flush()));
    }
}

fn up(lines: usize) -> String {
    if lines == 0 { "\r".to_owned() } else { format!("\r\x1b[{lines}A") }
}

/// One picture: the matrix if it fits, else only what is being worked on; then downloads, counts.
fn frame(matrix: &Matrix<'_>, look: Look, height: usize, elapsed: Duration) -> Vec<String> {
    let below = downloads(matrix, look.paint);
    let room = height.saturating_sub(below.len() + 3);
    let mut lines = grid(matrix, look);
    if lines.len() > room {
        lines = busy(matrix, look.paint);
        lines.truncate(room);
    }
    lines.push(String::new());
    lines.extend(below);
    lines.push(look.paint.paint(Tone::Dim, &counts(matrix, elapsed)));
    lines
}

fn busy(matrix: &Matrix<'_>, paint: Paint) -> Vec<String> {
    let leased = |cell: &&Cell<'_>| cell.given().is_none() && cell.wire.state() == wire::CellState::Leased;
    let line = |cell: &Cell<'_>| {
        let (text, tone) = cell.shown();
        let object = &matrix.objects[cell.object].label;
        format!("{object} on {}  {}", matrix.kernels[cell.kernel].label, paint.paint(tone, &text))
    };
    matrix.cells.iter().filter(leased).map(line).collect()
}

/// A bar per kernel being fetched, however many cells wait for it.
fn downloads(matrix: &Matrix<'_>, paint: Paint) -> Vec<String> {
    let mut fetching = BTreeMap::new();
    for cell in &matrix.cells {
        if cell.given().is_none() && cell.wire.stage == "fetching" {
            let percent: &mut u32 = fetching.entry(cell.kernel).or_default();
            *percent = (*percent).max(cell.wire.percent);
        }
    }
    let line = |(kernel, percent): (usize, u32)| {
        let kernel = matrix.kernels[kernel].wire;
        download(&printable(&kernel.release), percent, kernel.download_bytes, paint)
    };
    fetching.into_iter().map(line).collect()
}

/// One download as a bar.
pub(crate) fn download(name: &str, percent: u32, total_bytes: u64, paint: Paint) -> String {
    let filled = usize::try_from(percent.min(100)).map_or(0, |percent| percent * BAR_WIDTH / 100);
    let bar = format!("{}{}", "━".repeat(filled), "┄".repeat(BAR_WIDTH - filled));
    format!("{} {percent:>3} % of {}  {name}", paint.paint(Tone::Busy, &bar), bytes(total_bytes))
}

/// How many cells are where.
pub(super) fn counts(matrix: &Matrix<'_>, elapsed: Duration) -> String {
    let settled = |verdict| matrix.cells.iter().filter(|cell| cell.given() == Some(verdict)).count();
    let done: usize = Verdict::ALL.into_iter().map(settled).sum();
    let ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    format!(
        "{done} of {} answered: {} pass, {} fail, {} unknown{}; {}",
        matrix.cells.len(),
        settled(Verdict::Passes),
        settled(Verdict::Fails),
        settled(Verdict::NotAttempted) + settled(Verdict::Inconclusive),
        trials(matrix).map(|says| format!("; {says}")).unwrap_or_default(),
        // Whole seconds: tenths would only flicker.
        duration(ms / 1_000 * 1_000),
    )
}

/// How many remedies were tried of those that are.
pub(super) fn trials(matrix: &Matrix<'_>) -> Option<String> {
    let wire::Run { trials, trials_settled, .. } = matrix.run;
    (*trials > 0).then(|| format!("{trials_settled} of {trials} remedies tried"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    fn running() -> wire::GetRunResponse {
        let mut response = sample::response();
        for (cell, stage) in response.cells.iter_mut().zip(["fetching", "boot", ""]) {
            cell.verdict = None;
            cell.state = wire::CellState::Leased.into();
            cell.stage = stage.to_owned();
            cell.percent = if stage == "fetching" { 43 } else { 0 };
        }
        response.cells[2].state = wire::CellState::Queued.into();
        response
    }

    #[test]
    fn the_picture_shows_stages_downloads_and_counts() {
        let response = running();
        let look = Look::new(100, Paint::OFF);
        let lines = frame(&sample::matrix(&response), look, 30, Duration::from_millis(61_900));
        let expected = [
            "             5.10 cloud     6.12 cloud  7.3 cloud (optional)",
            "probe.bpf.o  fetching 43 %  booting     ·",
            "edge.bpf.o   ✓ passes *     ✓ passes    – not attempted",
            "",
            "━━━━━━━━━━┄┄┄┄┄┄┄┄┄┄┄┄┄┄  43 % of 27 MB  5.10.0-1-cloud-amd64",
            "3 of 6 answered: 2 pass, 0 fail, 1 unknown; 1 min 1 s",
        ];
        assert_eq!(lines, expected);
        let mut trying = running();
        trying.run.as_mut().expect("a run").trials = 3;
        let lines = frame(&sample::matrix(&trying), look, 30, Duration::ZERO);
        let last = lines.last().expect("counts");
        assert!(last.ends_with("1 unknown; 0 of 3 remedies tried; 0 ms"), "{last}");
    }

    #[test]
    fn a_matrix_too_tall_for_the_terminal_shrinks_to_what_is_busy() {
        let response = running();
        let look = Look::new(30, Paint::OFF);
        let lines = frame(&sample::matrix(&response), look, 8, Duration::ZERO);
        assert_eq!(
            lines[..2],
            ["probe.bpf.o on 5.10 cloud  fetching 43 %", "probe.bpf.o on 6.12 cloud  booting"]
        );
        assert!(lines.len() < 8, "{lines:?}");
    }
}
