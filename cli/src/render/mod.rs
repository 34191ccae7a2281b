//! Answers for eyes and for programs.
//!
//! In: a run as the controller tells it (`wire::GetRunResponse`). Out: text. `matrix` arranges
//! cells as objects × kernels, `reason` gathers what went wrong, `counts` what the verifier counted,
//! `checks` what came of checks, `comparison` two answers beside each other, `modules` what was loaded for it,
//! `blind` what it may not see, and each other file is one form: `table`, `live` and `explain` for a terminal,
//! `progress` for a log, `json`, `junit` and `sarif` for programs, `html`, `markdown` and `badge` for pages, `suite`
//! all of them for many runs, `list`, `kernel` and `worker` for the other verbs, `status` for what happens before
//! there is a run.
//!
//! Nothing here talks to a controller or decides a verdict. Every text that came from a kernel,
//! an object or a file name passes [`printable`] before it reaches a terminal: an object can be
//! named `\x1b[2J`.

pub(crate) mod badge;
mod blind;
mod checks;
pub(crate) mod comparison;
pub(crate) mod contract;
pub(crate) mod counts;
mod disagreement;
pub(crate) mod explain;
mod fold;
mod gathered;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod kernel;
mod line_costs;
pub(crate) mod list;
pub(crate) mod live;
pub(crate) mod markdown;
mod markup;
pub(crate) mod matrix;
mod modules;
mod own_loader;
pub(crate) mod paint;
pub(crate) mod progress;
pub(crate) mod reason;
pub(crate) mod sarif;
mod section;
pub(crate) mod status;
pub(crate) mod suite;
pub(crate) mod table;
pub(crate) mod worker;

#[cfg(test)]
pub(crate) mod sample;

/// The text without anything a terminal would obey: control characters become `�`, except that
/// tabs become spaces.
pub(crate) fn printable(text: &str) -> String {
    let shown = |c: char| match c {
        '\t' => ' ',
        // Bidirectional overrides reorder what follows them on the line.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(shown).collect()
}

/// Milliseconds as people say them.
pub(crate) fn duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        _ => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
    }
}

/// Bytes as people say them, in powers of ten like package managers do.
pub(crate) fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        1_000_000..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{}.{} GB", bytes / 1_000_000_000, bytes % 1_000_000_000 / 100_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_are_not_told_what_to_do() {
        assert_eq!(printable("a\x1b[2Jb\tc\r\n\u{202e}d"), "a\u{fffd}[2Jb c\u{fffd}\u{fffd}\u{fffd}d");
    }

    #[test]
    fn amounts_are_short() {
        assert_eq!([999, 1_250, 61_500].map(duration), ["999 ms", "1.2 s", "1 min 1 s"]);
        assert_eq!([12, 27_400_000, 1_260_000_000].map(bytes), ["12 B", "27 MB", "1.2 GB"]);
    }
}
