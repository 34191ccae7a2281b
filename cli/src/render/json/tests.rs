//! The report against its published description.

use super::*;
use crate::render::sample;
use domain::digest::Digest;
use serde_json::Value;
use std::collections::BTreeSet;

const DESCRIBED: &str = include_str!("../../../../docs/schema/report-1.json");

/// The report of a run as its readers see it: what the schema describes and nothing else.
fn described(response: &wire::GetRunResponse) -> Value {
    described_matrix(&sample::matrix(response))
}

fn described_matrix(matrix: &Matrix<'_>) -> Value {
    let report: Value = serde_json::from_str(&report(matrix, "local")).expect("the report is JSON");
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    let mut schema: Value = serde_json::from_str(DESCRIBED).expect("the schema is JSON");
    close(&mut schema);
    compiler.add_resource("report-1.json", schema).expect("a schema");
    let schema = compiler.compile("report-1.json", &mut schemas).expect("a schema");
    if let Err(differs) = schemas.validate(&report, schema) {
        panic!("{differs:#}");
    }
    report
}

/// Readers take what they do not know; what we write is known.
pub(in crate::render) fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(close);
            if fields.get("properties").is_some_and(Value::is_object) && fields.contains_key("type") {
                fields.insert("additionalProperties".to_owned(), false.into());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[test]
fn a_report_is_what_the_schema_describes() {
    let report = described(&sample::everything());
    assert_eq!(report["schema"], SCHEMA);
    assert_eq!(report["run"]["manifest"]["metadata"]["team"], "storage");
    let cell = &report["cells"][0];
    for (part, name) in [("checks", "name"), ("splats", "kind")] {
        assert_ne!(cell[part][0][name], Value::Null, "{part}");
    }
    assert_eq!((&cell["modules"][0], &cell["command"]["left"][0]["what"]), (&"veth".into(), &"map".into()));
}

#[test]
fn an_image_is_told_with_its_digest() {
    let response = sample::response();
    let digest = Digest::try_from(response.objects[0].digest.as_slice()).expect("a digest");
    let (reference, of_image) = ("oci://r.example/a/b:v1".to_owned(), format!("sha256:{}", "a".repeat(64)));
    let source = Some(object::Source { reference, digest: of_image });
    let (name, label) = ("x.bpf.o".to_owned(), "b/x.bpf.o".to_owned());
    let objects = [object::ObjectFile { name, label, bytes: Vec::new(), digest, source }];
    let mut matrix = sample::matrix(&response);
    matrix.came_from(&objects);
    let report = described_matrix(&matrix);
    assert_eq!(report["objects"][0]["source"]["reference"], "oci://r.example/a/b:v1");
    assert_eq!(report["objects"][1].get("source"), None);
}

#[test]
fn what_no_file_declares_has_no_manifest() {
    let declared = br#"{"file": "", "contract": {"line_costs": true}}"#.to_vec();
    let report = described(&wire::GetRunResponse { manifest: declared, ..sample::response() });
    assert_eq!(report["run"].get("manifest"), None);
}

#[test]
fn an_object_is_listed_once_however_many_loaders_load_it() {
    let report = described(&sample::two_loaders());
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
    let report = described(&sample::all_excused());
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
    let report = described(&response);
    assert_eq!(report["summary"]["exit_code"], 2);
    assert_eq!(report["cells"][0]["verdict"], "inconclusive");
    assert_eq!(report["cells"][0]["evidence"], Value::Null);
}
