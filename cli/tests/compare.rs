//! `bpfcompat compare` as scripts meet it: two files, an exit code, and nothing started.

use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

fn report(verdict: &str) -> Value {
    let cause = json!({
        "code": "helper_unknown", "stage": "load", "subject": "bpf_x", "errno": "EINVAL", "confidence": "certain",
        "says": "No such\u{1b}[2J helper.", "log_line": "",
    });
    let cell = json!({
        "object": "probe.bpf.o", "kernel": {
            "id": "debian/6.12.1-cloud-amd64@6.12.1-1", "release": "6.12.1-cloud-amd64", "series": "6.12",
            "distro": "debian", "flavour": "cloud", "arch": "amd64",
        },
        "loader": {"name": "libbpf", "version": "1.7"}, "axes": null, "required": true, "verdict": verdict,
        "cause": if verdict == "passes" { Value::Null } else { cause }, "guest": null, "programs": [],
        "contract": {"excused": false},
    });
    json!({
        "schema": "bpfcompat.report/1", "run": {"id": "r"}, "cells": [cell],
        "objects": [{"name": "probe.bpf.o", "sha256": "00", "bytes": 1, "programs": [], "maps": []}],
    })
}

fn compare(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bpfcompat"))
        .arg("compare")
        .args(arguments)
        .current_dir(folder)
        .env("BPFCOMPAT_DATA_DIR", folder.join("data"))
        .output()
        .expect("the program starts")
}

#[test]
fn a_comparison_ends_as_scripts_need_it() {
    let folder = tempfile::tempdir().expect("a folder");
    for verdict in ["passes", "fails", "inconclusive"] {
        std::fs::write(folder.path().join(verdict), report(verdict).to_string()).expect("a file");
    }
    for (arguments, exit, says) in [
        (&["passes", "passes"][..], 0, "nothing changed; 1 cells compared; exit 0"),
        (&["fails", "passes"], 0, "fix: probe.bpf.o on 6.12 cloud"),
        (&["passes", "fails"], 1, "regression, broke: probe.bpf.o on 6.12 cloud"),
        (&["passes", "fails", "--fail-on", "new-failure"], 0, "helper_unknown bpf_x, EINVAL"),
        (&["passes", "fails", "--fail-on", "new-failure,regression"], 1, "No such\u{fffd}[2J helper."),
        (&["passes", "inconclusive"], 2, "could not compare: probe.bpf.o"),
    ] {
        let output = compare(folder.path(), arguments);
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {stdout}");
        assert!(stdout.contains(says), "{arguments:?}: {stdout}");
    }
    let output = compare(folder.path(), &["passes", "fails", "--json", "-", "--markdown", "told.md"]);
    let document: Value = serde_json::from_slice(&output.stdout).expect("nothing but JSON is on stdout");
    assert_eq!(
        (&document["schema"], &document["base"]["named"]),
        (&"bpfcompat.compare/1".into(), &"passes".into())
    );
    let markdown = std::fs::read_to_string(folder.path().join("told.md")).expect("it was written");
    assert!(markdown.starts_with("### bpfcompat compare: regression: 1; "), "{markdown}");
    assert!(!folder.path().join("data").exists(), "nothing was started");
}

#[test]
fn what_cannot_be_compared_is_misuse_with_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    file("passes", &report("passes").to_string());
    file("other.json", r#"{"schema": "bpfcompat.report/2"}"#);
    file("broken.json", "{\"schema\": \"bpfcompat.report/1\",\n \"run\": 1}");
    for (arguments, says) in [
        (&["passes", "missing.json"][..], "missing.json: cannot be read; pass a report"),
        (
            &["other.json", "passes"],
            "other.json: its schema is `bpfcompat.report/2` and `bpfcompat.report/1`",
        ),
        (&["passes", "broken.json"], "line 2 column"),
        (&["passes", "."], ".: is a directory"),
        (&["passes", "passes", "--fail-on", "fix"], "`fix` is nothing to fail on; use regression"),
        (&["passes", "passes", "--json", "-", "--markdown", "-"], "can go to stdout"),
    ] {
        let output = compare(folder.path(), arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {stderr}");
        assert!(stderr.contains(says), "{arguments:?}: {stderr}");
        assert!(output.stdout.is_empty() && !folder.path().join("data").exists());
    }
}
