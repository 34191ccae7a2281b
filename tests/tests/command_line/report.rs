//! JSON reports as their readers see them.

use serde_json::Value;
use std::fs;
use std::path::Path;
use tests::system::repository;

/// Reads a report and proves that it is what its published schema describes.
pub(crate) fn read(path: &Path) -> Value {
    let json = |path: &Path| -> Value {
        serde_json::from_str(&fs::read_to_string(path).expect("a file")).expect("JSON")
    };
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    let schema = json(&repository().join("docs/schema/report-1.json"));
    compiler.add_resource("report-1.json", schema).expect("a schema");
    let schema = compiler.compile("report-1.json", &mut schemas).expect("a schema");
    let report = json(path);
    if let Err(differs) = schemas.validate(&report, schema) {
        panic!("{differs:#}");
    }
    report
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
