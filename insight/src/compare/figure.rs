//! What the verifier counted, then and now. `docs/COMPARE.md` says which changes are judged and why.

use super::cell::matched;
use super::finding::id;
use super::report::{Cell, Kernel, Program};
use domain::verdict::INSTRUCTION_BYTES;
use serde::Serialize;

/// The share of a limit from which on a program is told to be near it.
pub const HEADROOM_PERCENT: u64 = 80;

/// From where on a change is worth telling: both must be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Thresholds {
    /// The share of the figure before.
    pub percent: u32,
    /// The amount, in instructions; those of the other figures follow from it.
    pub least: u32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { percent: 5, least: 64 }
    }
}

/// Something that is counted of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// Instructions the verifier walked.
    Processed,
    /// States it kept.
    TotalStates,
    /// States it kept at the same time.
    PeakStates,
    /// Bytes of stack.
    StackBytes,
    /// Bytes after the kernel's rewriting.
    TranslatedBytes,
    /// Bytes of machine code.
    JitedBytes,
    /// Bytes of memory at most.
    MemoryPeakBytes,
    /// Microseconds of the guest's clock.
    TookUs,
}

/// A figure that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figure<'a> {
    /// Name of the object.
    pub object: &'a str,
    /// The kernel.
    #[serde(serialize_with = "id")]
    pub kernel: &'a Kernel,
    /// The loader.
    pub loader: &'a str,
    /// What it worked in, as far as that is not usual.
    pub environment: String,
    /// The program.
    pub program: &'a str,
    /// What was counted.
    pub statistic: Statistic,
    /// What it was.
    pub base: u64,
    /// What it is.
    pub head: u64,
    /// Whether the change is known to be the object's and no noise or other kernel's.
    pub judged: bool,
    /// Whether it is judged and beyond both thresholds.
    pub told: bool,
    /// Whether it counts for the exit code: it is told, grew, and the program decides.
    pub decides: bool,
}

/// What a program has so much of and no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Instructions that the verifier walks.
    Processed,
    /// Bytes of stack of a chain of calls.
    StackBytes,
}

/// A program that came near a limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alarm<'a> {
    /// Name of the object.
    pub object: &'a str,
    /// The kernel.
    #[serde(serialize_with = "id")]
    pub kernel: &'a Kernel,
    /// The loader.
    pub loader: &'a str,
    /// What it worked in, as far as that is not usual.
    pub environment: String,
    /// The program.
    pub program: &'a str,
    /// Which limit.
    pub limit: Limit,
    /// What it was, where that is known.
    pub base: Option<u64>,
    /// What it is.
    pub head: u64,
    /// What the kernel allows.
    pub max: u64,
    /// Whether it counts for the exit code: it is the same build, and the program decides.
    pub decides: bool,
}

impl Thresholds {
    /// Whether a change is worth telling.
    fn reached(self, statistic: Statistic, base: u64, head: u64) -> bool {
        let least = u64::from(self.least);
        let least = match statistic {
            Statistic::Processed => least,
            Statistic::TotalStates | Statistic::PeakStates => least / 8,
            Statistic::StackBytes => least / 2,
            Statistic::TranslatedBytes | Statistic::JitedBytes => least * u64::from(INSTRUCTION_BYTES),
            Statistic::MemoryPeakBytes | Statistic::TookUs => return false,
        };
        let change = base.abs_diff(head);
        let share = u128::from(change) * 100 >= u128::from(self.percent) * u128::from(base);
        change > 0 && change >= least && share
    }
}

/// The figures that differ between two cells, and the programs that came near a limit.
pub(super) fn of_cells<'a>(
    base: &'a Cell,
    head: &'a Cell,
    thresholds: Thresholds,
) -> (Vec<Figure<'a>>, Vec<Alarm<'a>>) {
    let (mut figures, mut alarms) = (Vec::new(), Vec::new());
    let same_build = base.kernel.id == head.kernel.id;
    let same_processor = match (&base.guest, &head.guest) {
        (Some(base), Some(head)) => base.accelerator == head.accelerator,
        (Some(_) | None, _) => false,
    };
    let named = |cell: &'a Cell| cell.programs.iter().map(|program| (program.name.as_str(), program));
    let (loader, axes) = head.surroundings();
    let environment = axes.unusual();
    for (program, before, now) in matched(named(base), named(head)) {
        let Some(now) = now else { continue };
        let decides = head.required && now.required && same_build;
        for (limit, before, (now, max)) in near_limits(before, now) {
            let (object, kernel, environment) = (head.object.as_str(), &head.kernel, environment.clone());
            alarms.push(Alarm {
                object,
                kernel,
                loader,
                environment,
                program,
                limit,
                base: before,
                head: now,
                max,
                decides,
            });
        }
        let Some(before) = before else { continue };
        for (statistic, before, now) in counted(before, now) {
            let judged = match statistic {
                Statistic::MemoryPeakBytes | Statistic::TookUs => false,
                Statistic::JitedBytes => same_build && same_processor,
                Statistic::Processed
                | Statistic::TotalStates
                | Statistic::PeakStates
                | Statistic::StackBytes
                | Statistic::TranslatedBytes => same_build,
            };
            let told = judged && thresholds.reached(statistic, before, now);
            figures.push(Figure {
                object: &head.object,
                kernel: &head.kernel,
                loader,
                environment: environment.clone(),
                program,
                statistic,
                base: before,
                head: now,
                judged,
                told,
                decides: told && now > before && decides,
            });
        }
    }
    (figures, alarms)
}

/// What was counted of two programs that were loaded, and differs. How far the verifier came with a program that
/// it refused says nothing about one that it accepted.
fn counted(base: &Program, head: &Program) -> Vec<(Statistic, u64, u64)> {
    let (Some(before), Some(now)) = (&base.stats, &head.stats) else { return Vec::new() };
    let mut figures = vec![
        (Statistic::TranslatedBytes, u64::from(before.translated_bytes), u64::from(now.translated_bytes)),
        (Statistic::JitedBytes, before.jited_bytes.into(), now.jited_bytes.into()),
    ];
    if let (Some(before), Some(now)) = (&base.verification, &head.verification) {
        let wide = |number: Option<u32>| number.map(u64::from);
        let deepest = before.deepest_stack_bytes.zip(now.deepest_stack_bytes);
        let sum = |stacks: &[u32]| {
            (!stacks.is_empty()).then(|| stacks.iter().map(|bytes| u64::from(*bytes)).sum::<u64>())
        };
        let (stack_before, stack_now) = match deepest {
            Some((before, now)) => (Some(before.into()), Some(now.into())),
            None => (sum(&before.stack_bytes), sum(&now.stack_bytes)),
        };
        let both = [
            (Statistic::Processed, Some(before.processed.into()), Some(now.processed.into())),
            (Statistic::TotalStates, wide(before.total_states), wide(now.total_states)),
            (Statistic::PeakStates, wide(before.peak_states), wide(now.peak_states)),
            (Statistic::StackBytes, stack_before, stack_now),
            (Statistic::MemoryPeakBytes, before.memory_peak_bytes, now.memory_peak_bytes),
            (Statistic::TookUs, wide(before.took_us), wide(now.took_us)),
        ];
        let known = both.into_iter().filter_map(|(statistic, before, now)| Some((statistic, before?, now?)));
        figures.extend(known);
    }
    figures.retain(|(_, before, now)| before != now);
    figures.sort_unstable();
    figures
}

/// Limits that a program came near to and was not near before: what it was, what it is, and the limit.
fn near_limits(base: Option<&Program>, head: &Program) -> Vec<(Limit, Option<u64>, (u64, u64))> {
    let used = |program: &Program| {
        let counted = program.verification.as_ref();
        let processed = counted.map(|counted| (counted.processed, counted.processed_max));
        let stack =
            counted.and_then(|counted| Some((counted.deepest_stack_bytes?, counted.deepest_stack_bytes_max)));
        [processed, stack].map(|used| used.map(|(used, max)| (u64::from(used), u64::from(max))))
    };
    let is_near = |(used, max): (u64, u64)| max > 0 && used * 100 >= max * HEADROOM_PERCENT;
    let before = base.map(used).unwrap_or_default();
    let limits = [Limit::Processed, Limit::StackBytes].into_iter().zip(before).zip(used(head));
    limits
        .filter_map(|((limit, before), now)| Some((limit, before, now?)))
        .filter(|(_, before, now)| is_near(*now) && !before.is_some_and(is_near))
        .map(|(limit, before, now)| (limit, before.map(|(used, _)| used), now))
        .collect()
}
