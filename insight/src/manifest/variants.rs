//! `variants`: groups of alternatives; and `companions`.

use super::problem::nearest;
use super::read::Reader;
use super::yaml::Node;
use domain::contract::{Candidate, Requirement};
use domain::helper;
use std::collections::BTreeMap;

pub(super) const CANDIDATE: &[&str] = &["program", "requires"];
pub(super) const REQUIREMENT: &[&str] = &["helper", "kfunc", "btf_type", "trial_load"];

pub(super) fn read(reader: &mut Reader, node: &Node) -> BTreeMap<String, Vec<Candidate>> {
    let mut groups = BTreeMap::new();
    // Which group has a program already, and where.
    let mut taken: BTreeMap<String, String> = BTreeMap::new();
    for (group, node) in reader.named(node, "variants") {
        let nodes = reader.list(node, "candidates, the preferred one first");
        if nodes.is_empty() {
            reader.wrong(node.place, format!("group `{group}` needs candidates"));
        }
        let mut candidates = Vec::new();
        for (at, node) in nodes.iter().enumerate() {
            let path = format!("variants.{group}.{at}");
            let Some(candidate) = candidate(reader, node, path) else { continue };
            if let Some(other) = taken.insert(candidate.program.clone(), group.to_owned()) {
                let says = format!("`{}` is a candidate of group `{other}` already", candidate.program);
                reader.wrong(node.place, says);
            }
            if candidate.requires == Requirement::Nothing && at + 1 < nodes.len() {
                reader.wrong(node.place, "a candidate that requires nothing is always kept; put it last");
            }
            candidates.push(candidate);
        }
        groups.insert(group.to_owned(), candidates);
    }
    groups
}

fn candidate(reader: &mut Reader, node: &Node, path: String) -> Option<Candidate> {
    let fields = reader.fields(node, CANDIDATE);
    let Some(program) = fields.get("program") else {
        reader.wrong(node.place, "a candidate needs `program`");
        return None;
    };
    let program = reader.named_text(program, "a program's name", path)?;
    let requires = match fields.get("requires") {
        None => Requirement::Nothing,
        Some(node) => requirement(reader, node)?,
    };
    Some(Candidate { program, requires })
}

fn requirement(reader: &mut Reader, node: &Node) -> Option<Requirement> {
    let fields = reader.fields(node, REQUIREMENT);
    let (Some((key, value)), 1) = (fields.first_key_value(), fields.len()) else {
        reader.wrong(node.place, format!("`requires` has exactly one of {}", REQUIREMENT.join(", ")));
        return None;
    };
    match *key {
        "helper" => helper(reader, value),
        "kfunc" => reader.text(value, "a kernel function").map(Requirement::Kfunc),
        "btf_type" => reader.text(value, "a kernel type").map(Requirement::BtfType),
        _ => match reader.boolean(value, "trial_load")? {
            true => Some(Requirement::TrialLoad),
            false => {
                reader.wrong(value.place, "leave `requires` away where nothing is required");
                None
            }
        },
    }
}

fn helper(reader: &mut Reader, node: &Node) -> Option<Requirement> {
    let name = reader.text(node, "a helper")?;
    let name = name.strip_prefix("bpf_").unwrap_or(&name);
    if helper::number(name).is_some() {
        return Some(Requirement::Helper(name.to_owned()));
    }
    let nearest = nearest(name, helper::names());
    reader.wrong(node.place, format!("no kernel has a helper `bpf_{name}`{nearest}"));
    None
}

pub(super) fn companions(reader: &mut Reader, node: &Node) -> Vec<String> {
    let nodes = reader.list(node, "programs").iter().enumerate();
    nodes
        .filter_map(|(at, node)| reader.named_text(node, "a program's name", format!("companions.{at}")))
        .collect()
}
