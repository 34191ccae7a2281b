//! The cases of a suite: an object under its terms, or a command, and what must come of it.

use super::terms::{self, RUNTIME_SECONDS_MAX, Terms, seconds};
use super::too_many;
use crate::manifest::read::{Fields, Reader};
use crate::manifest::yaml::Node;
use crate::manifest::{checks, expected};
use domain::cause::CauseCode;
use domain::command::{ARGUMENTS_MAX, Ending};
use domain::contract::{ExpectedFailure, Manifest, Place};
use domain::verdict::Verdict;

pub(super) const CASE: &[&str] = &[
    "name",
    "object",
    "command",
    "kernels",
    "optional",
    "level",
    "loaders",
    "axes",
    "timeout",
    "fresh",
    "manifest",
    "checks",
    "expect",
    "accepted_failures",
];
/// What only an object has: a command is its own loader and says how long it may run.
const OF_OBJECTS: [&str; 5] = ["level", "loaders", "timeout", "manifest", "checks"];
pub(super) const COMMAND: &[&str] =
    &["bin", "dir", "objects", "args", "runtime", "expect_exit", "expect_running"];
pub(super) const EXPECTED: &[&str] = &["kernels", "verdict", "cause"];
/// What may be expected. What nothing exercised is never right, so nobody may expect it.
const VERDICTS: [&str; 2] = ["passes", "fails"];
/// Objects that lie beside a command.
const OBJECTS_MAX: usize = 64;

/// One question of a suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// What people call it.
    pub name: String,
    /// Where it stands in the file.
    pub place: Place,
    /// What is asked about.
    pub subject: Subject,
    /// What this case says for itself.
    pub terms: Terms,
    /// What must come of it, the first that names a kernel; it must pass where none does.
    pub expect: Vec<Expected>,
    /// Failures that do not decide, for a while.
    pub accepted: Vec<ExpectedFailure>,
}

/// What a case asks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Objects, loaded by loaders we know.
    Object(Box<Object>),
    /// A loader of somebody's own.
    Command(Command),
}

/// Objects and what is declared of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// What was written: a path, a pattern of paths, or a reference, as `bpfcompat test` takes it.
    pub input: String,
    /// The path of a manifest.
    pub manifest: Option<String>,
    /// The checks that stand in the suite, as a manifest whose file is the suite.
    pub declared: Manifest,
}

/// A loader of somebody's own. Paths are as they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program; with `dir` its path in there.
    pub bin: String,
    /// A folder that is shipped with it.
    pub dir: Option<String>,
    /// Objects that lie beside it.
    pub objects: Vec<String>,
    /// What it is given.
    pub arguments: Vec<String>,
    /// Seconds it may run, 1 to [`RUNTIME_SECONDS_MAX`].
    pub runtime: Option<u32>,
    /// How it must end.
    pub expect: Ending,
}

/// What must come of a case on some kernels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Which kernels: a selector that does not depend on which kernels there are.
    pub kernels: String,
    /// `Passes` or `Fails`.
    pub verdict: Verdict,
    /// The cause of the failure; `None` for any.
    pub cause: Option<CauseCode>,
}

/// One case; its mistakes are added to those of the suite.
pub(super) fn read(suite: &mut Reader, file: &str, node: &Node) -> Option<Case> {
    // Names of one case's checks have places of their own.
    let mut reader = Reader::default();
    let case = case(&mut reader, file, node);
    suite.problems.append(&mut reader.problems);
    case
}

fn case(reader: &mut Reader, file: &str, node: &Node) -> Option<Case> {
    let fields = reader.fields(node, CASE);
    let name = match fields.get("name") {
        Some(node) => reader.named_text(node, "a case's name", "name".to_owned()),
        None => {
            reader.wrong(node.place, "a case needs a name");
            None
        }
    };
    let subject = subject(reader, file, node, &fields);
    let terms = terms::of_fields(reader, &fields);
    let expect = fields.get("expect").map(|node| expectations(reader, node)).unwrap_or_default();
    let accepted = fields.get("accepted_failures").map(|node| {
        let failures = expected::read(reader, node);
        too_many(reader, node, failures.len(), "accepted failures");
        failures
    });
    let place = fields.get("name").map_or(node.place, |name| name.place);
    Some(Case {
        name: name?,
        place,
        subject: subject?,
        terms,
        expect,
        accepted: accepted.unwrap_or_default(),
    })
}

fn subject(reader: &mut Reader, file: &str, node: &Node, fields: &Fields<'_>) -> Option<Subject> {
    match (fields.get("object"), fields.get("command")) {
        (Some(object), None) => self::object(reader, file, object, fields).map(Box::new).map(Subject::Object),
        (None, Some(command)) => {
            for key in OF_OBJECTS {
                if let Some(node) = fields.get(key) {
                    reader.wrong(node.place, format!("`{key}` is said of objects; a command has none"));
                }
            }
            self::command(reader, command).map(Subject::Command)
        }
        (None, None) | (Some(_), Some(_)) => {
            reader.wrong(node.place, "a case has either `object` or `command`");
            None
        }
    }
}

fn object(reader: &mut Reader, file: &str, node: &Node, fields: &Fields<'_>) -> Option<Object> {
    let input = reader.text(node, "the object");
    let manifest = fields.get("manifest").map(|node| reader.text(node, "the manifest's path"));
    let mut declared = Manifest { file: file.to_owned(), ..Manifest::default() };
    if let Some(node) = fields.get("checks") {
        declared.contract.checks = checks::read(reader, node);
        declared.places = std::mem::take(&mut reader.places);
    }
    Some(Object { input: input?, manifest: manifest.flatten(), declared })
}

fn command(reader: &mut Reader, node: &Node) -> Option<Command> {
    let fields = reader.fields(node, COMMAND);
    let texts = |reader: &mut Reader, key: &str, what: &str, max: usize| -> Vec<String> {
        let Some(node) = fields.get(key) else { return Vec::new() };
        let nodes = reader.list(node, what);
        if nodes.len() > max {
            reader.wrong(node.place, format!("a command has at most {max} of `{key}`"));
        }
        nodes.iter().filter_map(|node| reader.text(node, what)).collect()
    };
    if !fields.contains_key("bin") {
        reader.wrong(node.place, "a command needs bin");
    }
    Some(Command {
        dir: fields.get("dir").and_then(|node| reader.text(node, "the folder")),
        objects: texts(reader, "objects", "the objects", OBJECTS_MAX),
        arguments: texts(reader, "args", "the arguments", ARGUMENTS_MAX),
        runtime: fields
            .get("runtime")
            .and_then(|node| seconds(reader, node, "the runtime", RUNTIME_SECONDS_MAX)),
        expect: ending(reader, &fields),
        bin: fields.get("bin").and_then(|node| reader.text(node, "the program"))?,
    })
}

fn ending(reader: &mut Reader, fields: &Fields<'_>) -> Ending {
    let running = fields.get("expect_running").and_then(|node| reader.boolean(node, "expect_running"));
    let exit = fields.get("expect_exit").and_then(|node| checks::status(reader, node));
    match (running, fields.get("expect_exit")) {
        (Some(true), Some(node)) => {
            reader.wrong(node.place, "a command that must still run cannot exit as well");
            Ending::Running
        }
        (Some(true), None) => Ending::Running,
        (Some(false) | None, _) => Ending::Exit(exit.unwrap_or(0)),
    }
}

fn expectations(reader: &mut Reader, node: &Node) -> Vec<Expected> {
    let nodes = reader.list(node, "expectations");
    too_many(reader, node, nodes.len(), "expectations");
    nodes.iter().filter_map(|node| expectation(reader, node)).collect()
}

fn expectation(reader: &mut Reader, node: &Node) -> Option<Expected> {
    let fields = reader.fields(node, EXPECTED);
    let missing: Vec<&str> =
        ["kernels", "verdict"].into_iter().filter(|key| !fields.contains_key(key)).collect();
    if !missing.is_empty() {
        reader.wrong(node.place, format!("an expectation needs {}", missing.join(" and ")));
    }
    let cause = fields.get("cause").map(|node| expected::cause(reader, node));
    let kernels = fields.get("kernels").and_then(|node| expected::kernels(reader, node));
    let verdict = fields.get("verdict").and_then(|node| reader.one_of(node, "verdict to expect", &VERDICTS));
    let verdict = verdict.as_deref().and_then(Verdict::from_name);
    if let (Some(Verdict::Passes), Some(node)) = (verdict, fields.get("cause")) {
        reader.wrong(node.place, "what passes has no cause");
    }
    Some(Expected { kernels: kernels?, verdict: verdict?, cause: cause.flatten() })
}
