//! Why cells do not pass, for a terminal: the cause in a sentence, the source line with a caret, how the verifier
//! came there, since when kernels have what is missing, what to change, and the evidence it rests on.

use super::fold::{beside, folded};
use super::matrix::{Cell, Matrix, glyph, hex, tone, words};
use super::paint::Tone;
use super::printable;
use super::reason::{self, Part};
use super::table::{self, Look};
use console::measure_text_width as wide;
use domain::verdict::Verdict;
use proto::wire;

/// Causes that are explained one below the other; more are listed.
const EXPLAINED_MAX: usize = 3;
/// Columns of the names beside the facts.
const NAMES: usize = 11;
/// Kernels whose evidence is named.
const DIGESTS_SHOWN: usize = 4;

/// Which cells are meant.
#[derive(Debug, Default)]
pub(crate) struct Chosen<'t> {
    /// Rows of the matrix; all without any.
    pub(crate) objects: Vec<usize>,
    /// Columns of the matrix; all without any.
    pub(crate) kernels: Vec<usize>,
    /// The program that is asked about.
    pub(crate) program: Option<&'t str>,
}

/// One cause and where it was found.
struct Account<'a> {
    object: usize,
    part: Part<'a>,
    cells: Vec<Cell<'a>>,
    places: Vec<String>,
}

/// The cells that are meant.
pub(crate) fn meant<'m, 'a>(matrix: &'m Matrix<'a>, chosen: &Chosen<'_>) -> Vec<&'m Cell<'a>> {
    let meant = |list: &[usize], at| list.is_empty() || list.contains(&at);
    let cells = matrix.cells.iter();
    cells.filter(|cell| meant(&chosen.objects, cell.object) && meant(&chosen.kernels, cell.kernel)).collect()
}

/// The answer about the chosen cells.
pub(crate) fn cells(matrix: &Matrix<'_>, chosen: &Chosen<'_>, look: Look) -> String {
    let cells = meant(matrix, chosen);
    let accounts = accounts(&cells, chosen.program);
    let mut lines = Vec::new();
    if accounts.len() > EXPLAINED_MAX {
        lines.extend(accounts.iter().flat_map(|account| account.listed(matrix, look)));
        lines.push(String::new());
        lines.push(look.paint.paint(Tone::Dim, "--object, --kernel and --program choose one of them"));
    } else {
        for account in &accounts {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            lines.extend(account.told(matrix, look));
        }
    }
    if accounts.is_empty() {
        lines.extend(cells.iter().map(|cell| without_cause(matrix, cell, chosen.program, look)));
    }
    lines.join("\n") + "\n"
}

/// Each cause once, in the order of the matrix. What was blocked by another cause is not one of its own.
fn accounts<'a>(cells: &[&Cell<'a>], program: Option<&str>) -> Vec<Account<'a>> {
    let mut accounts: Vec<Account<'a>> = Vec::new();
    for cell in cells {
        let parts = match program {
            None => reason::deciding(cell),
            Some(name) => {
                let mut parts = reason::parts(cell);
                parts.retain(|part| part.at.name() == Some(name));
                parts
            }
        };
        for part in parts {
            let same = |account: &&mut Account<'a>| {
                account.object == cell.object
                    && account.part.verdict == part.verdict
                    && reason::is_same(account.part.cause, part.cause)
            };
            let account = match accounts.iter_mut().find(same) {
                Some(account) => account,
                None => {
                    accounts.push(Account { object: cell.object, part, cells: vec![], places: vec![] });
                    accounts.last_mut().expect("one was pushed on the line above")
                }
            };
            if !account.cells.iter().any(|known| known.kernel == cell.kernel) {
                account.cells.push(**cell);
            }
            account.places.extend(part.at.says().filter(|place| !account.places.contains(place)));
        }
    }
    accounts
}

/// A cell that gives no cause: it passes, or was not answered.
fn without_cause(matrix: &Matrix<'_>, cell: &Cell<'_>, program: Option<&str>, look: Look) -> String {
    let programs = cell.wire.verdict.iter().flat_map(|verdict| &verdict.programs);
    let mut named = programs.filter(|one| Some(one.name.as_str()) == program);
    let verdict = match named.next() {
        Some(program) => program.verdict().to_domain().unwrap_or(Verdict::Inconclusive),
        None => cell.verdict(),
    };
    let at = program.map(|name| format!("program {name} of ")).unwrap_or_default();
    let (object, kernel) = (&matrix.objects[cell.object].label, &matrix.kernels[cell.kernel].label);
    let mark = look.paint.paint(tone(verdict), &format!("{} {}", glyph(verdict), words(verdict)));
    let digest = cell.wire.verdict.as_ref().map(|verdict| hex(&verdict.evidence)).unwrap_or_default();
    let digest = if digest.is_empty() { digest } else { look.paint.paint(Tone::Dim, &format!("  {digest}")) };
    format!("{mark}  {} on {kernel}{digest}", printable(&format!("{at}{object}")))
}

impl Account<'_> {
    fn kernels(&self, matrix: &Matrix<'_>) -> String {
        table::kernels(matrix, &self.cells.iter().map(|cell| cell.kernel).collect::<Vec<_>>())
    }

    fn heading(&self, matrix: &Matrix<'_>, look: Look) -> Vec<String> {
        let verdict = self.part.verdict;
        let object = &matrix.objects[self.object].label;
        let text =
            format!("{} {object} {} on {}", glyph(verdict), table::verb(verdict), self.kernels(matrix));
        let lines = folded(&printable(&text), look.width);
        lines.map(|line| look.paint.paint(tone(verdict), &line)).collect()
    }

    /// The short form.
    fn listed(&self, matrix: &Matrix<'_>, look: Look) -> Vec<String> {
        let mut lines = self.heading(matrix, look);
        let cause = self.part.cause;
        let places = self.places.first().map(|place| match self.places.len() {
            1 => format!("{place}: "),
            several => format!("{place} and {} more: ", several - 1),
        });
        let says = if cause.says.is_empty() { reason::headline(cause) } else { cause.says.clone() };
        lines.extend(beside("", 2, &format!("{}{says}", places.unwrap_or_default()), look.width));
        lines
    }

    fn told(&self, matrix: &Matrix<'_>, look: Look) -> Vec<String> {
        let cause = self.part.cause;
        let mut lines = self.heading(matrix, look);
        let says = if cause.says.is_empty() { reason::headline(cause) } else { cause.says.clone() };
        lines.extend(folded(&printable(&says), look.width).map(|line| look.paint.paint(Tone::Bold, &line)));
        lines.push(String::new());
        if let Some(place) = &cause.location {
            lines.extend(source(place, cause, look));
        }
        let digests = self.cells.iter().filter_map(|cell| {
            let digest = &cell.wire.verdict.as_ref()?.evidence;
            let kernel = &matrix.kernels[cell.kernel].label;
            (!digest.is_empty()).then(|| format!("{} ({kernel})", hex(digest)))
        });
        let mut say = |name: &str, text: &str| {
            for (at, line) in beside(name, NAMES, text, look.width).into_iter().enumerate() {
                let (start, rest) = line.split_at(if at == 0 { NAMES } else { 0 });
                lines.push(format!("{}{rest}", look.paint.paint(Tone::Dim, start)));
            }
        };
        for (at, step) in cause.path.iter().enumerate() {
            say(if at == 0 { "  path" } else { "" }, step);
        }
        let facts = [
            ("  why", Some(cause.why.clone())),
            ("  since", reason::since(cause)),
            ("  remedy", reason::remedy(cause)),
            ("  at", Some(self.places.join(", "))),
            ("  cause", Some(format!("{}, {}", reason::headline(cause), cause.confidence))),
            ("  log", Some(cause.log_line.clone())),
        ];
        for (name, text) in facts {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                say(name, &text);
            }
        }
        for (at, digest) in digests.take(DIGESTS_SHOWN).enumerate() {
            say(if at == 0 { "  evidence" } else { "" }, &digest);
        }
        if let Some(more @ 1..) = self.cells.len().checked_sub(DIGESTS_SHOWN) {
            say("", &format!("and {more} more, which --kernel tells"));
        }
        lines
    }
}

/// The source line with its number and a caret below what the cause is about, then the instruction.
fn source(place: &wire::Location, cause: &wire::Cause, look: Look) -> Vec<String> {
    let dim = |text: &str| look.paint.paint(Tone::Dim, text);
    let mut lines = Vec::new();
    let number = place.line.map(|line| line.to_string()).unwrap_or_default();
    let margin = " ".repeat(number.len());
    if let Some(file) = &place.file {
        let colon = if number.is_empty() { "" } else { ":" };
        lines.push(dim(&format!("  {margin} ┌ {}{colon}{number}", printable(file))));
    }
    if let Some(text) = &place.source {
        let text = printable(text.trim());
        let room = look.width.saturating_sub(number.len() + 5);
        let shown = console::truncate_str(&text, room, "…").into_owned();
        lines.push(format!("{} {shown}", dim(&format!("  {number} │"))));
        let (before, about) = about(&shown, cause);
        let caret = format!("{}{}", " ".repeat(wide(before)), "^".repeat(wide(about).max(1)));
        lines.push(format!(
            "{} {}",
            dim(&format!("  {margin} │")),
            look.paint.paint(tone(Verdict::Fails), &caret)
        ));
    }
    if let Some(instruction) = place.instruction {
        let text = format!("instruction {instruction}: {}", place.disassembly.as_deref().unwrap_or_default());
        let text = text.trim_end_matches([':', ' ']);
        lines.extend(beside("", NAMES, text, look.width).iter().map(|line| dim(line)));
    }
    lines.push(String::new());
    lines
}

/// The part of a source line that a cause names, and what is before it; the whole line where it names none.
fn about<'t>(line: &'t str, cause: &wire::Cause) -> (&'t str, &'t str) {
    let called = cause.location.as_ref().and_then(|place| place.disassembly.as_deref());
    let called = called.and_then(|text| text.split("call ").nth(1));
    let called = called.and_then(|name| name.split(['#', ' ']).next());
    for name in [cause.subject.as_str(), called.unwrap_or_default()] {
        if let Some(at) = line.find(name).filter(|_| !name.is_empty()) {
            return (&line[..at], &line[at..at + name.len()]);
        }
    }
    ("", line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::paint::Paint;
    use crate::render::sample;

    fn told(response: &wire::GetRunResponse, chosen: &Chosen<'_>, width: usize) -> String {
        cells(&sample::matrix(response), chosen, Look::new(width, Paint::OFF))
    }

    #[test]
    fn one_cell_is_told_with_everything_that_is_known() {
        let chosen = Chosen { objects: vec![0], kernels: vec![0], program: None };
        let digest = "07".repeat(32);
        let expected = format!(
            "✗ probe.bpf.o fails on 5.10 cloud
The kernel does not know map type ringbuf.

     ┌ probe.bpf.c:42
  42 │ bpf_ringbuf_reserve(&events, 64, 0)
     │                      ^^^^^^
           instruction 12: call bpf_ringbuf_reserve#131

  path     11: r1 = map[events]
           12: call bpf_ringbuf_reserve#131
  why      Ring buffers are a map type of their own.
  since    Linux 5.8 (457f44363a88)
  remedy   Send the records through a perf_event_array. Tried in another guest
           with map `events` as a perf buffer: passes.
  at       program on\u{fffd}exec (tracepoint/syscalls/sys_enter_execve), map events
           (ringbuf)
  cause    map_type_unknown: events, EINVAL at map, certain
  log      libbpf: map 'events': failed to create: -EINVAL
  evidence {digest}
           (5.10 cloud)
"
        );
        assert_eq!(told(&sample::response(), &chosen, 80), expected);
    }

    #[test]
    fn many_causes_are_listed_and_few_told_in_full() {
        let all = told(&sample::response(), &Chosen::default(), 80);
        assert_eq!(all.matches("\n  cause ").count(), 3, "{all}");
        let many = sample::wide(4, 1, 30);
        let listed = told(&many, &Chosen::default(), 80);
        assert!(!listed.contains("\n  cause ") && listed.contains("--program choose one"), "{listed}");
        let one = told(&many, &Chosen { program: Some("on_event_0_3"), ..Chosen::default() }, 80);
        assert!(one.contains("\n  cause    map_type_unknown: map_3"), "{one}");
    }

    #[test]
    fn a_pass_says_so_with_its_evidence() {
        let chosen = Chosen { objects: vec![0], kernels: vec![1], program: None };
        let expected = format!("✓ passes  probe.bpf.o on 6.12 cloud  {}\n", "07".repeat(32));
        assert_eq!(told(&sample::response(), &chosen, 80), expected);
    }

    #[test]
    fn lines_fit_and_no_terminal_obeys_them() {
        for width in [40, 80, 200] {
            let told = told(&sample::hostile(), &Chosen::default(), width);
            assert!(!told.contains(|c: char| c.is_control() && c != '\n'), "{told:?}");
        }
        let narrow = told(&sample::response(), &Chosen { objects: vec![0], ..Chosen::default() }, 70);
        assert!(narrow.lines().all(|line| wide(line) <= 75), "only a digest is never broken: {narrow}");
    }

    #[test]
    fn a_caret_is_below_what_the_cause_names() {
        let of = |subject: &str, source: &'static str| {
            let cause = wire::Cause { subject: subject.to_owned(), ..wire::Cause::default() };
            about(source, &cause)
        };
        assert_eq!(of("events", "reserve(&events)"), ("reserve(&", "events"));
        assert_eq!(of("other", "x = *y;"), ("", "x = *y;"));
    }
}
