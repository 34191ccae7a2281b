//! What went wrong, said once: one reason per object and cause, with every kernel and program
//! it holds for.

use super::matrix::{Cell, Matrix, words};
use domain::errno::Errno;
use domain::verdict::Verdict;
use proto::wire;

/// The code that only says that something else went wrong first.
pub(crate) const BLOCKED: &str = "blocked";

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

/// Every distinct reason of a run for which something that decides does not pass, by object and first appearance.
pub(crate) fn reasons<'a>(matrix: &Matrix<'a>) -> Vec<Reason<'a>> {
    let mut reasons: Vec<Reason<'a>> = Vec::new();
    for cell in &matrix.cells {
        for Part { cause, verdict, at } in deciding(cell) {
            let same = |reason: &&mut Reason<'a>| {
                reason.object == cell.object && reason.verdict == verdict && is_same(reason.cause, cause)
            };
            let reason = match reasons.iter_mut().find(same) {
                Some(reason) => reason,
                None => {
                    let (kernels, subjects) = (vec![], vec![]);
                    reasons.push(Reason { object: cell.object, cause, verdict, kernels, subjects });
                    reasons.last_mut().expect("one was pushed on the line above")
                }
            };
            if !reason.kernels.contains(&cell.kernel) {
                reason.kernels.push(cell.kernel);
            }
            if let Some(subject) = at.says().filter(|subject| !reason.subjects.contains(subject)) {
                reason.subjects.push(subject);
            }
        }
    }
    reasons
}

/// A cause, the verdict it led to, and where it was found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) cause: &'a wire::Cause,
    pub(crate) verdict: Verdict,
    pub(crate) at: At<'a>,
}

/// Where in a cell a cause was found.
#[derive(Debug, Clone, Copy)]
pub(crate) enum At<'a> {
    /// In the cell as a whole.
    Cell,
    /// At one program.
    Program(&'a wire::ProgramVerdict),
    /// At one map.
    Map(&'a wire::MapVerdict),
}

impl<'a> At<'a> {
    /// As people name it; `None` for the whole.
    pub(crate) fn says(self) -> Option<String> {
        match self {
            Self::Cell => None,
            Self::Program(program) => Some(format!("program {} ({})", program.name, program.section)),
            Self::Map(map) => Some(format!("map {} ({})", map.name, map.kind)),
        }
    }

    /// Its name in the object; `None` for the whole.
    pub(crate) fn name(self) -> Option<&'a str> {
        match self {
            Self::Cell => None,
            Self::Program(program) => Some(&program.name),
            Self::Map(map) => Some(&map.name),
        }
    }

    /// Whether it decides its cell.
    pub(crate) fn decides(self) -> bool {
        match self {
            Self::Cell | Self::Map(_) => true,
            Self::Program(program) => program.required,
        }
    }
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

/// The causes of a cell's programs and maps, each with its own place, and the cell's own where it is none of them.
pub(crate) fn parts<'a>(cell: &Cell<'a>) -> Vec<Part<'a>> {
    let Some(verdict) = cell.wire.verdict.as_ref() else { return Vec::new() };
    let part = |cause: &'a Option<wire::Cause>, verdict: wire::Verdict, at: At<'a>| {
        let verdict = verdict.to_domain().unwrap_or(cell.verdict());
        cause.as_ref().map(|cause| Part { cause, verdict, at })
    };
    let programs = verdict.programs.iter();
    let programs =
        programs.filter_map(|program| part(&program.cause, program.verdict(), At::Program(program)));
    let maps = verdict.maps.iter().filter_map(|map| part(&map.cause, map.verdict(), At::Map(map)));
    let mut parts: Vec<_> = programs.chain(maps).collect();
    if let Some(own) = &verdict.cause
        && !parts.iter().any(|part| is_same(part.cause, own))
    {
        parts.insert(0, Part { cause: own, verdict: cell.verdict(), at: At::Cell });
    }
    parts
}

/// The causes for which a cell is not a pass. The cell's own cause comes from one of its parts, and
/// says more than the part could: how many guests showed it.
pub(crate) fn deciding<'a>(cell: &Cell<'a>) -> Vec<Part<'a>> {
    if cell.verdict() == Verdict::Passes {
        return Vec::new();
    }
    let mut parts: Vec<_> = parts(cell).into_iter().filter(|part| part.at.decides()).collect();
    if let Some(own) = cell.wire.verdict.as_ref().and_then(|verdict| verdict.cause.as_ref()) {
        let own = Part { cause: own, verdict: cell.verdict(), at: At::Cell };
        let mut same = parts.iter_mut().filter(|part| is_same(part.cause, own.cause)).peekable();
        if same.peek().is_none() {
            parts.insert(0, own);
        } else {
            same.for_each(|part| *part = Part { at: part.at, ..own });
        }
    }
    if parts.iter().any(|part| part.cause.code != BLOCKED) {
        parts.retain(|part| part.cause.code != BLOCKED);
    }
    parts
}

/// The same reason, seen at different programs, maps or kernels: stage, log and location may
/// differ.
pub(crate) fn is_same(a: &wire::Cause, b: &wire::Cause) -> bool {
    // What came later in one kernel may be left out of another, which is another story.
    let standing = |cause: &wire::Cause| cause.since.as_ref().map(|since| since.standing.clone());
    // So is what helped on one and not on the other.
    let tried = |cause: &wire::Cause| cause.remedy.as_ref().map(|one| (one.tried, one.change.clone()));
    let same = a.code == b.code && a.subject == b.subject && a.errno == b.errno;
    same && standing(a) == standing(b) && tried(a) == tried(b)
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

/// The first upstream kernel that has what is missing: `Linux 5.8 (457f44363a88)`.
pub(crate) fn since(cause: &wire::Cause) -> Option<String> {
    let since = cause.since.as_ref()?;
    let commit = since.commit.as_deref().map(|commit| format!(" ({commit})"));
    Some(format!("Linux {}{}", since.version, commit.unwrap_or_default()))
}

/// What to change, and what came of it where it was tried.
pub(crate) fn remedy(cause: &wire::Cause) -> Option<String> {
    let remedy = cause.remedy.as_ref()?;
    let verdict = remedy.tried.and_then(|_| remedy.tried().to_domain());
    let tried = verdict.map(|verdict| format!(" {}", tried(remedy, verdict)));
    Some(format!("{}{}", remedy.says, tried.unwrap_or_default()))
}

/// What came of a change in another guest: "Tried in another guest without `p` (autoload off): passes."
pub(crate) fn tried(remedy: &wire::Remedy, verdict: Verdict) -> String {
    let change = if remedy.change.is_empty() { String::new() } else { format!(" {}", remedy.change) };
    format!("Tried in another guest{change}: {}.", words(verdict))
}
