//! Two cells of one question, or one without another.

use super::finding::{Finding, How, Kind, Side, Subject, became};
use super::pair::Cells;
use super::report::{Cell, Object};
use domain::verdict::Verdict;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;

/// What became of the programs and checks, and of the cell as far as they do not explain it.
pub(super) fn findings<'a>(pair: &Cells<'a>) -> Vec<Finding<'a>> {
    let subject = match (pair.object.both(), pair.kernel.both()) {
        (None, _) => Subject::Object,
        (_, None) => Subject::Kernel,
        (Some(_), Some(_)) => Subject::Cell,
    };
    let sides = (pair.cells.base.map(Side::of_cell), pair.cells.head.map(Side::of_cell));
    let whole = finding(pair, subject, sides);
    let Some((base, head)) = pair.cells.both() else { return whole.into_iter().collect() };
    let mut parts: Vec<_> = parts(pair, base, head)
        .into_iter()
        .filter_map(|(subject, base, head)| finding(pair, subject, (base, head)))
        .collect();
    let Some(whole) = whole else { return parts };
    match whole.kind {
        // What is unknown or optional of a cell is so of all its parts.
        Kind::CouldNotCompare => parts.retain(|part| part.kind != whole.kind && !is_kept_back(part, &whole)),
        Kind::NoLongerRequired => parts.retain(|part| part.kind != whole.kind),
        _ if parts.iter().any(|part| explains(part, &whole)) => return parts,
        _ => {}
    }
    parts.insert(0, whole);
    parts
}

/// Whether a part was not attempted where its cell is inconclusive: whatever was in the cell's way was in its way
/// too.
fn is_kept_back(part: &Finding<'_>, whole: &Finding<'_>) -> bool {
    let verdict = |side: Option<Side<'_>>| side.map(|side| side.verdict);
    [(part.base, whole.base), (part.head, whole.head)].into_iter().any(|(part, whole)| {
        verdict(part) == Some(Verdict::NotAttempted) && verdict(whole) == Some(Verdict::Inconclusive)
    })
}

/// Whether a part is why its cell became what it is.
fn explains(part: &Finding<'_>, whole: &Finding<'_>) -> bool {
    let counts = part.decides || !whole.decides;
    match whole.kind {
        Kind::Regression | Kind::NewFailure | Kind::OtherCause => {
            counts && matches!(part.kind, Kind::Regression | Kind::NewFailure | Kind::OtherCause)
        }
        Kind::Fix | Kind::NewPass => {
            let gone = part.how == Some(How::Removed) || part.kind == Kind::NoLongerRequired;
            gone || counts && matches!(part.kind, Kind::Fix | Kind::NewPass)
        }
        Kind::CouldNotCompare | Kind::NoLongerRequired => false,
    }
}

fn finding<'a>(
    pair: &Cells<'a>,
    subject: Subject<'a>,
    (base, head): (Option<Side<'a>>, Option<Side<'a>>),
) -> Option<Finding<'a>> {
    let (kind, how, decides) = became(base.as_ref(), head.as_ref())?;
    let cell = pair.cells.one()?;
    let (loader, axes) = cell.surroundings();
    Some(Finding {
        kind,
        how,
        decides,
        subject,
        object: &cell.object,
        kernel: &cell.kernel,
        loader,
        environment: axes.unusual(),
        base,
        head,
    })
}

/// A part, and where it stands on both sides.
type Part<'a> = (Subject<'a>, Option<Side<'a>>, Option<Side<'a>>);

/// The parts that both cells have a say on, or that one of them cannot have.
fn parts<'a>(pair: &Cells<'a>, base: &'a Cell, head: &'a Cell) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    let programs = |cell: &'a Cell| {
        cell.programs.iter().map(move |program| (program.name.as_str(), Side::of_program(cell, program)))
    };
    let unopened = (unopened(base, pair.object.base), unopened(head, pair.object.head));
    for (name, before, now) in matched(programs(base), programs(head)) {
        let untold = |side: &Option<Side<'_>>, known: &HashSet<&str>| side.is_none() && known.contains(name);
        if !untold(&before, &unopened.0) && !untold(&now, &unopened.1) {
            parts.push((Subject::Program(name), before, now));
        }
    }
    let checks = |cell: &'a Cell| {
        cell.checks.iter().map(move |check| (check.name.as_str(), Side::of_check(cell, check)))
    };
    for (name, before, now) in matched(checks(base), checks(head)) {
        let untold =
            |side: &Option<Side<'_>>, cell: &Cell| side.is_none() && cell.verdict == Verdict::Inconclusive;
        if !untold(&before, base) && !untold(&now, head) {
            parts.push((Subject::Check(name), before, now));
        }
    }
    parts
}

/// The programs that the object has and the cell tells nothing of, as it was not opened or its guest died: the
/// cell says why.
fn unopened<'a>(cell: &Cell, object: Option<&'a Object>) -> HashSet<&'a str> {
    let is_untold = cell.programs.is_empty() || cell.verdict == Verdict::Inconclusive;
    let object = object.filter(|_| is_untold);
    object.iter().flat_map(|object| &object.programs).map(String::as_str).collect()
}

/// What both lists have of each name, in the order of the first and then of the second. Where a name is
/// there several times, the first is held to the first, and so on.
pub(super) fn matched<N: Copy + Eq + Hash, T: Clone>(
    base: impl Iterator<Item = (N, T)>,
    head: impl Iterator<Item = (N, T)>,
) -> Vec<(N, Option<T>, Option<T>)> {
    let mut matched: Vec<(N, Option<T>, Option<T>)> = Vec::new();
    let mut places = HashMap::new();
    let mut count = HashMap::new();
    for (name, one) in base {
        let at = count.entry(name).or_insert(0_usize);
        places.insert((name, *at), matched.len());
        *at += 1;
        matched.push((name, Some(one), None));
    }
    count.clear();
    for (name, one) in head {
        let at = count.entry(name).or_insert(0_usize);
        match places.get(&(name, *at)) {
            Some(place) => matched[*place].2 = Some(one),
            None => matched.push((name, None, Some(one))),
        }
        *at += 1;
    }
    matched
}
