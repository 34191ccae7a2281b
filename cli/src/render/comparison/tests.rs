//! Comparisons of runs as controllers tell them, through the reports that would be written of them.

use super::*;
use crate::render::paint::Paint;
use crate::render::{json as report, sample};
use insight::compare::{Report, compare};
use proto::wire;
use serde_json::Value;

const DESCRIBED: &str = include_str!("../../../../docs/schema/compare-1.json");

fn read(response: &wire::GetRunResponse) -> Report {
    Report::read(report::report(&sample::matrix(response), "local").as_bytes())
        .expect("what we write is read")
}

/// The sample, and what became of it: one object broke, another works, a kernel was updated, one is gone.
fn changed() -> [wire::GetRunResponse; 2] {
    let mut base = sample::response();
    for cell in &mut base.cells[..2] {
        cell.verdict.as_mut().expect("a verdict").programs[0].name = "on\u{1b}exec".to_owned();
    }
    let mut head = base.clone();
    let failing = head.cells[0].verdict.clone();
    head.cells[0].verdict = head.cells[1].verdict.replace(failing.expect("it fails"));
    let grown = head.cells[4].verdict.as_mut().expect("a verdict");
    let counted = grown.programs[0].verification.as_mut().expect("it was counted");
    counted.processed = 900_000;
    let updated = "debian/5.10.0-2-cloud-amd64@5.10.2-1";
    for cell in head.cells.iter_mut().filter(|cell| cell.kernel_id.contains("5.10")) {
        cell.kernel_id = updated.to_owned();
    }
    head.kernels[0].id = updated.to_owned();
    head.kernels.truncate(2);
    head.cells.retain(|cell| !cell.kernel_id.contains("7.3"));
    [base, head]
}

/// Does something with the comparison of two runs.
fn with<T>([base, head]: &[wire::GetRunResponse; 2], then: impl FnOnce(&Told<'_>) -> T) -> T {
    let (base, head) = (read(base), read(head));
    let comparison = compare(&base, &head, Thresholds::default());
    let fail_on = [FailOn::Regression];
    then(&Told {
        comparison: &comparison,
        base: ("base.json", &base.run.id),
        head: ("0198", &head.run.id),
        fail_on: &fail_on,
        thresholds: Thresholds::default(),
        exit: Exit::of_comparison(comparison.outcome(&fail_on)),
    })
}

/// The document as its readers see it: what the schema describes and nothing else.
fn described(runs: &[wire::GetRunResponse; 2]) -> Value {
    let document: Value = serde_json::from_str(&with(runs, json::document)).expect("JSON");
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    let mut schema: Value = serde_json::from_str(DESCRIBED).expect("the schema is JSON");
    report::tests::close(&mut schema);
    compiler.add_resource("compare-1.json", schema).expect("a schema");
    let schema = compiler.compile("compare-1.json", &mut schemas).expect("a schema");
    if let Err(differs) = schemas.validate(&document, schema) {
        panic!("{differs:#}");
    }
    document
}

#[test]
fn a_comparison_is_what_the_schema_describes() {
    for runs in [
        changed(),
        [sample::everything(), sample::two_loaders()],
        [sample::all_excused(), sample::response()],
    ] {
        let document = described(&runs);
        assert_eq!(document["schema"], json::SCHEMA);
        assert!(!document["findings"].as_array().expect("a list").is_empty());
    }
    let document = described(&changed());
    assert_eq!(
        (&document["summary"]["exit_code"], &document["alarms"][0]["limit"]),
        (&1.into(), &"processed".into())
    );
    let listed: Vec<Value> =
        Kind::ALL.iter().map(|kind| serde_json::to_value(kind).expect("a word")).collect();
    let schema: Value = serde_json::from_str(DESCRIBED).expect("the schema is JSON");
    assert_eq!(schema["$defs"]["finding"]["properties"]["kind"]["enum"], Value::Array(listed));
}

#[test]
fn a_run_is_what_it_is_in_every_form() {
    let same = [sample::response(), sample::response()];
    let text = with(&same, |told| terminal::text(told, Paint::OFF, true));
    assert!(text.ends_with("6 cells compared; exit 0\n"), "{text}");
    assert!(!text.contains("regression") && !text.contains("→ fails"), "{text}");
}

#[test]
fn a_terminal_is_told_what_broke_first_and_nothing_it_would_obey() {
    let text = with(&changed(), |told| terminal::text(told, Paint::OFF, false));
    let first = text.find("regression, broke: probe.bpf.o").expect("it is told");
    assert!(first < text.find("fix: probe.bpf.o").expect("it is told"), "{text}");
    for says in [
        "debian/5.10.0-2-cloud-amd64@5.10.2-1 was held to debian/5.10.0-1-cloud-amd64@5.10.1-1",
        "on 6.12 cloud",
        "passes → fails (map_type_unknown events, EINVAL)",
        "instructions walked 12,345 → 900,000 (+7190.4 %)",
        "little headroom, 900,000 of 1,000,000 instructions walked",
        "exit 1",
    ] {
        assert!(text.contains(says), "`{says}` is not in:\n{text}");
    }
    assert!(!text.contains('\u{1b}'));
    let colours = with(&changed(), |told| terminal::text(told, Paint::ON, false));
    assert!(colours.contains("\u{1b}[31mregression"), "{colours}");
}

#[test]
fn markdown_has_at_most_sixty_lines_however_much_changed() {
    let mut runs = changed();
    let text = with(&runs, markdown::document);
    assert!(text.starts_with("### bpfcompat compare: regression: ") && text.contains("<details>"), "{text}");
    assert!(text.contains("| regression, broke: probe.bpf.o"), "{text}");
    for (at, run) in runs.iter_mut().enumerate() {
        let cell = run.cells[1].clone();
        let verdict = cell.verdict.as_ref().expect("a verdict");
        let many = (0..300).map(|number| {
            let mut program = verdict.programs[0].clone();
            program.name = format!("p{number}");
            program.required = number % 2 == 0;
            let verdict = if at == 0 { wire::Verdict::Passes } else { wire::Verdict::Fails };
            program.verdict = verdict.into();
            program
        });
        run.cells[1].verdict.as_mut().expect("a verdict").programs = many.collect();
    }
    let text = with(&runs, markdown::document);
    assert!(text.lines().count() <= 60, "{}", text.lines().count());
    assert!(text.contains("more\n"), "{text}");
}
