//! Suites: the file in which somebody names many cases that share one matrix and one gate.
//!
//! In: YAML text, hostile until read. Out: a [`Suite`], or every problem of it at once, each with line, column
//! and remedy. [`gate`] says what the answers to its cases mean for the suite, [`baseline`] reads and writes the
//! failures that are known.
//!
//! `docs/schema/suite-1.json` describes the format and a test holds it to [`KEYS`].
//!
//! Deliberately absent: files, and how cases are asked.

pub mod baseline;
mod cases;
pub mod gate;
mod terms;

pub use cases::{Case, Command, Expected, Object, Subject};
pub use terms::{RUNTIME_SECONDS_MAX, TIMEOUT_SECONDS_MAX, Terms};

use crate::manifest::problem::{Problem, nearest, none_of, short};
use crate::manifest::read::Reader;
use crate::manifest::yaml::{self, Node};
use crate::manifest::{self, ManifestError};
use domain::contract::ExpectedFailure;

/// Longest suite, in bytes: room for every case to say about four kilobytes.
pub const SUITE_BYTES_MAX: usize = 1024 * 1024;
/// Cases of a suite. Each is a run of its own, and more than that are several suites.
pub const CASES_MAX: usize = 256;
/// Cases that are asked at once where a suite does not say: enough to keep the workers of a small site busy
/// while some cases still upload and others wait for their last kernel.
pub const AT_ONCE: u32 = 8;
/// Cases that may be asked at once. Each holds a stream to the controller open.
pub const AT_ONCE_MAX: u32 = 32;
/// Accepted failures of a suite, and expectations of a case: as many as an object may have programs.
pub const ACCEPTED_MAX: usize = crate::object::PROGRAMS_MAX;

const SUITE: &[&str] = &["version", "name", "defaults", "concurrency", "cases", "accepted_failures"];
const ACCEPTED: &[&str] = &["case", "program", "kernels", "cause", "reason", "until"];

/// The keys of each kind of map in the format, by the kind's name in the schema.
pub const KEYS: &[(&str, &[&str])] = &[
    ("suite", SUITE),
    ("defaults", terms::DEFAULTS),
    ("case", cases::CASE),
    ("command", cases::COMMAND),
    ("expected", cases::EXPECTED),
    ("accepted_failure", ACCEPTED),
];

/// Many cases, one gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// What its author calls it.
    pub name: String,
    /// What holds for every case that does not say otherwise.
    pub defaults: Terms,
    /// How many cases are asked at once, 1 to [`AT_ONCE_MAX`].
    pub concurrency: u32,
    /// The cases, in the order of the file; no two are called alike.
    pub cases: Vec<Case>,
}

/// Reads a suite. `file` is its name in messages.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(file: &str, text: &str) -> Result<Suite, ManifestError> {
    let one = |problem| ManifestError { file: file.to_owned(), problems: vec![problem] };
    if text.len() > SUITE_BYTES_MAX {
        let says = format!("{} bytes, and a suite has at most {SUITE_BYTES_MAX}", text.len());
        return Err(one(Problem { place: None, says }));
    }
    let root = yaml::parse(text).map_err(one)?;
    let mut reader = Reader::default();
    let suite = suite(&mut reader, file, &root);
    none_of(file, reader.problems)?;
    Ok(suite)
}

fn suite(reader: &mut Reader, file: &str, root: &Node) -> Suite {
    let fields = reader.fields(root, SUITE);
    manifest::version(reader, root, fields.get("version").copied());
    let name = fields.get("name").and_then(|node| reader.text(node, "the name"));
    if !fields.contains_key("name") {
        reader.wrong(root.place, "a suite needs a name");
    }
    let defaults = fields.get("defaults").map(|node| terms::defaults(reader, node)).unwrap_or_default();
    let concurrency = fields.get("concurrency").and_then(|node| concurrency(reader, node));
    let nodes = fields.get("cases").map_or(&[][..], |node| reader.list(node, "cases"));
    let place = fields.get("cases").map_or(root.place, |node| node.place);
    if nodes.is_empty() {
        reader.wrong(place, "a suite needs at least one case under `cases`");
    } else if nodes.len() > CASES_MAX {
        reader.wrong(place, format!("{} cases, and a suite has at most {CASES_MAX}", nodes.len()));
    }
    let mut cases = Vec::new();
    for node in nodes.iter().take(CASES_MAX) {
        let Some(case) = cases::read(reader, file, node) else { continue };
        match cases.iter().find(|other: &&Case| other.name == case.name) {
            Some(other) => {
                let says = format!("a case at {} is called `{}` already", other.place, short(&case.name));
                reader.wrong(case.place, says);
            }
            None => cases.push(case),
        }
    }
    if let Some(node) = fields.get("accepted_failures") {
        accepted(reader, node, &mut cases, nodes.len());
    }
    Suite { name: name.unwrap_or_default(), defaults, concurrency: concurrency.unwrap_or(AT_ONCE), cases }
}

fn concurrency(reader: &mut Reader, node: &Node) -> Option<u32> {
    let number = reader.number(node, "concurrency", 1)?;
    if number > AT_ONCE_MAX {
        reader.wrong(node.place, format!("at most {AT_ONCE_MAX} cases are asked at once"));
    }
    Some(number)
}

/// Gives each case the accepted failures that name it. Of `written` cases some may have been unreadable, and a
/// failure may well be theirs.
fn accepted(reader: &mut Reader, node: &Node, cases: &mut [Case], written: usize) {
    let nodes = reader.list(node, "accepted failures");
    too_many(reader, node, nodes.len(), "accepted failures");
    for (at, node) in nodes.iter().enumerate().take(ACCEPTED_MAX) {
        let fields = reader.fields(node, ACCEPTED);
        let path = format!("accepted_failures.{at}");
        let failure: Option<ExpectedFailure> = manifest::expected::of_fields(reader, node, &fields, path);
        let Some(of) = fields.get("case") else {
            reader.wrong(node.place, "an accepted failure needs case");
            continue;
        };
        let Some(name) = reader.text(of, "a case's name") else { continue };
        match cases.iter().position(|case| case.name == name) {
            Some(at) => cases[at].accepted.extend(failure),
            None if cases.len() < written => {}
            None => {
                let nearest = nearest(&name, cases.iter().map(|case| case.name.as_str()));
                reader.wrong(of.place, format!("there is no case `{}`{nearest}", short(&name)));
            }
        }
    }
}

fn too_many(reader: &mut Reader, node: &Node, count: usize, what: &str) {
    if count > ACCEPTED_MAX {
        reader.wrong(node.place, format!("{count} {what}, and at most {ACCEPTED_MAX} may be declared"));
    }
}
