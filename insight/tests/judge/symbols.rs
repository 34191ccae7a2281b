//! What a name does not tell of the functions that have it.

use super::*;
use domain::evidence::Symbol;

fn hooked(section: &str, copies: u32, made: &[&str]) -> Evidence {
    let mut evidence = evidence(vec![program("p", section, "kprobe")]);
    let made = made.iter().map(|name| (*name).to_owned()).collect();
    evidence.symbols = vec![Symbol { name: "show".into(), copies, made }];
    evidence
}

fn attached(evidence: Evidence, outcome: AttachOutcome) -> CellVerdict {
    let evidence = loads(evidence, LoadScope::Whole, None, "");
    judge(&attaches(evidence, "p", outcome, ""), Level::Attach)
}

#[test]
fn one_of_several_functions_is_no_pass() {
    for section in ["kprobe/show", "kretprobe/show", "fentry/show", "fexit.s/show", "kprobe/show+0x10"] {
        let verdict = attached(hooked(section, 3, &[]), AttachOutcome::Attached);
        assert_eq!(settled(&verdict), (Verdict::NotAttempted, Some(CauseCode::AttachedBlind)), "{section}");
        let cause = verdict.cause.expect("a cause");
        assert_eq!((cause.subject.as_str(), cause.confidence), ("show", Confidence::Certain));
        assert!(cause.says.contains("one of the 3 functions"), "{}", cause.says);
    }
    // What hooks every function of the name, one of a module, or a function that only others were made of.
    for (section, copies) in
        [("kprobe.multi/show", 3), ("fentry/loop:show", 3), ("kprobe/other", 3), ("kprobe/show", 1)]
    {
        let verdict = attached(hooked(section, copies, &["show.part.0"]), AttachOutcome::Attached);
        assert_eq!(settled(&verdict), (Verdict::Passes, None), "{section} {copies}");
    }
}

#[test]
fn what_a_passing_program_may_miss_is_told() {
    let verdict = attached(hooked("fexit/show", 1, &["show.part.0"]), AttachOutcome::Attached);
    assert_eq!(verdict.may_miss, ["`p` sees no call of `show.part.0`, which the compiler made of `show`"]);
    for section in ["kprobe/other", "tracepoint/show/show"] {
        let verdict = attached(hooked(section, 1, &["show.part.0"]), AttachOutcome::Attached);
        assert_eq!(verdict.may_miss, Vec::<String>::new());
    }
    let refused = attached(hooked("kprobe/show", 1, &["show.part.0"]), AttachOutcome::Failed(Errno::EINVAL));
    assert_eq!(refused.may_miss, Vec::<String>::new());
}

#[test]
fn a_kernel_that_probes_none_of_them_says_so() {
    let ambiguous = attached(hooked("kprobe/show", 3, &[]), AttachOutcome::Failed(Errno(99)));
    assert_eq!(settled(&ambiguous), (Verdict::Fails, Some(CauseCode::SymbolAmbiguous)));
    assert_eq!(ambiguous.cause.expect("a cause").confidence, Confidence::Certain);
}

#[test]
fn what_a_missing_function_became_is_told() {
    for (copies, made, says) in [
        (0, &["show.isra.0"][..], "It has `show.isra.0`, which the compiler made of it."),
        (0, &["show.a", "show.b", "show.c", "show.d"], "`show.c` and 1 more, which the compiler made of it."),
        (2, &[], "It has 2 functions of this name, and its types describe none of them."),
    ] {
        let verdict = attached(hooked("kprobe/show", copies, made), AttachOutcome::Failed(Errno::ENOENT));
        assert_eq!(settled(&verdict), (Verdict::Fails, Some(CauseCode::SymbolMissing)), "{copies}");
        let told = verdict.cause.expect("a cause").says;
        assert!(told.ends_with(says), "{told}");
    }
}
