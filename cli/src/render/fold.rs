//! Text in lines of a width.

use super::printable;
use console::measure_text_width;

/// What follows a name has at least as many columns, however narrow the terminal.
const TEXT_MIN: usize = 20;

/// A name in as many columns and what it stands for, which goes on below where the terminal is narrow.
pub(super) fn beside(name: &str, columns: usize, value: &str, width: usize) -> Vec<String> {
    let name = format!("{name:<columns$}");
    let parts = folded(&printable(value), width.saturating_sub(columns));
    parts
        .enumerate()
        .map(|(at, part)| if at == 0 { name.clone() } else { " ".repeat(columns) } + &part)
        .collect()
}

/// The text in lines that break between words.
pub(super) fn folded(text: &str, width: usize) -> impl Iterator<Item = String> + use<> {
    let width = width.max(TEXT_MIN);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().expect("there is always one");
        if !last.is_empty() && measure_text_width(last) + 1 + measure_text_width(word) > width {
            lines.push(word.to_owned());
        } else {
            let space = if last.is_empty() { "" } else { " " };
            last.push_str(space);
            last.push_str(word);
        }
    }
    lines.into_iter()
}
