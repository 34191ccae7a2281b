//! For a comment on a change: at most 60 lines, what does not decide folded away.

use super::{Group, Told};
use crate::render::markdown::{cell, code};

/// Rows of the table, and lines that are folded away; with what stands around them less than 60 lines.
const ROWS_MAX: usize = 20;
const FOLDED_MAX: usize = 26;

/// The whole document.
pub(crate) fn document(told: &Told<'_>) -> String {
    let mut text = format!("### bpfcompat compare: {}\n", cell(&told.summary()));
    let groups = told.groups();
    let (decide, others): (Vec<_>, Vec<_>) = groups.iter().partition(|group| group.finding.decides);
    if !decide.is_empty() {
        text.push_str("\n| what | was → is |\n|---|---|\n");
    }
    for group in decide.iter().take(ROWS_MAX) {
        text.push_str(&format!("| {} | {} |\n", cell(&group.headline()), cell(&group.says())));
    }
    if decide.len() > ROWS_MAX {
        text.push_str(&format!("\nand {} more\n", decide.len() - ROWS_MAX));
    }
    let other = |group: &&&Group<'_>| format!("{}: {}", group.headline(), group.says());
    let folded: Vec<String> = told
        .figures(false)
        .into_iter()
        .chain(others.iter().map(|group| other(&group)))
        .chain(told.held())
        .collect();
    if !folded.is_empty() {
        text.push_str(
            "\n<details><summary>Figures, what does not decide, and what was held to what</summary>\n\n",
        );
        for line in folded.iter().take(FOLDED_MAX) {
            text.push_str(&format!("- `{}`\n", code(line)));
        }
        if folded.len() > FOLDED_MAX {
            text.push_str(&format!("- and {} more\n", folded.len() - FOLDED_MAX));
        }
        text.push_str("\n</details>\n");
    }
    text
}
