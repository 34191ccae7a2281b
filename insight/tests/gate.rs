//! What answers mean for a suite. The findings of earlier tools, by their numbers, are among the names.

use domain::digest::Digest;
use domain::kernel::Kernel;
use domain::verdict::Verdict::{self, Fails, Inconclusive, NotAttempted, Passes};
use insight::suite::baseline::Baseline;
use insight::suite::gate::{Answered, Cell, Part, Review, Standing, review, stand, verdict};
use insight::suite::{Case, parse};
use time::Date;
use time::macros::date;

const TODAY: Date = date!(2027 - 01 - 31);

fn case(fields: &str) -> Case {
    let text = format!("version: 1\nname: s\ncases: [{{name: c, object: o{fields}}}]");
    parse("s.yaml", &text).expect("a suite").cases.remove(0)
}

fn kernel(series: &str) -> Kernel {
    let release = format!("{series}.0-1-cloud-amd64");
    Kernel {
        id: Kernel::id_of("debian", &release, "1"),
        release,
        version: "1".to_owned(),
        series: series.parse().expect("a series"),
        distro: "debian".to_owned(),
        suites: Vec::new(),
        flavour: "cloud".to_owned(),
        arch: "amd64".to_owned(),
        digest: Digest([0; 32]),
        download_bytes: 0,
    }
}

fn cell<'a>(kernel: &'a Kernel, verdict: Verdict, programs: &[(&'a str, &'a str)]) -> Cell<'a> {
    let part = |(program, cause): &(&'a str, &'a str)| Part { program: Some(*program), check: None, cause };
    Cell {
        object: "o.bpf.o",
        kernel,
        loader: "libbpf",
        axes: "",
        required: true,
        verdict,
        excused_until: None,
        failures: programs.iter().map(part).collect(),
    }
}

fn optional(cell: Cell<'_>) -> Cell<'_> {
    Cell { required: false, ..cell }
}

/// The verdict of a case with these cells and no baseline.
fn of(case: &Case, cells: &[Cell<'_>]) -> Verdict {
    let standings: Vec<Standing> =
        cells.iter().map(|cell| stand(case, cell, &Baseline::default(), TODAY)).collect();
    verdict(&standings, true)
}

fn reviewed(case: &Case, cells: &[Cell<'_>], baseline: &Baseline) -> Review {
    review(&[Answered { case, cells: cells.to_vec(), whole: true }], baseline, TODAY)
}

#[test]
fn h9_trouble_on_an_optional_kernel_decides_nothing_and_masks_nothing() {
    let (case, old, new) = (case(""), kernel("5.10"), kernel("6.1"));
    let (works, fails) = (cell(&old, Passes, &[]), cell(&old, Fails, &[("p", "helper_unknown")]));
    for trouble in [Inconclusive, NotAttempted, Fails] {
        let trouble = optional(cell(&new, trouble, &[]));
        assert_eq!(of(&case, &[works.clone(), trouble.clone()]), Passes);
        assert_eq!(of(&case, &[fails.clone(), trouble.clone()]), Fails);
        assert_eq!(of(&case, &[trouble]), NotAttempted, "nothing is green by being optional");
    }
}

#[test]
fn trouble_on_a_kernel_that_decides_is_neither_red_nor_green() {
    let (case, old, new) =
        (case(", expect: [{kernels: 6.1, verdict: fails}]"), kernel("5.10"), kernel("6.1"));
    for trouble in [Inconclusive, NotAttempted] {
        assert_eq!(of(&case, &[cell(&old, Passes, &[]), cell(&old, trouble, &[])]), Inconclusive);
        assert_eq!(of(&case, &[cell(&new, trouble, &[])]), Inconclusive, "also where a failure is expected");
    }
    let works = [Standing::Passes];
    assert_eq!((verdict(&works, true), verdict(&works, false)), (Passes, Inconclusive), "an untold cell");
    assert_eq!(of(&case, &[]), NotAttempted);
}

#[test]
fn the_first_expectation_that_names_a_kernel_holds() {
    let case = case(
        ", expect: [{kernels: 5.10, verdict: passes}, {kernels: '<6', verdict: fails, cause: map_type_unknown}]",
    );
    let (first, second, third) = (kernel("5.10"), kernel("5.15"), kernel("6.1"));
    let stands = |cell: Cell<'_>| stand(&case, &cell, &Baseline::default(), TODAY);
    let why = [("p", "map_type_unknown")];
    assert_eq!(stands(cell(&first, Fails, &why)), Standing::Wrong(String::new()));
    assert_eq!(stands(cell(&second, Fails, &why)), Standing::AsExpected);
    let passes = "it passes, and must fail with map_type_unknown".to_owned();
    assert_eq!(stands(cell(&second, Passes, &[])), Standing::Wrong(passes));
    let other = "it must fail with map_type_unknown and nothing else".to_owned();
    assert_eq!(stands(cell(&second, Fails, &[("p", "helper_unknown")])), Standing::Wrong(other));
    let more = [("p", "map_type_unknown"), ("q", "helper_unknown")];
    assert!(matches!(stands(cell(&second, Fails, &more)), Standing::Wrong(_)), "a new failure beside it");
    assert_eq!(stands(cell(&third, Passes, &[])), Standing::Passes);
    assert_eq!(stands(optional(cell(&second, Passes, &[]))), Standing::Optional);
}

#[test]
fn an_accepted_failure_holds_until_its_day_and_then_decides_again_and_says_so() {
    let accepts = |until: &str| {
        let one = format!("program: p, kernels: '<6', cause: helper_unknown, reason: known, until: {until}");
        case(&format!(", accepted_failures: [{{{one}}}]"))
    };
    let (old, new) = (kernel("5.10"), kernel("6.1"));
    let stands = |case: &Case, cell: &Cell<'_>| stand(case, cell, &Baseline::default(), TODAY);
    let failing = cell(&old, Fails, &[("p", "helper_unknown")]);
    let (holds, over) = (accepts("2027-01-31"), accepts("2027-01-30"));
    assert_eq!(stands(&holds, &failing), Standing::Excused("2027-01-31".to_owned()));
    let says = "it was accepted until 2027-01-30 (known), which has passed".to_owned();
    assert_eq!(stands(&over, &failing), Standing::Wrong(says.clone()));
    for other in [
        cell(&new, Fails, &[("p", "helper_unknown")]),
        cell(&old, Fails, &[("p", "deadline")]),
        cell(&old, Fails, &[("q", "helper_unknown")]),
        cell(&old, Fails, &[("p", "helper_unknown"), ("q", "helper_unknown")]),
    ] {
        assert_eq!(stands(&holds, &other), Standing::Wrong(String::new()));
    }
    // A baseline does not prolong what somebody wanted to be asked about again.
    let known = reviewed(&case(""), std::slice::from_ref(&failing), &Baseline::default()).now;
    assert_eq!(known.0.len(), 1);
    assert_eq!(stand(&over, &failing, &known, TODAY), Standing::Wrong(says));
    assert!(reviewed(&over, &[failing], &Baseline::default()).now.0.is_empty());
}

#[test]
fn what_a_baseline_knows_does_not_decide_and_what_it_does_not_know_does() {
    let (case, old) = (case(""), kernel("5.10"));
    let failing = cell(&old, Fails, &[("p", "helper_unknown")]);
    let known = reviewed(&case, std::slice::from_ref(&failing), &Baseline::default()).now;
    let stands = |cell: Cell<'_>| stand(&case, &cell, &known, TODAY);
    assert_eq!(stands(failing.clone()), Standing::Known);
    let more = [("p", "helper_unknown"), ("q", "helper_unknown")];
    for new in [
        cell(&old, Fails, &more),
        cell(&old, Fails, &[("p", "verifier_access")]),
        Cell { loader: "aya", ..failing.clone() },
        Cell { axes: "cpus=4", ..failing.clone() },
        cell(&kernel("6.1"), Fails, &[("p", "helper_unknown")]),
        cell(&old, Fails, &[]),
    ] {
        assert_eq!(stands(new), Standing::Wrong(String::new()));
    }
}

#[test]
fn a_baseline_holds_failures_only_and_forgets_what_is_fixed_but_not_what_nobody_could_tell() {
    let (case, kernels) =
        (case(", expect: [{kernels: 6.6, verdict: fails}]"), ["5.10", "6.1", "6.6"].map(kernel));
    let [old, new, other] = &kernels;
    let why = [("p", "helper_unknown")];
    let first = [cell(old, Fails, &why), cell(new, Fails, &why), cell(other, Fails, &why)];
    let known = reviewed(&case, &first, &Baseline::default()).now;
    let series = |baseline: &Baseline| baseline.0.iter().map(|one| one.series.clone()).collect::<Vec<_>>();
    assert_eq!(series(&known), ["5.10", "6.1"], "what must fail is no known failure");

    for untold in [Inconclusive, NotAttempted] {
        let none = reviewed(&case, &[cell(old, untold, &[])], &Baseline::default());
        assert!(none.now.0.is_empty());
        let then = reviewed(&case, &[cell(old, untold, &[]), cell(new, Passes, &[])], &known);
        assert_eq!(
            (series(&then.now), then.fixed.len(), then.unasked.len()),
            (vec!["5.10".to_owned()], 1, 0)
        );
    }
    let fewer = reviewed(&case, &[cell(new, Fails, &why)], &known);
    assert_eq!((series(&fewer.now), fewer.fixed.len(), fewer.unasked.len()), (vec!["6.1".to_owned()], 0, 1));
    let failed = review(&[Answered { case: &case, cells: Vec::new(), whole: false }], &known, TODAY);
    assert_eq!((failed.now, failed.fixed, failed.unasked), (known.clone(), Vec::new(), Vec::new()));
    assert_eq!(reviewed(&case, &first, &known).now, known, "the same answers write the same file");
    let shown = [optional(cell(old, Fails, &why))];
    assert!(
        reviewed(&case, &shown, &Baseline::default()).now.0.is_empty(),
        "what does not decide is not known"
    );
}
