//! JUnit XML: a suite per object, a test case per kernel, as build servers read it.
//!
//! A failing cell is a `failure`, an inconclusive one an `error`. A required cell that was not
//! attempted is an `error` too, because `skipped` is shown green; an optional cell that is not a
//! pass, and a failure that is excused, is `skipped`, because it must not decide.

use super::matrix::{Cell, Matrix, words};
use super::reason::headline;
use domain::verdict::Verdict;

/// The whole document.
pub(crate) fn report(matrix: &Matrix<'_>) -> String {
    let mut text =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"bpfcompat\">\n");
    for (at, object) in matrix.objects.iter().enumerate() {
        let cells: Vec<&Cell<'_>> = matrix.cells.iter().filter(|cell| cell.object == at).collect();
        let count = |kind| cells.iter().filter(|cell| element(cell) == Some(kind)).count();
        text.push_str(&format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">\n",
            escaped(&object.label),
            cells.len(),
            count("failure"),
            count("error"),
            count("skipped"),
        ));
        for cell in cells {
            case(&mut text, matrix, cell);
        }
        text.push_str("  </testsuite>\n");
    }
    text + "</testsuites>\n"
}

fn case(text: &mut String, matrix: &Matrix<'_>, cell: &Cell<'_>) {
    let guest = cell.wire.verdict.as_ref().and_then(|verdict| verdict.guest.as_ref());
    let took_ms = guest.map_or(0, |guest| guest.boot_ms.saturating_add(guest.answer_ms));
    text.push_str(&format!(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{}.{:03}\"",
        escaped(&matrix.objects[cell.object].label),
        escaped(&matrix.kernels[cell.kernel].wire.id),
        took_ms / 1_000,
        took_ms % 1_000,
    ));
    let Some(element) = element(cell) else { return text.push_str("/>\n") };
    let cause = cell.wire.verdict.as_ref().and_then(|verdict| verdict.cause.as_ref());
    let message = match cause {
        Some(cause) => format!("{}: {}", words(cell.verdict()), headline(cause)),
        None => words(cell.verdict()).to_owned(),
    };
    let says = cause.map(|cause| format!("{}\n{}", cause.says, cause.log_line)).unwrap_or_default();
    text.push_str(&format!(
        ">\n      <{element} message=\"{}\">{}</{element}>\n    </testcase>\n",
        escaped(&message),
        escaped(says.trim()),
    ));
}

fn element(cell: &Cell<'_>) -> Option<&'static str> {
    match (cell.verdict(), cell.decides()) {
        (Verdict::Passes, _) => None,
        (Verdict::Fails | Verdict::NotAttempted | Verdict::Inconclusive, false) => Some("skipped"),
        (Verdict::Fails, true) => Some("failure"),
        (Verdict::NotAttempted | Verdict::Inconclusive, true) => Some("error"),
    }
}

/// Text for XML 1.0, which has no way at all to write most control characters.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use crate::render::sample;

    #[test]
    fn the_whole_document() {
        let response = sample::response();
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bpfcompat">
  <testsuite name="probe.bpf.o" tests="3" failures="1" errors="0" skipped="1">
    <testcase classname="probe.bpf.o" name="debian/5.10.0-1-cloud-amd64@5.10.1-1" time="2.150">
      <failure message="fails: map_type_unknown: events, EINVAL at map">The kernel does not know map type ringbuf.&#10;libbpf: map 'events': failed to create: -EINVAL</failure>
    </testcase>
    <testcase classname="probe.bpf.o" name="debian/6.12.0-1-cloud-amd64@6.12.1-1" time="2.150"/>
    <testcase classname="probe.bpf.o" name="debian/7.3.0-1-cloud-amd64@7.3.1-1" time="0.000">
      <skipped message="inconclusive: deadline at guest">The guest did not answer in 60 s.</skipped>
    </testcase>
  </testsuite>
  <testsuite name="edge.bpf.o" tests="3" failures="0" errors="0" skipped="1">
    <testcase classname="edge.bpf.o" name="debian/5.10.0-1-cloud-amd64@5.10.1-1" time="2.150"/>
    <testcase classname="edge.bpf.o" name="debian/6.12.0-1-cloud-amd64@6.12.1-1" time="2.150"/>
    <testcase classname="edge.bpf.o" name="debian/7.3.0-1-cloud-amd64@7.3.1-1" time="2.150">
      <skipped message="not attempted: not_exercised at attach">Nothing here can attach a sk_lookup program.</skipped>
    </testcase>
  </testsuite>
</testsuites>
"#;
        assert_eq!(super::report(&sample::matrix(&response)), expected);
    }
}
