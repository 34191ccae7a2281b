use super::*;
use domain::verdict::Verdict;
use proptest::prelude::*;
use serde_json::{Value, json};

/// A program as reports tell of it.
fn program(name: &str, verdict: &str) -> Value {
    let reached = if verdict == "passes" { "attached" } else { "opened" };
    let mut program = json!({
        "name": name, "section": "xdp", "type": "xdp", "required": true, "asked": "attach", "reached": reached,
        "verdict": verdict, "attach": null,
    });
    if verdict != "passes" {
        program["cause"] = cause("verifier_invalid");
    }
    if verdict == "passes" {
        program["stats"] = json!({"verified_instructions": 9, "translated_bytes": 1000, "jited_bytes": 700});
        program["verification"] = json!({
            "took_us": 10, "processed": 1000, "processed_max": 1_000_000, "states_per_instruction": 1,
            "total_states": 100, "peak_states": 10, "mark_read": 0, "stack_bytes": [16, 16],
            "deepest_stack_bytes": null, "deepest_stack_bytes_max": 512, "memory_peak_bytes": 1 << 20,
        });
    }
    program
}

fn cause(code: &str) -> Value {
    json!({
        "code": code, "stage": "load", "subject": "p", "errno": "EINVAL", "confidence": "certain", "says": "No.",
        "log_line": "",
    })
}

/// A cell with its programs, on a build of a kernel such as `6.12#2`.
fn cell(object: &str, kernel: &str, verdict: &str, programs: &[Value]) -> Value {
    let (series, build) = kernel.split_once('#').unwrap_or((kernel, "1"));
    let mut cell = json!({
        "object": object,
        "kernel": {
            "id": format!("debian/{series}.{build}-cloud-amd64@{series}.{build}-1"),
            "release": "r", "series": series, "distro": "debian", "flavour": "cloud", "arch": "amd64",
        },
        "loader": {"name": "libbpf", "version": "1.7"}, "axes": null, "required": true, "verdict": verdict,
        "guest": {"start": "clone", "accelerator": "tcg", "nonce_ok": true},
        "programs": programs, "contract": {"excused": false},
    });
    if verdict != "passes" {
        cell["cause"] = cause("verifier_invalid");
    }
    cell
}

/// A report of these cells; its objects have the programs that its cells tell of.
fn report(cells: &[Value]) -> Value {
    let mut objects: Vec<Value> = Vec::new();
    for cell in cells {
        let names = cell["programs"].as_array().unwrap().iter().map(|program| program["name"].clone());
        match objects.iter_mut().find(|object| object["name"] == cell["object"]) {
            Some(object) => object["programs"].as_array_mut().unwrap().extend(names),
            None => objects.push(json!({
                "name": cell["object"], "sha256": "00", "bytes": 1, "programs": names.collect::<Vec<_>>(), "maps": [],
            })),
        }
    }
    json!({"schema": SCHEMA, "run": {"id": "r"}, "objects": objects, "cells": cells, "summary": {}})
}

fn read(report: &Value) -> Report {
    Report::read(report.to_string().as_bytes()).expect("a report")
}

/// What is found, in words: kind, subject and whether it decides.
fn told(base: &Value, head: &Value) -> Vec<String> {
    let (base, head) = (read(base), read(head));
    let comparison = compare(&base, &head, Thresholds::default());
    let told = |finding: &Finding<'_>| {
        let how = finding.how.map(|how| format!(" {how:?}")).unwrap_or_default();
        format!("{:?}{how} {:?} {}", finding.kind, finding.subject, finding.decides)
    };
    comparison.findings.iter().map(told).collect()
}

fn outcome(base: &Value, head: &Value, fail_on: FailOn) -> Outcome {
    compare(&read(base), &read(head), Thresholds::default()).outcome(&[fail_on])
}

/// A report of one cell with the program `p`.
fn of(verdict: &str) -> Value {
    report(&[cell("o", "6.12", verdict, &[program("p", verdict)])])
}

#[test]
fn every_step_is_what_the_document_says() {
    let words = ["passes", "fails", "not_attempted", "inconclusive"];
    let unknown = "CouldNotCompare Cell true";
    let table = [
        [
            "",
            "Regression Broke Program(\"p\") true",
            "Regression NoLongerExercised Program(\"p\") true",
            unknown,
        ],
        ["Fix Program(\"p\") true", "", unknown, unknown],
        ["NewPass Program(\"p\") true", "NewFailure Program(\"p\") true", "", unknown],
        [unknown; 4],
    ];
    for (base, row) in words.iter().zip(table) {
        for (head, expected) in words.iter().zip(row) {
            assert_eq!(told(&of(base), &of(head)).join("; "), expected, "{base} to {head}");
        }
    }
}

#[test]
fn what_kept_a_cell_from_its_answer_is_no_regression_of_its_programs() {
    let base = report(&[cell("o", "6.12", "passes", &[program("p", "passes"), program("q", "passes")])]);
    let parts = [program("p", "inconclusive"), program("q", "not_attempted")];
    let head = report(&[cell("o", "6.12", "inconclusive", &parts)]);
    assert_eq!(told(&base, &head), ["CouldNotCompare Cell true"]);
    assert_eq!(told(&head, &base), ["CouldNotCompare Cell true"]);
    let failed = [program("p", "fails"), program("q", "inconclusive")];
    let fails = told(&base, &report(&[cell("o", "6.12", "inconclusive", &failed)]));
    assert_eq!(fails, ["CouldNotCompare Cell true", "Regression Broke Program(\"p\") true"]);
}

#[test]
fn a_program_of_the_object_that_its_cell_is_silent_about_is_gone() {
    let [p, q] = ["p", "q"].map(|name| program(name, "passes"));
    let base = report(&[cell("o", "6.12", "passes", &[p.clone(), q])]);
    let silent = |verdict: &str, programs: &[Value]| {
        let mut head = report(&[cell("o", "6.12", verdict, programs)]);
        head["objects"][0]["programs"] = json!(["p", "q"]);
        told(&base, &head)
    };
    assert_eq!(silent("passes", &[p]), ["Regression Removed Program(\"q\") true"]);
    assert_eq!(silent("fails", &[]), ["Regression Broke Cell true"], "it was not opened");
}

#[test]
fn what_is_gone_was_lost_and_what_is_new_fails_anew() {
    let both = |one: &str, other: &str| {
        report(&[
            cell("o", "6.12", one, &[program("p", one)]),
            cell("o", "6.1", other, &[program("p", other)]),
        ])
    };
    let alone = of("passes");
    assert_eq!(told(&both("passes", "passes"), &alone), ["Regression Removed Kernel true"]);
    assert_eq!(told(&both("passes", "fails"), &alone), ["Regression Removed Kernel true"]);
    assert_eq!(told(&both("passes", "inconclusive"), &alone), ["CouldNotCompare Kernel true"]);
    assert_eq!(told(&alone, &both("passes", "fails")), ["NewFailure Kernel true"]);
    assert_eq!(told(&alone, &both("passes", "passes")), ["NewPass Kernel true"]);
    assert_eq!(told(&alone, &both("passes", "not_attempted")), ["CouldNotCompare Kernel true"]);

    let two = report(&[cell("o", "6.12", "passes", &[program("p", "passes"), program("q", "passes")])]);
    assert_eq!(told(&two, &alone), ["Regression Removed Program(\"q\") true"]);
    let failing = report(&[cell("o", "6.12", "fails", &[program("p", "passes"), program("q", "fails")])]);
    assert_eq!(told(&alone, &failing), ["NewFailure Program(\"q\") true"]);
    assert_eq!(outcome(&alone, &failing, FailOn::Regression), Outcome::Nothing);
    assert_eq!(outcome(&alone, &failing, FailOn::NewFailure), Outcome::Found);

    let objects = report(&[
        cell("o", "6.12", "passes", &[program("p", "passes")]),
        cell("other", "6.12", "passes", &[program("p", "passes")]),
    ]);
    assert_eq!(told(&objects, &alone), ["Regression Removed Object true"]);
}

#[test]
fn a_program_that_a_cell_is_silent_about_is_not_gone() {
    let mut silent = of("inconclusive");
    silent["cells"][0]["programs"] = json!([]);
    assert_eq!(told(&of("passes"), &silent), ["CouldNotCompare Cell true"]);
    let mut closed = of("fails");
    closed["cells"][0]["programs"] = json!([]);
    assert_eq!(told(&of("passes"), &closed), ["Regression Broke Cell true"]);
    assert_eq!(told(&closed, &of("passes")), ["Fix Cell true"]);
}

#[test]
fn what_does_not_decide_is_told_and_never_decides() {
    let mut optional = of("fails");
    optional["cells"][0]["required"] = json!(false);
    assert_eq!(told(&of("passes"), &optional), ["Regression Broke Program(\"p\") false"]);
    assert_eq!(outcome(&of("passes"), &optional, FailOn::Any), Outcome::Nothing);
    let mut excused = optional.clone();
    excused["cells"][0]["contract"]["excused"] = json!(true);
    assert_eq!(outcome(&of("passes"), &excused, FailOn::Any), Outcome::Nothing);
    assert!(
        compare(&read(&of("passes")), &read(&excused), Thresholds::default()).findings[0]
            .head
            .unwrap()
            .excused
    );
    optional["cells"][0]["verdict"] = json!("passes");
    optional["cells"][0]["programs"][0] = program("p", "passes");
    assert_eq!(told(&of("passes"), &optional), ["NoLongerRequired Cell false"]);
    let mut unknown = of("inconclusive");
    assert_eq!(outcome(&of("passes"), &unknown, FailOn::Any), Outcome::CouldNotTell);
    unknown["cells"][0]["required"] = json!(false);
    assert_eq!(outcome(&of("passes"), &unknown, FailOn::Any), Outcome::Nothing);
    assert_eq!(outcome(&report(&[]), &report(&[]), FailOn::Any), Outcome::CouldNotTell);
}

#[test]
fn a_pass_is_one_of_its_level() {
    let loaded = |verdict: &str, asked: &str| {
        let mut report = of(verdict);
        report["cells"][0]["programs"][0]["asked"] = json!(asked);
        report["cells"][0]["programs"][0]["reached"] = json!("loaded");
        report
    };
    let (lower, higher) = (loaded("passes", "load"), of("passes"));
    assert_eq!(told(&higher, &lower), ["Regression NoLongerExercised Program(\"p\") true"]);
    assert_eq!(told(&lower, &higher), [""; 0]);
    assert_eq!(told(&lower, &loaded("fails", "attach")), ["NewFailure Program(\"p\") true"]);
    assert_eq!(told(&lower, &of("fails")), ["Regression Broke Program(\"p\") true"]);
    assert_eq!(told(&of("fails"), &lower)[1..], ["CouldNotCompare Program(\"p\") true"]);
}

#[test]
fn another_cause_is_one_that_people_would_act_on_otherwise() {
    let mut other = of("fails");
    other["cells"][0]["programs"][0]["cause"]["says"] = json!("In other words, no.");
    assert_eq!(told(&of("fails"), &other), [""; 0]);
    other["cells"][0]["programs"][0]["cause"]["code"] = json!("helper_unknown");
    assert_eq!(told(&of("fails"), &other), ["OtherCause Program(\"p\") true"]);
    assert_eq!(outcome(&of("fails"), &other, FailOn::NewFailure), Outcome::Nothing);
    assert_eq!(outcome(&of("fails"), &other, FailOn::Any), Outcome::Found);
}

#[test]
fn a_cell_is_told_where_its_parts_do_not_explain_it() {
    let mut panicked = report(&[cell("o", "6.12", "fails", &[program("p", "inconclusive")])]);
    panicked["cells"][0]["cause"] = cause("kernel_panic");
    let found = told(&of("passes"), &panicked);
    assert_eq!(found, ["Regression Broke Cell true", "CouldNotCompare Program(\"p\") true"]);
    let check = |verdict: &str| json!({"name": "c", "required": true, "verdict": verdict});
    let (mut base, mut head) = (of("passes"), of("passes"));
    base["cells"][0]["checks"] = json!([check("passes")]);
    assert_eq!(told(&base, &head), ["Regression Removed Check(\"c\") true"]);
    head["cells"][0]["checks"] = json!([check("fails")]);
    head["cells"][0]["verdict"] = json!("fails");
    assert_eq!(told(&base, &head), ["Regression Broke Check(\"c\") true"]);
}

#[test]
fn an_updated_kernel_and_a_renamed_object_are_what_they_were() {
    let (base, head) =
        (of("passes"), report(&[cell("renamed", "6.12#2", "passes", &[program("p", "passes")])]));
    let (base, head) = (read(&base), read(&head));
    let comparison = compare(&base, &head, Thresholds::default());
    assert_eq!((comparison.findings.len(), comparison.compared), (0, 1));
    let (before, now) = comparison.objects[0].both().unwrap();
    assert_eq!((before.name.as_str(), now.name.as_str()), ("o", "renamed"));
    let (before, now) = comparison.kernels[0].both().unwrap();
    assert!(before.id.contains("6.12.1-") && now.id.contains("6.12.2-"));

    // Of several builds the newest is held to the newest, whatever their order.
    let of_builds = |builds: &[&str]| {
        let cells = builds.iter().map(|build| cell("o", build, "passes", &[program("p", "passes")]));
        read(&report(&cells.collect::<Vec<_>>()))
    };
    let (base, head) = (of_builds(&["6.12#9", "6.12#10"]), of_builds(&["6.12#11"]));
    let comparison = compare(&base, &head, Thresholds::default());
    let (before, _) = comparison.kernels[0].both().unwrap();
    assert!(before.id.contains("6.12.10-"), "{before:?}");
    assert_eq!(comparison.findings.len(), 1, "one of two builds is gone");
}

#[test]
fn figures_are_judged_where_nothing_but_the_object_can_have_changed_them() {
    let with = |kernel: &str, processed: u32, took_us: u32, jited: u32| {
        let mut report = report(&[cell("o", kernel, "passes", &[program("p", "passes")])]);
        let program = &mut report["cells"][0]["programs"][0];
        program["verification"]["processed"] = json!(processed);
        program["verification"]["took_us"] = json!(took_us);
        program["stats"]["jited_bytes"] = json!(jited);
        report
    };
    let figures = |base: &Value, head: &Value, thresholds| {
        let (base, head) = (read(base), read(head));
        let comparison = compare(&base, &head, thresholds);
        let told = |figure: &Figure<'_>| (figure.statistic, figure.judged, figure.told, figure.decides);
        comparison.figures.iter().map(told).collect::<Vec<_>>()
    };
    use Statistic::{JitedBytes, Processed, TookUs};
    let usual = Thresholds::default();
    let base = with("6.12", 1000, 10, 700);
    for (processed, told) in [(1063, false), (1064, true), (936, true), (937, false)] {
        let grew = told && processed > 1000;
        let expected = [(Processed, true, told, grew)];
        assert_eq!(figures(&base, &with("6.12", processed, 10, 700), usual), expected, "{processed}");
    }
    let large = with("6.12", 100_000, 10, 700);
    assert!(!figures(&large, &with("6.12", 104_999, 10, 700), usual)[0].2, "less than 5 %");
    assert!(figures(&large, &with("6.12", 105_000, 10, 700), usual)[0].2);
    let strict = Thresholds { percent: 0, least: 1 };
    assert!(figures(&base, &with("6.12", 1001, 10, 700), strict)[0].2);
    let slower = with("6.12", 1000, 10_000, 700);
    assert_eq!(figures(&base, &slower, strict), [(TookUs, false, false, false)], "time is never judged");
    let other_build = with("6.12#2", 900_000, 10, 7_000);
    let shown = [(Processed, false, false, false), (JitedBytes, false, false, false)];
    assert_eq!(figures(&base, &other_build, strict), shown);
    let mut other_processor = with("6.12", 1000, 10, 7_000);
    other_processor["cells"][0]["guest"]["accelerator"] = json!("kvm");
    assert_eq!(figures(&base, &other_processor, strict), [(JitedBytes, false, false, false)]);
    let grown = with("6.12", 2000, 10, 700);
    assert_eq!(outcome(&base, &grown, FailOn::Any), Outcome::Found);
    assert_eq!(outcome(&base, &grown, FailOn::Regression), Outcome::Nothing);
    assert_eq!(outcome(&grown, &base, FailOn::Any), Outcome::Nothing);
}

#[test]
fn a_program_that_comes_near_a_limit_is_told_once() {
    let with = |processed: u32, stack: u32| {
        let mut report = of("passes");
        let counted = &mut report["cells"][0]["programs"][0]["verification"];
        (counted["processed"], counted["deepest_stack_bytes"]) = (json!(processed), json!(stack));
        read(&report)
    };
    let alarms = |base: &Report, head: &Report| {
        let alarms = compare(base, head, Thresholds::default()).alarms;
        alarms.iter().map(|alarm| (alarm.limit, alarm.base, alarm.head, alarm.max)).collect::<Vec<_>>()
    };
    let (low, high) = (with(1000, 100), with(800_000, 410));
    let near = [(Limit::Processed, Some(1000), 800_000, 1_000_000), (Limit::StackBytes, Some(100), 410, 512)];
    assert_eq!(alarms(&low, &high), near);
    assert_eq!(alarms(&low, &with(799_999, 409)), []);
    assert_eq!(alarms(&high, &with(900_000, 500)), []);
    assert_eq!(alarms(&high, &low), []);
}

#[test]
fn what_is_no_report_is_refused_in_one_sentence() {
    let mut twice = of("passes");
    let copy = twice["cells"][0].clone();
    twice["cells"].as_array_mut().unwrap().push(copy);
    let mut unlisted = of("passes");
    unlisted["cells"][0]["object"] = json!("no\u{1b}[2J");
    let mut many = of("passes");
    many["cells"] = json!(vec![0; 20_000]);
    let mut axis = of("passes");
    axis["cells"][0]["axes"] = json!({"moon": "full"});
    let other = json!({"schema": "bpfcompat.report/2"});
    for (text, says) in [
        ("", "it is no report: EOF"),
        ("[]", "it is no report"),
        ("{}", "missing field `schema`"),
        (r#"{"schema": "bpfcompat.compare/1"}"#, "its schema is `bpfcompat.compare/1`"),
        (&other.to_string(), "`bpfcompat.report/1` is compared; pass what"),
        (&json!({"schema": SCHEMA}).to_string(), "missing field `run`"),
        (&of("maybe").to_string(), "unknown variant `maybe`"),
        (&twice.to_string(), "it has a cell of `o` on `debian/6.12.1-cloud-amd64@6.12.1-1` twice"),
        (&unlisted.to_string(), "which it does not list"),
        (&many.to_string(), "at line 1 column"),
        (&axis.to_string(), "unknown field `moon`"),
    ] {
        let error = Report::read(text.as_bytes()).expect_err(says).to_string();
        assert!(error.contains(says) && !error.contains('\n'), "{error}");
    }
}

/// Any report: two objects, three programs, builds of two series, one of them twice, and two loaders.
fn reports() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec!["passes", "fails", "not_attempted", "inconclusive"]);
    let part = (prop::sample::select(vec!["p", "q", "r"]), word.clone(), any::<bool>(), 0..2_000_u32);
    let place = (
        prop::sample::select(vec!["o", "other"]),
        prop::sample::select(vec!["6.1", "6.12", "6.12#2"]),
        prop::sample::select(vec!["libbpf", "aya"]),
    );
    let one = (word, any::<bool>(), prop::collection::vec(part, 0..4));
    prop::collection::btree_map(place, one, 0..8).prop_map(|cells| {
        let cells = cells.into_iter().map(|((object, kernel, loader), (verdict, required, parts))| {
            let parts = parts.into_iter().map(|(name, verdict, required, count)| {
                let mut program = program(name, verdict);
                program["required"] = json!(required);
                if verdict == "passes" {
                    program["verification"]["processed"] = json!(count * 500);
                }
                program
            });
            let mut cell = cell(object, kernel, verdict, &parts.collect::<Vec<_>>());
            (cell["required"], cell["loader"]["name"]) = (json!(required), json!(loader));
            cell
        });
        report(&cells.collect::<Vec<_>>())
    })
}

proptest! {
    #[test]
    fn an_answer_is_what_it_is(report in reports()) {
        let report = read(&report);
        let comparison = compare(&report, &report, Thresholds { percent: 0, least: 0 });
        prop_assert!(comparison.findings.iter().all(|finding| finding.kind == Kind::CouldNotCompare));
        let unknown = |finding: &Finding<'_>| finding.base.unwrap().verdict == Verdict::Inconclusive;
        prop_assert!(comparison.findings.iter().all(unknown));
        prop_assert_eq!((comparison.figures.len(), comparison.alarms.len()), (0, 0));
        prop_assert!(comparison.objects.iter().all(|pair| pair.base == pair.head));
        prop_assert!(comparison.kernels.iter().all(|pair| pair.base == pair.head));
        prop_assert_eq!(comparison.compared, report.cells.len());
    }

    #[test]
    fn every_finding_swaps_sensibly(base in reports(), head in reports()) {
        let (base, head) = (read(&base), read(&head));
        let there = compare(&base, &head, Thresholds::default());
        let back = compare(&head, &base, Thresholds::default());
        prop_assert_eq!(there.compared, back.compared);
        let sides = |figure: &Figure<'_>, swapped: bool| {
            let (base, head) = if swapped { (figure.head, figure.base) } else { (figure.base, figure.head) };
            (figure.program.to_owned(), figure.statistic, base, head, figure.judged)
        };
        let mut figures: Vec<_> = there.figures.iter().map(|figure| sides(figure, false)).collect();
        let mut swapped: Vec<_> = back.figures.iter().map(|figure| sides(figure, true)).collect();
        figures.sort();
        swapped.sort();
        prop_assert_eq!(figures, swapped);
        for finding in there.findings.iter().filter(|finding| matches!(finding.subject, Subject::Program(_))) {
            let same = back.findings.iter().filter(|other| {
                other.subject == finding.subject && (other.base, other.head) == (finding.head, finding.base)
            });
            let kinds: Vec<_> = same.map(|other| (other.kind, other.how)).collect();
            let expected = match (finding.kind, finding.how) {
                (Kind::Regression, Some(How::Broke)) => Some((Kind::Fix, None)),
                (Kind::Fix, _) => Some((Kind::Regression, Some(How::Broke))),
                (Kind::NewPass, _) if finding.base.is_none() => Some((Kind::Regression, Some(How::Removed))),
                (Kind::NewPass, _) => Some((Kind::Regression, Some(How::NoLongerExercised))),
                (Kind::OtherCause, _) => Some((Kind::OtherCause, None)),
                // Silent, or told of the cell, from the other side.
                (Kind::Regression | Kind::NewFailure | Kind::CouldNotCompare | Kind::NoLongerRequired, _) => None,
            };
            prop_assert!(expected.is_none_or(|expected| kinds.contains(&expected)), "{finding:?} {kinds:?}");
        }
    }

    #[test]
    fn an_inconclusive_side_is_neither_a_regression_nor_a_fix(base in reports(), head in reports()) {
        let (base, head) = (read(&base), read(&head));
        for finding in compare(&base, &head, Thresholds::default()).findings {
            let unknown = |side: Option<Side<'_>>| side.is_some_and(|side| side.verdict == Verdict::Inconclusive);
            if unknown(finding.base) || unknown(finding.head) {
                prop_assert_eq!(finding.kind, Kind::CouldNotCompare);
            }
            let optional = |side: Option<Side<'_>>| side.is_none_or(|side| !side.required);
            prop_assert!(!finding.decides || !optional(finding.base) || !optional(finding.head));
        }
    }

    #[test]
    fn nothing_that_is_read_panics(report in reports(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = report.to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(read) = Report::read(&bytes) {
            let whole = Report::read(report.to_string().as_bytes()).expect("a report");
            compare(&whole, &read, Thresholds::default()).outcome(&[FailOn::Any]);
        }
    }
}
