//! Manifests come from strangers: whatever the text, a contract or problems with their places, and no panic.

#![no_main]

use insight::manifest::parse;

libfuzzer_sys::fuzz_target!(|text: &str| {
    match parse("m.yaml", text) {
        Ok(manifest) => assert!(manifest.contract.encoded_bytes() < 4 * text.len() + 4096),
        Err(error) => assert!(!error.problems.is_empty() && !error.to_string().is_empty()),
    }
});
