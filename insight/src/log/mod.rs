//! Reading logs: what libbpf and the verifier said, in words they have kept for years and in the
//! structured report of kernels from 7.3 on.
//!
//! In: one log of the evidence, hostile text of any length. Out: borrowed facts about it: the
//! verifier's last word, where it happened and how the program came there ([`verifier`]), what kind of refusal it is
//! ([`kind`]), what it counted ([`counts`]), what libbpf
//! could not find ([`libbpf`]). Every reader looks at the whole log; nothing is cut before it was read.
//!
//! Deliberately absent: what any of it means. Judging compares these facts with errnos and the
//! kernel's own facts, and a text alone never decides more than `Likely`.

pub mod counts;
mod instruction;
pub mod kind;
pub mod libbpf;
mod report;
mod slice;
mod trace;
pub mod verifier;

/// The number at the start of a text.
fn leading_number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

/// The number behind a word.
fn number_after(line: &str, word: &str) -> Option<u32> {
    leading_number(line.split_once(word)?.1)
}

/// The text between the first single quotes.
fn quoted(text: &str) -> Option<&str> {
    text.split_once('\'')?.1.split_once('\'').map(|(name, _)| name)
}
