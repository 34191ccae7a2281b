//! Bytes from a guest as text.

/// `bytes` as text that is safe to store and to show: what is not UTF-8 and every control
/// character but newline and tab becomes U+FFFD, so a console cannot move a reader's cursor and
/// the text grows to three times its bytes at most. Carriage returns are left out.
pub fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .chars()
        .filter(|character| *character != '\r')
        .map(|character| match character {
            '\n' | '\t' => character,
            control if control.is_control() => char::REPLACEMENT_CHARACTER,
            other => other,
        })
        .collect()
}

/// Longest sentence of a guest that is passed on as such, in bytes. What it said in full is in
/// its console and its logs.
pub const SENTENCE_BYTES_MAX: usize = 1000;

/// The beginning of what a guest says about itself, printable.
pub fn sentence(says: &str) -> String {
    let mut says = printable(&says.as_bytes()[..says.floor_char_boundary(SENTENCE_BYTES_MAX)]);
    says.truncate(says.floor_char_boundary(SENTENCE_BYTES_MAX));
    says
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Defect V13 of the earlier tool: its JSON had bytes in it that are no UTF-8.
    #[test]
    fn nothing_a_terminal_obeys_is_left() {
        assert_eq!(printable(b"a\tb\r\n\x1b[2J\0\xff\xc2\x9b"), "a\tb\n\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}");
    }

    #[test]
    fn a_sentence_ends_somewhere() {
        assert_eq!(sentence("no\x1b[2J"), "no\u{fffd}[2J");
        for endless in ["ä".repeat(SENTENCE_BYTES_MAX), "\0".repeat(SENTENCE_BYTES_MAX)] {
            let length = sentence(&endless).len();
            assert!(length > SENTENCE_BYTES_MAX - 4 && length <= SENTENCE_BYTES_MAX, "{length}");
        }
    }
}
