//! The report against its published description.

use super::*;
use crate::render::sample;
use serde_json::Value;
use std::collections::BTreeSet;

const DESCRIBED: &str = include_str!("../../../../docs/schema/report-1.json");

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
fn an_object_is_listed_once_however_many_loaders_load_it() {
    let schema: Value = serde_json::from_str(DESCRIBED).expect("the schema is JSON");
    let response = sample::two_loaders();
    let matrix = sample::matrix(&response);
    let report: Value = serde_json::from_str(&report(&matrix, "local")).expect("the report is JSON");
    check(&report, &schema, &schema, "report");
    let names = |list: &str, key: &str| -> Vec<String> {
        let list = report[list].as_array().into_iter().flatten();
        list.filter_map(|one| one[key].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(names("objects", "name"), ["probe.bpf.o", "edge.bpf.o"]);
    assert_eq!(names("disagreements", "object"), ["probe.bpf.o", "edge.bpf.o", "edge.bpf.o"]);
    let stands = &report["disagreements"][1]["loaders"];
    assert_eq!((&stands[1]["loader"], &stands[1]["reached"]), (&"aya".into(), &"nothing".into()));
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
fn an_excused_failure_stays_one_and_is_counted_apart() {
    let response = sample::all_excused();
    let matrix = sample::matrix(&response);
    let report: Value = serde_json::from_str(&report(&matrix, "local")).expect("the report is JSON");
    let summary = serde_json::json!({
        "works": true, "exit_code": 0, "passes": 0, "fails": 1, "not_attempted": 0, "inconclusive": 0,
        "excused": 1, "excused_until": "2027-01-31",
    });
    assert_eq!(report["summary"], summary);
    let cell = &report["cells"][0];
    assert_eq!((&cell["verdict"], &cell["required"]), (&"fails".into(), &false.into()));
    assert_eq!(cell["contract"]["excused_until"], "2027-01-31");
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
