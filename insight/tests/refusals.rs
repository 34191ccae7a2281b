//! Refusals of real kernels, and the five things that are told of each: what, why, where, the way there and
//! what to change.
//!
//! `refusals/KERNEL.txt` has the logs of objects of our corpus, each with one thing wrong, on Debian kernels
//! 5.10.0-46, 6.1, 6.12 and 7.3 (cloud builds, emulated; libbpf 1.7). `refusals/KERNEL.expected.txt` says what
//! is made of them, so that a change shows as a difference in review; `BLESS=1` writes it anew.

use domain::cause::PATH_LINES_MAX;
use insight::log::kind::Kind;
use insight::log::verifier::{self, Rejection};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Kernels with a file of logs.
const KERNELS: [&str; 4] = ["5.10", "6.1", "6.12", "7.3"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus/evidence/refusals")
}

/// The logs in a file: `#### OBJECT PROGRAM`, then what libbpf said.
fn logs(text: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    text.split("#### ").skip(1).map(|part| {
        let (head, log) = part.split_once('\n').expect("a log");
        let (object, program) = head.split_once(' ').expect("OBJECT PROGRAM");
        (object, program, log)
    })
}

fn rendered(object: &str, said: &Rejection<'_>) -> String {
    let at = &said.location;
    let place = at.file.as_ref().map(|file| format!("{file}:{}: ", at.line.unwrap_or_default()));
    let mut out = format!("{object}: {}\n", said.kind.name());
    writeln!(out, "  what    {}", said.line).expect("a string grows");
    writeln!(out, "  why     {}", said.why).expect("a string grows");
    let source = at.source.as_deref().unwrap_or("-");
    writeln!(out, "  where   {}{source}", place.unwrap_or_default()).expect("a string grows");
    for line in &said.path {
        writeln!(out, "  path    {line}").expect("a string grows");
    }
    writeln!(out, "  change  {}", said.suggestion.as_deref().unwrap_or("-")).expect("a string grows");
    out
}

/// What holds for every refusal, whatever kernel it is of.
fn check(kernel: &str, object: &str, log: &str, said: &Rejection<'_>) {
    let name = format!("{object} on {kernel}");
    assert_ne!(said.kind, Kind::Unknown, "{name}: {}", said.line);
    assert!(!said.why.is_empty() && said.suggestion.is_some(), "{name}");
    assert!((1..=PATH_LINES_MAX).contains(&said.path.len()), "{name}");
    let last = said.path.last().expect("a line");
    if let Some(instruction) = said.location.instruction {
        assert!(last.starts_with(&format!("{instruction}: ")), "{name}: {last}");
    }
    // Naked functions and what is refused before it is walked have no source lines in the log.
    let is_walked = said.location.disassembly.is_some() && log.contains("\n; ");
    assert!(said.location.source.is_some() || !is_walked, "{name} has no source line");
    let prints_places = !["5.10", "6.1"].contains(&kernel);
    assert!(said.location.file.is_some() || !is_walked || !prints_places, "{name} has no place");
}

#[test]
fn every_refusal_has_its_five_fields() {
    for kernel in KERNELS {
        let text = fs::read_to_string(folder().join(format!("{kernel}.txt"))).expect("the logs");
        let mut out = String::new();
        for (object, program, log) in logs(&text) {
            let log = verifier::of_program(log, program).expect("a log of the verifier");
            let said = verifier::rejection(log).unwrap_or_else(|| panic!("{object} on {kernel} is refused"));
            check(kernel, object, log, &said);
            writeln!(out, "{}", rendered(object, &said)).expect("a string grows");
        }
        let path = folder().join(format!("{kernel}.expected.txt"));
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, &out).expect("a file");
        }
        assert_eq!(fs::read_to_string(&path).expect("the expectations"), out, "{kernel}");
    }
}
