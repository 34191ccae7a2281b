//! Files, by their path or by a pattern that a shell left as it is.

use super::{Found, Refusal};
use crate::args::object;
use crate::args::ready::OBJECTS_MAX;
use glob::MatchOptions;
use std::path::Path;

/// As shells match: a star stays in its folder, and names with a dot in front are meant by such patterns only.
const AS_SHELLS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

pub(super) fn file(path: &Path) -> Result<Vec<Found>, Refusal> {
    Ok(vec![Found::Object(object::read(path)?)])
}

/// Every file that matches, as if it had been typed: each must be an object.
pub(super) fn pattern(pattern: &str) -> Result<Vec<Found>, Refusal> {
    let matches = glob::glob_with(pattern, AS_SHELLS);
    let matches = matches.map_err(|error| Refusal::wrong(pattern, format!("is no pattern: {error}")))?;
    let mut found = Vec::new();
    for path in matches {
        let path = path.map_err(|error| {
            Refusal::wrong(error.path().display(), format!("cannot be read ({}): mend that", error.error()))
        })?;
        if path.is_dir() {
            continue;
        }
        if found.len() >= OBJECTS_MAX {
            let says = format!("matches more than {OBJECTS_MAX} files, and one run takes no more: narrow it");
            return Err(Refusal::wrong(pattern, says));
        }
        found.push(Found::Object(object::read(&path)?));
    }
    if found.is_empty() {
        return Err(Refusal::wrong(pattern, "matches no file: pass the path of a compiled .bpf.o"));
    }
    Ok(found)
}
