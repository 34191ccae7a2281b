//! The shape of the repository: who may depend on whom, and how long things may get.

use cargo_metadata::MetadataCommand;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Longest file. A longer one is two things.
const FILE_LINES_MAX: usize = 600;
/// Longest `main.rs`: parse, configure, build, run.
const MAIN_LINES_MAX: usize = 60;
/// Longest function, signature and braces included.
const FUNCTION_LINES_MAX: usize = 70;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ has a parent").to_path_buf()
}

#[test]
fn dependencies_point_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("domain", &[][..]),
        ("insight", &["domain"]),
        ("proto", &["domain"]),
        ("channel", &["domain"]),
        ("bpfcompat-validator", &["domain", "insight", "channel"]),
        ("settings", &[]),
        ("worker", &["domain", "insight", "proto", "settings"]),
        ("controller", &["domain", "insight", "proto", "settings"]),
        ("cli", &["domain", "insight", "proto", "settings", "worker", "controller"]),
        ("tests", &["domain", "insight", "proto", "worker", "controller"]),
        ("hostile", &["domain", "channel"]),
    ]);
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .other_options(vec!["--offline".to_owned()])
        .exec()
        .expect("cargo metadata");
    let members: Vec<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(members.len(), allowed.len(), "a new crate needs its place in this table: {members:?}");
    for package in &metadata.packages {
        let may = allowed[package.name.as_str()];
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            if members.contains(&name) {
                assert!(may.contains(&name), "{} must not depend on {name}", package.name);
            }
            let is_io = ["tokio", "sqlx", "tonic", "reqwest", "nix", "libbpf-sys"].contains(&name);
            let is_pure = ["domain", "insight"].contains(&package.name.as_str());
            assert!(!(is_io && is_pure), "{} is pure and must not depend on {name}", package.name);
            let is_heavy = ["tokio", "tonic", "prost", "proto"].contains(&name);
            assert!(
                !(is_heavy && package.name == "bpfcompat-validator"),
                "the guest's validator must not carry {name}"
            );
        }
    }
}

#[test]
fn files_and_functions_stay_small() {
    let mut faults = Vec::new();
    for file in rust_files() {
        let text = fs::read_to_string(&file).expect("a source file");
        let shown = file.strip_prefix(root()).expect("below the root").display().to_string();
        let lines = text.lines().count();
        let max = if file.ends_with("main.rs") { MAIN_LINES_MAX } else { FILE_LINES_MAX };
        if lines > max {
            faults.push(format!("{shown}: {lines} lines, at most {max}"));
        }
        faults.extend(long_functions(&text).map(|(name, lines)| {
            format!("{shown}: fn {name} has {lines} lines, at most {FUNCTION_LINES_MAX}")
        }));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn modules_are_named_after_what_they_hold() {
    let empty_names = ["utils", "util", "helpers", "common", "manager", "misc"];
    for file in rust_files() {
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let folder =
            file.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
        assert!(!empty_names.contains(&stem) && !empty_names.contains(&folder), "{}", file.display());
    }
}

/// Defect V14 of the earlier tool: it had a shell look for programs by their name.
#[test]
fn the_validator_starts_programs_by_their_path() {
    let mut started = 0;
    for file in rust_files().iter().filter(|file| file.starts_with(root().join("validator/src"))) {
        let text = fs::read_to_string(file).expect("a source");
        for (_, named) in
            text.match_indices("Command::new(\"").map(|(at, words)| text.split_at(at + words.len()))
        {
            assert!(
                named.starts_with('/'),
                "{}: {}",
                file.display(),
                named.lines().next().unwrap_or_default()
            );
            started += 1;
        }
    }
    assert!(started > 0, "the validator starts a shell at least");
}

/// Functions longer than allowed, found by the indentation rustfmt guarantees: a function ends
/// at the first line that closes a brace at the column where `fn`'s line began.
fn long_functions(text: &str) -> impl Iterator<Item = (String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let is_comment = line.trim_start().starts_with("//");
        let Some((_, rest)) =
            line.split_once("fn ").filter(|(before, _)| !is_comment && !before.contains('"'))
        else {
            continue;
        };
        let close = format!("{}}}", &line[..indent]);
        let closes = |line: &&str| line.starts_with(&close);
        let length = lines[start..].iter().position(closes).map_or(0, |end| end + 1);
        if length > FUNCTION_LINES_MAX && !line.trim_end().ends_with(';') {
            let name = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            found.push((name.to_owned(), length));
        }
    }
    found.into_iter()
}

fn rust_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            let name = entry.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if entry.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                files.push(entry);
            }
        }
    }
    assert!(files.len() > 20, "the walk found only {} files", files.len());
    files
}
