//! What came of checks, and what they mean for the cell.

use super::{TODAY, attaches, evidence, judge, loads, program};
use domain::cause::CauseCode;
use domain::check::{Check, CheckRun, CommandEnd, CommandRun, Output};
use domain::contract::ExpectedFailure;
use domain::errno::Errno;
use domain::evidence::{AttachOutcome, Behaviour, Evidence, LoadScope};
use domain::level::Level;
use domain::verdict::Verdict;

fn check(name: &str, required: bool) -> Check {
    let (name, command) = (name.to_owned(), "true".to_owned());
    Check { name, command, timeout_ms: 1000, required, exit: 0, expect: Vec::new() }
}

fn ran(name: &str, end: CommandEnd) -> CheckRun {
    let (stdout, stderr) = (Output::default(), Output::default());
    CheckRun {
        name: name.to_owned(),
        command: CommandRun { end, took_ms: 1, stdout, stderr },
        saw: Vec::new(),
    }
}

/// An object that loads and attaches, with these checks declared and these run.
fn checked(checks: Vec<Check>, runs: Vec<CheckRun>, outcome: AttachOutcome) -> Evidence {
    let evidence = loads(evidence(vec![program("p", "xdp", "xdp")]), LoadScope::Whole, None, "");
    let mut evidence = attaches(evidence, "p", outcome, "");
    evidence.contract.checks = checks;
    evidence.behaviour = Some(Behaviour { live: vec!["p".to_owned()], checks: runs, hindered: None });
    evidence
}

#[test]
fn a_program_that_fails_as_expected_excuses_no_check_that_failed() {
    let expected = ExpectedFailure {
        program: Some("p".to_owned()),
        kernels: "all".to_owned(),
        cause: None,
        reason: "known".to_owned(),
        until: TODAY,
    };
    for (status, excused, code) in
        [(0, true, CauseCode::AttachUnsupported), (1, false, CauseCode::CheckFailed)]
    {
        let outcome = AttachOutcome::Failed(Errno::EINVAL);
        let mut one = checked(vec![check("a", true)], vec![ran("a", CommandEnd::Exited(status))], outcome);
        one.contract.expected_failures = vec![expected.clone()];
        let verdict = judge(&one, Level::Behave);
        let cause = verdict.cause.expect("no pass");
        assert_eq!((verdict.excused, cause.code), (excused, code), "{status}");
    }
}

#[test]
fn a_required_check_decides_and_an_optional_one_does_not() {
    let failed = || vec![ran("a", CommandEnd::Exited(0)), ran("b", CommandEnd::Exited(1))];
    for (required, expected) in [(true, Verdict::Fails), (false, Verdict::Passes)] {
        let checks = vec![check("a", true), check("b", required)];
        let verdict = judge(&checked(checks, failed(), AttachOutcome::Attached), Level::Behave);
        assert_eq!(verdict.verdict, expected);
        assert_eq!(verdict.checks[1].verdict, Verdict::Fails);
        let code = verdict.cause.map(|cause| cause.code);
        assert_eq!(code, required.then_some(CauseCode::CheckFailed));
    }
}

/// Defect H8 of the earlier tool.
#[test]
fn a_program_that_was_not_attached_is_the_cause() {
    let runs = vec![ran("a", CommandEnd::Exited(1))];
    let outcome = AttachOutcome::Failed(Errno::EOPNOTSUPP);
    let mut evidence = checked(vec![check("a", true)], runs, outcome);
    evidence.logs[1].text = "libbpf: prog 'p': failed to attach: -EOPNOTSUPP".to_owned();
    let verdict = judge(&evidence, Level::Behave);
    assert_eq!(verdict.cause.map(|cause| cause.code), Some(CauseCode::AttachUnsupported));
    assert_eq!(verdict.checks[0].verdict, Verdict::Fails);
}

#[test]
fn what_was_not_run_is_no_pass() {
    let mut evidence = checked(vec![check("a", true)], vec![], AttachOutcome::Attached);
    let verdict = judge(&evidence, Level::Behave);
    assert_eq!((verdict.verdict, verdict.checks[0].verdict), (Verdict::NotAttempted, Verdict::NotAttempted));
    evidence.behaviour = Some(Behaviour { hindered: Some("no shell".to_owned()), ..Behaviour::default() });
    assert_eq!(judge(&evidence, Level::Behave).verdict, Verdict::Inconclusive);
    // Nobody asked for it.
    assert_eq!(judge(&evidence, Level::Attach).verdict, Verdict::Passes);
}
