//! What changed from one answer to the next.
//!
//! In: two reports and the thresholds of figures. Out: findings, figures that differ, headroom that is used up, and
//! what was held to what.
//!
//! ```text
//! report ──► pair: objects, kernels, cells ──► cell: programs and checks, then what they do not explain
//!                                         └──► figure: what the verifier counted
//! ```
//!
//! `docs/COMPARE.md` has the rules. Deliberately absent: any guess about what was not exercised, and
//! everything that asks a kernel again.

mod cell;
mod figure;
mod finding;
mod outcome;
mod pair;
mod report;

pub use figure::{Alarm, Figure, HEADROOM_PERCENT, Limit, Statistic, Thresholds};
pub use finding::{Finding, How, Kind, Side, Subject};
pub use outcome::{FailOn, Outcome};
pub use pair::Pair;
pub use report::{Cause, Kernel, Object, REPORT_BYTES_MAX, Report, ReportError, SCHEMA};

use report::Cell;

/// What changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison<'a> {
    /// Which object is which; one side is absent where it has none.
    pub objects: Vec<Pair<&'a Object>>,
    /// Which kernel is which.
    pub kernels: Vec<Pair<&'a Kernel>>,
    /// Loaders whose version is another now: name, version before, version now.
    pub loaders: Vec<(&'a str, &'a str, &'a str)>,
    /// How many cells were held to each other.
    pub compared: usize,
    /// What became of programs, checks and cells.
    pub findings: Vec<Finding<'a>>,
    /// Figures that differ.
    pub figures: Vec<Figure<'a>>,
    /// Programs that came near a limit.
    pub alarms: Vec<Alarm<'a>>,
}

/// Compares two answers.
pub fn compare<'a>(base: &'a Report, head: &'a Report, thresholds: Thresholds) -> Comparison<'a> {
    let objects = pair::objects(base, head);
    let kernels = pair::kernels(base, head);
    let pairs = pair::cells(base, head, &objects, &kernels);
    let mut comparison = Comparison {
        objects,
        kernels,
        loaders: Vec::new(),
        compared: pairs.iter().filter(|pair| pair.cells.both().is_some()).count(),
        findings: Vec::new(),
        figures: Vec::new(),
        alarms: Vec::new(),
    };
    for pair in &pairs {
        comparison.findings.extend(cell::findings(pair));
        let Some((base, head)) = pair.cells.both() else { continue };
        let (figures, alarms) = figure::of_cells(base, head, thresholds);
        comparison.figures.extend(figures);
        comparison.alarms.extend(alarms);
        comparison.loaders.extend(other_version(base, head));
    }
    comparison.loaders.sort_unstable();
    comparison.loaders.dedup();
    comparison
}

fn other_version<'a>(base: &'a Cell, head: &'a Cell) -> Option<(&'a str, &'a str, &'a str)> {
    let (before, now) = (base.loader.version.as_deref()?, head.loader.version.as_deref()?);
    (before != now).then_some((&head.loader.name, before, now))
}

#[cfg(test)]
mod tests;
