//! What the contract does to verdicts: who decides, how far each must get, and what was expected.

use super::{TODAY, alone, attaches, evidence, judge, loads, program, rejected_with, settled};
use domain::cause::CauseCode;
use domain::contract::{Candidate, Contract, ExpectedFailure, ProgramTerms, Requirement};
use domain::errno::Errno;
use domain::evidence::{AttachOutcome, Choice, Evidence, LoadScope, NotApplied, PassedOver};
use domain::level::Level;
use domain::verdict::{CellVerdict, Verdict};
use time::Duration;

/// Programs `good`, which loads alone, and `bad`, at which the whole load stopped and which is refused alone.
fn good_and_bad(contract: Contract) -> Evidence {
    let log = rejected_with("R0 invalid mem access 'scalar'").replace("'p'", "'bad'");
    let both = evidence(vec![program("good", "xdp", "xdp"), program("bad", "xdp", "xdp")]);
    let evidence = loads(Evidence { contract, ..both }, LoadScope::Whole, Some(Errno::EACCES), &log);
    let evidence = loads(evidence, alone("good"), None, "");
    loads(evidence, alone("bad"), Some(Errno::EACCES), &log)
}

fn of_bad(terms: ProgramTerms) -> Contract {
    Contract { programs: [("bad".to_owned(), terms)].into(), ..Contract::default() }
}

fn expected(program: Option<&str>, cause: Option<CauseCode>, days: i64) -> Contract {
    let expected = ExpectedFailure {
        program: program.map(str::to_owned),
        kernels: "all".to_owned(),
        cause,
        reason: "known".to_owned(),
        until: TODAY + Duration::days(days),
    };
    Contract { expected_failures: vec![expected], ..Contract::default() }
}

/// The cell's verdict, its cause, and whether it is excused.
fn told(verdict: &CellVerdict) -> (Verdict, Option<CauseCode>, bool) {
    let (of_cell, code) = settled(verdict);
    (of_cell, code, verdict.excused)
}

#[test]
fn a_program_decides_as_declared_and_not_as_it_was_compiled() {
    let access = Some(CauseCode::VerifierPointer);
    for (terms, expected) in [
        (ProgramTerms::default(), (Verdict::Fails, access)),
        (ProgramTerms { required: Some(false), ..ProgramTerms::default() }, (Verdict::Passes, None)),
        (ProgramTerms { required: Some(true), ..ProgramTerms::default() }, (Verdict::Fails, access)),
    ] {
        let declared = terms.required.is_some();
        let verdict = judge(&good_and_bad(of_bad(terms)), Level::Load);
        assert_eq!(settled(&verdict), expected);
        assert_eq!(verdict.programs[1].verdict, Verdict::Fails, "what was seen stays");
        assert_eq!(verdict.programs[1].terms.is_empty(), !declared);
    }
}

#[test]
fn a_program_must_get_as_far_as_declared() {
    let terms = ProgramTerms { level: Some(Level::Load), ..ProgramTerms::default() };
    let contract = Contract { programs: [("p".to_owned(), terms)].into(), ..Contract::default() };
    let one = evidence(vec![program("p", "xdp", "xdp"), program("q", "xdp", "xdp")]);
    let evidence = loads(Evidence { contract, ..one }, LoadScope::Whole, None, "");
    let evidence = attaches(evidence, "q", AttachOutcome::Attached, "");
    let verdict = judge(&evidence, Level::Attach);
    assert_eq!(settled(&verdict), (Verdict::Passes, None));
    assert_eq!((verdict.programs[0].asked, verdict.programs[1].asked), (Level::Load, Level::Attach));
}

fn group() -> Contract {
    let candidate = |program: &str, requires| Candidate { program: program.to_owned(), requires };
    let candidates = vec![
        candidate("bad", Requirement::Helper("loop".to_owned())),
        candidate("good", Requirement::Nothing),
    ];
    Contract { variants: [("walk".to_owned(), candidates)].into(), ..Contract::default() }
}

fn chosen(kept: Option<&str>, errno: Option<Errno>) -> Vec<Choice> {
    let over = |program: &str| PassedOver { program: program.into(), requires: "helper loop".into(), errno };
    let passed_over = if kept.is_some() { vec![over("bad")] } else { vec![over("bad"), over("good")] };
    vec![Choice { group: "walk".to_owned(), kept: kept.map(str::to_owned), passed_over }]
}

/// V4 (H6): a variant that was switched off on purpose was counted as a failure.
#[test]
fn v4_a_variant_that_was_left_out_by_choice_is_no_failure() {
    let mut off = program("bad", "xdp", "xdp");
    off.autoload = false;
    let both = evidence(vec![program("good", "xdp", "xdp"), off]);
    let mut evidence = loads(Evidence { contract: group(), ..both }, LoadScope::Whole, None, "");
    evidence.open.as_mut().expect("it opened").choices = chosen(Some("good"), None);
    let verdict = judge(&evidence, Level::Load);
    assert_eq!(told(&verdict), (Verdict::Passes, None, false));
    let left_out = &verdict.programs[1];
    assert_eq!((left_out.verdict, left_out.required), (Verdict::NotAttempted, false));
    assert!(left_out.terms.contains("group `walk` keeps `good`"), "{}", left_out.terms);
    assert_eq!(verdict.chosen, ["group `walk` keeps `good`; `bad` requires helper loop"]);
}

#[test]
fn a_group_of_which_nothing_can_be_kept_fails_and_says_what_was_missing() {
    for (errno, expected) in [
        (None, (Verdict::Fails, Some(CauseCode::VariantMissing))),
        (Some(Errno::EINVAL), (Verdict::Fails, Some(CauseCode::VariantMissing))),
        (Some(Errno::ENOMEM), (Verdict::Inconclusive, Some(CauseCode::GuestMemory))),
    ] {
        let mut off = [program("good", "xdp", "xdp"), program("bad", "xdp", "xdp")];
        off.iter_mut().for_each(|program| program.autoload = false);
        let both = Evidence { contract: group(), ..evidence(off.into()) };
        let mut evidence = loads(both, LoadScope::Whole, None, "");
        evidence.open.as_mut().expect("it opened").choices = chosen(None, errno);
        let verdict = judge(&evidence, Level::Load);
        assert_eq!(settled(&verdict), expected);
        assert!(verdict.programs.iter().all(|program| !program.required));
    }
}

#[test]
fn a_failure_that_was_expected_stays_one_and_decides_nothing() {
    let access = Some(CauseCode::VerifierPointer);
    let fails = (Verdict::Fails, access, false);
    for (contract, cell, says) in [
        (expected(Some("bad"), None, 1), (Verdict::Passes, None, false), "fails as expected until"),
        (expected(Some("bad"), access, 0), (Verdict::Passes, None, false), "fails as expected until"),
        (expected(Some("bad"), None, -1), fails, "ran out on"),
        (expected(Some("bad"), Some(CauseCode::HelperUnknown), 1), fails, "fails with verifier_pointer"),
        (expected(Some("good"), None, 1), fails, "passes; take the expectation away"),
        (expected(None, None, 1), (Verdict::Fails, access, true), "the object fails as expected"),
        (expected(None, access, -1), fails, "that the object fails ran out"),
    ] {
        let verdict = judge(&good_and_bad(contract), Level::Load);
        assert_eq!(told(&verdict), cell, "{says}");
        assert!(verdict.expectations[0].contains(says), "{:?}", verdict.expectations);
        assert_eq!(verdict.programs[1].verdict, Verdict::Fails, "{says}");
        let decides = !verdict.expectations[0].starts_with("`bad` fails as expected");
        assert_eq!(verdict.programs[1].required, decides, "{says}");
    }
}

#[test]
fn an_object_whose_only_program_fails_as_expected_fails_and_is_excused() {
    let log = rejected_with("R0 invalid mem access 'scalar'");
    let one = evidence(vec![program("p", "xdp", "xdp")]);
    let one = Evidence { contract: expected(Some("p"), None, 1), ..one };
    let evidence = loads(one, LoadScope::Whole, Some(Errno::EACCES), &log);
    let verdict = judge(&loads(evidence, alone("p"), Some(Errno::EACCES), &log), Level::Load);
    assert_eq!(told(&verdict), (Verdict::Fails, Some(CauseCode::VerifierPointer), true));
    assert_eq!(verdict.excused_until, Some(TODAY + Duration::days(1)));
}

#[test]
fn a_failure_is_excused_until_the_first_of_its_programs_is_not_any_more() {
    let log = rejected_with("R0 invalid mem access 'scalar'");
    let both = evidence(vec![program("p", "xdp", "xdp"), program("q", "xdp", "xdp")]);
    let mut contract = expected(Some("p"), None, 5);
    contract.expected_failures.extend(expected(Some("q"), None, 3).expected_failures);
    let both = Evidence { contract, ..both };
    let evidence = loads(both, LoadScope::Whole, Some(Errno::EACCES), &log);
    let evidence = loads(evidence, alone("p"), Some(Errno::EACCES), &log);
    let verdict = judge(&loads(evidence, alone("q"), Some(Errno::EACCES), &log), Level::Load);
    assert_eq!((verdict.excused, verdict.excused_until), (true, Some(TODAY + Duration::days(3))));
}

#[test]
fn a_declaration_that_the_kernel_refused_is_told_as_what_it_is() {
    for (subject, errno, expected) in [
        ("p", Errno::ESRCH, (Verdict::Fails, Some(CauseCode::SymbolMissing))),
        ("p", Errno::EINVAL, (Verdict::NotAttempted, Some(CauseCode::LoaderContract))),
    ] {
        let mut evidence = evidence(vec![program("p", "fentry/no_such", "tracing")]);
        let setting = "section fentry/no_such".to_owned();
        let refused = NotApplied { subject: subject.to_owned(), setting, errno };
        evidence.open.as_mut().expect("it opened").not_applied = vec![refused];
        let evidence = loads(evidence, LoadScope::Whole, Some(Errno::EINVAL), "");
        let verdict = judge(&loads(evidence, alone("p"), Some(Errno::EINVAL), ""), Level::Load);
        assert_eq!(settled(&verdict), expected);
        assert!(verdict.declared[0].contains("was refused"), "{:?}", verdict.declared);
    }
}

#[test]
fn a_pass_under_a_contract_that_could_not_be_kept_is_none() {
    let mut evidence = evidence(vec![program("p", "xdp", "xdp")]);
    let setting = "4 bytes in .rodata".to_owned();
    let refused = NotApplied { subject: "mode".to_owned(), setting, errno: Errno::ENOENT };
    evidence.open.as_mut().expect("it opened").not_applied = vec![refused];
    let verdict = judge(&loads(evidence, LoadScope::Whole, None, ""), Level::Load);
    assert_eq!(settled(&verdict), (Verdict::NotAttempted, Some(CauseCode::LoaderContract)));
}
