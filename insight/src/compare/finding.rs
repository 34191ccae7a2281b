//! What became of one thing from one answer to the next.

use super::report::{Cause, Cell, Check, Kernel, Program};
use domain::level::Level;
use domain::verdict::{Reached, Verdict};
use serde::{Serialize, Serializer};

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It worked, or was looked at, and is not any more.
    Regression,
    /// It fails, and did not before because it was not there or not exercised.
    NewFailure,
    /// It fails as before, for another reason.
    OtherCause,
    /// It is what it was and does not decide any more.
    NoLongerRequired,
    /// One side does not know.
    CouldNotCompare,
    /// It failed and works.
    Fix,
    /// It works, and was not there or not exercised before.
    NewPass,
}

impl Kind {
    /// Every kind, the worst first.
    pub const ALL: [Self; 7] = [
        Self::Regression,
        Self::NewFailure,
        Self::OtherCause,
        Self::NoLongerRequired,
        Self::CouldNotCompare,
        Self::Fix,
        Self::NewPass,
    ];
}

/// How something regressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It passed and fails.
    Broke,
    /// It passed, and nothing shows that it still does.
    NoLongerExercised,
    /// It is not there any more.
    Removed,
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum Subject<'a> {
    /// An object that only one side has, on one kernel.
    Object,
    /// A kernel that only one side has, for one object.
    Kernel,
    /// A cell, as far as its programs and checks do not explain it.
    Cell,
    /// A program of it.
    Program(&'a str),
    /// A check of it.
    Check(&'a str),
}

/// What became of one thing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding<'a> {
    /// What.
    pub kind: Kind,
    /// How, of a regression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub how: Option<How>,
    /// Whether it counts for the exit code.
    pub decides: bool,
    /// What it is about.
    pub subject: Subject<'a>,
    /// Name of the object, now if it is there now.
    pub object: &'a str,
    /// The kernel, now if it is there now.
    #[serde(serialize_with = "id")]
    pub kernel: &'a Kernel,
    /// The loader.
    pub loader: &'a str,
    /// What it worked in, as far as that is not usual.
    pub environment: String,
    /// Where it stood; absent where it was not there.
    pub base: Option<Side<'a>>,
    /// Where it stands.
    pub head: Option<Side<'a>>,
}

/// Where a thing stands in one answer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Side<'a> {
    /// Its verdict.
    pub verdict: Verdict,
    /// Whether it decides.
    pub required: bool,
    /// Whether its failure is expected.
    pub excused: bool,
    /// The level asked for, of a program.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "level")]
    pub asked: Option<Level>,
    /// How far it got, of a program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached: Option<Reached>,
    /// Why it is no pass.
    pub cause: Option<&'a Cause>,
}

impl<'a> Side<'a> {
    pub(super) fn of_cell(cell: &'a Cell) -> Self {
        Self {
            verdict: cell.verdict,
            required: cell.required,
            excused: cell.contract.excused,
            asked: None,
            reached: None,
            cause: cell.cause.as_ref(),
        }
    }

    pub(super) fn of_program(cell: &'a Cell, program: &'a Program) -> Self {
        Self {
            verdict: program.verdict,
            required: cell.required && program.required,
            asked: Some(program.asked),
            reached: Some(program.reached),
            cause: program.cause.as_ref(),
            ..Self::of_cell(cell)
        }
    }

    pub(super) fn of_check(cell: &'a Cell, check: &'a Check) -> Self {
        Self {
            verdict: check.verdict,
            required: cell.required && check.required,
            cause: check.cause.as_ref(),
            ..Self::of_cell(cell)
        }
    }

    /// Whether less is asked of it than of the other.
    fn asks_less_than(&self, other: &Self) -> bool {
        self.asked < other.asked && self.asked.is_some()
    }

    /// Whether it got as far as was asked of the other.
    fn holds(&self, other: &Self) -> bool {
        let needed = match other.asked {
            Some(Level::Load) => Reached::Loaded,
            Some(Level::Attach | Level::Behave) => Reached::Attached,
            None => return false,
        };
        self.reached >= Some(needed)
    }
}

/// What became of a thing, and whether that decides; nothing for what is as it was.
pub(super) fn became(base: Option<&Side<'_>>, head: Option<&Side<'_>>) -> Option<(Kind, Option<How>, bool)> {
    let (kind, how) = match (base, head) {
        (None, None) => return None,
        (Some(base), None) if base.verdict == Verdict::Inconclusive => (Kind::CouldNotCompare, None),
        (Some(_), None) => (Kind::Regression, Some(How::Removed)),
        (None, Some(head)) => (appeared(head.verdict), None),
        (Some(base), Some(head)) => changed(base, head)?,
    };
    let decides = head.or(base).is_some_and(|side| side.required);
    Some((kind, how, decides))
}

fn appeared(verdict: Verdict) -> Kind {
    match verdict {
        Verdict::Passes => Kind::NewPass,
        Verdict::Fails => Kind::NewFailure,
        Verdict::NotAttempted | Verdict::Inconclusive => Kind::CouldNotCompare,
    }
}

fn changed(base: &Side<'_>, head: &Side<'_>) -> Option<(Kind, Option<How>)> {
    use Verdict::{Fails, Inconclusive, NotAttempted, Passes};
    let demoted = || (base.required && !head.required).then_some((Kind::NoLongerRequired, None));
    let unexercised = (Kind::Regression, Some(How::NoLongerExercised));
    let found = match (base.verdict, head.verdict) {
        (Inconclusive, _) | (_, Inconclusive) | (Fails, NotAttempted) => (Kind::CouldNotCompare, None),
        (Passes, Passes) if head.asks_less_than(base) => unexercised,
        // It still does what it did; what is asked beyond that is new.
        (Passes, Fails | NotAttempted) if base.asks_less_than(head) && head.holds(base) => {
            (appeared(head.verdict), None)
        }
        (Passes, Fails) => (Kind::Regression, Some(How::Broke)),
        (Passes, NotAttempted) => unexercised,
        (Fails, Passes) if head.asks_less_than(base) => (Kind::CouldNotCompare, None),
        (Fails, Passes) => (Kind::Fix, None),
        (Fails, Fails) if !same(base.cause, head.cause) => (Kind::OtherCause, None),
        (NotAttempted, Passes | Fails) => (appeared(head.verdict), None),
        (Passes, Passes) | (Fails, Fails) | (NotAttempted, NotAttempted) => return demoted(),
    };
    Some(found)
}

fn same(base: Option<&Cause>, head: Option<&Cause>) -> bool {
    match (base, head) {
        (Some(base), Some(head)) => base.is(head),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

pub(super) fn id<S: Serializer>(kernel: &&Kernel, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&kernel.id)
}

fn level<S: Serializer>(level: &Option<Level>, serializer: S) -> Result<S::Ok, S::Error> {
    level.map(Level::name).serialize(serializer)
}
