//! Recorded evidence of real kernels, and what it means.
//!
//! `tests/corpus/evidence/cells/KERNEL-OBJECT.json` is what small objects, each with one thing wrong, met on Debian
//! kernels 5.10.0-32 and -46, 6.1.0-50 and -57, 6.12 and 7.3 (cloud builds, emulated) and on a 6.18 without ftrace;
//! libbpf 1.7, in older ones without its lines about ELF sections. `expected.txt` beside it says what each
//! means, so that a change of a verdict shows as a difference in review. Another is made by
//! `bpfcompat test OBJECT --kernels KERNEL --json R; bpfcompat explain R --evidence - | jq -c '.[]'`.

use domain::cause::{Cause, Confidence, PATH_LINES_MAX};
use domain::digest::Digest;
use domain::evidence::{Accelerator, End, Evidence, Guest, Start};
use domain::level::Level;
use domain::verdict::{CellVerdict, Verdict};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use time::macros::date;

fn recorded(path: &Path) -> Evidence {
    let text = fs::read_to_string(path).expect("a recording");
    let mut evidence: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let guest = Guest {
        start: Start::Cold,
        accelerator: Accelerator::Tcg,
        qemu: "7.2.22".to_owned(),
        memory_bytes: 256 * 1024 * 1024,
        cpus: 1,
        validator: Digest::of(b"validator"),
        initramfs: Digest::of(b"initramfs"),
        nonce_ok: true,
        drawn: String::new(),
        loader_version: String::new(),
        environment: None,
        boot_ms: 0,
        answer_ms: 0,
    };
    // Older recordings have neither the guest nor how it ended, which was as it should.
    for (part, usual) in [
        ("guest", serde_json::to_value(guest).expect("a struct")),
        ("end", serde_json::to_value(End::Finished).expect("an enum")),
        ("splats", serde_json::json!([])),
        ("console", serde_json::json!("")),
    ] {
        let parts = evidence.as_object_mut().expect("an object");
        parts.entry(part).or_insert(usual);
    }
    serde_json::from_value(evidence).expect("evidence")
}

fn said(cause: &Cause) -> String {
    let errno = cause.errno.map(|errno| format!(" {errno}")).unwrap_or_default();
    let sure = if cause.confidence == Confidence::Certain { "" } else { " likely" };
    let at = cause.location.as_ref().and_then(|at| at.instruction);
    let at = at.map(|at| format!(" at {at}")).unwrap_or_default();
    format!(": {}{errno} <{}>{at}{sure}", cause.code, cause.subject)
}

fn rendered(name: &str, verdict: &CellVerdict) -> String {
    let decided = verdict.cause.as_ref().map(said).unwrap_or_default();
    let mut out = format!("{name} {}{decided}\n", verdict.verdict);
    let programs =
        verdict.programs.iter().map(|program| ("", &program.name, program.verdict, &program.cause));
    let maps = verdict.maps.iter().map(|map| ("map ", &map.name, map.verdict, &map.cause));
    for (what, name, verdict, cause) in programs.chain(maps) {
        let why = cause.as_ref().map(said).unwrap_or_default();
        writeln!(out, "  {what}{name} {verdict}{why}").expect("a string grows");
        if let Some(cause) = cause {
            writeln!(out, "      {}", cause.says).expect("a string grows");
        }
    }
    out
}

fn recordings() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus/evidence/cells");
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    paths
}

#[test]
fn recordings_mean_what_they_meant() {
    let paths = recordings();
    let judged: Vec<String> = paths
        .iter()
        .map(|path| {
            let name = path.file_stem().expect("a file").to_string_lossy();
            let evidence = recorded(path);
            let level = if evidence.behaviour.is_some() { Level::Behave } else { Level::Attach };
            rendered(&name, &insight::judge::judge(&evidence, level, date!(2026 - 12 - 01)))
        })
        .collect();
    let file = paths[0].with_file_name("expected.txt");
    // For who changed a rule, to read the difference.
    if std::env::var_os("BPFCOMPAT_WRITE_RECORDED").is_some() {
        let judged: Vec<&str> = judged.iter().map(|judged| judged.trim_end()).collect();
        fs::write(&file, judged.join("\n\n") + "\n").expect("the expectations");
    }
    let expected = fs::read_to_string(&file).expect("the expectations");
    let expected: Vec<&str> = expected.split_inclusive("\n\n").map(str::trim_end).collect();
    assert_eq!(judged.len(), expected.len(), "recordings and expectations differ in number");
    for (judged, expected) in judged.iter().zip(expected) {
        assert_eq!(judged.trim_end(), expected, "\n{judged}");
    }
}

/// What no kernel of the recordings says of a refusal, or says otherwise, is not missing from its cause.
#[test]
fn a_recorded_refusal_of_the_verifier_says_five_things() {
    let mut refusals = 0;
    for path in recordings() {
        let name = path.file_stem().expect("a file").to_string_lossy().into_owned();
        let evidence = recorded(&path);
        let verdict = insight::judge::judge(&evidence, Level::Attach, date!(2026 - 12 - 01));
        let refused = verdict.programs.iter().filter(|program| program.verdict == Verdict::Fails);
        for cause in refused.filter_map(|program| program.cause.as_ref()) {
            let Some(location) = &cause.location else { continue };
            refusals += 1;
            assert!(!cause.says.is_empty() && !cause.why.is_empty() && cause.remedy.is_some(), "{name}");
            assert!((1..=PATH_LINES_MAX).contains(&cause.path.len()), "{name}");
            let last = cause.path.last().expect("a line");
            let at = location.instruction.map(|at| format!("{at}: ")).unwrap_or_default();
            assert!(last.starts_with(&at), "{name}: {last}");
            if cause.code.name().starts_with("core_") {
                let remedy = cause.remedy.as_ref().expect("there");
                assert!(location.source.is_some() && remedy.says.contains("bpf_core_"), "{name}");
            }
        }
    }
    assert!(refusals > 20, "{refusals}");
}

#[test]
fn the_level_load_asks_for_nothing_more() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus/evidence/cells/6.1-attachmiss.json");
    let verdict = insight::judge::judge(&recorded(&path), Level::Load, date!(2026 - 12 - 01));
    assert_eq!(verdict.verdict.name(), "passes");
    assert!(verdict.programs.iter().all(|program| program.cause.is_none()));
}

/// The earlier tool called these six a missing capability, a policy or a map type, and one unknown.
#[test]
fn six_that_were_misjudged() {
    for (recording, program, code) in [
        ("5.10-access", "bad", "verifier_null"),
        ("6.18-shift", "shift", "verifier_pointer"),
        ("6.18-lsmname", "my_lsm_prog", "verifier_null"),
        ("5.10-helper", "h9999", "helper_unknown"),
        ("5.10-bigmap", "huge", "map_too_large"),
        // Refused with EPERM and without a log: such a kernel has no ftrace, and lacks no right.
        ("6.18-fentrymiss", "unlinkat", "attach_unsupported"),
    ] {
        let path = format!("../tests/corpus/evidence/cells/{recording}.json");
        let evidence = recorded(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path));
        let verdict = insight::judge::judge(&evidence, Level::Load, date!(2026 - 12 - 01));
        let programs = verdict.programs.iter().map(|program| (&program.name, &program.cause));
        let mut subjects = programs.chain(verdict.maps.iter().map(|map| (&map.name, &map.cause)));
        let cause = subjects.find(|(name, _)| *name == program).and_then(|(_, cause)| cause.as_ref());
        assert_eq!(cause.map(|cause| cause.code.name()), Some(code), "{recording}");
    }
}
