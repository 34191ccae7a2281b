//! The matrix, the reasons and the summary, for a terminal or a log.

use super::contract::{self, Told};
use super::fold::beside;
use super::matrix::{Cell, Excused, Matrix};
use super::paint::{Paint, Tone};
use super::reason::{Reason, headline, place, reasons, remedy, since, unproven};
use super::{blind, checks, counts, disagreement, line_costs, matrix, modules, own_loader, printable};
use crate::exit::Exit;
use console::{measure_text_width, truncate_str};
use domain::verdict::Verdict;

/// Columns when nobody knows how wide the terminal is.
pub(crate) const WIDTH_DEFAULT: usize = 80;
/// Space between columns.
const GAP: usize = 2;
/// Columns of the names beside the facts of a reason.
const FACTS: usize = 11;
/// Kernels named in one reason before the rest is counted.
const KERNELS_SHOWN: usize = 12;

/// How to lay out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// Columns of the terminal.
    pub(crate) width: usize,
    /// Columns after which a sentence of a table goes on below. What is no terminal has none, so that a sentence can
    /// be searched for.
    pub(crate) sentences: usize,
    /// Colour or not.
    pub(crate) paint: Paint,
}

impl Look {
    /// Sentences stay whole.
    pub(crate) fn new(width: usize, paint: Paint) -> Self {
        Self { width, sentences: usize::MAX, paint }
    }
}

/// A run that is over: matrix, reasons, what the verifier counted if `counted`, summary.
pub(crate) fn run(matrix: &Matrix<'_>, look: Look, counted: bool) -> String {
    let mut lines = grid(matrix, look);
    if matrix.has_cached() {
        lines.push(look.paint.paint(Tone::Dim, "* answered from the store; --fresh asks again"));
    }
    for reason in reasons(matrix) {
        lines.push(String::new());
        lines.extend(block(matrix, &reason, look));
    }
    for object in 0..matrix.objects.len() {
        lines.extend(terms(matrix, object, look.paint));
    }
    lines.extend(checks::lines(matrix, look.paint));
    lines.extend(line_costs::lines(matrix, look.paint));
    let disagreements = disagreement::lines(matrix);
    if !disagreements.is_empty() {
        lines.push(String::new());
    }
    lines.extend(disagreements.iter().map(|line| look.paint.paint(Tone::Unsure, &printable(line))));
    for line in unproven(matrix) {
        lines.push(String::new());
        lines.push(look.paint.paint(Tone::Unsure, &format!("! {}", printable(&line))));
    }
    if counted {
        lines.push(String::new());
        lines.extend(counts::lines(matrix, look.paint));
    }
    for line in blind::may_miss(matrix) {
        lines.push(String::new());
        lines.push(look.paint.paint(Tone::Unsure, &format!("! {}", printable(&line))));
    }
    let mut loaded = modules::loaded(matrix);
    loaded.extend(own_loader::loaded(matrix));
    if !loaded.is_empty() {
        lines.push(String::new());
    }
    lines.extend(loaded.iter().map(|line| look.paint.paint(Tone::Dim, &printable(line))));
    lines.push(String::new());
    lines.push(summary(matrix, look.paint));
    lines.join("\n") + "\n"
}

/// The matrix: objects × kernels if that fits, else kernels × objects, else one line per cell.
pub(crate) fn grid(matrix: &Matrix<'_>, look: Look) -> Vec<String> {
    let objects: Vec<String> = matrix.objects.iter().map(|object| object.label.clone()).collect();
    let kernels: Vec<String> = matrix.kernels.iter().map(kernel_label).collect();
    let shown = |object, kernel| matrix.at(object, kernel).map(|cell| cell.shown()).unwrap_or_default();
    let wide = layout(&objects, &kernels, look, shown);
    let tall = || layout(&kernels, &objects, look, |row, column| shown(column, row));
    wide.or_else(tall).unwrap_or_else(|| one_by_one(matrix, look))
}

fn kernel_label(kernel: &matrix::Kernel<'_>) -> String {
    if kernel.required { kernel.label.clone() } else { format!("{} (optional)", kernel.label) }
}

/// A grid, or `None` when it is wider than the terminal.
pub(super) fn layout(
    rows: &[String],
    columns: &[String],
    look: Look,
    shown: impl Fn(usize, usize) -> (String, Tone),
) -> Option<Vec<String>> {
    let first = rows.iter().map(|label| measure_text_width(label)).max().unwrap_or(0);
    let width_of = |column: usize| {
        let cells = (0..rows.len()).map(|row| measure_text_width(&shown(row, column).0)).max().unwrap_or(0);
        cells.max(measure_text_width(&columns[column]))
    };
    let widths: Vec<usize> = (0..columns.len()).map(width_of).collect();
    if first + widths.iter().map(|width| width + GAP).sum::<usize>() > look.width {
        return None;
    }
    let mut header = " ".repeat(first);
    for (label, width) in columns.iter().zip(&widths) {
        header.push_str(&padded(label, *width, look.paint, Tone::Bold));
    }
    let line = |row: usize| {
        let mut line = format!("{}{}", rows[row], " ".repeat(first - measure_text_width(&rows[row])));
        for (column, width) in widths.iter().enumerate() {
            let (text, tone) = shown(row, column);
            line.push_str(&padded(&text, *width, look.paint, tone));
        }
        line.trim_end().to_owned()
    };
    Some(std::iter::once(header.trim_end().to_owned()).chain((0..rows.len()).map(line)).collect())
}

/// A gap, the text in its tone, and spaces up to the width.
fn padded(text: &str, width: usize, paint: Paint, tone: Tone) -> String {
    let spaces = width - measure_text_width(text);
    format!("{}{}{}", " ".repeat(GAP), paint.paint(tone, text), " ".repeat(spaces))
}

/// The form that fits everywhere: a heading per object, a line per kernel.
fn one_by_one(matrix: &Matrix<'_>, look: Look) -> Vec<String> {
    let shown_width = |cell: &Cell<'_>| measure_text_width(&cell.shown().0);
    let widest = matrix.cells.iter().map(shown_width).max().unwrap_or(0);
    let room = look.width.saturating_sub(widest + 2 * GAP);
    let mut lines = Vec::new();
    for (object, row) in matrix.objects.iter().enumerate() {
        lines.push(look.paint.paint(Tone::Bold, &truncate_str(&row.label, look.width, "…")));
        for (at, kernel) in matrix.kernels.iter().enumerate() {
            let Some(cell) = matrix.at(object, at) else { continue };
            let (text, tone) = cell.shown();
            let verdict = padded(&text, widest, look.paint, tone);
            lines.push(format!("{verdict}  {}", truncate_str(&kernel_label(kernel), room, "…")));
        }
    }
    lines
}

pub(super) fn block(matrix: &Matrix<'_>, reason: &Reason<'_>, look: Look) -> Vec<String> {
    let verdict = format!("{} {}", matrix::glyph(reason.verdict), matrix.objects[reason.object].label);
    let mut lines = vec![format!(
        "{} {} on {}",
        look.paint.paint(matrix::tone(reason.verdict), &verdict),
        verb(reason.verdict),
        kernels(matrix, &reason.kernels),
    )];
    let mut say = |key: &str, text: &str| {
        let mut told = beside(&format!("  {key}"), FACTS, text, look.sentences).into_iter();
        let first = told.next().unwrap_or_default();
        let (key, text) = first.split_at(FACTS.min(first.len()));
        lines.push(format!("{}{text}", look.paint.paint(Tone::Dim, key)));
        lines.extend(told);
    };
    let cause = reason.cause;
    say("cause", &headline(cause));
    if !cause.says.is_empty() {
        say("says", &cause.says);
    }
    if !reason.subjects.is_empty() {
        say("at", &reason.subjects.join(", "));
    }
    for place in cause.location.iter().flat_map(place) {
        say("where", &place);
    }
    let why = Some(cause.why.clone()).filter(|why| !why.is_empty());
    for (key, text) in [("why", why), ("since", since(cause)), ("remedy", remedy(cause))] {
        if let Some(text) = text {
            say(key, &text);
        }
    }
    if !cause.log_line.is_empty() {
        say("log", &cause.log_line);
    }
    lines
}

/// What an object was exercised under, if that is more than it says itself.
fn terms(matrix: &Matrix<'_>, object: usize, paint: Paint) -> Vec<String> {
    let (told, more) = contract::told(matrix, object);
    if told.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), format!("{} was exercised under", matrix.objects[object].label)];
    for Told { kind, says, kernels: at } in told {
        let on = if at.is_empty() { String::new() } else { format!(" (on {})", kernels(matrix, &at)) };
        lines.push(format!("{} {}{on}", paint.paint(Tone::Dim, &format!("  {kind:<8}")), printable(says)));
    }
    if more > 0 {
        lines.push(format!("  and {more} more, which --json has"));
    }
    lines
}

/// The verdict as what an object does.
pub(crate) fn verb(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passes => "passes",
        Verdict::Fails => "fails",
        Verdict::NotAttempted => "was not attempted",
        Verdict::Inconclusive => "is inconclusive",
    }
}

/// Kernels by label; beyond a dozen they are counted.
pub(crate) fn kernels(matrix: &Matrix<'_>, kernels: &[usize]) -> String {
    let names: Vec<&str> =
        kernels.iter().take(KERNELS_SHOWN).map(|at| matrix.kernels[*at].label.as_str()).collect();
    match kernels.len().saturating_sub(KERNELS_SHOWN) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

/// The last line: `works on 3 of 5 kernels; exit 1`. A failure that is excused is no kernel it works on.
pub(crate) fn summary(matrix: &Matrix<'_>, paint: Paint) -> String {
    let exit = Exit::of_run(matrix.verdict());
    let (works, all) = matrix.works(true);
    let plural = if all == 1 { "" } else { "s" };
    let mut text = format!("works on {works} of {all} kernel{plural}");
    if let (optional_works, optional @ 1..) = matrix.works(false) {
        text.push_str(&format!(", {optional_works} of {optional} optional"));
    }
    let excused = matrix.excused();
    if let Some(Excused { cells, first, last }) = excused {
        let plural = if cells == 1 { "" } else { "s" };
        let one_of = if first == last { "" } else { ", the first of them" };
        text.push_str(&format!(", {cells} failure{plural} excused{one_of} until {first}"));
    }
    let tone = match exit {
        Exit::Works if excused.is_none() => Tone::Good,
        Exit::Works => Tone::Unsure,
        Exit::DoesNot => Tone::Bad,
        Exit::CouldNotTell | Exit::Misuse => Tone::Unsure,
    };
    format!("{}; exit {}", paint.paint(tone, &text), exit.code())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;
    use proto::wire;

    const REASONS: &str = "
✗ probe.bpf.o fails on 5.10 cloud
  cause    map_type_unknown: events, EINVAL at map
  says     The kernel does not know map type ringbuf.
  at       program on\u{fffd}exec (tracepoint/syscalls/sys_enter_execve), map events (ringbuf)
  where    probe.bpf.c:42: bpf_ringbuf_reserve(&events, 64, 0)
  where    instruction 12: call bpf_ringbuf_reserve#131
  why      Ring buffers are a map type of their own.
  since    Linux 5.8 (457f44363a88)
  remedy   Send the records through a perf_event_array. Tried in another guest with map `events` as a perf buffer: passes.
  log      libbpf: map 'events': failed to create: -EINVAL

? probe.bpf.o is inconclusive on 7.3 cloud
  cause    deadline at guest
  says     The guest did not answer in 60 s.

– edge.bpf.o was not attempted on 7.3 cloud
  cause    not_exercised at attach
  says     Nothing here can attach a sk_lookup program.
  at       program steer (sk_lookup)

works on 1 of 2 kernels, 0 of 1 optional; exit 1
";

    fn at_width(width: usize) -> String {
        let response = sample::response();
        run(&sample::matrix(&response), Look::new(width, Paint::OFF), false)
    }

    #[test]
    fn sentences_go_on_below_in_a_terminal_and_stay_whole_elsewhere() {
        let response = sample::response();
        let look = Look { sentences: 60, ..Look::new(60, Paint::OFF) };
        let shown = run(&sample::matrix(&response), look, false);
        let remedy =
            "  remedy   Send the records through a perf_event_array.\n           Tried in another guest";
        assert!(shown.contains(remedy), "{shown}");
        assert!(at_width(60).contains("perf_event_array. Tried in another guest with map"));
    }

    #[test]
    fn trouble_that_only_one_guest_showed_is_told_beside_the_pass() {
        let mut response = sample::response();
        let verdict = response.cells[1].verdict.as_mut().expect("a verdict");
        let excerpt = "WARNING: a at b\ntrace".to_owned();
        verdict.splats.push(wire::Splat { kind: "warning".to_owned(), excerpt });
        let shown = run(&sample::matrix(&response), Look::new(80, Paint::OFF), false);
        let line = "! probe.bpf.o passes on 6.12 cloud, after another guest's kernel reported trouble: WARNING: a at b\n";
        assert!(shown.contains(line), "{shown}");
    }

    #[test]
    fn failures_that_are_excused_are_told_apart_and_called_no_pass() {
        let all = sample::all_excused();
        let shown = run(&sample::matrix(&all), Look::new(80, Paint::OFF), false);
        assert!(shown.starts_with("             5.10 cloud\nprobe.bpf.o  ✗ fails as expected\n"), "{shown}");
        let last = shown.lines().last();
        assert_eq!(last, Some("works on 0 of 1 kernel, 1 failure excused until 2027-01-31; exit 0"));
        let mut beside = sample::response();
        for (cell, until) in [(0, "2027-06-30"), (5, "2027-01-31")] {
            sample::excuse(&mut beside.cells[cell], until);
        }
        let last = summary(&sample::matrix(&beside), Paint::OFF);
        let says = "works on 1 of 2 kernels, 0 of 1 optional, 2 failures excused, the first of them until \
                    2027-01-31; exit 0";
        assert_eq!(last, says);
    }

    #[test]
    fn kernels_on_which_different_things_came_of_a_remedy_are_told_apart() {
        let mut response = sample::response();
        let of_first = |response: &wire::GetRunResponse| {
            let matrix = sample::matrix(response);
            reasons(&matrix)
                .iter()
                .filter(|reason| reason.object == 0 && reason.cause.remedy.is_some())
                .count()
        };
        response.cells[1].verdict = response.cells[0].verdict.clone();
        assert_eq!(of_first(&response), 1);
        let mut verdict = response.cells[1].verdict.take().expect("a verdict");
        let of_maps = verdict.maps.iter_mut().map(|map| &mut map.cause);
        let causes = verdict.programs.iter_mut().map(|program| &mut program.cause).chain(of_maps);
        for remedy in causes.chain([&mut verdict.cause]).flatten().filter_map(|cause| cause.remedy.as_mut()) {
            remedy.tried = Some(wire::Verdict::Fails.into());
        }
        response.cells[1].verdict = Some(verdict);
        assert_eq!(of_first(&response), 2);
    }

    #[test]
    fn wide_terminals_get_objects_as_rows() {
        let grid = "             5.10 cloud  6.12 cloud  7.3 cloud (optional)
probe.bpf.o  ✗ fails     ✓ passes    ? inconclusive
edge.bpf.o   ✓ passes *  ✓ passes    – not attempted
* answered from the store; --fresh asks again
";
        assert_eq!(at_width(80), format!("{grid}{REASONS}"));
    }

    #[test]
    fn narrow_terminals_get_kernels_as_rows() {
        let grid = "                      probe.bpf.o     edge.bpf.o
5.10 cloud            ✗ fails         ✓ passes *
6.12 cloud            ✓ passes        ✓ passes
7.3 cloud (optional)  ? inconclusive  – not attempted
* answered from the store; --fresh asks again
";
        assert_eq!(at_width(55), format!("{grid}{REASONS}"));
    }

    #[test]
    fn very_narrow_terminals_get_a_line_per_cell() {
        let grid = "probe.bpf.o
  ✗ fails          5.10 cloud
  ✓ passes         6.12 cloud
  ? inconclusive   7.3 cloud …
edge.bpf.o
  ✓ passes *       5.10 cloud
  ✓ passes         6.12 cloud
  – not attempted  7.3 cloud …
* answered from the store; --fresh asks again
";
        assert_eq!(at_width(30), format!("{grid}{REASONS}"));
    }

    #[test]
    fn with_several_loaders_each_has_a_row_and_what_they_disagree_about_a_line() {
        let response = sample::two_loaders();
        let shown = run(&sample::matrix(&response), Look::new(90, Paint::OFF), false);
        let grid = "                      5.10 cloud  6.12 cloud  7.3 cloud (optional)
probe.bpf.o (libbpf)  ✗ fails     ✓ passes    ? inconclusive
probe.bpf.o (aya)     ✓ passes    ✓ passes
edge.bpf.o (libbpf)   ✓ passes *  ✓ passes    – not attempted
edge.bpf.o (aya)      ✗ fails     ✗ fails
";
        assert!(shown.starts_with(grid), "{shown}");
        let lines: Vec<&str> = shown.lines().filter(|line| line.starts_with('≠')).collect();
        let expected = [
            "≠ loaders disagree about probe.bpf.o on 5.10 cloud: `on\u{fffd}exec`: libbpf fails (map_type_unknown), aya passes",
            "≠ loaders disagree about edge.bpf.o on 5.10 cloud, 6.12 cloud: the object: libbpf passes, aya fails (loader_unable)",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        let response = sample::response();
        let coloured = run(&sample::matrix(&response), Look::new(80, Paint::ON), false);
        assert_ne!(coloured, at_width(80));
        assert_eq!(console::strip_ansi_codes(&coloured), at_width(80));
    }
}
