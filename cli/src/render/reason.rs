//! What went wrong, said once: one reason per object and cause, with every kernel and program
//! it holds for.

use super::matrix::{Cell, Matrix};
use domain::errno::Errno;
use domain::verdict::Verdict;
use proto::wire;

/// Cause codes that only say that something else went wrong first.
const BLOCKED: &str = "blocked";

/// One distinct reason.
#[derive(Debug)]
pub(crate) struct Reason<'a> {
    /// Index of the object.
    pub(crate) object: usize,
    /// The cause, as first seen.
    pub(crate) cause: &'a wire::Cause,
    /// The verdict it led to.
    pub(crate) verdict: Verdict,
    /// Indices of kernels, oldest first.
    pub(crate) kernels: Vec<usize>,
    /// Programs or maps it was seen at, as people name them.
    pub(crate) subjects: Vec<String>,
}

/// Every distinct reason of a run, by object and first appearance.
pub(crate) fn reasons<'a>(matrix: &Matrix<'a>) -> Vec<Reason<'a>> {
    let mut reasons: Vec<Reason<'a>> = Vec::new();
    for cell in &matrix.cells {
        for Part { cause, verdict, subject } in parts(cell) {
            let same = |reason: &&mut Reason<'a>| {
                reason.object == cell.object && reason.verdict == verdict && is_same(reason.cause, cause)
            };
            let at = match reasons.iter_mut().find(same) {
                Some(reason) => reason,
                None => {
                    let (kernels, subjects) = (vec![], vec![]);
                    reasons.push(Reason { object: cell.object, cause, verdict, kernels, subjects });
                    reasons.last_mut().expect("one was pushed on the line above")
                }
            };
            if !at.kernels.contains(&cell.kernel) {
                at.kernels.push(cell.kernel);
            }
            if let Some(subject) = subject.filter(|subject| !at.subjects.contains(subject)) {
                at.subjects.push(subject);
            }
        }
    }
    reasons
}

/// A cause, the verdict it led to, and the program or map it was found at.
struct Part<'a> {
    cause: &'a wire::Cause,
    verdict: Verdict,
    subject: Option<String>,
}

/// Kernel trouble that one guest showed and the one that passed did not, a line per cell.
pub(crate) fn unproven(matrix: &Matrix<'_>) -> Vec<String> {
    let passing = matrix.cells.iter().filter(|cell| cell.verdict() == Verdict::Passes);
    let told = passing.filter_map(|cell| {
        let splat = cell.wire.verdict.as_ref()?.splats.first()?;
        let (object, kernel) = (&matrix.objects[cell.object].label, &matrix.kernels[cell.kernel].label);
        let line = splat.excerpt.lines().next().unwrap_or_default();
        Some(format!("{object} passes on {kernel}, after another guest's kernel reported trouble: {line}"))
    });
    told.collect()
}

/// The causes in a cell that is not a pass. The cell's own cause comes from one of its parts, and
/// says more than the part could: how many guests showed it.
fn parts<'a>(cell: &Cell<'a>) -> Vec<Part<'a>> {
    let Some(verdict) = cell.wire.verdict.as_ref().filter(|_| cell.verdict() != Verdict::Passes) else {
        return Vec::new();
    };
    let part = |cause: &'a Option<wire::Cause>, verdict: wire::Verdict, subject: String| {
        let verdict = verdict.to_domain().unwrap_or(cell.verdict());
        cause.as_ref().map(|cause| Part { cause, verdict, subject: Some(subject) })
    };
    let programs = verdict.programs.iter().filter(|program| program.required);
    let programs = programs.filter_map(|program| {
        let subject = format!("program {} ({})", program.name, program.section);
        part(&program.cause, program.verdict(), subject)
    });
    let maps = verdict.maps.iter();
    let maps =
        maps.filter_map(|map| part(&map.cause, map.verdict(), format!("map {} ({})", map.name, map.kind)));
    let mut parts: Vec<_> = programs.chain(maps).collect();
    if let Some(own) = &verdict.cause {
        let own = || Part { cause: own, verdict: cell.verdict(), subject: None };
        let mut same = parts.iter_mut().filter(|part| is_same(part.cause, own().cause)).peekable();
        if same.peek().is_none() {
            parts.insert(0, own());
        } else {
            same.for_each(|part| *part = Part { subject: part.subject.take(), ..own() });
        }
    }
    if parts.iter().any(|part| part.cause.code != BLOCKED) {
        parts.retain(|part| part.cause.code != BLOCKED);
    }
    parts
}

/// The same reason, seen at different programs, maps or kernels: stage, log and location may
/// differ.
fn is_same(a: &wire::Cause, b: &wire::Cause) -> bool {
    a.code == b.code && a.subject == b.subject && a.errno == b.errno
}

/// The errno by name.
pub(crate) fn errno(cause: &wire::Cause) -> Option<String> {
    cause.errno.map(|errno| Errno(errno).to_string())
}

/// Code, subject, errno and stage in one line: `map_type_unknown: events, EINVAL at map`.
pub(crate) fn headline(cause: &wire::Cause) -> String {
    let mut line = cause.code.clone();
    if !cause.subject.is_empty() {
        line.push_str(&format!(": {}", cause.subject));
    }
    if let Some(errno) = errno(cause) {
        line.push_str(&format!(", {errno}"));
    }
    format!("{line} at {}", cause.stage)
}

/// Where in the program, as compilers say it: `probe.bpf.c:42: source line`, then the instruction.
pub(crate) fn place(location: &wire::Location) -> Vec<String> {
    let mut lines = Vec::new();
    let file = location.file.as_deref().map(|file| match location.line {
        Some(line) => format!("{file}:{line}"),
        None => file.to_owned(),
    });
    let source = location.source.as_deref().map(|source| source.trim().to_owned());
    match (file, source) {
        (Some(file), Some(source)) => lines.push(format!("{file}: {source}")),
        (Some(text), None) | (None, Some(text)) => lines.push(text),
        (None, None) => {}
    }
    if let Some(instruction) = location.instruction {
        let disassembly = location.disassembly.as_deref().unwrap_or_default();
        lines.push(
            format!("instruction {instruction}: {disassembly}").trim_end_matches([':', ' ']).to_owned(),
        );
    }
    lines
}
