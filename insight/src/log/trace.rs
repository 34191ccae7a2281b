//! The lines of the verifier's walk.
//!
//! ```text
//! ; return *v; @ access.bpf.c:3             a source line, with file and line from 6.8 on
//! 7: (79) r0 = *(u64 *)(r0 +0)   ; R0=…     a step: the instruction, and since 5.17 what it wrote
//! from 5 to 9: R0=… R10=fp0                 here begins the way on from a branch left for later
//! ```
//!
//! A log of level 1 has one way since 5.8; before, and at level 2, it has all that were walked.

use super::{leading_number, number_after};
use domain::cause::Location;

/// Bytes of a line that are looked at; the longest instruction and its state have some hundred.
const LINE_BYTES_MAX: usize = 400;

/// One line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'a> {
    Step(Step<'a>),
    Source(&'a str),
    /// The step that follows is not reached from the one before, but from another.
    Resumed {
        from: u32,
    },
    /// What follows is the walk of another function.
    Begins,
    Other,
}

/// One instruction looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step<'a> {
    pub(super) number: u32,
    /// As the verifier printed it.
    pub(super) instruction: &'a str,
    /// What it printed of registers behind it; may be empty.
    pub(super) state: &'a str,
}

/// What a line of the walk is.
pub(super) fn line(text: &str) -> Line<'_> {
    let text = &text[..text.floor_char_boundary(LINE_BYTES_MAX)];
    if let Some(source) = text.strip_prefix(';') {
        // Line 0 is what the compiler made up; a place without a text is one whose file it did not find.
        let place = place(source);
        let says = place.source.is_some() || place.line.is_some_and(|line| line > 0);
        return if says { Line::Source(source.trim()) } else { Line::Other };
    }
    if let Some(rest) = text.strip_prefix("from ") {
        let from = leading_number(rest).filter(|_| number_after(rest, " to ").is_some());
        return from.map_or(Line::Other, |from| Line::Resumed { from });
    }
    let ends = text.starts_with("Func#") && text.contains(" is safe for any args ");
    if ends || text.starts_with("Validating ") {
        return Line::Begins;
    }
    step(text).map_or(Line::Other, Line::Step)
}

fn step(text: &str) -> Option<Step<'_>> {
    let (number, rest) = text.trim_start().split_once(": ")?;
    let number = number.parse().ok()?;
    if !rest.starts_with(['(', '<']) {
        return None;
    }
    // Where the log of another branch was taken back, the state after a jump stands in its line.
    let jump = rest.find(" goto pc").and_then(|at| rest[at + 1..].find(' ').map(|word| at + 1 + word + 1));
    let end = jump.and_then(|at| rest[at..].find(' ').map(|end| at + end)).unwrap_or(rest.len());
    let (instruction, state) = rest[..end].split_once(" ;").unwrap_or((&rest[..end], ""));
    Some(Step { number, instruction: instruction.trim_end(), state: state.trim() })
}

/// Where a step with this source line is.
pub(super) fn location(step: Step<'_>, source: Option<&str>) -> Location {
    let instruction = Some(step.number);
    let disassembly = Some(step.instruction.to_owned());
    Location { instruction, disassembly, ..source.map(place).unwrap_or_default() }
}

/// The file, line and text of a source line.
pub(super) fn place(source: &str) -> Location {
    let (text, place) = source.rsplit_once("@ ").unwrap_or((source, ""));
    let (text, place) = match place.rsplit_once(':') {
        Some(place) if text.is_empty() || text.ends_with(' ') => (text, Some(place)),
        Some(_) | None => (source, None),
    };
    Location {
        source: Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        file: place.map(|(file, _)| file.to_owned()),
        line: place.and_then(|(_, number)| leading_number(number)),
        ..Location::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_line_has_what_the_object_has_of_it() {
        let of = |text: &str| place(text.strip_prefix(';').expect("a source line"));
        let read = of("; return *v; @ access.bpf.c:3");
        assert_eq!(
            (read.source.as_deref(), read.file.as_deref()),
            (Some("return *v;"), Some("access.bpf.c"))
        );
        assert_eq!(read.line, Some(3));
        let read = of(";  @ access.bpf.c:3");
        assert_eq!((read.source, read.line), (None, Some(3)));
        let read = of("; return *v;");
        assert_eq!((read.source.as_deref(), read.file), (Some("return *v;"), None));
        assert_eq!(line(";  @ access.bpf.c:0"), Line::Other);
        assert_eq!(line("; "), Line::Other);
    }
}
