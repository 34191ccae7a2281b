//! Suites as people write them, right and wrong.

use domain::axis::Loader;
use domain::cause::CauseCode;
use domain::command::Ending;
use domain::level::Level;
use domain::verdict::Verdict;
use insight::suite::baseline::{Baseline, BaselineError, Failure};
use insight::suite::{SUITE_BYTES_MAX, Subject, Suite, parse};
use proptest::prelude::{prop_assert, proptest};
use time::macros::date;

fn example() -> Suite {
    parse("suite.yaml", include_str!("../../docs/suite.yaml")).expect("the example is right")
}

/// The problems of a suite that begins with its version and name.
fn problems(text: &str) -> Vec<String> {
    let error = parse("s.yaml", &format!("version: 1\nname: s\n{text}")).expect_err(text);
    error.to_string().lines().map(str::to_owned).collect()
}

#[test]
fn the_example_says_what_it_seems_to_say() {
    let Suite { name, defaults, concurrency, cases } = example();
    assert_eq!((name.as_str(), concurrency), ("storage-probes", 8));
    assert_eq!((defaults.kernels.as_deref(), defaults.timeout), (Some("lts,newest"), Some(90)));
    let [probe, filters, bloom, agent] = &cases[..] else { panic!("four cases") };
    let Subject::Object(object) = &probe.subject else { panic!("an object") };
    assert_eq!(
        (object.input.as_str(), object.manifest.as_deref()),
        ("build/probe.bpf.o", Some("probe.yaml"))
    );
    assert_eq!((object.declared.file.as_str(), object.declared.contract.checks.len()), ("suite.yaml", 1));
    let accepted = (probe.accepted[0].program.as_deref(), probe.accepted[0].until);
    assert_eq!((probe.accepted.len(), accepted), (1, (Some("on_exit"), date!(2027 - 06 - 30))));

    let terms = filters.terms.or(&defaults);
    assert_eq!((terms.kernels.as_deref(), terms.optional.as_deref()), (Some(">=6.1"), Some("5.4")));
    assert_eq!((terms.level, terms.timeout, terms.fresh), (Some(Level::Load), Some(300), Some(true)));
    assert_eq!(terms.loaders, [Loader::Libbpf, Loader::Aya]);
    assert_eq!(terms.axes.typed(), ["capabilities=full,bpf+perfmon", "lockdown=none"]);

    let expected = (bloom.expect[0].verdict, bloom.expect[0].cause);
    assert_eq!(expected, (Verdict::Fails, Some(CauseCode::MapTypeUnknown)));
    let Subject::Command(command) = &agent.subject else { panic!("a command") };
    assert_eq!(
        (command.bin.as_str(), command.runtime, command.expect),
        ("bin/agent", Some(20), Ending::Exit(0))
    );
    assert_eq!((command.arguments.len(), agent.accepted.len()), (2, 1));
}

#[test]
fn every_mistake_is_told_at_once_with_its_place_and_the_nearest_word() {
    let text = "defualts: {}
concurrency: 33
cases:
  - {name: a, object: a.o, levle: load}
  - {name: a, object: b.o}
  - {name: b, object: b.o, command: {bin: c}}
  - {name: c, command: {bin: c, runtime: 5m, expect_exit: 1, expect_running: true}, level: load}
  - {object: c.o, timeout: 31m, expect: [{kernels: newest, verdict: works}]}
  - {name: e, object: e.o, checks: [{name: x}], expect: [{kernels: all, verdict: passes, cause: deadline}]}
accepted_failures:
  - {case: a, kernels: '<6', reason: r, until: never}
  - {kernels: '<6', reason: r, until: 2027-01-31}
";
    let expected = [
        "s.yaml:3:1: unknown key `defualts`; did you mean `defaults`?",
        "s.yaml:4:14: at most 32 cases are asked at once",
        "s.yaml:6:28: unknown key `levle`; did you mean `level`?",
        "s.yaml:7:12: a case at 6:12 is called `a` already",
        "s.yaml:8:5: a case has either `object` or `command`",
        "s.yaml:9:42: `5m` is no time like 90s or 5m of at most 240s",
        "s.yaml:9:59: a command that must still run cannot exit as well",
        "s.yaml:9:92: `level` is said of objects; a command has none",
        "s.yaml:10:5: a case needs a name",
        "s.yaml:10:28: `31m` is no time like 90s or 5m of at most 1800s",
        "s.yaml:10:52: `newest` means",
        "s.yaml:10:69: `works` is no verdict to expect",
        "s.yaml:11:37: a check needs command",
        "s.yaml:11:97: what passes has no cause",
        "s.yaml:13:48: `until` is a day like 2027-01-31, not `never`",
        "s.yaml:14:5: an accepted failure needs case",
    ];
    let told = problems(text);
    for (at, expected) in expected.iter().enumerate() {
        let told = told.get(at).map_or("nothing", String::as_str);
        assert!(told.starts_with(expected), "{told}\ninstead of {expected}");
    }
    assert_eq!(told.len(), expected.len(), "{told:?}");
}

#[test]
fn a_suite_has_cases_and_an_accepted_failure_names_one() {
    assert_eq!(problems("cases: []"), ["s.yaml:3:8: a suite needs at least one case under `cases`"]);
    let case = "cases: [{name: probe, object: p.o}]\n";
    let accepted = "accepted_failures: [{case: porbe, kernels: all, reason: r, until: 2027-01-31}]";
    let told = problems(&format!("{case}{accepted}"));
    assert_eq!(told, ["s.yaml:4:28: there is no case `porbe`; did you mean `probe`?"]);
    let nameless = parse("s.yaml", "version: 1\ncases: [{name: a, object: a.o}]").expect_err("no name");
    assert_eq!(nameless.to_string(), "s.yaml:1:1: a suite needs a name");
}

#[test]
fn nothing_is_looked_for_beyond_the_limits() {
    let long = parse("s.yaml", &" ".repeat(SUITE_BYTES_MAX + 1)).expect_err("too long");
    assert!(long.to_string().contains("a suite has at most 1048576"), "{long}");
    let many: String = (0..257).map(|at| format!("\n  - {{name: c{at}, object: a.o}}")).collect();
    let told = problems(&format!("cases:{many}"));
    assert_eq!(told, ["s.yaml:4:3: 257 cases, and a suite has at most 256"]);
}

fn known(case: &str, program: Option<&str>, series: &str) -> Failure {
    let text = str::to_owned;
    Failure {
        case: text(case),
        object: text("a.bpf.o"),
        program: program.map(text),
        check: None,
        series: text(series),
        flavour: text("cloud"),
        loader: text("libbpf"),
        axes: String::new(),
        cause: text("helper_unknown"),
    }
}

#[test]
fn a_baseline_has_a_failure_a_line_in_one_order_and_is_read_as_it_was_written() {
    let failures = [known("b", None, "6.1"), known("a", Some("p"), "5.10"), known("a", Some("p"), "5.10")];
    let baseline = Baseline(failures.into_iter().collect());
    let rest = r#""flavour":"cloud","loader":"libbpf","cause":"helper_unknown"}"#;
    let text = format!(
        "{{\n  \"schema\": \"bpfcompat.baseline/1\",\n  \"suite\": \"s\",\n  \"failures\": [\n    \
         {{\"case\":\"a\",\"object\":\"a.bpf.o\",\"program\":\"p\",\"series\":\"5.10\",{rest},\n    \
         {{\"case\":\"b\",\"object\":\"a.bpf.o\",\"series\":\"6.1\",{rest}\n  ]\n}}\n"
    );
    assert_eq!(baseline.print("s"), text);
    assert_eq!(Baseline::parse("s", &text), Ok(baseline));
    let none = Baseline::default();
    assert_eq!(Baseline::parse("s", &none.print("s")), Ok(none));
}

#[test]
fn a_baseline_that_is_none_or_of_another_suite_is_refused() {
    let text = |failures: &str| {
        format!("{{\"schema\": \"bpfcompat.baseline/1\", \"suite\": \"s\", \"failures\": [{failures}]}}")
    };
    let refused = |text: &str| Baseline::parse("s", text).expect_err(text).to_string();
    assert!(refused("{").contains("line 1 column 1"), "{}", refused("{"));
    assert!(refused(&text("{\"cse\": \"a\"}")).contains("unknown field `cse`"));
    let nameless = serde_json::to_string(&known("", None, "6.1")).expect("JSON");
    assert_eq!(Baseline::parse("s", &text(&nameless)), Err(BaselineError::Name(1)));
    let other = Baseline::default().print("t");
    assert!(refused(&other).contains("the baseline of the suite `t`, not of `s`"));
}

proptest! {
    #[test]
    fn whatever_the_text_a_suite_or_problems_and_no_panic(text in "\\PC{0,200}|(version: 1|name: s|cases:|[-{}\\[\\]:, \n]|object: o|command:|bin: b|expect: ){0,40}") {
        match parse("s.yaml", &text) {
            Ok(suite) => prop_assert!(!suite.cases.is_empty()),
            Err(error) => prop_assert!(!error.problems.is_empty()),
        }
    }
}
