//! The document against the official schema, which a package carries.

use super::*;
use crate::render::sample;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// The schema as OASIS publishes it, from the sources of the crate `serde-sarif`.
fn official() -> Value {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .expect("cargo");
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("cargo's metadata are JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let package =
        packages.iter().find(|package| package["name"] == "serde-sarif").expect("it is in Cargo.lock");
    let folder = Path::new(package["manifest_path"].as_str().expect("a path")).parent().expect("a folder");
    let schema = std::fs::read_to_string(folder.join("src/schema.json")).expect("it is in its sources");
    serde_json::from_str(&schema).expect("the schema is JSON")
}

fn results(response: &wire::GetRunResponse) -> Vec<Value> {
    let document: Value = serde_json::from_str(&report(&sample::matrix(response))).expect("JSON");
    document["runs"][0]["results"].as_array().expect("results").clone()
}

#[test]
fn a_document_is_what_the_official_schema_describes() {
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource("sarif.json", official()).expect("a schema");
    let schema = compiler.compile("sarif.json", &mut schemas).expect("a schema");
    for response in [
        sample::response(),
        sample::everything(),
        sample::two_loaders(),
        sample::all_excused(),
        sample::hostile(),
        sample::wide(12, 2, 9),
    ] {
        let document: Value = serde_json::from_str(&report(&sample::matrix(&response))).expect("JSON");
        if let Err(differs) = schemas.validate(&document, schema) {
            panic!("{differs:#}");
        }
    }
}

#[test]
fn a_result_tells_where_why_and_what_to_change() {
    let found = results(&sample::response());
    let told: Vec<_> = found.iter().map(|one| (&one["ruleId"], &one["level"])).collect();
    let expected = [
        (json!("map_type_unknown"), json!("error")),
        (json!("map_type_unknown"), json!("error")),
        (json!("deadline"), json!("note")),
        (json!("not_exercised"), json!("note")),
    ];
    assert_eq!(told, expected.iter().map(|(rule, level)| (rule, level)).collect::<Vec<_>>());
    let first = &found[0];
    let place = json!({
        "artifactLocation": {"uri": "probe.bpf.c", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 42, "snippet": {"text": "  bpf_ringbuf_reserve(&events, 64, 0)"}},
    });
    assert_eq!(first["locations"][0]["physicalLocation"], place);
    let names: Vec<_> =
        first["locations"][0]["logicalLocations"].as_array().expect("a list").iter().collect();
    assert_eq!((&names[0]["name"], &names[1]["name"]), (&json!("on\x1bexec"), &json!("probe.bpf.o")));
    let message = first["message"]["text"].as_str().expect("a text");
    for says in ["fails on 5.10 cloud", "does not know map type ringbuf", "Linux 5.8", "perf_event_array"] {
        assert!(message.contains(says), "{message}");
    }
    let steps = &first["codeFlows"][0]["threadFlows"][0]["locations"];
    assert_eq!(steps[1]["location"]["message"]["text"], "12: call bpf_ringbuf_reserve#131");
}

#[test]
fn an_excused_failure_is_suppressed_and_what_could_not_be_told_only_warns() {
    let excused = results(&sample::all_excused());
    assert_eq!(excused[0]["suppressions"][0]["kind"], "external");
    let mut response = sample::response();
    response.cells[2].required = true;
    assert_eq!(results(&response)[2]["level"], "warning");
}

#[test]
fn a_finding_is_known_again_when_its_line_moves_and_kernels_come() {
    let prints = |response: &wire::GetRunResponse| {
        let all = results(response);
        let prints = all.into_iter().map(|one| one["partialFingerprints"][FINGERPRINT].to_string());
        prints.collect::<std::collections::BTreeSet<_>>()
    };
    let before = sample::response();
    let mut after = sample::response();
    let failing = after.cells[0].verdict.clone();
    after.cells[1].verdict = failing;
    for cell in &mut after.cells[..2] {
        let verdict = cell.verdict.as_mut().expect("a verdict");
        let place = verdict.programs[0].cause.as_mut().and_then(|cause| cause.location.as_mut());
        place.expect("a place").line = Some(57);
    }
    assert_eq!(prints(&before), prints(&after));
    assert_eq!(results(&before).len(), prints(&before).len(), "no two findings share one");
}

#[test]
fn paths_are_relative_and_stay_below_their_root() {
    let cases = [
        ("src/probe.bpf.c", Some("src/probe.bpf.c")),
        ("/home/me/a b/probe.c", Some("home/me/a%20b/probe.c")),
        ("./../../x/../y.c", Some("y.c")),
        ("..", None),
        ("javascript:alert(1)", Some("javascript%3Aalert%281%29")),
    ];
    for (path, uri) in cases {
        assert_eq!(relative(path).as_deref(), uri, "{path}");
    }
}
