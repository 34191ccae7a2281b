//! The table of `docs/KINDS.md`: how programs of every kind were attached, on every series.
//!
//! In: the answers about the whole corpus. Out: the document, which the test of the known answers holds to
//! them. `BPFCOMPAT_WRITE_KINDS=1` writes it anew.

use domain::section::SECTIONS;
use insight::agreement::way;
use proto::wire;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

const HEAD: &str = "\
# Kinds of programs, and how they were attached

Every section libbpf knows (`+`: a target may follow), on one kernel of each series, as the objects of
`tests/corpus` were answered about. Where no program of a kind was attached, its most frequent cause stands in
brackets. An empty row is a section in which no object of the corpus stands: `raw_tracepoint.w` is another name of
`raw_tp.w`, and `struct_ops.s` is for functions of a struct that may sleep. Written by the test of the known answers,
which fails when an answer changes.

";

/// Of each kind and series, the ways of attachment and the causes.
#[derive(Default)]
struct Answers {
    ways: BTreeSet<String>,
    causes: BTreeMap<String, usize>,
}

/// The document. Series are columns, oldest first.
pub fn document(run: &wire::GetRunResponse) -> String {
    let series: Vec<&str> = run.kernels.iter().map(|kernel| kernel.series.as_str()).collect();
    let mut answers: BTreeMap<(usize, usize), Answers> = BTreeMap::new();
    for cell in &run.cells {
        let Some(column) = run.kernels.iter().position(|kernel| kernel.id == cell.kernel_id) else {
            continue;
        };
        for program in cell.verdict.iter().flat_map(|verdict| &verdict.programs) {
            let Some(row) = SECTIONS.iter().position(|section| is_of(section, &program.section)) else {
                continue;
            };
            let answers = answers.entry((row, column)).or_default();
            if program.verdict() == wire::Verdict::Passes {
                answers.ways.insert(way(&program.how));
            } else if let Some(cause) = &program.cause {
                *answers.causes.entry(cause.code.clone()).or_default() += 1;
            }
        }
    }
    let mut text =
        format!("{HEAD}| section | {} |\n|---|{}\n", series.join(" | "), "---|".repeat(series.len()));
    for (row, section) in SECTIONS.iter().enumerate() {
        let cells =
            (0..series.len()).map(|column| answers.get(&(row, column)).map_or_else(String::new, shown));
        let cells: Vec<String> = cells.collect();
        writeln!(text, "| `{section}` | {} |", cells.join(" | ")).expect("writing to memory cannot fail");
    }
    text
}

/// Where a document says something else of the series that another one has too; a series that is newer than the
/// document says nothing about it.
pub fn differences(document: &str, fresh: &str) -> Vec<String> {
    let (old, new) = (columns(document), columns(fresh));
    let mut both =
        old.iter().filter_map(|(series, cells)| Some((series, cells, new.get(series)?))).peekable();
    if both.peek().is_none() {
        return vec!["docs/KINDS.md has none of these series".to_owned()];
    }
    both.flat_map(|(series, old, new)| {
        let kinds = old.keys().chain(new.keys()).collect::<BTreeSet<_>>().into_iter();
        kinds.filter(|kind| old.get(*kind) != new.get(*kind)).map(move |kind| {
            let [old, new] = [old, new].map(|column| column.get(kind).map_or("nothing", String::as_str));
            format!("docs/KINDS.md, {kind} on {series}: it says `{old}`, kernels say `{new}`")
        })
    })
    .collect()
}

/// By series, what stands in the row of each kind.
fn columns(document: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut rows = document.lines().filter(|line| line.starts_with('|')).map(cells);
    let head = rows.next().unwrap_or_default();
    let rows: Vec<Vec<String>> = rows.skip(1).collect();
    let column = |at: usize| {
        let named = rows.iter().filter_map(|row| Some((row.first()?.clone(), row.get(at)?.clone())));
        named.collect()
    };
    head.iter().enumerate().skip(1).map(|(at, series)| (series.clone(), column(at))).collect()
}

fn cells(line: &str) -> Vec<String> {
    line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
}

fn is_of(kind: &str, section: &str) -> bool {
    match kind.strip_suffix('+') {
        None => kind == section,
        Some(stem) => section.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
    }
}

fn shown(answers: &Answers) -> String {
    if !answers.ways.is_empty() {
        return answers.ways.iter().cloned().collect::<Vec<_>>().join("; ");
    }
    let most = answers.causes.iter().max_by_key(|(name, count)| (**count, std::cmp::Reverse(name.as_str())));
    most.map_or_else(String::new, |(cause, _)| format!("({cause})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_series_that_both_have_are_compared() {
        let document = |series: &str, way: &str| {
            let row = |section: &&str| format!("| `{section}` | {way} |\n");
            format!("| section | {series} |\n|---|---|\n{}", SECTIONS.iter().map(row).collect::<String>())
        };
        assert!(differences(&document("6.1", "a"), &document("6.1", "a")).is_empty());
        // A document about other kernels alone is no document.
        assert_eq!(differences(&document("6.1", "a"), &document("7.4", "b")).len(), 1);
        assert_eq!(differences(&document("6.1", "a"), &document("6.1", "b")).len(), SECTIONS.len());
    }
}
