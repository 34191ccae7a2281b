//! `variants`: groups of alternatives; and `companions`.

use super::problem::{nearest, short};
use super::read::Reader;
use super::yaml::Node;
use domain::contract::{Candidate, Requirement};
use domain::helper;
use std::collections::BTreeMap;

pub(super) const CANDIDATE: &[&str] = &["program", "requires"];
pub(super) const REQUIREMENT: &[&str] = &["helper", "kfunc", "btf_type", "trial_load"];

pub(super) fn read(reader: &mut Reader, node: &Node) -> BTreeMap<String, Vec<Candidate>> {
    let mut groups = BTreeMap::new();
    let before = reader.problems.len();
    for (group, node) in reader.named(node, "variants") {
        let nodes = reader.list(node, "candidates, the preferred one first").iter().enumerate();
        let candidates =
            nodes.filter_map(|(at, node)| candidate(reader, node, format!("variants.{group}.{at}")));
        groups.insert(group.to_owned(), candidates.collect());
    }
    // A candidate that could not be read would be missed.
    if reader.problems.len() == before {
        for (path, says) in contradictions(&groups) {
            reader.wrong(reader.places.get(&path).copied().unwrap_or(node.place), says);
        }
    }
    groups
}

/// What groups cannot be: by path of the declaration, what is wrong.
pub(super) fn contradictions(groups: &BTreeMap<String, Vec<Candidate>>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    // Which group has a program already.
    let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
    for (group, candidates) in groups {
        if candidates.is_empty() {
            found.push((format!("variants.{group}"), format!("group `{group}` needs candidates")));
        }
        for (at, Candidate { program, requires }) in candidates.iter().enumerate() {
            let path = || format!("variants.{group}.{at}");
            if let Some(other) = taken.insert(program, group) {
                found.push((path(), format!("`{program}` is a candidate of group `{other}` already")));
            }
            if *requires == Requirement::Nothing && at + 1 < candidates.len() {
                let says = "a candidate that requires nothing is always kept; put it last";
                found.push((path(), says.to_owned()));
            }
        }
    }
    found
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
    let text = reader.text(node, "a helper")?;
    let numbered = text.parse::<u32>().ok().map(helper::name);
    let name = numbered.as_deref().unwrap_or(&text);
    let name = name.strip_prefix("bpf_").unwrap_or(name);
    if helper::number(name).is_some() {
        return Some(Requirement::Helper(name.to_owned()));
    }
    let nearest = nearest(name, helper::names());
    reader.wrong(node.place, format!("no kernel has a helper `{}`{nearest}", short(&text)));
    None
}

pub(super) fn companions(reader: &mut Reader, node: &Node) -> Vec<String> {
    let nodes = reader.list(node, "programs").iter().enumerate();
    nodes
        .filter_map(|(at, node)| reader.named_text(node, "a program's name", format!("companions.{at}")))
        .collect()
}
