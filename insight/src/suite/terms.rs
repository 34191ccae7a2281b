//! What a case is asked under: kernels, level, loaders, environments, time.

use crate::manifest::problem::short;
use crate::manifest::read::{Fields, Reader};
use crate::manifest::yaml::Node;
use crate::manifest::{axes, loaders, selector};
use domain::axis::{AxisChoices, Loader};
use domain::check::CHECK_MS_MAX;
use domain::level::Level;

/// Longest time a guest may take to answer, in seconds: what controllers accept.
pub const TIMEOUT_SECONDS_MAX: u32 = 1800;
/// Longest time of a command, in seconds.
pub const RUNTIME_SECONDS_MAX: u32 = CHECK_MS_MAX / 1000;

pub(super) const DEFAULTS: &[&str] = &["kernels", "optional", "level", "loaders", "axes", "timeout", "fresh"];
/// Checks are run where a case has some, so that nobody asks for them where there are none.
const LEVELS: [&str; 2] = ["load", "attach"];

/// What can be said for a case or for all of them. What nobody says is as `bpfcompat test` has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Terms {
    /// Selector of the kernels that decide.
    pub kernels: Option<String>,
    /// Selector of the kernels that are shown.
    pub optional: Option<String>,
    /// How far programs must get where there are no checks.
    pub level: Option<Level>,
    /// What loads the objects; empty where nothing is said.
    pub loaders: Vec<Loader>,
    /// What they work in.
    pub axes: AxisChoices,
    /// Seconds a guest may take to answer, 1 to [`TIMEOUT_SECONDS_MAX`].
    pub timeout: Option<u32>,
    /// Whether stored answers are ignored.
    pub fresh: Option<bool>,
}

impl Terms {
    /// These terms, and those of `others` where these say nothing.
    #[must_use]
    pub fn or(&self, others: &Self) -> Self {
        let loaders = if self.loaders.is_empty() { &others.loaders } else { &self.loaders };
        Self {
            kernels: self.kernels.clone().or_else(|| others.kernels.clone()),
            optional: self.optional.clone().or_else(|| others.optional.clone()),
            level: self.level.or(others.level),
            loaders: loaders.clone(),
            axes: self.axes.or(&others.axes),
            timeout: self.timeout.or(others.timeout),
            fresh: self.fresh.or(others.fresh),
        }
    }
}

pub(super) fn defaults(reader: &mut Reader, node: &Node) -> Terms {
    let fields = reader.fields(node, DEFAULTS);
    of_fields(reader, &fields)
}

/// The terms among the fields of a map.
pub(super) fn of_fields(reader: &mut Reader, fields: &Fields<'_>) -> Terms {
    let level = fields.get("level").and_then(|node| reader.one_of(node, "level here", &LEVELS));
    Terms {
        kernels: fields.get("kernels").and_then(|node| selector(reader, node)),
        optional: fields.get("optional").and_then(|node| selector(reader, node)),
        level: level.and_then(|level| level.parse().ok()),
        loaders: fields.get("loaders").map(|node| loaders(reader, node)).unwrap_or_default(),
        axes: fields.get("axes").map(|node| axes(reader, node)).unwrap_or_default(),
        timeout: fields
            .get("timeout")
            .and_then(|node| seconds(reader, node, "the timeout", TIMEOUT_SECONDS_MAX)),
        fresh: fields.get("fresh").and_then(|node| reader.boolean(node, "fresh")),
    }
}

/// `90s` or `5m`.
pub(super) fn seconds(reader: &mut Reader, node: &Node, what: &str, max: u32) -> Option<u32> {
    let text = reader.text(node, what)?;
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "s" => Some(1),
        "m" => Some(60),
        _ => None,
    };
    let count = Some(digits).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
    let count = count.and_then(|digits| digits.parse::<u32>().ok());
    let seconds = count.zip(unit).and_then(|(count, unit)| count.checked_mul(unit));
    let seconds = seconds.filter(|seconds| (1..=max).contains(seconds));
    if seconds.is_none() {
        reader.wrong(node.place, format!("`{}` is no time like 90s or 5m of at most {max}s", short(&text)));
    }
    seconds
}
