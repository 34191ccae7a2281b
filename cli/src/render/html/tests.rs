//! The page as browsers, screen readers and attackers find it.

use super::*;
use crate::render::sample;
use html5gum::{Token, Tokenizer};
use proto::wire;
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of a page with 50 kernels and 64 programs at most: it is passed on by mail.
const PAGE_BYTES_MAX: usize = 150_000;

fn of(response: &wire::GetRunResponse) -> String {
    page(&sample::matrix(response), true)
}

/// A tag's name and its attributes.
type Tag = (String, BTreeMap<String, String>);

/// The tags of a page, and its text.
fn read(page: &str) -> (Vec<Tag>, String) {
    let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (mut tags, mut text) = (Vec::new(), String::new());
    for Ok(token) in Tokenizer::new(page) {
        match token {
            Token::StartTag(tag) => {
                let attributes = tag.attributes.iter().map(|(name, value)| (words(name), words(value)));
                tags.push((words(&tag.name), attributes.collect()));
                text.push(' ');
            }
            Token::String(said) => text.push_str(&words(&said)),
            Token::EndTag(_) | Token::Doctype(_) | Token::Comment(_) => text.push(' '),
            Token::Error(error) => panic!("{error:?}"),
        }
    }
    (tags, text)
}

#[test]
fn hostile_names_change_nothing_but_text() {
    let shape = |page: &str| -> Vec<(String, Vec<String>)> {
        let (tags, _) = read(page);
        tags.into_iter().map(|(name, attributes)| (name, attributes.into_keys().collect())).collect()
    };
    let hostile = of(&sample::hostile());
    assert_eq!(shape(&hostile), shape(&of(&sample::spoiled("x"))));
    assert!(!hostile.contains(|c: char| c.is_control() && c != '\n'));
}

#[test]
fn the_page_stands_alone() {
    let page = of(&sample::everything());
    let (tags, _) = read(&page);
    let kinds: BTreeSet<&str> = tags.iter().map(|(name, _)| name.as_str()).collect();
    for outside in ["script", "link", "img", "iframe", "object", "embed", "form", "base"] {
        assert!(!kinds.contains(outside), "{outside}");
    }
    let attributes = || tags.iter().flat_map(|(_, attributes)| attributes);
    assert!(attributes().all(|(name, _)| !name.starts_with("on") && name != "src" && name != "style"));
    let links = attributes().filter(|(name, _)| *name == "href").map(|(_, to)| to);
    let ids: BTreeSet<String> =
        attributes().filter(|(name, _)| *name == "id").map(|(_, id)| format!("#{id}")).collect();
    assert!(links.clone().count() > 3 && links.clone().all(|to| ids.contains(to)), "{ids:?}");
    assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
    let policy = attributes().find(|(_, value)| value.contains("default-src"));
    assert!(policy.is_some_and(|(_, policy)| policy.starts_with("default-src 'none';")));
}

#[test]
fn a_cause_is_told_with_everything_that_is_known() {
    let (tags, text) = read(&of(&sample::response()));
    for says in [
        "Does not work on every required kernel",
        "Passes on 1 of 2 required kernels, on 0 of 1 optional.",
        "The kernel does not know map type ringbuf.",
        "Ring buffers are a map type of their own.",
        "probe.bpf.c",
        "bpf_ringbuf_reserve(&events, 64, 0)",
        "12: call bpf_ringbuf_reserve#131",
        "Linux 5.8 (457f44363a88)",
        "Send the records through a perf_event_array.",
        "Tried in another guest with map `events` as a perf buffer: passes.",
        "failed to create: -EINVAL",
        &"07".repeat(32),
    ] {
        assert!(text.contains(says), "`{says}` is not in: {text}");
    }
    let of_kind = |kind: &'static str| tags.iter().filter(move |(name, _)| name == kind);
    assert!(of_kind("th").all(|(_, attributes)| attributes.contains_key("scope")));
    assert_eq!((of_kind("h1").count(), of_kind("html").count()), (1, 1));
}

#[test]
fn verdicts_are_words_and_those_that_do_not_pass_lead_to_their_cause() {
    let page = of(&sample::response());
    let cells: Vec<&str> =
        page.split("<td").skip(1).map(|cell| &cell[..cell.find('\n').unwrap_or(cell.len())]).collect();
    let of_class = |class: &str| {
        let class = format!(" class={class}>");
        cells.iter().filter_map(|cell| cell.strip_prefix(class.as_str())).collect::<Vec<_>>()
    };
    assert!(of_class("p").iter().all(|cell| cell.starts_with("passes")));
    for (class, says) in [("f", ">fails"), ("n", ">not attempted"), ("i", ">inconclusive")] {
        let found = of_class(class);
        assert!(!found.is_empty(), "{class}");
        assert!(found.iter().all(|cell| cell.starts_with("<a href=#c") && cell.contains(says)), "{found:?}");
    }
}

#[test]
fn fifty_kernels_and_sixty_four_programs_can_be_mailed() {
    for (objects, programs) in [(1, 64), (8, 8)] {
        let page = page(&sample::matrix(&sample::wide(50, objects, programs)), false);
        assert!(page.len() < PAGE_BYTES_MAX, "{objects} objects: {} bytes", page.len());
        assert!(page.matches("<td class=").count() >= 50 * 64);
    }
}

/// The contrast of two colours as `#rgb` or `#rrggbb`, from 1 to 21, as WCAG 2.2 defines it ("contrast ratio").
fn contrast(one: &str, other: &str) -> f64 {
    let luminance = |colour: &str| {
        let digits = colour.trim_start_matches('#');
        let size = digits.len() / 3;
        let channel = |at: usize| {
            let digits = &digits[at * size..(at + 1) * size];
            let value = u8::from_str_radix(&digits.repeat(3 - size), 16).expect("hexadecimal");
            let share = f64::from(value) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(0) + 0.7152 * channel(1) + 0.0722 * channel(2)
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn text_can_be_read_in_light_and_in_dark() {
    let blocks: Vec<&str> =
        STYLE.split(":root{").skip(1).map(|rest| rest.split('}').next().expect("a block")).collect();
    assert_eq!(blocks.len(), 2, "light and dark");
    for block in blocks {
        let declared = block.split(';').filter_map(|one| one.trim().strip_prefix("--")?.split_once(':'));
        let colours: BTreeMap<&str, &str> = declared.collect();
        let verdicts = ["p", "f", "n", "i"].map(|verdict| (verdict.to_owned(), format!("{verdict}-bg")));
        let rest = ["fg", "dim", "link"]
            .into_iter()
            .flat_map(|text| ["bg", "soft"].map(|on| (text.to_owned(), on.to_owned())));
        for (text, on) in verdicts.into_iter().chain(rest) {
            let ratio = contrast(colours[&*text], colours[&*on]);
            assert!(ratio >= 4.5, "{text} on {on}: {ratio:.2}");
        }
    }
}
