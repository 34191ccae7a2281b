//! What is wrong with a manifest, and where.

use domain::contract::Place;
use std::fmt;

/// Problems told at most: whoever has more fixes these first.
pub(crate) const PROBLEMS_MAX: usize = 50;
/// Bytes of what somebody wrote that are repeated in a message.
const SHOWN_BYTES_MAX: usize = 80;

/// One problem, with its place if it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Option<Place>,
    /// What, and what to do.
    pub says: String,
}

impl Problem {
    pub(crate) fn at(place: Place, says: impl Into<String>) -> Self {
        Self { place: Some(place), says: says.into() }
    }
}

/// Why a manifest cannot be used: every problem, a line each, as compilers say it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ManifestError {
    /// The file's name.
    pub file: String,
    /// The problems, by place.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.problems.iter().enumerate() {
            let end = if at + 1 == self.problems.len() { "" } else { "\n" };
            match problem.place {
                Some(place) => write!(f, "{}:{place}: {}{end}", self.file, problem.says)?,
                None => write!(f, "{}: {}{end}", self.file, problem.says)?,
            }
        }
        Ok(())
    }
}

/// An error if there is a problem.
pub(crate) fn none_of(file: &str, mut problems: Vec<Problem>) -> Result<(), ManifestError> {
    if problems.is_empty() {
        return Ok(());
    }
    problems.sort_by_key(|problem| problem.place);
    problems.truncate(PROBLEMS_MAX);
    Err(ManifestError { file: file.to_owned(), problems })
}

/// `; did you mean NAME?` if one of the known names is near enough to be meant.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    // A third of the letters, and two in short names, is what people mistype.
    let reach = (name.chars().count() / 3).max(2);
    let near = known.into_iter().map(|other| (strsim::damerau_levenshtein(short(name), short(other)), other));
    let best = near.filter(|(distance, _)| *distance <= reach).min();
    best.map(|(_, other)| format!("; did you mean `{other}`?")).unwrap_or_default()
}

/// The beginning of what somebody wrote.
pub(crate) fn short(text: &str) -> &str {
    &text[..text.floor_char_boundary(SHOWN_BYTES_MAX)]
}
