//! JSON reports as their readers see them.

use serde_json::Value;
use std::fs;
use std::path::Path;
use tests::system::repository;

/// Reads a report and proves that it has everything its published schema requires.
pub(crate) fn read(path: &Path) -> Value {
    let json = |path: &Path| -> Value {
        serde_json::from_str(&fs::read_to_string(path).expect("a file")).expect("JSON")
    };
    let (report, schema) = (json(path), json(&repository().join("docs/schema/report-1.json")));
    check(&report, &schema, &schema);
    report
}

fn check(value: &Value, schema: &Value, root: &Value) {
    if let Some(reference) = schema["$ref"].as_str() {
        return check(value, root.pointer(reference.trim_start_matches('#')).expect("a definition"), root);
    }
    if let (Some(object), Some(required)) = (value.as_object(), schema["required"].as_array()) {
        for name in required.iter().filter_map(Value::as_str) {
            assert!(object.contains_key(name), "`{name}` is missing in {value}");
        }
    }
    if let Some(allowed) = schema["enum"].as_array() {
        assert!(allowed.contains(value), "{value} is none of {allowed:?}");
    }
    for (name, value) in value.as_object().into_iter().flatten() {
        check(value, &schema["properties"][name], root);
    }
    for item in value.as_array().into_iter().flatten() {
        check(item, &schema["items"], root);
    }
}

/// Object, series and verdict of every cell, in the order of the report.
pub(crate) fn verdicts<'r>(report: &'r Value) -> Vec<(&'r str, &'r str, &'r str)> {
    let text = |value: &'r Value| value.as_str().expect("text");
    cells(report)
        .map(|cell| (text(&cell["object"]), text(&cell["kernel"]["series"]), text(&cell["verdict"])))
        .collect()
}

/// Digests of the evidence behind every cell, in the order of the report.
pub(crate) fn evidence(report: &Value) -> Vec<&str> {
    cells(report).map(|cell| cell["evidence"].as_str().expect("evidence")).collect()
}

/// The cells of a report.
pub(crate) fn cells(report: &Value) -> impl Iterator<Item = &Value> {
    report["cells"].as_array().expect("cells").iter()
}
