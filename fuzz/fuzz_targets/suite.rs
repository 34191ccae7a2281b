//! Suites and baselines come from strangers: whatever the text, a suite or problems with their places, and no panic.

#![no_main]

use insight::suite::baseline::Baseline;
use insight::suite::{CASES_MAX, parse};

libfuzzer_sys::fuzz_target!(|text: &str| {
    match parse("s.yaml", text) {
        Ok(suite) => assert!((1..=CASES_MAX).contains(&suite.cases.len())),
        Err(error) => assert!(!error.problems.is_empty() && !error.to_string().is_empty()),
    }
    if let Ok(baseline) = Baseline::parse("s", text) {
        assert_eq!(Baseline::parse("s", &baseline.print("s")), Ok(baseline));
    }
});
