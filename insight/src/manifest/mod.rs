//! Manifests: the file in which somebody declares what an object's own loader sets.
//!
//! In: YAML text, hostile until read. Out: a [`Manifest`], or every problem of it at once, each with line,
//! column and remedy. [`fit`] then holds a manifest to an object: what the object lacks is told before any
//! guest starts, by whoever has the object.
//!
//! `docs/schema/manifest-1.json` describes the format and a test holds it to [`KEYS`].
//!
//! Deliberately absent: files, and what a kernel makes of it.

pub(crate) mod checks;
pub(crate) mod expected;
mod fit;
mod globals;
mod parts;
pub(crate) mod problem;
pub(crate) mod read;
mod sections;
mod variants;
pub(crate) mod yaml;

pub use fit::{fit, places};
pub use globals::resolve;
pub use problem::{ManifestError, Problem};

use domain::axis::{Axes, AxisChoices, Loader};
use domain::contract::{Contract, MANIFEST_BYTES_MAX, Manifest};
use domain::selector::Selector;
use problem::none_of;
use read::Reader;
use yaml::{Data, Node};

/// The version of the format.
const VERSION: &str = "1";
/// Declarations of one kind: programs, maps, globals, groups, candidates, expectations. As many as an
/// object may have programs.
const DECLARED_MAX: usize = crate::object::PROGRAMS_MAX;

const MANIFEST: &[&str] = &[
    "version",
    "name",
    "metadata",
    "required_kernels",
    "optional_kernels",
    "loaders",
    "axes",
    "programs",
    "maps",
    "globals",
    "variants",
    "companions",
    "expected_failures",
    "checks",
];

/// The keys of each kind of map in the format, by the kind's name in the schema.
pub const KEYS: &[(&str, &[&str])] = &[
    ("manifest", MANIFEST),
    ("axes", &Axes::NAMES),
    ("program", parts::PROGRAM),
    ("map", parts::MAP),
    ("inner_map", parts::INNER_MAP),
    ("candidate", variants::CANDIDATE),
    ("requirement", variants::REQUIREMENT),
    ("expected_failure", expected::EXPECTED_FAILURE),
    ("check", checks::CHECK),
    ("expectation", checks::EXPECT),
    ("map_expectation", checks::MAP),
    ("events_expectation", checks::EVENTS),
];

/// Reads a manifest. `file` is its name in messages.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(file: &str, text: &str) -> Result<Manifest, ManifestError> {
    let one = |problem| ManifestError { file: file.to_owned(), problems: vec![problem] };
    if text.len() > MANIFEST_BYTES_MAX {
        let says = format!("{} bytes, and a manifest has at most {MANIFEST_BYTES_MAX}", text.len());
        return Err(one(Problem { place: None, says }));
    }
    let root = yaml::parse(text).map_err(one)?;
    let mut reader = Reader::default();
    let manifest = manifest(&mut reader, &root);
    none_of(file, reader.problems)?;
    Ok(Manifest { file: file.to_owned(), places: reader.places, ..manifest })
}

fn manifest(reader: &mut Reader, root: &Node) -> Manifest {
    let fields = reader.fields(root, MANIFEST);
    version(reader, root, fields.get("version").copied());
    let mut manifest = Manifest::default();
    if let Some(node) = fields.get("name") {
        manifest.name = reader.text(node, "the name").unwrap_or_default();
    }
    if let Some(node) = fields.get("metadata") {
        for (key, node) in reader.named(node, "metadata") {
            let value = reader.text(node, "a value of metadata").unwrap_or_default();
            manifest.metadata.insert(key.to_owned(), value);
        }
    }
    manifest.required_kernels = fields.get("required_kernels").and_then(|node| selector(reader, node));
    manifest.optional_kernels = fields.get("optional_kernels").and_then(|node| selector(reader, node));
    manifest.loaders = fields.get("loaders").map(|node| loaders(reader, node)).unwrap_or_default();
    manifest.axes = fields.get("axes").map(|node| axes(reader, node)).unwrap_or_default();
    manifest.contract = Contract {
        programs: fields.get("programs").map(|node| parts::programs(reader, node)).unwrap_or_default(),
        maps: fields.get("maps").map(|node| parts::maps(reader, node)).unwrap_or_default(),
        globals: fields.get("globals").map(|node| globals::read(reader, node)).unwrap_or_default(),
        variants: fields.get("variants").map(|node| variants::read(reader, node)).unwrap_or_default(),
        companions: fields
            .get("companions")
            .map(|node| variants::companions(reader, node))
            .unwrap_or_default(),
        expected_failures: fields
            .get("expected_failures")
            .map(|node| expected::read(reader, node))
            .unwrap_or_default(),
        checks: fields.get("checks").map(|node| checks::read(reader, node)).unwrap_or_default(),
        command: None,
        line_costs: false,
    };
    for says in too_many(&manifest.contract) {
        reader.wrong(root.place, says);
    }
    manifest
}

pub(crate) fn version(reader: &mut Reader, root: &Node, node: Option<&Node>) {
    match node {
        None if matches!(root.data, Data::Map(_)) => {
            reader.wrong(root.place, format!("`version: {VERSION}` is missing"));
        }
        None => {}
        Some(Node { data: Data::Scalar { text, .. }, .. }) if text == VERSION => {}
        Some(node) => {
            let says = format!("this program reads version {VERSION} of the format, not {}", node.kind());
            reader.wrong(node.place, says);
        }
    }
}

pub(crate) fn selector(reader: &mut Reader, node: &Node) -> Option<String> {
    let text = reader.text(node, "a selector of kernels")?;
    match text.parse::<Selector>() {
        Ok(_) => Some(text),
        Err(error) => {
            reader.wrong(node.place, error.to_string());
            None
        }
    }
}

pub(crate) fn loaders(reader: &mut Reader, node: &Node) -> Vec<Loader> {
    let nodes = reader.list(node, "loaders");
    if matches!(&node.data, Data::List(none) if none.is_empty()) {
        reader.wrong(node.place, "no loader is named; leave `loaders` away for the usual one");
    }
    let mut loaders = Vec::new();
    for node in nodes {
        match reader.text(node, "a loader").as_deref().map(str::parse::<Loader>) {
            Some(Ok(loader)) if loaders.contains(&loader) => {}
            Some(Ok(loader)) => loaders.push(loader),
            Some(Err(error)) => reader.wrong(node.place, error.to_string()),
            None => {}
        }
    }
    loaders
}

/// Axes with one value or a list of them.
pub(crate) fn axes(reader: &mut Reader, node: &Node) -> AxisChoices {
    let mut choices = AxisChoices::default();
    for (name, node) in reader.named(node, "axes") {
        let values: Vec<&Node> = match &node.data {
            Data::List(values) => values.iter().collect(),
            _ => vec![node],
        };
        if values.is_empty() {
            reader.wrong(node.place, "an axis has a value or a list of them");
        }
        for node in values {
            let Some(value) = reader.text(node, "the value of an axis") else { continue };
            if let Err(error) = choices.choose(name, &value) {
                reader.wrong(node.place, error.to_string());
            }
        }
    }
    if let Err(error) = choices.combinations() {
        reader.wrong(node.place, error.to_string());
    }
    choices
}

/// What is declared too often, or too much of; a manifest of a peer is held to it before anything is looked for.
fn too_many(contract: &Contract) -> impl Iterator<Item = String> {
    let bytes = contract.encoded_bytes();
    let too_long = (bytes > MANIFEST_BYTES_MAX)
        .then(|| format!("{bytes} bytes are declared, and at most {MANIFEST_BYTES_MAX} may be"));
    let counts = [
        ("programs", contract.programs.len()),
        ("maps", contract.maps.len()),
        ("globals", contract.globals.len()),
        ("candidates", contract.variants.values().map(Vec::len).sum()),
        ("companions", contract.companions.len()),
        ("expected failures", contract.expected_failures.len()),
    ];
    let too_many = counts.into_iter().filter(|(_, count)| *count > DECLARED_MAX);
    let too_many =
        too_many.map(|(what, count)| format!("{count} {what}, and at most {DECLARED_MAX} may be declared"));
    too_long.into_iter().chain(too_many)
}
