//! Objects come from strangers: whatever the bytes, an answer of bounded size and no panic.

#![no_main]

use insight::object::{MAPS_MAX, PROGRAMS_MAX, function_tags, globals, inspect};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    match inspect(bytes) {
        Ok(facts) => {
            assert!(!facts.programs.is_empty() && facts.programs.len() <= PROGRAMS_MAX);
            assert!(facts.maps.len() <= MAPS_MAX);
            for error in [globals(bytes).err(), function_tags(bytes).err()].into_iter().flatten() {
                assert!(!error.to_string().is_empty());
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
