//! The published schema of suites and their reader: what one takes the other takes.
//!
//! Every case is JSON, which is YAML, so that both read the same text. What a manifest has as well is described
//! there and tried in `manifest_schema.rs`. A schema cannot say what needs a second place: two cases of one name,
//! an accepted failure of a case that there is not.

use boon::{Compiler, SchemaIndex, Schemas};
use insight::suite::{AT_ONCE, AT_ONCE_MAX, CASES_MAX, KEYS, parse};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn schema(name: &str) -> Value {
    let path = format!("{}/../docs/schema/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("a file")).expect("JSON")
}

fn compiled() -> (Schemas, SchemaIndex) {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.enable_format_assertions();
    for name in ["manifest-1.json", "suite-1.json"] {
        compiler.add_resource(name, schema(name)).expect("a schema");
    }
    let index = compiler.compile("suite-1.json", &mut schemas).expect("a schema");
    (schemas, index)
}

/// A map with these fields beside others.
fn with(mut map: Value, fields: Value) -> Value {
    map.as_object_mut().expect("fields").extend(fields.as_object().expect("fields").clone());
    map
}

fn suite(fields: Value) -> Value {
    with(json!({"version": 1, "name": "s", "cases": [{"name": "c", "object": "o"}]}), fields)
}

/// A suite of one object with these fields.
fn case(fields: Value) -> Value {
    suite(json!({"cases": [with(json!({"name": "c", "object": "o"}), fields)]}))
}

/// A suite of one command with these fields, of the command and of the case.
fn command(fields: Value, of_case: Value) -> Value {
    let command = with(json!({"bin": "b"}), fields);
    suite(json!({"cases": [with(json!({"name": "c", "command": command}), of_case)]}))
}

fn expect(fields: Value) -> Value {
    case(json!({"expect": [with(json!({"kernels": "<6", "verdict": "fails"}), fields)]}))
}

fn accepted(fields: Value) -> Value {
    let failure = json!({"case": "c", "kernels": "<6", "reason": "r", "until": "2027-01-31"});
    suite(json!({"accepted_failures": [with(failure, fields)]}))
}

fn taken() -> Vec<Value> {
    let none = || json!({});
    vec![
        suite(none()),
        suite(json!({"version": "1", "name": 7, "concurrency": 32, "defaults": {}})),
        suite(json!({"defaults": {"kernels": 6.1, "optional": "newest", "level": "load", "loaders": ["aya"],
            "axes": {"cpus": [1, 2]}, "timeout": "30m", "fresh": true}, "accepted_failures": []})),
        case(json!({"kernels": "lts", "level": "attach", "timeout": "1800s", "manifest": "m.yaml"})),
        case(json!({"checks": [{"name": "x", "command": "true"}], "timeout": "007s"})),
        case(json!({"object": "oci://host/name@sha256:00"})),
        expect(none()),
        expect(json!({"cause": "deadline"})),
        expect(json!({"verdict": "passes"})),
        accepted(json!({"program": "p", "cause": "helper_unknown"})),
        case(json!({"accepted_failures": [{"kernels": "all", "reason": "r", "until": "2027-01-31"}]})),
        command(none(), none()),
        command(json!({"dir": "d", "objects": ["o"], "args": ["-v", 1, true], "runtime": "240s"}), none()),
        command(
            json!({"expect_running": true}),
            json!({"kernels": "lts", "axes": {"cpus": 2}, "fresh": true}),
        ),
        command(json!({"expect_running": false, "expect_exit": 255}), none()),
    ]
}

fn refused() -> Vec<Value> {
    let none = || json!({});
    vec![
        json!({}),
        json!({"version": 1, "name": "s"}),
        json!({"version": 1, "cases": [{"name": "c", "object": "o"}]}),
        suite(json!({"version": 2})),
        suite(json!({"name": ""})),
        suite(json!({"nmae": "s"})),
        suite(json!({"cases": []})),
        suite(json!({"cases": {"c": {}}})),
        suite(json!({"cases": [{"object": "o"}]})),
        suite(json!({"cases": [{"name": "c"}]})),
        suite(json!({"concurrency": 0})),
        suite(json!({"concurrency": 33})),
        suite(json!({"defaults": {"level": "behave"}})),
        suite(json!({"defaults": {"loaders": []}})),
        suite(json!({"defaults": {"timeout": "31m"}})),
        suite(json!({"defaults": {"timeout": "0s"}})),
        suite(json!({"defaults": {"timeout": 5}})),
        suite(json!({"defaults": {"timeout": "+5s"}})),
        suite(json!({"defaults": {"fresh": "yes"}})),
        suite(json!({"defaults": {"object": "o"}})),
        case(json!({"command": {"bin": "b"}})),
        case(json!({"name": ""})),
        case(json!({"axes": {"cpu": 1}})),
        case(json!({"checks": [{"name": "x"}]})),
        case(
            json!({"accepted_failures": [{"case": "c", "kernels": "all", "reason": "r", "until": "2027-01-31"}]}),
        ),
        expect(json!({"verdict": "not_attempted"})),
        expect(json!({"verdict": "passes", "cause": "deadline"})),
        expect(json!({"cause": "late"})),
        expect(json!({"reason": "r"})),
        accepted(json!({"until": "2027-02-30"})),
        accepted(json!({"why": "r"})),
        suite(json!({"accepted_failures": [{"case": "c", "kernels": "all", "until": "2027-01-31"}]})),
        suite(json!({"accepted_failures": [{"kernels": "all", "reason": "r", "until": "2027-01-31"}]})),
        command(none(), json!({"level": "load"})),
        command(none(), json!({"timeout": "5s"})),
        command(none(), json!({"checks": []})),
        command(json!({"runtime": "241s"}), none()),
        command(json!({"expect_exit": 256}), none()),
        command(json!({"expect_exit": 1, "expect_running": true}), none()),
        command(json!({"args": "-v"}), none()),
        suite(json!({"cases": [{"name": "c", "command": {"dir": "d"}}]})),
    ]
}

#[test]
fn reader_and_schema_take_and_refuse_the_same() {
    let (schemas, index) = compiled();
    let all = taken().into_iter().map(|one| (one, true)).chain(refused().into_iter().map(|one| (one, false)));
    let mut wrong = Vec::new();
    for (suite, fits) in all {
        let text = suite.to_string();
        let read = parse("s.yaml", &text);
        let described = schemas.validate(&suite, index).is_ok();
        if (read.is_ok(), described) != (fits, fits) {
            let reader = read.err().map(|error| error.to_string());
            wrong.push(format!("{text:.160}: should fit: {fits}; schema: {described}; reader: {reader:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_schema_describes_what_is_read_and_nothing_else() {
    let schema = schema("suite-1.json");
    for (kind, keys) in KEYS {
        let described = &schema["$defs"][kind];
        let properties = described["properties"].as_object().expect(kind);
        let described_keys: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
        assert_eq!(described_keys, keys.iter().copied().collect(), "{kind}");
        assert_eq!(described["additionalProperties"], false, "{kind}");
    }
    let of_suite = &schema["$defs"]["suite"]["properties"];
    assert_eq!(of_suite["cases"]["maxItems"], CASES_MAX);
    assert_eq!(of_suite["concurrency"]["maximum"], AT_ONCE_MAX);
    assert_eq!(of_suite["concurrency"]["default"], AT_ONCE);
}
