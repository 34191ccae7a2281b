//! Objects come from strangers: whatever the bytes, an answer of bounded size and no panic.

#![no_main]

use insight::object::{MAPS_MAX, PROGRAMS_MAX, globals, inspect};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    match inspect(bytes) {
        Ok(facts) => {
            assert!(!facts.programs.is_empty() && facts.programs.len() <= PROGRAMS_MAX);
            assert!(facts.maps.len() <= MAPS_MAX);
            if let Err(error) = globals(bytes) {
                assert!(!error.to_string().is_empty());
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
