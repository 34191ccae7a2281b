//! The comparison for programs, `bpfcompat.compare/1`: fields never change meaning, new ones may be added.
//! `docs/schema/compare-1.json` describes it and a test holds both together.

use super::Told;
use insight::compare::{Alarm, FailOn, Figure, Finding, Kind, Object, Thresholds};
use serde::Serialize;
use std::collections::BTreeMap;

/// The name of the format, first in every comparison.
pub(crate) const SCHEMA: &str = "bpfcompat.compare/1";

/// The whole document.
pub(crate) fn document(told: &Told<'_>) -> String {
    let comparison = told.comparison;
    let source = |(named, run)| Source { named, run };
    let document = Document {
        schema: SCHEMA,
        base: source(told.base),
        head: source(told.head),
        fail_on: told.fail_on,
        thresholds: told.thresholds,
        objects: comparison
            .objects
            .iter()
            .map(|pair| Pair { base: pair.base.map(Bytes::of), head: pair.head.map(Bytes::of) })
            .collect(),
        kernels: comparison
            .kernels
            .iter()
            .map(|pair| Pair { base: pair.base.map(|one| &one.id), head: pair.head.map(|one| &one.id) })
            .collect(),
        loaders: comparison.loaders.iter().map(|(name, base, head)| Version { name, base, head }).collect(),
        findings: &comparison.findings,
        figures: &comparison.figures,
        alarms: &comparison.alarms,
        summary: Summary::of(told),
    };
    let text = serde_json::to_string_pretty(&document).expect("texts, numbers and lists always encode");
    text + "\n"
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'a str,
    base: Source<'a>,
    head: Source<'a>,
    fail_on: &'a [FailOn],
    thresholds: Thresholds,
    objects: Vec<Pair<Bytes<'a>>>,
    kernels: Vec<Pair<&'a String>>,
    loaders: Vec<Version<'a>>,
    findings: &'a [Finding<'a>],
    figures: &'a [Figure<'a>],
    alarms: &'a [Alarm<'a>],
    summary: Summary,
}

#[derive(Serialize)]
struct Source<'a> {
    named: &'a str,
    run: &'a str,
}

#[derive(Serialize)]
struct Pair<T> {
    base: Option<T>,
    head: Option<T>,
}

#[derive(Serialize)]
struct Bytes<'a> {
    name: &'a str,
    sha256: &'a str,
}

impl<'a> Bytes<'a> {
    fn of(object: &'a Object) -> Self {
        Self { name: &object.name, sha256: &object.sha256 }
    }
}

#[derive(Serialize)]
struct Version<'a> {
    name: &'a str,
    base: &'a str,
    head: &'a str,
}

#[derive(Serialize)]
struct Summary {
    exit_code: u8,
    /// Cells held to each other.
    compared: usize,
    found: BTreeMap<Kind, Count>,
}

#[derive(Serialize)]
struct Count {
    all: usize,
    deciding: usize,
}

impl Summary {
    fn of(told: &Told<'_>) -> Self {
        let count = |kind| {
            let found = told.comparison.findings.iter().filter(|finding| finding.kind == kind);
            let deciding = found.clone().filter(|finding| finding.decides).count();
            (kind, Count { all: found.count(), deciding })
        };
        Self {
            exit_code: told.exit.code(),
            compared: told.comparison.compared,
            found: Kind::ALL.into_iter().map(count).collect(),
        }
    }
}
