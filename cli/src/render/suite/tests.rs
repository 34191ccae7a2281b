//! One suite with every standing in it, in every form.

use super::*;
use crate::render::markdown::LINES_MAX;
use crate::render::paint::Paint;
use crate::render::sample;
use crate::render::table::Look;
use insight::suite::parse;
use serde_json::Value;
use time::macros::date;

const SUITE: &str = "
version: 1
name: probes
cases:
  - {name: both, object: '*.o'}
  - {name: gone, object: gone.o}
  - name: fine
    object: '*.o'
    expect: [{kernels: 5.10, verdict: fails, cause: map_type_unknown}]
accepted_failures:
  - {case: both, kernels: 6.12, reason: known, until: 2027-01-31}
";

/// The suite and the answers to it: on 6.12 a check of the second case fails.
fn asked() -> (Suite, Vec<Answer>) {
    let suite = parse("s.yaml", SUITE).expect("a suite");
    let mut first = sample::response();
    first.cells[1].verdict = first.cells[0].verdict.clone();
    let mut last = sample::response();
    last.cells.truncate(3);
    last.objects.truncate(1);
    last.run.as_mut().expect("a run").cells = 3;
    (suite, vec![Ok(first), Err("the controller\x1b[2J went away".to_owned()), Ok(last)])
}

fn with<T>(baseline: &Baseline, form: impl FnOnce(&Told<'_>) -> T) -> T {
    let (suite, answers) = asked();
    form(&Told::new(&suite, &answers, baseline, date!(2027 - 01 - 31)))
}

/// The baseline after the first time.
fn known() -> Baseline {
    with(&Baseline::default(), |told| told.review.now.clone())
}

#[test]
fn a_terminal_is_shown_one_matrix_and_why_what_decides_does_not_work() {
    let shown = with(&Baseline::default(), |told| table::run(told, Look::new(100, Paint::OFF)));
    let expected = "                   5.10 cloud           6.12 cloud         7.3 cloud
both: probe.bpf.o  ✗ fails              ✗ fails, accepted  ? inconclusive, optional
both: edge.bpf.o   ✓ passes *           ✓ passes           – not attempted, optional
gone
fine               ✗ fails, as it must  ✓ passes           ? inconclusive, optional
* answered from the store; --fresh asks again

case both (run 0198c5f2-7b1e-7cc0-8000-0123456789ab)
✗ probe.bpf.o fails on 5.10 cloud
";
    assert!(shown.starts_with(expected), "{shown}");
    let last = "
case gone
  the controller\u{fffd}[2J went away

3 cases: 1 works, 1 does not, 1 unknown; 1 accepted failure until 2027-01-31; exit 1
";
    assert!(shown.ends_with(last), "{shown}");
    let narrow = with(&Baseline::default(), |told| table::run(told, Look::new(30, Paint::OFF)));
    assert!(narrow.contains("\nfine on 5.10 cloud: ✗ fails, as it must\n"), "{narrow}");
}

#[test]
fn what_the_baseline_knows_is_told_apart_and_so_is_what_is_fixed() {
    let mut baseline = known();
    let one = baseline.0.first().expect("a failure").clone();
    assert_eq!((baseline.0.len(), one.series.as_str(), one.cause.as_str()), (1, "5.10", "map_type_unknown"));
    baseline.0.insert(Failure { series: "6.12".to_owned(), object: "edge.bpf.o".to_owned(), ..one });
    let shown = with(&baseline, |told| table::run(told, Look::new(100, Paint::OFF)));
    assert!(shown.contains("✗ fails, known"), "{shown}");
    let fixed = "fixed: both: edge.bpf.o, program on\u{fffd}exec on 6.12 cloud (libbpf): map_type_unknown; run --update-baseline\n";
    assert!(shown.contains(fixed), "{shown}");
    let last = "3 cases: 2 work, 0 do not, 1 unknown; 1 known failure; 1 accepted failure until 2027-01-31; exit 2\n";
    assert!(shown.ends_with(last), "{shown}");
}

#[test]
fn the_report_is_what_its_schema_describes() {
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    for name in ["report-1.json", "suite-report-1.json"] {
        let path = format!("{}/../docs/schema/{name}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).expect("a file");
        compiler.add_resource(name, serde_json::from_str(&text).expect("JSON")).expect("a schema");
    }
    let schema = compiler.compile("suite-report-1.json", &mut schemas).expect("a schema");
    for baseline in [Baseline::default(), known()] {
        let report = with(&baseline, |told| json::report(told, "local"));
        let report: Value = serde_json::from_str(&report).expect("JSON");
        if let Err(differs) = schemas.validate(&report, schema) {
            panic!("{differs:#}");
        }
        let stands: Vec<&str> = report["cases"][0]["cells"]
            .as_array()
            .expect("cells")
            .iter()
            .filter_map(|cell| cell["stands"].as_str())
            .collect();
        let first = if baseline.0.is_empty() { "wrong" } else { "known" };
        assert_eq!(stands, [first, "excused", "optional", "passes", "passes", "optional"]);
        assert_eq!(report["cases"][0]["report"]["schema"], "bpfcompat.report/1");
        assert_eq!(report["summary"]["exit_code"], if baseline.0.is_empty() { 1 } else { 2 });
        assert_eq!(report["cases"][2]["verdict"], "passes");
    }
}

#[test]
fn build_servers_see_failures_errors_and_what_does_not_decide() {
    let report = with(&Baseline::default(), junit::report);
    let count = |what: &str| report.matches(what).count();
    assert_eq!([count("<failure "), count("<error "), count("<skipped ")], [1, 1, 4], "{report}");
    assert_eq!((count("<testsuite "), count("<testcase ")), (3, 10), "{report}");
    assert!(!report.contains('\x1b'));
}

#[test]
fn markdown_has_the_matrix_and_the_reasons() {
    let report = with(&Baseline::default(), markdown::report);
    for says in [
        "### bpfcompat: probes: 3 cases: 1 works, 1 does not, 1 unknown",
        "| fine | ✗ fails, as it must | ✓ passes |",
        "**probe.bpf.o** on 5.10 cloud: `map_type_unknown: events, EINVAL at map`<br>",
        "Tried in another guest with map",
        "went away",
    ] {
        assert!(report.contains(says), "`{says}` is not in: {report}");
    }
    assert!(report.lines().count() <= LINES_MAX, "{report}");
    assert_eq!(report.matches("<details>").count(), report.matches("</details>").count());
}
