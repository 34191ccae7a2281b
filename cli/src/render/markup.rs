//! Text inside HTML and XML.

use super::printable;

/// The text as the contents of an element or of a quoted attribute. XML has no way at all to write most control
/// characters: they become `�`, but for the ends of lines.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            escaped.push_str("&#10;");
        }
        for c in printable(line).chars() {
            match c {
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                '&' => escaped.push_str("&amp;"),
                '"' => escaped.push_str("&quot;"),
                '\'' => escaped.push_str("&#39;"),
                '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
                c => escaped.push(c),
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_opens_a_tag_or_ends_an_attribute() {
        let expected = "&lt;b a=&quot;&#39;&amp;&#10;\u{fffd} \u{fffd}\u{fffd}\u{fffd}";
        assert_eq!(escaped("<b a=\"'&\n\0\t\x1b\u{202e}\u{ffff}"), expected);
    }
}
