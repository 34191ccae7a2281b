//! Kernel modules and types come out of packages, sections out of objects: whatever the bytes, names of
//! bounded number and length and no panic.

#![no_main]

use insight::module::{DEPENDS_MAX, NAME_BYTES_MAX, SYMBOLS_MAX, inspect, is_name};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    match inspect(bytes) {
        Ok(facts) => {
            assert!(facts.symbols.len() <= SYMBOLS_MAX && facts.depends.len() <= DEPENDS_MAX);
            assert!(facts.symbols.iter().all(|symbol| symbol.name.len() <= NAME_BYTES_MAX));
            assert!(facts.depends.iter().all(|name| is_name(name)));
        }
        Err(error) => assert!(!error.is_empty()),
    }
    assert!(insight::btf::symbols(bytes).count() <= bytes.len());
    if let Ok(section) = std::str::from_utf8(bytes) {
        drop(insight::wanted::of_section(section));
    }
});
