//! The gate: what the answers to a suite's cases mean for the suite.
//!
//! In: a cell's verdict with what failed in it, what its case expects and accepts, the baseline, and the day. Out:
//! where each cell stands, and what that makes of cases, suite and baseline. Only what a kernel answered turns a
//! gate red or green: infrastructure's trouble leaves it open.

use super::baseline::{Baseline, Failure};
use super::cases::{Case, Expected};
use domain::contract::ExpectedFailure;
use domain::kernel::Kernel;
use domain::verdict::Verdict;
use std::collections::{BTreeSet, HashMap};
use time::Date;

/// What came of one cell.
#[derive(Debug, Clone)]
pub struct Cell<'a> {
    /// The object's name.
    pub object: &'a str,
    /// The kernel.
    pub kernel: &'a Kernel,
    /// What loaded the object.
    pub loader: &'a str,
    /// What it worked in, as far as that is not usual.
    pub axes: &'a str,
    /// Whether its kernel was asked as one that decides.
    pub required: bool,
    /// What the kernel answered; `Inconclusive` where it did not.
    pub verdict: Verdict,
    /// The last day on which a manifest excuses its failure, such as 2027-01-31.
    pub excused_until: Option<&'a str>,
    /// What failed in it; empty unless it fails.
    pub failures: Vec<Part<'a>>,
}

/// One part of a cell that fails: a program, a check, or with neither the object as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    /// The program's name.
    pub program: Option<&'a str>,
    /// The check's name.
    pub check: Option<&'a str>,
    /// The cause code.
    pub cause: &'a str,
}

/// Where a cell stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It passes.
    Passes,
    /// It fails, and must.
    AsExpected,
    /// It fails as a manifest or the suite accepts until this day.
    Excused(String),
    /// It fails as the baseline knows.
    Known,
    /// It does not pass, and does not decide.
    Optional,
    /// It is not what it must be. The text says what is, beside its cause; it may be empty.
    Wrong(String),
    /// It decides, and nobody could tell.
    Unknown,
}

impl Standing {
    /// The name in reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Passes => "passes",
            Self::AsExpected => "as_expected",
            Self::Excused(_) => "excused",
            Self::Known => "known",
            Self::Optional => "optional",
            Self::Wrong(_) => "wrong",
            Self::Unknown => "unknown",
        }
    }

    /// What it makes of its case; `None` where it does not decide and does not count as an answer.
    fn verdict(&self) -> Option<Verdict> {
        match self {
            Self::Passes | Self::AsExpected | Self::Excused(_) | Self::Known => Some(Verdict::Passes),
            Self::Optional => None,
            Self::Wrong(_) => Some(Verdict::Fails),
            Self::Unknown => Some(Verdict::Inconclusive),
        }
    }
}

/// The verdict of a case from where its cells stand, `whole` if all of them were told. Optional cells decide
/// nothing, and a case of nothing else was not attempted.
pub fn verdict<'s>(standings: impl IntoIterator<Item = &'s Standing>, whole: bool) -> Verdict {
    let untold = (!whole).then_some(Verdict::Inconclusive);
    Verdict::of_all(standings.into_iter().filter_map(Standing::verdict).chain(untold))
}

/// Where a cell of a case stands on a day.
pub fn stand(case: &Case, cell: &Cell<'_>, baseline: &Baseline, today: Date) -> Standing {
    if matches!(cell.verdict, Verdict::NotAttempted | Verdict::Inconclusive) {
        return if cell.required { Standing::Unknown } else { Standing::Optional };
    }
    let standing = match (must_fail(case, cell.kernel), cell.verdict) {
        (Some(expected), _) => as_expected(expected, cell),
        (None, Verdict::Passes) => Standing::Passes,
        (None, _) => failing(case, cell, baseline, today),
    };
    if matches!(standing, Standing::Wrong(_)) && !cell.required { Standing::Optional } else { standing }
}

/// The expectation of a failure on this kernel, if that is the first one that names it.
fn must_fail<'c>(case: &'c Case, kernel: &Kernel) -> Option<&'c Expected> {
    let first = case.expect.iter().find(|expected| admits(&expected.kernels, kernel));
    first.filter(|expected| expected.verdict == Verdict::Fails)
}

fn as_expected(expected: &Expected, cell: &Cell<'_>) -> Standing {
    let cause = expected.cause.map(|cause| cause.name());
    match (cell.verdict, cause) {
        (Verdict::Fails, None) => Standing::AsExpected,
        (Verdict::Fails, Some(cause)) if cell.failures.iter().all(|part| part.cause == cause) => {
            Standing::AsExpected
        }
        (Verdict::Fails, Some(cause)) => {
            Standing::Wrong(format!("it must fail with {cause} and nothing else"))
        }
        (_, Some(cause)) => Standing::Wrong(format!("it passes, and must fail with {cause}")),
        (_, None) => Standing::Wrong("it passes, and must fail".to_owned()),
    }
}

/// A failure that nobody wants: excused, known, or wrong.
fn failing(case: &Case, cell: &Cell<'_>, baseline: &Baseline, today: Date) -> Standing {
    if let Some(until) = cell.excused_until {
        return Standing::Excused(until.to_owned());
    }
    let (mut until, mut uncovered, mut expired) = (None, cell.failures.is_empty(), Vec::new());
    for part in &cell.failures {
        let accepted: Vec<&ExpectedFailure> = accepted(case, cell.kernel, part).collect();
        match accepted.iter().filter(|one| one.holds(today)).map(|one| one.until).max() {
            Some(day) => until = Some(until.map_or(day, |other: Date| other.min(day))),
            // Whoever accepted a failure until a day wants to be asked again afterwards.
            None if !accepted.is_empty() => {
                uncovered = true;
                expired.extend(accepted.iter().map(|one| {
                    format!("it was accepted until {} ({}), which has passed", one.until, one.reason)
                }));
            }
            None => uncovered |= !baseline.0.contains(&failure(&case.name, cell, part)),
        }
    }
    expired.dedup();
    match (uncovered, until) {
        (true, _) => Standing::Wrong(expired.join("; ")),
        (false, Some(until)) => Standing::Excused(until.to_string()),
        (false, None) => Standing::Known,
    }
}

/// What accepts a failure, whether or not its day has passed.
fn accepted<'c>(
    case: &'c Case,
    kernel: &'c Kernel,
    part: &'c Part<'_>,
) -> impl Iterator<Item = &'c ExpectedFailure> {
    let all = case.accepted.iter().filter(|one| admits(&one.kernels, kernel));
    all.filter(|one| one.program.is_none() || one.program.as_deref() == part.program)
        .filter(|one| one.cause.is_none_or(|cause| cause.name() == part.cause))
}

/// Whether a selector names a kernel. One that depends on which kernels there are was refused when it was read.
fn admits(selector: &str, kernel: &Kernel) -> bool {
    selector
        .parse::<domain::selector::Selector>()
        .and_then(|selector| selector.admits(kernel))
        .unwrap_or(false)
}

fn failure(case: &str, cell: &Cell<'_>, part: &Part<'_>) -> Failure {
    Failure {
        case: case.to_owned(),
        object: cell.object.to_owned(),
        program: part.program.map(str::to_owned),
        check: part.check.map(str::to_owned),
        series: cell.kernel.series.to_string(),
        flavour: cell.kernel.flavour.clone(),
        loader: cell.loader.to_owned(),
        axes: cell.axes.to_owned(),
        cause: part.cause.to_owned(),
    }
}

/// A case as far as it was answered.
#[derive(Debug, Clone)]
pub struct Answered<'a> {
    /// The case.
    pub case: &'a Case,
    /// Its cells.
    pub cells: Vec<Cell<'a>>,
    /// Whether these are all.
    pub whole: bool,
}

/// What a run of a suite says of its baseline.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Review {
    /// What the baseline should be now: every failure that would decide without it, and what it knew and nobody
    /// could tell this time.
    pub now: Baseline,
    /// Known failures that do not happen any more.
    pub fixed: Vec<Failure>,
    /// Known failures of what is not asked any more.
    pub unasked: Vec<Failure>,
}

/// Compares a baseline with answers of a day. Failures that a case expects or ever accepted are not taken into it:
/// those are for people to judge.
pub fn review(answers: &[Answered<'_>], baseline: &Baseline, today: Date) -> Review {
    let mut review = Review::default();
    let (mut fails, mut answered, mut open) = (BTreeSet::new(), HashMap::new(), BTreeSet::new());
    for Answered { case, cells, whole } in answers {
        if !whole {
            open.insert(case.name.as_str());
        }
        for cell in cells {
            // What does not decide, or has to fail, is nothing to be known of.
            if !cell.required || must_fail(case, cell.kernel).is_some() {
                continue;
            }
            let told = matches!(cell.verdict, Verdict::Passes | Verdict::Fails);
            *answered.entry(place(&case.name, cell)).or_insert(true) &= told;
            let wrong = matches!(stand(case, cell, &Baseline::default(), today), Standing::Wrong(_));
            for part in &cell.failures {
                let failure = failure(&case.name, cell, part);
                if wrong && accepted(case, cell.kernel, part).next().is_none() {
                    review.now.0.insert(failure.clone());
                }
                fails.insert(failure);
            }
        }
    }
    for known in &baseline.0 {
        let of = [&known.case, &known.object, &known.series, &known.flavour, &known.loader, &known.axes];
        match answered.get(&of.map(String::clone)) {
            _ if fails.contains(known) || open.contains(known.case.as_str()) => {
                review.now.0.insert(known.clone());
            }
            Some(false) => {
                review.now.0.insert(known.clone());
            }
            Some(true) => review.fixed.push(known.clone()),
            None => review.unasked.push(known.clone()),
        }
    }
    review
}

/// What cells of one place share: case, object, series, flavour, loader, axes.
fn place(case: &str, cell: &Cell<'_>) -> [String; 6] {
    let series = cell.kernel.series.to_string();
    [case, cell.object, &series, &cell.kernel.flavour, cell.loader, cell.axes].map(str::to_owned)
}
