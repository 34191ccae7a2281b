//! Loaders that disagree in the same environment, with the kernels they do so on.

use super::gathered::gathered;
use super::matrix::{Cell, Matrix, words};
use super::table;
use domain::verdict::{Reached, Verdict};
use insight::loaders::{Answer, Disagreement, Stand, disagreements};
use proto::wire;

/// A disagreement and its place.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    /// Index of the first of the object's rows of one environment.
    pub(crate) object: usize,
    /// Index of the kernel.
    pub(crate) kernel: usize,
    /// What it is about.
    pub(crate) on: Disagreement<'a>,
}

/// Every disagreement of a run, by object and kernel.
pub(crate) fn all<'a>(matrix: &Matrix<'a>) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    for (object, row) in matrix.objects.iter().enumerate() {
        let is_same = |at: &usize| {
            let other = &matrix.objects[*at];
            (&other.name, &other.environment) == (&row.name, &row.environment)
        };
        let rows: Vec<usize> = (object..matrix.objects.len()).take_while(is_same).collect();
        // The rows of one object follow each other, and the first stands for them all.
        if object > 0 && is_same(&(object - 1)) {
            continue;
        }
        for kernel in 0..matrix.kernels.len() {
            let cells = rows.iter().filter_map(|row| matrix.at(*row, kernel));
            let answers: Vec<Answer<'a>> = cells.filter_map(|cell| answer(&cell)).collect();
            let of_kernel = disagreements(&answers).into_iter();
            found.extend(of_kernel.map(|on| Found { object, kernel, on }));
        }
    }
    found
}

/// One line for each disagreement: the same one on several kernels is told once.
pub(crate) fn lines(matrix: &Matrix<'_>) -> Vec<String> {
    let told = all(matrix).into_iter().map(|Found { object, kernel, on }| {
        let subject = on.program.map_or_else(|| "the object".to_owned(), |program| format!("`{program}`"));
        let stands: Vec<String> = on.stands.iter().map(|(loader, stand)| stand_of(loader, stand)).collect();
        ((object, format!("{subject}: {}", stands.join(", "))), kernel)
    });
    let line = |((object, says), kernels): ((usize, String), Vec<usize>)| {
        let (row, kernels) = (&matrix.objects[object], table::kernels(matrix, &kernels));
        let under =
            if row.environment.is_empty() { String::new() } else { format!(" with {}", row.environment) };
        format!("≠ loaders disagree about {} on {kernels}{under}: {says}", row.name)
    };
    gathered(told).into_iter().map(line).collect()
}

fn stand_of(loader: &str, stand: &Stand<'_>) -> String {
    match stand.verdict {
        // It has a say because of how far it got; that nothing attached it is no matter here.
        Verdict::NotAttempted => format!("{loader} {}", stand.reached.name()),
        verdict if stand.cause.is_empty() => format!("{loader} {}", words(verdict)),
        verdict => format!("{loader} {} ({})", words(verdict), stand.cause),
    }
}

fn answer<'a>(cell: &Cell<'a>) -> Option<Answer<'a>> {
    let verdict = cell.wire.verdict.as_ref()?;
    let program = |program: &'a wire::ProgramVerdict| {
        let given = program.verdict().to_domain().unwrap_or(cell.verdict());
        let reached = [Reached::Opened, Reached::Loaded, Reached::Attached];
        let reached = reached.into_iter().find(|reached| reached.name() == program.reached);
        let reached = reached.unwrap_or(Reached::Nothing);
        (program.name.as_str(), stand(given, reached, program.cause.as_ref()))
    };
    let programs: Vec<_> = verdict.programs.iter().map(program).collect();
    let reached = programs.iter().map(|(_, stand)| stand.reached).min().unwrap_or(Reached::Nothing);
    let whole = stand(cell.verdict(), reached, verdict.cause.as_ref());
    Some(Answer { loader: &cell.wire.loader, whole, programs })
}

fn stand<'a>(verdict: Verdict, reached: Reached, cause: Option<&'a wire::Cause>) -> Stand<'a> {
    let cause = cause.map_or(("", ""), |cause| (cause.code.as_str(), cause.says.as_str()));
    Stand { verdict, reached, cause: cause.0, says: cause.1 }
}
