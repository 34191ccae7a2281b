//! For a terminal or a log.

use super::Told;
use crate::exit::Exit;
use crate::render::paint::{Paint, Tone};
use crate::render::printable;

/// Findings and figures shown before the rest is counted; nobody scrolls further.
const SHOWN: usize = 200;

/// The comparison; with `stats` also figures that are not worth telling.
pub(crate) fn text(told: &Told<'_>, paint: Paint, stats: bool) -> String {
    let mut lines: Vec<String> =
        told.held().iter().take(SHOWN).map(|line| paint.paint(Tone::Dim, &printable(line))).collect();
    let groups = told.groups();
    for group in groups.iter().take(SHOWN) {
        lines.push(paint.paint(group.tone(), &printable(&group.headline())));
        lines.push(format!("  {}", printable(&group.says())));
        lines.extend(group.sentence().map(|says| format!("  {}", printable(says))));
    }
    let figures = told.figures(stats);
    for figure in figures.iter().take(SHOWN) {
        lines.push(paint.paint(Tone::Unsure, &printable(figure)));
    }
    let left_out = groups.len().saturating_sub(SHOWN) + figures.len().saturating_sub(SHOWN);
    if left_out > 0 {
        lines.push(format!("and {left_out} more, which --json has"));
    }
    if !lines.is_empty() {
        lines.push(String::new());
    }
    let tone = match told.exit {
        Exit::Works => Tone::Good,
        Exit::DoesNot => Tone::Bad,
        Exit::CouldNotTell | Exit::Misuse => Tone::Unsure,
    };
    lines.push(paint.paint(tone, &told.summary()));
    lines.join("\n") + "\n"
}
