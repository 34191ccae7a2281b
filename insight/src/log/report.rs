//! The structured report that kernels from 7.3 on write behind most refusals.
//!
//! ```text
//! Verification failed: CLASS: TITLE
//!
//! Reason:       a paragraph
//! At:           place, source and instructions, the refused one marked with `>>>`
//! Causal path:  the same for each step that led there, with `^-- what it did`
//! Suggestion:   a paragraph
//! ```

use super::leading_number;
use domain::cause::Location;

/// How the report begins.
const HEADLINE: &str = "Verification failed: ";
/// Steps of a causal path that are read: more than a cause has lines for.
const EVENTS_MAX: usize = 16;
/// Bytes of a paragraph or of a note that are kept.
const TEXT_BYTES_MAX: usize = 1000;

/// What a report says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Report<'a> {
    /// `CLASS: TITLE`.
    pub(super) title: &'a str,
    pub(super) reason: Option<String>,
    pub(super) suggestion: Option<String>,
    /// As far as the report says it.
    pub(super) at: Location,
    /// Instructions that led there, with what they did.
    pub(super) events: Vec<(u32, String)>,
}

/// The walk before a report, and the report.
pub(super) fn split(log: &str) -> (&str, Option<Report<'_>>) {
    match log.find(&format!("\n{HEADLINE}")) {
        Some(at) => (&log[..at], Some(read(&log[at + 1..]))),
        None => (log, None),
    }
}

fn read(report: &str) -> Report<'_> {
    let headline = report.lines().next().unwrap_or_default();
    Report {
        title: headline.strip_prefix(HEADLINE).unwrap_or_default().trim_end(),
        reason: paragraph(report, "Reason:"),
        suggestion: paragraph(report, "Suggestion:"),
        at: at(report),
        events: events(report),
    }
}

/// The indented lines under a headline of the report.
fn section<'a>(report: &'a str, name: &'static str) -> impl Iterator<Item = &'a str> {
    let lines = report.lines().skip_while(move |line| *line != name).skip(1);
    lines.take_while(|line| line.is_empty() || line.starts_with(' ')).map(str::trim)
}

fn paragraph(report: &str, name: &'static str) -> Option<String> {
    let mut text = String::new();
    for line in section(report, name).take_while(|line| !line.is_empty()) {
        append(&mut text, line);
    }
    (!text.is_empty()).then_some(text)
}

/// Adds a line to a text that does not grow without end.
fn append(text: &mut String, line: &str) {
    if text.len() + line.len() < TEXT_BYTES_MAX {
        text.push_str(if text.is_empty() { "" } else { " " });
        text.push_str(line);
    }
}

/// The number and the text of a marked line: `>>> 7 | (79) r0 = *(u64 *)(r0 +0)`.
fn marked(line: &str) -> Option<(u32, &str)> {
    let (number, text) = line.strip_prefix(">>>")?.split_once('|')?;
    Some((leading_number(number.trim())?, text.trim()))
}

fn at(report: &str) -> Location {
    let mut at = Location::default();
    let mut in_code = false;
    for line in section(report, "At:") {
        in_code |= line == "Instruction context:";
        if let Some((_, place)) = line.rsplit_once(" @ ").filter(|_| at.file.is_none() && !in_code) {
            let mut parts = place.rsplitn(3, ':').skip(1);
            at.line = parts.next().and_then(leading_number);
            at.file = parts.next().map(str::to_owned);
        } else if let Some((number, text)) = marked(line) {
            if in_code {
                at.instruction = Some(number);
                at.disassembly = Some(text.to_owned());
            } else {
                at.source = Some(text.to_owned());
            }
        }
    }
    at
}

fn events(report: &str) -> Vec<(u32, String)> {
    let mut events = Vec::new();
    let mut note: Option<String> = None;
    let mut in_code = false;
    for line in section(report, "Causal path:") {
        if let Some((_, says)) = line.split_once("^-- ").filter(|_| !in_code) {
            note = Some(says.to_owned());
        } else if line == "Instruction context:" {
            in_code = true;
        } else if line.is_empty() {
            in_code = false;
        } else if let Some((number, _)) = marked(line).filter(|_| in_code) {
            events.extend(note.take().map(|note| (number, note)));
        } else if let (Some(note), Some(more)) = (&mut note, line.strip_prefix('|')) {
            append(note, more.trim());
        }
        if events.len() == EVENTS_MAX {
            break;
        }
    }
    events
}
