//! Bytes from a guest as text.

/// `bytes` as text that is safe to store and to show: what is not UTF-8 and every control
/// character but newline and tab becomes U+FFFD, so a console cannot move a reader's cursor and
/// the text grows to three times its bytes at most. Carriage returns are left out.
pub(crate) fn printable(bytes: &[u8]) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_a_terminal_obeys_is_left() {
        assert_eq!(printable(b"a\tb\r\n\x1b[2J\0\xff\xc2\x9b"), "a\tb\n\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}");
    }
}
