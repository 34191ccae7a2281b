//! JUnit XML: a suite per object, a test case per kernel, as build servers read it.
//!
//! A failing cell is a `failure`, an inconclusive one an `error`. A required cell that was not
//! attempted is an `error` too, because `skipped` is shown green; an optional cell that is not a
//! pass, and a failure that is excused, is `skipped`, because it must not decide.

use super::markup::escaped;
use super::matrix::{Cell, Matrix, hex, words};
use super::reason::{headline, place, remedy, since};
use domain::verdict::Verdict;
use proto::wire;

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
    let evidence =
        cell.wire.verdict.as_ref().map(|verdict| &verdict.evidence).filter(|digest| !digest.is_empty());
    let mut lines = cause.map(lines).unwrap_or_default();
    lines.extend(evidence.map(|digest| format!("evidence: {}", hex(digest))));
    text.push_str(&format!(
        ">\n      <{element} message=\"{}\">{}</{element}>\n    </testcase>\n",
        escaped(&message),
        escaped(&lines.join("\n")),
    ));
}

/// What is known of a cause beyond its headline, a line each.
fn lines(cause: &wire::Cause) -> Vec<String> {
    let named = |name: &str, text: Option<String>| {
        text.filter(|text| !text.is_empty()).map(|text| format!("{name}: {text}"))
    };
    let mut lines: Vec<String> =
        Some(cause.says.clone()).filter(|says| !says.is_empty()).into_iter().collect();
    lines.extend(cause.location.iter().flat_map(place).map(|place| format!("where: {place}")));
    lines.extend(named("why", Some(cause.why.clone())));
    lines.extend(cause.path.iter().map(|step| format!("path: {step}")));
    lines.extend(named("since", since(cause)));
    lines.extend(named("remedy", remedy(cause)));
    lines.extend(named("log", Some(cause.log_line.clone())));
    lines
}

fn element(cell: &Cell<'_>) -> Option<&'static str> {
    match (cell.verdict(), cell.decides()) {
        (Verdict::Passes, _) => None,
        (Verdict::Fails | Verdict::NotAttempted | Verdict::Inconclusive, false) => Some("skipped"),
        (Verdict::Fails, true) => Some("failure"),
        (Verdict::NotAttempted | Verdict::Inconclusive, true) => Some("error"),
    }
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
      <failure message="fails: map_type_unknown: events, EINVAL at map">The kernel does not know map type ringbuf.&#10;\
where: probe.bpf.c:42: bpf_ringbuf_reserve(&amp;events, 64, 0)&#10;\
where: instruction 12: call bpf_ringbuf_reserve#131&#10;\
why: Ring buffers are a map type of their own.&#10;\
path: 11: r1 = map[events]&#10;path: 12: call bpf_ringbuf_reserve#131&#10;\
since: Linux 5.8 (457f44363a88)&#10;\
remedy: Send the records through a perf_event_array. Tried in another guest with map `events` as a perf \
buffer: passes.&#10;\
log: libbpf: map &#39;events&#39;: failed to create: -EINVAL&#10;evidence: {EVIDENCE}</failure>
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
      <skipped message="not attempted: not_exercised at attach">Nothing here can attach a sk_lookup program.&#10;evidence: {EVIDENCE}</skipped>
    </testcase>
  </testsuite>
</testsuites>
"#;
        let expected = expected.replace("\\\n", "").replace("{EVIDENCE}", &"07".repeat(32));
        assert_eq!(super::report(&sample::matrix(&response)), expected);
    }

    #[test]
    fn a_document_full_of_hostile_names_is_xml() {
        let response = sample::hostile();
        let document = super::report(&sample::matrix(&response));
        let parsed = roxmltree::Document::parse(&document).expect("well-formed");
        let cases = parsed.descendants().filter(|node| node.has_tag_name("testcase"));
        assert_eq!(cases.count(), response.cells.len());
        assert!(!document.contains(|c: char| c.is_control() && c != '\n'), "{document}");
    }
}
