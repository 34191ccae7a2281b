//! Logs are written by a hostile guest: judging them never panics and keeps causes bounded.

#![no_main]

use domain::errno::Errno;
use insight::log::{counts, kind, libbpf, verifier};

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Some(said) = verifier::of_program(text, "p").and_then(verifier::rejection) {
        assert!(!said.line.is_empty() && !said.why.is_empty());
        assert!((1..=domain::cause::PATH_LINES_MAX).contains(&said.path.len()));
    }
    let sentences: Vec<&str> = text.lines().take(4).collect();
    let _known = kind::known(&sentences);
    let _counts = counts::read(text);
    let _line = libbpf::last_failure(text);
    let _relocation = libbpf::failed_relocation(text, "p", Some(3));
    if let Some((_, errno, _)) = libbpf::failed_map(text) {
        assert!(!Errno(errno).to_string().is_empty());
    }
});
