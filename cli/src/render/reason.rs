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
        for (cause, subject) in causes(cell) {
            let same = |reason: &&mut Reason<'a>| {
                reason.object == cell.object
                    && reason.verdict == cell.verdict()
                    && is_same(reason.cause, cause)
            };
            let at = match reasons.iter_mut().find(same) {
                Some(reason) => reason,
                None => {
                    let verdict = cell.verdict();
                    reasons.push(Reason {
                        object: cell.object,
                        cause,
                        verdict,
                        kernels: vec![],
                        subjects: vec![],
                    });
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

/// The causes in a cell that is not a pass, each with the program or map it was found at. The
/// cell's own cause comes from one of its parts, so it is only used when no part has one.
fn causes<'a>(cell: &Cell<'a>) -> Vec<(&'a wire::Cause, Option<String>)> {
    let Some(verdict) = cell.wire.verdict.as_ref().filter(|_| cell.verdict() != Verdict::Passes) else {
        return Vec::new();
    };
    let programs = verdict.programs.iter().filter(|program| program.required);
    let programs = programs.filter_map(|program| {
        let subject = format!("program {} ({})", program.name, program.section);
        program.cause.as_ref().map(|cause| (cause, Some(subject)))
    });
    let maps = verdict.maps.iter().filter_map(|map| {
        map.cause.as_ref().map(|cause| (cause, Some(format!("map {} ({})", map.name, map.kind))))
    });
    let mut parts: Vec<_> = programs.chain(maps).collect();
    if let Some(own) = &verdict.cause
        && !parts.iter().any(|(cause, _)| is_same(cause, own))
    {
        parts.insert(0, (own, None));
    }
    if parts.iter().any(|(cause, _)| cause.code != BLOCKED) {
        parts.retain(|(cause, _)| cause.code != BLOCKED);
    }
    parts
}

/// The same reason, seen at different programs or kernels: log and location may differ.
fn is_same(a: &wire::Cause, b: &wire::Cause) -> bool {
    a.code == b.code && a.stage == b.stage && a.subject == b.subject && a.errno == b.errno
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
