//! The JSON report, `bpfcompat.report/1`: fields never change meaning, new ones may be added.
//! `docs/schema/report-1.json` describes it and a test holds both together.

use super::matrix::{Cell, Matrix, hex};
use super::reason;
use crate::exit::Exit;
use domain::verdict::Verdict;
use proto::wire;
use serde::Serialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The name of the format, first in every report.
pub(crate) const SCHEMA: &str = "bpfcompat.report/1";

/// The report of a run. `controller` is how the caller reached it: a URL, or `local`.
pub(crate) fn report(matrix: &Matrix<'_>, controller: &str) -> String {
    let cached = !matrix.cells.is_empty() && matrix.cells.iter().all(|cell| cell.wire.cached);
    let report = json!({
        "schema": SCHEMA,
        "run": {
            "id": matrix.run.id,
            "started_at": when(matrix.run.started_at.as_ref().or(matrix.run.created_at.as_ref())),
            "finished_at": when(matrix.run.finished_at.as_ref()),
            "controller": controller,
            "cached": cached,
        },
        "objects": matrix.objects.iter().map(|object| json!({
            "name": object.label,
            "sha256": hex(&object.wire.digest),
            "bytes": object.wire.bytes,
            "programs": object.wire.programs,
            "maps": object.wire.maps,
        })).collect::<Vec<_>>(),
        "cells": matrix.cells.iter().map(|each| cell(matrix, each)).collect::<Vec<_>>(),
        "summary": Summary::of(matrix),
    });
    format!("{report:#}\n")
}

/// How many cells ended how, and what the shell is told. Optional cells are counted and do not
/// decide.
#[derive(Debug, Serialize)]
struct Summary {
    works: bool,
    exit_code: u8,
    passes: usize,
    fails: usize,
    not_attempted: usize,
    inconclusive: usize,
}

impl Summary {
    fn of(matrix: &Matrix<'_>) -> Self {
        let count = |verdict| matrix.cells.iter().filter(|cell| cell.verdict() == verdict).count();
        let exit = Exit::of_run(matrix.required());
        Self {
            works: exit == Exit::Works,
            exit_code: exit.code(),
            passes: count(Verdict::Passes),
            fails: count(Verdict::Fails),
            not_attempted: count(Verdict::NotAttempted),
            inconclusive: count(Verdict::Inconclusive),
        }
    }
}

fn cell(matrix: &Matrix<'_>, cell: &Cell<'_>) -> Value {
    let kernel = matrix.kernels[cell.kernel].wire;
    let verdict = cell.wire.verdict.clone().unwrap_or_default();
    let guest = verdict.guest.as_ref();
    let mut value = json!({
        "object": matrix.objects[cell.object].label,
        "kernel": {
            "id": kernel.id,
            "release": kernel.release,
            "series": kernel.series,
            "distro": kernel.distro,
            "flavour": kernel.flavour,
            "arch": kernel.arch,
        },
        "loader": {
            "name": cell.wire.loader,
            "version": guest.map(|guest| &guest.loader_version),
        },
        "axes": { "cpus": cell.wire.cpus },
        "required": cell.wire.required,
        "verdict": cell.verdict().name(),
        "guest": guest.map(|guest| json!({
            "start": guest.start,
            "accelerator": guest.accelerator,
            "nonce_ok": guest.nonce_ok,
        })),
        "queue_ms": cell.wire.queue_ms,
        "boot_ms": guest.map(|guest| guest.boot_ms),
        "answer_ms": guest.map(|guest| guest.answer_ms),
        "cached": cell.wire.cached,
        "programs": verdict.programs.iter().map(program).collect::<Vec<_>>(),
        "maps": verdict.maps.iter().map(map).collect::<Vec<_>>(),
        "splats": verdict.splats.iter().map(|splat| json!({
            "kind": splat.kind,
            "excerpt": splat.excerpt,
        })).collect::<Vec<_>>(),
        "evidence": (!verdict.evidence.is_empty()).then(|| hex(&verdict.evidence)),
    });
    put(&mut value, "cause", verdict.cause.as_ref().map(cause));
    value
}

fn program(program: &wire::ProgramVerdict) -> Value {
    let asked = match program.asked() {
        wire::Level::Load => "load",
        wire::Level::Attach | wire::Level::Unspecified => "attach",
    };
    let refused = program.cause.as_ref().filter(|cause| cause.stage == "attach").and_then(reason::errno);
    let tried = refused.is_some() || !program.hook.is_empty() || !program.how.is_empty();
    let mut value = json!({
        "name": program.name,
        "section": program.section,
        "type": program.kind,
        "required": program.required,
        "asked": asked,
        "reached": program.reached,
        "verdict": verdict(program.verdict()),
        "attach": tried.then(|| json!({ "hook": program.hook, "how": program.how, "errno": refused })),
    });
    put(&mut value, "cause", program.cause.as_ref().map(cause));
    let stats = program.stats.as_ref().map(|stats| {
        json!({
            "verified_instructions": stats.verified_instructions,
            "translated_bytes": stats.translated_bytes,
            "jited_bytes": stats.jited_bytes,
        })
    });
    put(&mut value, "stats", stats);
    value
}

fn map(map: &wire::MapVerdict) -> Value {
    let mut value = json!({ "name": map.name, "type": map.kind, "verdict": verdict(map.verdict()) });
    put(&mut value, "cause", map.cause.as_ref().map(cause));
    value
}

fn cause(cause: &wire::Cause) -> Value {
    let mut value = json!({
        "code": cause.code,
        "stage": cause.stage,
        "subject": cause.subject,
        "errno": reason::errno(cause),
        "confidence": cause.confidence,
        "says": cause.says,
        "log_line": cause.log_line,
    });
    let location = cause.location.as_ref().map(|location| {
        json!({
            "file": location.file,
            "line": location.line,
            "source": location.source,
            "insn": location.instruction,
            "disassembly": location.disassembly,
        })
    });
    put(&mut value, "where", location);
    value
}

fn verdict(verdict: wire::Verdict) -> &'static str {
    verdict.to_domain().unwrap_or(Verdict::Inconclusive).name()
}

/// Adds an optional field: absent, never null.
fn put(object: &mut Value, key: &str, value: Option<Value>) {
    if let Some(value) = value {
        object[key] = value;
    }
}

/// RFC 3339 in UTC, or null for a moment that has not come.
fn when(timestamp: Option<&prost_types::Timestamp>) -> Option<String> {
    let moment = OffsetDateTime::from_unix_timestamp(timestamp?.seconds).ok()?;
    moment.format(&Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;
    use std::collections::BTreeSet;

    const DESCRIBED: &str = include_str!("../../../docs/schema/report-1.json");

    /// Every property of `value` is described, every required one is there, and types agree:
    /// the part of JSON Schema that `report-1.json` uses.
    fn check(value: &Value, schema: &Value, root: &Value, path: &str) {
        if let Some(reference) = schema["$ref"].as_str() {
            let target = root.pointer(reference.trim_start_matches('#'));
            return check(value, target.expect(reference), root, path);
        }
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let kinds: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one],
            Value::Array(some) => some.iter().filter_map(Value::as_str).collect(),
            other => panic!("{path}: the schema has type {other}"),
        };
        assert!(kinds.contains(&kind), "{path}: {kind}, described as {kinds:?}");
        if let Some(allowed) = schema["enum"].as_array() {
            assert!(allowed.contains(value), "{path}: {value} is none of {allowed:?}");
        }
        if let Some(constant) = schema.get("const") {
            assert_eq!(value, constant, "{path}");
        }
        for (at, item) in value.as_array().into_iter().flatten().enumerate() {
            check(item, &schema["items"], root, &format!("{path}[{at}]"));
        }
        let Some(object) = value.as_object() else { return };
        let required = schema["required"].as_array().expect("an object lists what is required");
        for name in required.iter().filter_map(Value::as_str) {
            assert!(object.contains_key(name), "{path}: `{name}` is missing");
        }
        for (name, value) in object {
            let described = schema["properties"].get(name);
            check(
                value,
                described.unwrap_or_else(|| panic!("{path}.{name}: not described")),
                root,
                &format!("{path}.{name}"),
            );
        }
    }

    #[test]
    fn a_report_is_what_the_schema_describes() {
        let schema: Value = serde_json::from_str(DESCRIBED).expect("the schema is JSON");
        let response = sample::response();
        let matrix = sample::matrix(&response);
        let report: Value = serde_json::from_str(&report(&matrix, "local")).expect("the report is JSON");
        check(&report, &schema, &schema, "report");
        assert_eq!(report["schema"], SCHEMA);
    }

    #[test]
    fn the_schema_knows_every_verdict_stage_and_cause() {
        let schema: Value = serde_json::from_str(DESCRIBED).expect("the schema is JSON");
        let listed = |pointer: &str| -> BTreeSet<&str> {
            let list = schema.pointer(pointer).and_then(Value::as_array).expect("a list");
            list.iter().filter_map(Value::as_str).collect()
        };
        assert_eq!(listed("/$defs/verdict/enum"), Verdict::ALL.map(Verdict::name).into());
        let codes = domain::cause::CauseCode::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(listed("/$defs/cause/properties/code/examples"), codes);
    }

    #[test]
    fn what_was_not_answered_is_inconclusive_and_decides() {
        let mut response = sample::response();
        for cell in &mut response.cells {
            cell.verdict = None;
        }
        let matrix = sample::matrix(&response);
        let report: Value = serde_json::from_str(&report(&matrix, "local")).expect("the report is JSON");
        assert_eq!(report["summary"]["exit_code"], 2);
        assert_eq!(report["cells"][0]["verdict"], "inconclusive");
        assert_eq!(report["cells"][0]["evidence"], Value::Null);
    }
}
