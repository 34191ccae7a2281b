//! `programs` and `maps`.

use super::problem::{nearest, short};
use super::read::Reader;
use super::yaml::{Data, Node};
use domain::contract::{Entries, InnerMap, MapTerms, ProgramTerms};
use domain::level::Level;
use domain::section::{self, MAP_TYPES, PROGRAM_TYPES, SECTIONS};
use std::collections::BTreeMap;

pub(super) const PROGRAM: &[&str] = &["autoload", "required", "level", "type", "section"];
pub(super) const MAP: &[&str] = &[
    "type",
    "flags",
    "max_entries",
    "key_size",
    "value_size",
    "autocreate",
    "inner_map",
    "inner_ringbuf_bytes",
];
pub(super) const INNER_MAP: &[&str] = &["type", "key_size", "value_size", "max_entries"];

pub(super) fn programs(reader: &mut Reader, node: &Node) -> BTreeMap<String, ProgramTerms> {
    let named = reader.named(node, "programs");
    named.into_iter().map(|(name, node)| (name.to_owned(), program(reader, node))).collect()
}

fn program(reader: &mut Reader, node: &Node) -> ProgramTerms {
    let fields = reader.fields(node, PROGRAM);
    sets_something(reader, node, fields.is_empty());
    if let (Some(node), true) = (fields.get("type"), fields.contains_key("section")) {
        reader.wrong(node.place, "`section` says the type too; leave one of them away");
    }
    let level = fields.get("level").and_then(|node| reader.one_of(node, "level", &["load", "attach"]));
    ProgramTerms {
        autoload: fields.get("autoload").and_then(|node| reader.boolean(node, "autoload")),
        required: fields.get("required").and_then(|node| reader.boolean(node, "required")),
        level: level.and_then(|level| level.parse::<Level>().ok()),
        r#type: fields.get("type").and_then(|node| reader.one_of(node, "program type", &PROGRAM_TYPES[1..])),
        section: fields.get("section").and_then(|node| section(reader, node)),
    }
}

fn section(reader: &mut Reader, node: &Node) -> Option<String> {
    let name = reader.text(node, "a section")?;
    if section::is_known(&name) {
        return Some(name);
    }
    let kind = name.split('/').next().unwrap_or_default();
    let known = || SECTIONS.iter().map(|section| section.trim_end_matches('+'));
    let nearest = match nearest(&name, known()) {
        none if none.is_empty() => nearest(kind, known()),
        nearest => nearest,
    };
    reader.wrong(node.place, format!("libbpf does not know section `{}`{nearest}", short(&name)));
    None
}

pub(super) fn maps(reader: &mut Reader, node: &Node) -> BTreeMap<String, MapTerms> {
    let named = reader.named(node, "maps");
    named.into_iter().map(|(name, node)| (name.to_owned(), map(reader, node))).collect()
}

fn map(reader: &mut Reader, node: &Node) -> MapTerms {
    let fields = reader.fields(node, MAP);
    sets_something(reader, node, fields.is_empty());
    if let (Some(node), true) = (fields.get("inner_ringbuf_bytes"), fields.contains_key("inner_map")) {
        reader.wrong(node.place, "`inner_map` says the same; leave one of them away");
    }
    let ring = fields.get("inner_ringbuf_bytes").and_then(|node| ring(reader, node));
    MapTerms {
        r#type: fields.get("type").and_then(|node| reader.one_of(node, "map type", &MAP_TYPES[1..])),
        flags: fields.get("flags").and_then(|node| reader.number(node, "flags", 0)),
        max_entries: fields.get("max_entries").and_then(|node| entries(reader, node)),
        key_size: fields.get("key_size").and_then(|node| reader.number(node, "key_size", 0)),
        value_size: fields.get("value_size").and_then(|node| reader.number(node, "value_size", 0)),
        autocreate: fields.get("autocreate").and_then(|node| reader.boolean(node, "autocreate")),
        inner_map: fields.get("inner_map").and_then(|node| inner(reader, node)).or(ring),
    }
}

fn entries(reader: &mut Reader, node: &Node) -> Option<Entries> {
    match &node.data {
        Data::Scalar { text, .. } if text == "cpus" => Some(Entries::Cpus),
        Data::Scalar { text, .. } if !text.starts_with(|c: char| c.is_ascii_digit()) => {
            reader.wrong(node.place, format!("`max_entries` is a number or `cpus`, not {}", node.kind()));
            None
        }
        _ => reader.number(node, "max_entries", 1).map(Entries::Count),
    }
}

/// The kernel takes rings of a power of two of whole pages.
fn ring(reader: &mut Reader, node: &Node) -> Option<InnerMap> {
    let bytes = reader.number(node, "inner_ringbuf_bytes", 1)?;
    if !bytes.is_power_of_two() || !bytes.is_multiple_of(4096) {
        reader.wrong(node.place, "a ring buffer has a power of two of bytes, from 4096");
        return None;
    }
    Some(InnerMap { r#type: "ringbuf".to_owned(), key_size: 0, value_size: 0, max_entries: bytes })
}

fn inner(reader: &mut Reader, node: &Node) -> Option<InnerMap> {
    let fields = reader.fields(node, INNER_MAP);
    let missing: Vec<&str> =
        INNER_MAP.iter().copied().filter(|key| *key != "key_size" && !fields.contains_key(key)).collect();
    if !missing.is_empty() {
        reader.wrong(node.place, format!("an inner map needs {}", missing.join(", ")));
        return None;
    }
    Some(InnerMap {
        r#type: reader.one_of(fields["type"], "map type", &MAP_TYPES[1..])?,
        // Queues, stacks and bloom filters have no keys.
        key_size: fields.get("key_size").map_or(Some(0), |node| reader.number(node, "key_size", 0))?,
        value_size: reader.number(fields["value_size"], "value_size", 0)?,
        max_entries: reader.number(fields["max_entries"], "max_entries", 0)?,
    })
}

fn sets_something(reader: &mut Reader, node: &Node, is_empty: bool) {
    if is_empty && matches!(node.data, Data::Map(_)) {
        reader.wrong(node.place, "nothing is set here; leave the name away");
    }
}
