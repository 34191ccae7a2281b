//! A comparison in words: findings that say the same of several kernels together, figures, and what was held to
//! what. `terminal`, `markdown` and `json` are its forms.

pub(crate) mod json;
pub(crate) mod markdown;
pub(crate) mod terminal;

use crate::exit::Exit;
use crate::render::counts::grouped;
use crate::render::matrix::words;
use crate::render::paint::Tone;
use domain::axis::Loader;
use insight::compare::{
    Alarm, Comparison, FailOn, Figure, Finding, How, Kernel, Kind, Limit, Side, Statistic, Subject,
    Thresholds,
};
use std::collections::HashMap;

/// A comparison, and how it was asked for.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    /// What changed.
    pub(crate) comparison: &'a Comparison<'a>,
    /// What was: as it was named, and its run.
    pub(crate) base: (&'a str, &'a str),
    /// What is, likewise.
    pub(crate) head: (&'a str, &'a str),
    /// What it fails on.
    pub(crate) fail_on: &'a [FailOn],
    /// From where on changes of figures are told.
    pub(crate) thresholds: Thresholds,
    /// How it ends.
    pub(crate) exit: Exit,
}

/// Findings that differ in nothing but where they were made.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    /// The first of them.
    pub(crate) finding: &'a Finding<'a>,
    /// The kernels, or for a kernel the objects, they were made on.
    pub(crate) over: Vec<String>,
}

/// Kernels or objects that are named before the rest is counted.
const OVER_SHOWN: usize = 8;

impl Told<'_> {
    /// Findings, what decides first, then the worst first.
    pub(crate) fn groups(&self) -> Vec<Group<'_>> {
        let labels = self.labels();
        let mut groups: Vec<Group<'_>> = Vec::new();
        let mut places = HashMap::new();
        for finding in &self.comparison.findings {
            let of_kernel = finding.subject == Subject::Kernel;
            let object = if of_kernel { finding.kernel.id.as_str() } else { finding.object };
            let place = (object, finding.loader, finding.environment.as_str(), says(finding));
            let over =
                if of_kernel { finding.object.to_owned() } else { label(&labels, finding.kernel).to_owned() };
            match places.get(&place) {
                Some(at) => {
                    let group: &mut Group<'_> = &mut groups[*at];
                    if !group.over.contains(&over) {
                        group.over.push(over);
                    }
                }
                None => {
                    places.insert(place, groups.len());
                    groups.push(Group { finding, over: vec![over] });
                }
            }
        }
        groups.sort_by_key(|group| (!group.finding.decides, group.finding.kind));
        groups
    }

    /// Series and flavour where they name one kernel of the comparison, else the id.
    fn labels(&self) -> HashMap<&str, String> {
        let kernels = || self.comparison.kernels.iter().filter_map(|pair| pair.one());
        let short = |kernel: &Kernel| format!("{} {}", kernel.series, kernel.flavour);
        let mut count: HashMap<String, usize> = HashMap::new();
        for kernel in kernels() {
            *count.entry(short(kernel)).or_default() += 1;
        }
        let label = |kernel: &Kernel| match count.get(&short(kernel)) {
            Some(1) => short(kernel),
            Some(_) | None => kernel.id.clone(),
        };
        kernels().map(|kernel| (kernel.id.as_str(), label(kernel))).collect()
    }

    /// Figures in a line each: those worth telling, or all that differ; then what came near a limit.
    pub(crate) fn figures(&self, all: bool) -> Vec<String> {
        let labels = self.labels();
        let figures = self.comparison.figures.iter().filter(|figure| all || figure.told);
        let figures = figures.map(|figure| figure_line(figure, label(&labels, figure.kernel)));
        let alarms = self.comparison.alarms.iter();
        figures.chain(alarms.map(|alarm| alarm_line(alarm, label(&labels, alarm.kernel)))).collect()
    }

    /// What is not the same on both sides and was held to each other, in a line each.
    pub(crate) fn held(&self) -> Vec<String> {
        let Comparison { objects, kernels, loaders, .. } = self.comparison;
        let objects = objects.iter().filter_map(|pair| pair.both()).filter_map(|(base, head)| {
            let short = |digest: &str| digest.chars().take(12).collect::<String>();
            match (base.name == head.name, base.sha256 == head.sha256) {
                (true, true) => None,
                (true, false) => {
                    let (before, now) = (short(&base.sha256), short(&head.sha256));
                    Some(format!("{} was {before} and is {now}", head.name))
                }
                (false, _) => Some(format!("{} was held to {}, the only other object", head.name, base.name)),
            }
        });
        let kernels = kernels.iter().filter_map(|pair| pair.both()).filter(|(base, head)| base.id != head.id);
        let kernels =
            kernels.map(|(base, head)| format!("{} was held to {}, another build of it", head.id, base.id));
        let loaders = loaders.iter().map(|(name, before, now)| format!("{name} was {before} and is {now}"));
        objects.chain(kernels).chain(loaders).collect()
    }

    /// `1 regression, 2 fixes; 12 cells compared; exit 1`
    pub(crate) fn summary(&self) -> String {
        let counts = Kind::ALL.into_iter().filter_map(|kind| {
            let of_kind = self.comparison.findings.iter().filter(|finding| finding.kind == kind);
            let (count, decides) =
                (of_kind.clone().count(), of_kind.filter(|finding| finding.decides).count());
            let apart = if decides < count { format!(" ({decides} decide)") } else { String::new() };
            (count > 0).then(|| format!("{}: {count}{apart}", name(kind)))
        });
        let mut counts: Vec<String> = counts.collect();
        if counts.is_empty() {
            counts.push("nothing changed".to_owned());
        }
        let compared = self.comparison.compared;
        format!("{}; {compared} cells compared; exit {}", counts.join(", "), self.exit.code())
    }
}

impl Group<'_> {
    /// What became of what, where: `regression, broke: probe.bpf.o: program p on 6.1 cloud`.
    pub(crate) fn headline(&self) -> String {
        let finding = self.finding;
        let how = match finding.how {
            None => "",
            Some(How::Broke) => ", broke",
            Some(How::NoLongerExercised) => ", no longer exercised",
            Some(How::Removed) => ", removed",
        };
        let object = finding.object;
        let subject = match finding.subject {
            Subject::Object => format!("object {object}"),
            Subject::Kernel => format!("kernel {}", finding.kernel.id),
            Subject::Cell => object.to_owned(),
            Subject::Program(name) => format!("{object}: program {name}"),
            Subject::Check(name) => format!("{object}: check {name}"),
        };
        let joint = if finding.subject == Subject::Kernel { "for" } else { "on" };
        let within = within(finding.loader, &finding.environment);
        let mut over = self.over.iter().take(OVER_SHOWN).cloned().collect::<Vec<_>>().join(", ");
        if self.over.len() > OVER_SHOWN {
            over.push_str(&format!(" and {} more", self.over.len() - OVER_SHOWN));
        }
        format!("{}{how}: {subject}{within} {joint} {over}", name(finding.kind))
    }

    /// Where it stood and stands, and why: `passes → fails: helper_unknown: bpf_x, EINVAL`.
    pub(crate) fn says(&self) -> String {
        says(self.finding).1
    }

    /// The cause in a sentence, if there is one.
    pub(crate) fn sentence(&self) -> Option<&str> {
        let side = self.finding.head.or(self.finding.base)?;
        side.cause.map(|cause| cause.says.as_str()).filter(|says| !says.is_empty())
    }

    /// How it is shown.
    pub(crate) fn tone(&self) -> Tone {
        match self.finding.kind {
            _ if !self.finding.decides => Tone::Dim,
            Kind::Regression | Kind::NewFailure => Tone::Bad,
            Kind::OtherCause | Kind::NoLongerRequired | Kind::CouldNotCompare => Tone::Unsure,
            Kind::Fix | Kind::NewPass => Tone::Good,
        }
    }
}

/// A kind in words.
fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Regression => "regression",
        Kind::NewFailure => "new failure",
        Kind::OtherCause => "other cause",
        Kind::NoLongerRequired => "no longer required",
        Kind::CouldNotCompare => "could not compare",
        Kind::Fix => "fix",
        Kind::NewPass => "new pass",
    }
}

/// What a finding says, apart from where: what tells groups apart, and the words.
fn says<'a>(finding: &'a Finding<'_>) -> ((Kind, Option<How>, Subject<'a>), String) {
    let side = |side: Option<Side<'_>>| match side {
        None => "not there".to_owned(),
        Some(side) => {
            let excused = if side.excused { " as expected" } else { "" };
            let optional = if side.required || side.excused { "" } else { " (optional)" };
            let cause = side.cause.map(because).unwrap_or_default();
            format!("{}{excused}{optional}{cause}", words(side.verdict))
        }
    };
    let text = format!("{} → {}", side(finding.base), side(finding.head));
    ((finding.kind, finding.how, finding.subject), text)
}

fn because(cause: &insight::compare::Cause) -> String {
    let subject = if cause.subject.is_empty() { String::new() } else { format!(" {}", cause.subject) };
    let errno = cause.errno.as_ref().map(|errno| format!(", {errno}")).unwrap_or_default();
    format!(" ({}{subject}{errno})", cause.code)
}

/// The loader and its environment, as far as they are not the usual ones.
fn within(loader: &str, environment: &str) -> String {
    let by = if loader == Loader::default().name() { String::new() } else { format!(" by {loader}") };
    let with = if environment.is_empty() { String::new() } else { format!(" with {environment}") };
    by + &with
}

fn label<'a>(labels: &'a HashMap<&str, String>, kernel: &'a Kernel) -> &'a str {
    labels.get(kernel.id.as_str()).map_or(kernel.id.as_str(), String::as_str)
}

fn figure_line(figure: &Figure<'_>, kernel: &str) -> String {
    let (what, unit) = match figure.statistic {
        Statistic::Processed => ("instructions walked", ""),
        Statistic::TotalStates => ("states", ""),
        Statistic::PeakStates => ("states at the same time", ""),
        Statistic::StackBytes => ("stack", " bytes"),
        Statistic::TranslatedBytes => ("size", " bytes"),
        Statistic::JitedBytes => ("machine code", " bytes"),
        Statistic::MemoryPeakBytes => ("memory", " bytes"),
        Statistic::TookUs => ("time", " µs"),
    };
    let (base, head) = (figure.base, figure.head);
    let sign = if head > base { '+' } else { '-' };
    let permille = (u128::from(base.abs_diff(head)) * 1000).checked_div(base.into());
    let share = permille.map(|permille| format!(" ({sign}{}.{} %)", permille / 10, permille % 10));
    let judged = if figure.judged { "" } else { ", not judged" };
    format!(
        "{}: program {}{} on {kernel}: {what} {} → {}{unit}{}{judged}",
        figure.object,
        figure.program,
        within(figure.loader, &figure.environment),
        grouped(base),
        grouped(head),
        share.unwrap_or_default(),
    )
}

fn alarm_line(alarm: &Alarm<'_>, kernel: &str) -> String {
    let what = match alarm.limit {
        Limit::Processed => "instructions walked",
        Limit::StackBytes => "bytes of stack",
    };
    format!(
        "{}: program {}{} on {kernel}: little headroom, {} of {} {what}",
        alarm.object,
        alarm.program,
        within(alarm.loader, &alarm.environment),
        grouped(alarm.head),
        grouped(alarm.max),
    )
}

#[cfg(test)]
mod tests;
