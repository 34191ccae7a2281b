//! `checks`: commands that are run while the programs are attached, and what must come of them.

use super::globals;
use super::problem::short;
use super::read::{Reader, integer, is_number};
use super::yaml::{Data, Node};
use domain::check::{
    CHECK_MS, CHECK_MS_MAX, CHECKS_MAX, CHECKS_MS_MAX, COMMAND_BYTES_MAX, Check, EXPECTATIONS_MAX,
    Expectation, Range,
};
use domain::contract::Place;

pub(super) const CHECK: &[&str] = &["name", "command", "timeout", "required", "exit", "expect"];
pub(super) const EXPECT: &[&str] = &["stdout", "stderr", "trace", "globals", "maps", "events"];
pub(super) const MAP: &[&str] = &["map", "key", "value", "entries"];
pub(super) const EVENTS: &[&str] = &["map", "count", "containing"];

/// A kind of expectation that is a text.
type TextKind = fn(String) -> Expectation;

const TEXTS: [(&str, TextKind); 3] =
    [("stdout", Expectation::Stdout), ("stderr", Expectation::Stderr), ("trace", Expectation::Trace)];

/// Bytes of a key that is given as a number: those of an `int`, as most keys are.
const KEY_BYTES: usize = 4;

pub(crate) fn read(reader: &mut Reader, node: &Node) -> Vec<Check> {
    let nodes = reader.list(node, "checks");
    if nodes.len() > CHECKS_MAX {
        reader.wrong(node.place, format!("an object has at most {CHECKS_MAX} checks"));
    }
    let checks: Vec<Check> =
        nodes.iter().enumerate().filter_map(|(at, node)| check(reader, node, at)).collect();
    for (at, one) in checks.iter().enumerate() {
        if checks[..at].iter().any(|other| other.name == one.name) {
            let place = reader.places.get(&format!("checks.{}", one.name)).copied().unwrap_or(node.place);
            reader.wrong(place, format!("two checks are called `{}`", short(&one.name)));
        }
    }
    if let Some(says) = too_long(&checks) {
        reader.wrong(node.place, says);
    }
    checks
}

/// What is wrong with the time all checks may take together, if anything is.
pub(super) fn too_long(checks: &[Check]) -> Option<String> {
    let all = checks.iter().map(|check| check.timeout_ms).fold(0, u32::saturating_add);
    let says = format!(
        "the checks may take {} s together, and at most {} s may be; give some a shorter `timeout`",
        all.div_ceil(1000),
        CHECKS_MS_MAX / 1000
    );
    (all > CHECKS_MS_MAX).then_some(says)
}

fn check(reader: &mut Reader, node: &Node, at: usize) -> Option<Check> {
    let fields = reader.fields(node, CHECK);
    let missing: Vec<&str> =
        ["name", "command"].into_iter().filter(|key| !fields.contains_key(key)).collect();
    if !missing.is_empty() {
        reader.wrong(node.place, format!("a check needs {}", missing.join(" and ")));
        return None;
    }
    let name = reader.named_text(fields["name"], "a check's name", format!("checks.{at}"))?;
    reader.places.insert(format!("checks.{name}"), fields["name"].place);
    let expect = fields.get("expect").map(|node| expectations(reader, node)).unwrap_or_default();
    if expect.len() > EXPECTATIONS_MAX {
        reader.wrong(node.place, format!("a check has at most {EXPECTATIONS_MAX} expectations"));
    }
    Some(Check {
        command: command(reader, fields["command"])?,
        timeout_ms: fields.get("timeout").map_or(Some(CHECK_MS), |node| timeout(reader, node))?,
        required: fields.get("required").map_or(Some(true), |node| reader.boolean(node, "required"))?,
        exit: fields.get("exit").map_or(Some(0), |node| status(reader, node))?,
        name,
        expect,
    })
}

/// One line or many; the shell gets it as it is.
fn command(reader: &mut Reader, node: &Node) -> Option<String> {
    match &node.data {
        Data::Scalar { text, .. }
            if node.is_nothing()
                || text.is_empty()
                || text.len() > COMMAND_BYTES_MAX
                || text.contains('\0') =>
        {
            reader.wrong(node.place, format!("a command has 1 to {COMMAND_BYTES_MAX} bytes and no NUL"));
            None
        }
        Data::Scalar { text, .. } => Some(text.clone()),
        Data::List(_) | Data::Map(_) => {
            reader.wrong(node.place, format!("a command is a line for the shell, not {}", node.kind()));
            None
        }
    }
}

pub(crate) fn status(reader: &mut Reader, node: &Node) -> Option<u8> {
    let status = reader.number(node, "exit", 0)?;
    if status > u8::MAX.into() {
        reader.wrong(node.place, "an exit status is a number from 0 to 255");
    }
    u8::try_from(status).ok()
}

/// `250ms`, `10s` or `2m`.
fn timeout(reader: &mut Reader, node: &Node) -> Option<u32> {
    let text = reader.text(node, "the timeout")?;
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        _ => None,
    };
    let ms = digits.parse::<u32>().ok().zip(unit).and_then(|(count, unit)| count.checked_mul(unit));
    let ms = ms.filter(|ms| (1..=CHECK_MS_MAX).contains(ms));
    if ms.is_none() {
        let max = CHECK_MS_MAX / 1000;
        reader.wrong(node.place, format!("`{}` is no time like 10s of at most {max}s", short(&text)));
    }
    ms
}

fn expectations(reader: &mut Reader, node: &Node) -> Vec<Expectation> {
    let fields = reader.fields(node, EXPECT);
    let empty = |node: &Node| match &node.data {
        Data::Map(entries) => entries.is_empty(),
        Data::List(nodes) => nodes.is_empty(),
        Data::Scalar { .. } => false,
    };
    for node in fields.values().copied().chain([node]).filter(|node| empty(node)) {
        reader.wrong(node.place, "nothing is expected here; leave it away");
    }
    let mut all = Vec::new();
    for (key, kind) in TEXTS {
        let nodes = fields.get(key).map(|node| match &node.data {
            Data::List(nodes) => nodes.as_slice(),
            Data::Scalar { .. } | Data::Map(_) => std::slice::from_ref(*node),
        });
        for node in nodes.unwrap_or_default() {
            all.extend(reader.text(node, "an expected text").map(kind));
        }
    }
    if let Some(node) = fields.get("globals") {
        for (name, node) in reader.named(node, "expect.globals") {
            all.extend(range(reader, node).map(|value| Expectation::Global { name: name.to_owned(), value }));
        }
    }
    if let Some(node) = fields.get("maps") {
        all.extend(reader.list(node, "maps").iter().filter_map(|node| map(reader, node)));
    }
    if let Some(node) = fields.get("events") {
        all.extend(reader.list(node, "events").iter().filter_map(|node| events(reader, node)));
    }
    all
}

fn map(reader: &mut Reader, node: &Node) -> Option<Expectation> {
    let fields = reader.fields(node, MAP);
    let Some(name) = fields.get("map") else {
        reader.wrong(node.place, "entries are those of a `map`");
        return None;
    };
    let name = named_map(reader, name);
    match (fields.get("key"), fields.get("value"), fields.get("entries")) {
        (Some(key_node), Some(value), None) => {
            let (key, value) = (key(reader, key_node), range(reader, value));
            Some(Expectation::Entry { map: name?, key: key?, value: value? })
        }
        (None, None, Some(count)) => {
            let count = range(reader, count);
            Some(Expectation::Entries { map: name?, count: count? })
        }
        _ => {
            reader.wrong(node.place, "of a map either `key` and `value` are expected, or `entries`");
            None
        }
    }
}

fn events(reader: &mut Reader, node: &Node) -> Option<Expectation> {
    let fields = reader.fields(node, EVENTS);
    let Some(name) = fields.get("map") else {
        reader.wrong(node.place, "events come from a `map`");
        return None;
    };
    let name = named_map(reader, name);
    let any = Range { from: 1, to: u64::MAX };
    let count = fields.get("count").map_or(Some(any), |node| range(reader, node));
    let containing =
        fields.get("containing").map_or(Some(Vec::new()), |node| bytes_of(reader, node, "the content"));
    Some(Expectation::Events { map: name?, count: count?, containing: containing? })
}

fn named_map(reader: &mut Reader, node: &Node) -> Option<String> {
    let place = node.place;
    let name = reader.text(node, "a map's name")?;
    reader.places.entry(format!("expect.maps.{name}")).or_insert(place);
    Some(name)
}

/// A number is an `int` in memory; `{hex: …}` are bytes as they stand there, and anything else is a text.
fn key(reader: &mut Reader, node: &Node) -> Option<Vec<u8>> {
    if let Data::Scalar { text, quoted: false } = &node.data
        && is_number(text)
    {
        let fits = |number: &i128| i32::try_from(*number).is_ok() || u32::try_from(*number).is_ok();
        let number = integer(text).filter(fits);
        if number.is_none() {
            let says = format!("a number is a key of {KEY_BYTES} bytes; others are written as `{{hex: …}}`");
            reader.wrong(node.place, says);
        }
        return number.map(|number| number.to_le_bytes()[..KEY_BYTES].to_vec());
    }
    bytes_of(reader, node, "a key")
}

fn bytes_of(reader: &mut Reader, node: &Node, what: &str) -> Option<Vec<u8>> {
    match &node.data {
        Data::Map(_) => globals::hex(reader, node),
        Data::Scalar { .. } | Data::List(_) => reader.text(node, what).map(String::into_bytes),
    }
}

/// `3`, `1..`, `..5` or `1..5`, ends included.
fn range(reader: &mut Reader, node: &Node) -> Option<Range> {
    let parse = |text: &str| match text.split_once("..") {
        None => Some(Range { from: number(text)?, to: number(text)? }),
        Some((from, to)) => Some(Range {
            from: if from.is_empty() { 0 } else { number(from)? },
            to: if to.is_empty() { u64::MAX } else { number(to)? },
        }),
    };
    let range = match &node.data {
        Data::Scalar { text, .. } if !text.is_empty() && text != ".." => parse(text),
        _ => None,
    };
    let range = range.filter(|range| range.from <= range.to);
    if range.is_none() {
        wrong_range(reader, node.place, node.kind());
    }
    range
}

fn wrong_range(reader: &mut Reader, place: Place, kind: impl std::fmt::Display) {
    reader.wrong(place, format!("a number like 3 or a range like 1.., ..5 or 1..5 is expected, not {kind}"));
}

fn number(text: &str) -> Option<u64> {
    u64::try_from(integer(text)?).ok()
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn checks(text: &str) -> Result<Vec<Check>, String> {
        let text = format!("version: 1\nchecks:\n{text}");
        parse("m.yaml", &text).map(|manifest| manifest.contract.checks).map_err(|error| error.to_string())
    }

    #[test]
    fn every_field_is_read() {
        let text = "  - name: counts opens
    command: |
      cat /etc/hostname
    timeout: 2m
    required: false
    exit: 3
    expect:
      stdout: [one, two]
      trace: seen
      globals: { hits: 1.. }
      maps:
        - { map: counts, key: 7, value: 2..4 }
        - { map: counts, key: { hex: 00 ff }, value: 5 }
        - { map: counts, entries: ..9 }
      events:
        - { map: ring, containing: hello }
";
        let [check] = &checks(text).expect("a check")[..] else { panic!("one check") };
        assert_eq!((check.timeout_ms, check.required, check.exit), (120_000, false, 3));
        assert_eq!(check.command, "cat /etc/hostname\n");
        let range = |from, to| Range { from, to };
        let map = || "counts".to_owned();
        assert_eq!(
            check.expect,
            [
                Expectation::Stdout("one".to_owned()),
                Expectation::Stdout("two".to_owned()),
                Expectation::Trace("seen".to_owned()),
                Expectation::Global { name: "hits".to_owned(), value: range(1, u64::MAX) },
                Expectation::Entry { map: map(), key: vec![7, 0, 0, 0], value: range(2, 4) },
                Expectation::Entry { map: map(), key: vec![0, 0xff], value: range(5, 5) },
                Expectation::Entries { map: map(), count: range(0, 9) },
                Expectation::Events {
                    map: "ring".to_owned(),
                    count: range(1, u64::MAX),
                    containing: b"hello".to_vec()
                },
            ]
        );
    }

    /// Defect V10 of the earlier tool: what was too long was cut in silence.
    #[test]
    fn what_does_not_fit_is_refused_with_its_place() {
        let long = format!("  - {{ name: a, command: {} }}", "x".repeat(COMMAND_BYTES_MAX + 1));
        for (text, says) in [
            ("  - { name: a }", "a check needs command"),
            ("  - { name: a, command: b, timeout: 10 }", "`10` is no time like 10s"),
            ("  - { name: a, command: b, timeout: 1h }", "`1h` is no time"),
            ("  - { name: a, command: b, exit: 256 }", "from 0 to 255"),
            ("  - { name: a, command: b, expect: { maps: [{ map: m, key: 1 }] } }", "`key` and `value`"),
            ("  - { name: a, command: b, expect: { globals: { g: 5..1 } } }", "a range like"),
            (
                "  - { name: a, command: b, expect: { maps: [{ map: m, key: { hex: 0 }, value: 1 }] } }",
                "pairs of",
            ),
            ("  - { name: a, command: b }\n  - { name: a, command: b }", "two checks are called `a`"),
            (long.as_str(), "a command has 1 to"),
        ] {
            let error = checks(text).expect_err(text);
            assert!(error.contains(says) && error.contains("m.yaml:"), "{error}");
        }
    }
}
