//! A suite that was answered, in every form.
//!
//! In: a suite, the run of each of its cases, and its baseline. Out: [`Told`], where every cell and case stands as
//! `insight::suite::gate` says; `table`, `json`, `markdown` and `junit` are its forms, and `board` shows cases
//! while they are asked.

pub(crate) mod board;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod markdown;
pub(crate) mod table;
#[cfg(test)]
mod tests;

use super::matrix::{self, Matrix};
use super::paint::Tone;
use super::reason::{self, BLOCKED, Reason};
use domain::kernel::{Kernel, by_age};
use domain::verdict::Verdict;
use insight::suite::baseline::{Baseline, Failure};
use insight::suite::gate::{self, Answered, Part, Review, Standing};
use insight::suite::{Case, Suite};
use proto::wire;
use time::Date;

/// What came of one case: its run, or why there is none.
pub(crate) type Answer = Result<wire::GetRunResponse, String>;

/// A suite that was answered.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    /// The suite.
    pub(crate) suite: &'a Suite,
    /// Its cases.
    pub(crate) cases: Vec<ToldCase<'a>>,
    /// Every kernel of any of them once, oldest first.
    pub(crate) kernels: Vec<&'a wire::Kernel>,
    /// What the answers say of the baseline.
    pub(crate) review: Review,
}

/// A case that was answered.
#[derive(Debug)]
pub(crate) struct ToldCase<'a> {
    /// The case.
    pub(crate) case: &'a Case,
    /// Its run, or why there is none.
    pub(crate) run: Result<Matrix<'a>, &'a str>,
    /// Whether every cell of the run was told.
    pub(crate) whole: bool,
    /// Where the cells of the run stand, in their order.
    pub(crate) standings: Vec<Standing>,
    /// What that makes of the case.
    pub(crate) verdict: Verdict,
}

impl<'a> Told<'a> {
    /// Judges the answers to the cases of a suite, in their order.
    pub(crate) fn new(suite: &'a Suite, answers: &'a [Answer], baseline: &Baseline, today: Date) -> Self {
        let runs: Vec<_> = answers.iter().map(run).collect();
        let answered: Vec<Answered<'_>> =
            suite.cases.iter().zip(&runs).map(|(case, run)| answered(case, run)).collect();
        let review = gate::review(&answered, baseline, today);
        let judge = |Answered { case, cells, whole }: &Answered<'_>| {
            let stand = |cell| gate::stand(case, cell, baseline, today);
            let standings: Vec<Standing> = cells.iter().map(stand).collect();
            let verdict = gate::verdict(&standings, *whole);
            (*whole, standings, verdict)
        };
        let judged: Vec<_> = answered.iter().map(judge).collect();
        drop(answered);
        let kernels = kernels(&runs);
        let told = |((case, run), (whole, standings, verdict)): ((&'a Case, Run<'a>), _)| ToldCase {
            case,
            run: run.map(|(matrix, _)| matrix),
            whole,
            standings,
            verdict,
        };
        let cases = suite.cases.iter().zip(runs).zip(judged).map(told).collect();
        Self { suite, cases, kernels, review }
    }

    /// The verdict of the suite.
    pub(crate) fn verdict(&self) -> Verdict {
        Verdict::of_all(self.cases.iter().map(|case| case.verdict))
    }

    /// How many cells stand so.
    fn count(&self, stands: impl Fn(&Standing) -> bool) -> usize {
        self.cases.iter().flat_map(|case| &case.standings).filter(|standing| stands(standing)).count()
    }
}

/// A run with its kernels as the gate needs them, or why there is none.
type Run<'a> = Result<(Matrix<'a>, Vec<Kernel>), &'a str>;

fn run(answer: &Answer) -> Run<'_> {
    let response = answer.as_ref().map_err(String::as_str)?;
    let run = response.run.as_ref().ok_or("the controller told nothing of its run")?;
    let kernels: Result<_, _> = response.kernels.iter().cloned().map(Kernel::try_from).collect();
    Ok((Matrix::new(response, run), kernels.map_err(|_| "the controller told of a kernel that is none")?))
}

/// Every kernel once, oldest first.
fn kernels<'a>(runs: &[Run<'a>]) -> Vec<&'a wire::Kernel> {
    let mut all: Vec<(&Kernel, &wire::Kernel)> = Vec::new();
    for (matrix, kernels) in runs.iter().flatten() {
        for (kernel, column) in kernels.iter().zip(&matrix.kernels) {
            if !all.iter().any(|(other, _)| other.id == kernel.id) {
                all.push((kernel, column.wire));
            }
        }
    }
    all.sort_by(|(a, _), (b, _)| by_age(a, b));
    all.into_iter().map(|(_, wire)| wire).collect()
}

fn answered<'b>(case: &'b Case, run: &'b Run<'_>) -> Answered<'b> {
    let Ok((matrix, kernels)) = run else { return Answered { case, cells: Vec::new(), whole: false } };
    let cell = |cell: &'b matrix::Cell<'_>| gate::Cell {
        object: &matrix.objects[cell.object].name,
        kernel: &kernels[cell.kernel],
        loader: &cell.wire.loader,
        axes: &matrix.objects[cell.object].environment,
        required: cell.wire.required,
        verdict: cell.verdict(),
        excused_until: cell.excused_until(),
        failures: parts(cell),
    };
    let whole = u32::try_from(matrix.cells.len()).is_ok_and(|cells| cells >= matrix.run.cells);
    Answered { case, cells: matrix.cells.iter().map(cell).collect(), whole }
}

/// What fails in a cell: programs and checks that decide, and the object where its own cause is none of theirs.
fn parts<'b>(cell: &matrix::Cell<'b>) -> Vec<Part<'b>> {
    let Some(verdict) = cell.wire.verdict.as_ref().filter(|_| cell.verdict() == Verdict::Fails) else {
        return Vec::new();
    };
    let fails = |verdict: wire::Verdict| verdict.to_domain() == Some(Verdict::Fails);
    let programs = verdict.programs.iter().filter(|program| program.required && fails(program.verdict()));
    let programs = programs.filter_map(|program| Some((Some(&*program.name), None, program.cause.as_ref()?)));
    let checks = verdict.checks.iter().filter(|check| check.required && fails(check.verdict()));
    let checks = checks.filter_map(|check| Some((None, Some(&*check.name), check.cause.as_ref()?)));
    let part = |(program, check, cause): (Option<&'b str>, Option<&'b str>, &'b wire::Cause)| Part {
        program,
        check,
        cause: &cause.code,
    };
    let mut parts: Vec<Part<'b>> =
        programs.chain(checks).map(part).filter(|part| part.cause != BLOCKED).collect();
    if let Some(own) = verdict.cause.as_ref().filter(|own| parts.iter().all(|part| part.cause != own.code)) {
        parts.push(part((None, None, own)));
    }
    parts
}

impl ToldCase<'_> {
    /// The standing of an object on a kernel, with its cell.
    fn at(&self, object: usize, kernel: usize) -> Option<(&matrix::Cell<'_>, &Standing)> {
        let cells = self.run.as_ref().ok()?.cells.iter().zip(&self.standings);
        cells.into_iter().find(|(cell, _)| (cell.object, cell.kernel) == (object, kernel))
    }

    /// What people call the rows of the case, one for each object of its run.
    fn rows(&self) -> Vec<String> {
        let name = super::printable(&self.case.name);
        match &self.run {
            Ok(matrix) if matrix.objects.len() > 1 => {
                matrix.objects.iter().map(|object| format!("{name}: {}", object.label)).collect()
            }
            Ok(_) | Err(_) => vec![name],
        }
    }

    /// What is wrong beside the causes of failures, a line for each cell.
    fn notes(&self) -> Vec<String> {
        let Ok(matrix) = &self.run else { return Vec::new() };
        let note = |(cell, standing): (&matrix::Cell<'_>, &Standing)| match standing {
            Standing::Wrong(says) if !says.is_empty() => {
                let (object, kernel) =
                    (&matrix.objects[cell.object].label, &matrix.kernels[cell.kernel].label);
                Some(format!("{object} on {kernel}: {says}"))
            }
            _ => None,
        };
        matrix.cells.iter().zip(&self.standings).filter_map(note).collect()
    }

    /// Why the case does not work, or why nobody could tell, said once; nothing of what is known or accepted.
    fn reasons(&self) -> Vec<Reason<'_>> {
        let mut reasons = self.run.as_ref().map(reason::reasons).unwrap_or_default();
        for reason in &mut reasons {
            let is_open = |kernel: &usize| self.at(reason.object, *kernel).is_some_and(|(_, at)| decides(at));
            reason.kernels.retain(is_open);
        }
        reasons.retain(|reason| !reason.kernels.is_empty());
        reasons
    }
}

/// Whether a case with a cell that stands so does not simply work.
fn decides(standing: &Standing) -> bool {
    matches!(standing, Standing::Wrong(_) | Standing::Unknown)
}

/// What to show for a cell, and in which tone.
fn shown(cell: &matrix::Cell<'_>, standing: &Standing) -> (String, Tone) {
    let (aside, tone) = match standing {
        Standing::Passes => ("", Tone::Good),
        Standing::AsExpected => (", as it must", Tone::Good),
        Standing::Excused(_) => (", accepted", Tone::Unsure),
        Standing::Known => (", known", Tone::Unsure),
        Standing::Optional => (", optional", Tone::Dim),
        Standing::Wrong(_) if cell.verdict() == Verdict::Passes => (", must fail", Tone::Bad),
        Standing::Wrong(_) => ("", Tone::Bad),
        Standing::Unknown => ("", Tone::Unsure),
    };
    let cached = if cell.wire.cached { " *" } else { "" };
    let verdict = cell.verdict();
    (format!("{} {}{aside}{cached}", matrix::glyph(verdict), matrix::words(verdict)), tone)
}

/// A failure of the baseline in words.
fn failure(failure: &Failure) -> String {
    let Failure { case, object, program, check, series, flavour, loader, axes, cause } = failure;
    let part = match (program, check) {
        (Some(program), _) => format!(", program {program}"),
        (None, Some(check)) => format!(", check {check}"),
        (None, None) => String::new(),
    };
    let axes = if axes.is_empty() { String::new() } else { format!(", {axes}") };
    super::printable(&format!("{case}: {object}{part} on {series} {flavour} ({loader}{axes}): {cause}"))
}

/// What is to be told of the baseline, a line each.
fn baseline_lines(review: &Review) -> Vec<String> {
    let fixed = review.fixed.iter().map(|one| format!("fixed: {}; run --update-baseline", failure(one)));
    let unasked =
        review.unasked.iter().map(|one| format!("no longer asked: {}; run --update-baseline", failure(one)));
    fixed.chain(unasked).collect()
}

/// `3 cases: 1 works, 1 does not, 1 unknown; 2 known failures, 1 accepted until 2027-01-31`
fn summary(told: &Told<'_>) -> String {
    let cases = |verdict| told.cases.iter().filter(|case| case.verdict == verdict).count();
    let (works, wrong) = (cases(Verdict::Passes), cases(Verdict::Fails));
    let unknown = told.cases.len() - works - wrong;
    let plural =
        |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    let mut text = format!(
        "{}: {}, {}, {unknown} unknown",
        plural(told.cases.len(), "case", "cases"),
        plural(works, "works", "work"),
        plural(wrong, "does not", "do not"),
    );
    let known = told.count(|standing| *standing == Standing::Known);
    if known > 0 {
        text.push_str(&format!("; {}", plural(known, "known failure", "known failures")));
    }
    let until = told.cases.iter().flat_map(|case| &case.standings).filter_map(|standing| match standing {
        Standing::Excused(until) => Some(until),
        _ => None,
    });
    if let Some(first) = until.min() {
        let accepted = told.count(|standing| matches!(standing, Standing::Excused(_)));
        text.push_str(&format!(
            "; {} until {first}",
            plural(accepted, "accepted failure", "accepted failures")
        ));
    }
    text
}
