//! The matrix as Markdown, for a comment on a change or a build summary; reasons and the rest are folded below it, and
//! however large a run is, the comment stays short.

use super::contract::{self, Told};
use super::line_costs::{self, Dearest};
use super::markup::escaped;
use super::matrix::{Matrix, glyph, words};
use super::paint::Paint;
use super::reason::{Reason, headline, place, reasons, remedy, since, unproven};
use super::section::{self, Section};
use super::{blind, checks, counts, disagreement, modules, own_loader, printable, table};
use domain::verdict::Verdict;
use proto::wire;

/// Lines of the whole document at most: a comment on a change is read, not scrolled.
pub(super) const LINES_MAX: usize = 60;
/// Rows of the matrix at most.
pub(super) const ROWS_MAX: usize = 16;
/// Objects that are columns beside each other; more are rows, with the kernels they work on.
const COLUMNS_MAX: usize = 6;
/// Characters of one text that a kernel, an object or a manifest brings along.
const TEXT_CHARS_MAX: usize = 300;
/// Programs and maps of a cause that are named.
const SUBJECTS_SHOWN: usize = 4;

/// The whole document, with what the verifier counted if `counted`.
pub(crate) fn report(matrix: &Matrix<'_>, counted: bool) -> String {
    let mut lines = vec![format!("### bpfcompat: {}", table::summary(matrix, Paint::OFF)), String::new()];
    let several = matrix.objects.len() > COLUMNS_MAX;
    lines.extend(if several { by_object(matrix) } else { by_kernel(matrix) });
    if matrix.has_cached() {
        lines.extend([String::new(), "\\* answered from the store".to_owned()]);
    }
    let mut sections = vec![causes(matrix), checked(matrix), beside(matrix), terms(matrix)];
    sections.extend(line_costs::dearest(matrix).iter().map(|dearest| costs(matrix, dearest)));
    if counted {
        sections.push(counts(matrix));
    }
    section::fold(&mut lines, sections, LINES_MAX);
    lines.join("\n") + "\n"
}

/// A row per kernel; kernels beside each other that answer alike share one.
fn by_kernel(matrix: &Matrix<'_>) -> Vec<String> {
    let objects: String = matrix.objects.iter().map(|object| format!(" {} |", cell(&object.label))).collect();
    let mut lines =
        vec![format!("| kernel |{objects}"), format!("|---|{}", "---|".repeat(matrix.objects.len()))];
    let mut rows: Vec<(Vec<usize>, bool, String)> = Vec::new();
    let folds = matrix.kernels.len() > ROWS_MAX;
    for (at, kernel) in matrix.kernels.iter().enumerate() {
        let shown = |object| matrix.at(object, at).map(|cell| cell.shown().0).unwrap_or_default();
        let row = (0..matrix.objects.len()).map(|object| format!(" {} |", cell(&shown(object))));
        let row: String = row.collect();
        match rows.last_mut() {
            Some((kernels, required, known)) if folds && *known == row && *required == kernel.required => {
                kernels.push(at);
            }
            Some(_) | None => rows.push((vec![at], kernel.required, row)),
        }
    }
    let more = rows.len().saturating_sub(ROWS_MAX);
    for (kernels, required, row) in rows.into_iter().take(ROWS_MAX) {
        let optional = if required { "" } else { " (optional)" };
        let label = |at: usize| cell(&matrix.kernels[at].label);
        let label = match *kernels {
            [only] => label(only),
            [first, .., last] => format!("{} to {} ({} kernels)", label(first), label(last), kernels.len()),
            [] => String::new(),
        };
        lines.push(format!("| {label}{optional} |{row}"));
    }
    if more > 0 {
        lines.push(format!("| and {more} more |"));
    }
    lines
}

/// A row per object, those that do not pass everywhere first, with the kernels on which they do what.
fn by_object(matrix: &Matrix<'_>) -> Vec<String> {
    let verdicts = [Verdict::Passes, Verdict::Fails, Verdict::NotAttempted, Verdict::Inconclusive];
    let heads = verdicts.map(|verdict| format!(" {} {} |", glyph(verdict), words(verdict))).concat();
    let mut lines = vec![format!("| object |{heads}"), "|---|---|---|---|---|".to_owned()];
    let on = |object, verdict| {
        let kernels = 0..matrix.kernels.len();
        let is_so = |at: &usize| matrix.at(object, *at).is_some_and(|cell| cell.verdict() == verdict);
        kernels.filter(is_so).collect::<Vec<_>>()
    };
    let (mut told, mut fine) = (Vec::new(), 0);
    for (at, object) in matrix.objects.iter().enumerate() {
        let kernels = verdicts.map(|verdict| on(at, verdict));
        if kernels[1..].iter().all(Vec::is_empty) {
            fine += 1;
            continue;
        }
        let cells = kernels.map(|kernels| format!(" {} |", cell(&table::kernels(matrix, &kernels)))).concat();
        told.push(format!("| {} |{cells}", cell(&clipped(&object.label))));
    }
    let more = told.len().saturating_sub(ROWS_MAX);
    lines.extend(told.into_iter().take(ROWS_MAX));
    if more > 0 {
        lines.push(format!("| and {more} more that do not pass everywhere |"));
    }
    if fine > 0 {
        lines.push(format!("| {fine} objects | all of theirs |"));
    }
    lines
}

/// A line per cause; what it has more than one line of is broken inside it.
fn causes(matrix: &Matrix<'_>) -> Section {
    let lines: Vec<String> =
        reasons(matrix).iter().map(|reason| format!("- {}", because(matrix, reason))).collect();
    let plural = if lines.len() == 1 { "" } else { "s" };
    Section::new(&format!("Why: {} cause{plural}", lines.len()), lines)
}

/// Everything about one cause, on one line.
pub(super) fn because(matrix: &Matrix<'_>, reason: &Reason<'_>) -> String {
    let Reason { cause, subjects, .. } = reason;
    let (object, kernels) = (&matrix.objects[reason.object].label, table::kernels(matrix, &reason.kernels));
    let mut parts =
        vec![format!("**{}** on {}: {}", cell(&clipped(object)), cell(&kernels), span(&headline(cause)))];
    parts.extend(
        [&cause.says, &cause.why]
            .into_iter()
            .filter(|text| !text.is_empty())
            .map(|text| cell(&clipped(text))),
    );
    parts.extend(cause.location.iter().flat_map(place).map(|place| span(&place)));
    parts.extend(since(cause).map(|since| format!("Since: {}", cell(&clipped(&since)))));
    parts.extend(remedy(cause).map(|remedy| format!("Remedy: {}", cell(&clipped(&remedy)))));
    let mut named: Vec<String> = subjects.iter().take(SUBJECTS_SHOWN).map(|subject| span(subject)).collect();
    if let Some(more @ 1..) = subjects.len().checked_sub(SUBJECTS_SHOWN) {
        named.push(format!("and {more} more"));
    }
    parts.extend(Some(named.join(", ")).filter(|named| !named.is_empty()));
    parts.extend(Some(&cause.log_line).filter(|line| !line.is_empty()).map(|line| span(line)));
    parts.join("<br>")
}

fn checked(matrix: &Matrix<'_>) -> Section {
    let lines = checks::lines(matrix, Paint::OFF).into_iter().filter(|line| !line.is_empty());
    Section::new("Checks", lines.map(|line| format!("- {}", cell(&clipped(line.trim())))).collect())
}

/// What is to be known beside the verdicts.
fn beside(matrix: &Matrix<'_>) -> Section {
    let notes = disagreement::lines(matrix).into_iter().chain(unproven(matrix));
    let notes =
        notes.chain(modules::loaded(matrix)).chain(blind::may_miss(matrix)).chain(own_loader::loaded(matrix));
    Section::new("Beside the verdicts", notes.map(|line| format!("- {}", cell(&clipped(&line)))).collect())
}

fn terms(matrix: &Matrix<'_>) -> Section {
    let mut lines = Vec::new();
    for (at, object) in matrix.objects.iter().enumerate() {
        let (told, more) = contract::told(matrix, at);
        let object = cell(&clipped(&object.label));
        for Told { kind, says, kernels } in told {
            let on = table::kernels(matrix, &kernels);
            let on = if kernels.is_empty() { String::new() } else { format!(" (on {})", cell(&on)) };
            lines.push(format!("- **{object}** {kind}: {}{on}", cell(&clipped(says))));
        }
        if more > 0 {
            lines.push(format!("- **{object}** and {more} more"));
        }
    }
    Section::new("What objects were exercised under", lines)
}

fn costs(matrix: &Matrix<'_>, dearest: &Dearest<'_>) -> Section {
    let (object, kernel) = (&matrix.objects[dearest.object].label, &matrix.kernels[dearest.kernel].label);
    let line = |cost: &wire::LineCost| {
        let (place, source) = (cell(&line_costs::place(cost)), cell(&clipped(cost.text.trim())));
        format!("| {} | {place} | {source} |", cost.walked)
    };
    let of = [object, dearest.program, kernel].map(|text| escaped(&clipped(text)));
    Section {
        title: format!("Dearest lines of {}: {} on {}", of[0], of[1], of[2]),
        head: vec!["| instructions walked | line | source |".to_owned(), "|---|---|---|".to_owned()],
        lines: dearest.lines.iter().map(line).collect(),
    }
}

fn counts(matrix: &Matrix<'_>) -> Section {
    let columns = counts::COLUMNS.join(" | ");
    let row = |row: counts::Row<'_>| {
        let object = cell(&clipped(&matrix.objects[row.object].label));
        let kernels = cell(&table::kernels(matrix, &row.kernels));
        format!("| {object} | {} | {} | {kernels} |", cell(&clipped(row.program)), row.counts.join(" | "))
    };
    Section {
        title: "What the verifier counted".to_owned(),
        head: vec![
            format!("| object | program | {columns} | kernels |"),
            format!("|---|---|{}---|", "---|".repeat(counts::COLUMNS.len())),
        ],
        lines: counts::rows(matrix).into_iter().map(row).collect(),
    }
}

/// As much of a text as is read in a comment.
fn clipped(text: &str) -> String {
    match text.char_indices().nth(TEXT_CHARS_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Text that Markdown takes literally, also inside a table.
pub(super) fn cell(text: &str) -> String {
    let mut escaped = String::new();
    for c in printable(text).chars() {
        if "\\`*_{}[]<>|#~&".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Text inside a code span; a backtick would end it.
pub(super) fn code(text: &str) -> String {
    printable(text).replace('`', "'")
}

/// A code span.
fn span(text: &str) -> String {
    format!("`{}`", code(&clipped(text)))
}

#[cfg(test)]
mod tests {
    use crate::render::sample;

    #[test]
    fn the_whole_document() {
        let response = sample::response();
        let expected = "\
### bpfcompat: works on 1 of 2 kernels, 0 of 1 optional; exit 1

| kernel | probe.bpf.o | edge.bpf.o |
|---|---|---|
| 5.10 cloud | ✗ fails | ✓ passes \\* |
| 6.12 cloud | ✓ passes | ✓ passes |
| 7.3 cloud (optional) | ? inconclusive | – not attempted |

\\* answered from the store

<details><summary>Why: 3 causes</summary>

- **probe.bpf.o** on 5.10 cloud: `map_type_unknown: events, EINVAL at map`<br>The kernel does not know map type ringbuf.\
<br>Ring buffers are a map type of their own.<br>`probe.bpf.c:42: bpf_ringbuf_reserve(&events, 64, 0)`\
<br>`instruction 12: call bpf_ringbuf_reserve#131`<br>Since: Linux 5.8 (457f44363a88)\
<br>Remedy: Send the records through a perf\\_event\\_array. Tried in another guest with map \\`events\\` as a perf buffer: passes.\
<br>`program on\u{fffd}exec (tracepoint/syscalls/sys_enter_execve)`, `map events (ringbuf)`\
<br>`libbpf: map 'events': failed to create: -EINVAL`
- **probe.bpf.o** on 7.3 cloud: `deadline at guest`<br>The guest did not answer in 60 s.
- **edge.bpf.o** on 7.3 cloud: `not_exercised at attach`<br>Nothing here can attach a sk\\_lookup program.\
<br>`program steer (sk_lookup)`

</details>
";
        assert_eq!(super::report(&sample::matrix(&response), false), expected);
        let counted = "
<details><summary>What the verifier counted</summary>

| object | program | instructions walked | states | stack | size | memory | kernels |
|---|---|---|---|---|---|---|---|
| probe.bpf.o | on\\_exec | 12,345 of 1,000,000 (1.2 %) | 150 | 344 of 512 (67.1 %) | 40 | 12 MiB | 6.12 cloud |
| edge.bpf.o | steer | 12,345 of 1,000,000 (1.2 %) | 150 | 344 of 512 (67.1 %) | 40 | 12 MiB | 5.10 cloud, 6.12 cloud |

</details>
";
        assert_eq!(super::report(&sample::matrix(&response), true), format!("{expected}{counted}"));
    }

    #[test]
    fn the_dearest_lines_are_a_table_of_their_own() {
        let told = super::report(&sample::matrix(&sample::everything()), false);
        let table = "
<details><summary>Dearest lines of probe.bpf.o: on_exec on 6.12 cloud</summary>

| instructions walked | line | source |
|---|---|---|
| 9648 | probe.bpf.c:42 | for (int i = 0; i \\< 64; i++) |

</details>
";
        assert!(told.contains(table), "{told}");
    }
    #[test]
    fn a_comment_is_short_however_large_the_run() {
        for (kernels, objects, programs) in [(50, 1, 64), (50, 8, 8), (50, 64, 1), (1, 64, 1), (50, 4, 16)] {
            let response = sample::wide(kernels, objects, programs);
            let told = super::report(&sample::matrix(&response), true);
            assert!(told.lines().count() <= super::LINES_MAX, "{told}");
            assert!(told.len() < 60_000, "GitHub takes 65,536 characters, these are {}", told.len());
            assert!(told.contains("<details><summary>Why: "), "{told}");
            assert!(told.lines().nth(2).is_some_and(|line| line.starts_with("| ")), "{told}");
            assert_eq!(told.matches("<details>").count(), told.matches("</details>").count());
        }
    }

    #[test]
    fn hostile_text_neither_ends_a_row_nor_opens_a_tag() {
        let told = super::report(&sample::matrix(&sample::hostile()), true);
        assert!(told.lines().count() <= super::LINES_MAX, "{told}");
        let outside_code: String = told.replace("\\`", "").split('`').step_by(2).collect();
        let plain = outside_code.replace("\\<", "").replace("\\>", "");
        let tags: Vec<&str> = plain.split('<').skip(1).filter_map(|rest| rest.split('>').next()).collect();
        let ours = ["br", "details", "/details", "summary", "/summary"];
        assert!(tags.iter().all(|tag| ours.contains(tag)), "{tags:?}");
        assert!(!told.contains(|c: char| c.is_control() && c != '\n'), "{told}");
    }
}
