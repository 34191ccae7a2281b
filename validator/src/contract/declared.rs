//! Setting what is declared.

use super::perf_buffer::RING_BUFFER;
use super::{Terms, perf_buffer};
use crate::sys::libbpf::{self, Map, Object};
use crate::sys::setting::{MapShape, create_map};
use domain::change::PERF_EVENT_ARRAY;
use domain::contract::{Contract, Entries, GlobalBytes, InnerMap, MapTerms};
use domain::errno::Errno;
use domain::evidence::Choice;
use domain::section::{self, MAP_TYPES, PROGRAM_TYPES};
use std::os::fd::AsFd as _;

pub(super) fn programs(object: &Object, contract: &Contract, terms: &mut Terms) {
    for program in object.programs() {
        let name = program.name();
        let Some(declared) = contract.programs.get(&name) else { continue };
        if let Some(autoload) = declared.autoload {
            terms.note(&name, format!("autoload {autoload}"), program.set_autoload(autoload));
        }
        if let Some(kind) = &declared.r#type {
            let number = section::number(PROGRAM_TYPES, kind).ok_or(Errno::EINVAL);
            let set = number.and_then(|number| program.set_type(number));
            terms.note(&name, format!("type {kind}"), set);
        }
        if let Some(section) = &declared.section {
            terms.note(&name, format!("section {section}"), program.set_section(section));
        }
    }
}

/// Of each group only what was chosen is loaded.
pub(super) fn choices(object: &Object, contract: &Contract, choices: &[Choice]) -> Result<(), Errno> {
    for program in object.programs() {
        let name = program.name();
        let Some(group) = contract.group_of(&name) else { continue };
        let choice = choices.iter().find(|choice| choice.group == group);
        program.set_autoload(choice.is_some_and(|choice| choice.kept.as_ref() == Some(&name)))?;
    }
    Ok(())
}

pub(super) fn maps(object: &Object, contract: &Contract, terms: &mut Terms) {
    let mut swapped = None;
    for map in object.maps() {
        let Some(declared) = contract.maps.get(&map.name()) else { continue };
        if let Some(kind) = &declared.r#type {
            let is_swap = map.kind() == RING_BUFFER && kind == PERF_EVENT_ARRAY;
            let set = if is_swap {
                // Once for all maps of the object.
                swapped.get_or_insert_with(|| perf_buffer::swap(object)).and_then(|()| perf_buffer(map))
            } else {
                set_type(map, kind)
            };
            terms.note(&map.name(), format!("type {kind}"), set);
        }
        self::map(map, declared, terms);
    }
}

fn set_type(map: Map<'_>, kind: &str) -> Result<(), Errno> {
    map.set_type(section::number(MAP_TYPES, kind).ok_or(Errno::EINVAL)?)
}

/// libbpf gives it an entry for each processor.
fn perf_buffer(map: Map<'_>) -> Result<(), Errno> {
    set_type(map, PERF_EVENT_ARRAY)?;
    map.set_key_bytes(4)?;
    map.set_value_bytes(4)?;
    map.set_max_entries(0)
}

fn map(map: Map<'_>, declared: &MapTerms, terms: &mut Terms) {
    let name = map.name();
    if let Some(flags) = declared.flags {
        terms.note(&name, format!("flags {flags:#x}"), map.set_flags(flags));
    }
    if let Some(bytes) = declared.key_size {
        terms.note(&name, format!("key_size {bytes}"), map.set_key_bytes(bytes));
    }
    if let Some(bytes) = declared.value_size {
        terms.note(&name, format!("value_size {bytes}"), map.set_value_bytes(bytes));
    }
    match declared.max_entries {
        None => {}
        Some(Entries::Count(count)) => {
            terms.note(&name, format!("max_entries {count}"), map.set_max_entries(count));
        }
        Some(Entries::Cpus) => {
            let cpus = libbpf::possible_cpus().unwrap_or(1);
            terms.note(&name, format!("max_entries cpus, {cpus}"), map.set_max_entries(cpus));
        }
    }
    if let Some(autocreate) = declared.autocreate {
        terms.note(&name, format!("autocreate {autocreate}"), map.set_autocreate(autocreate));
    }
    if let Some(inner) = &declared.inner_map {
        let InnerMap { r#type, key_size, value_size, max_entries } = inner;
        let setting = format!("inner_map {type} of {max_entries} entries, {key_size} + {value_size} bytes");
        let made = inner_map(map, inner, terms);
        terms.note(&name, setting, made);
    }
}

fn inner_map(map: Map<'_>, inner: &InnerMap, terms: &mut Terms) -> Result<(), Errno> {
    let prototype = create_map(MapShape {
        number: section::number(MAP_TYPES, &inner.r#type).ok_or(Errno::EINVAL)?,
        key_bytes: inner.key_size,
        value_bytes: inner.value_size,
        max_entries: inner.max_entries,
        flags: 0,
    })?;
    map.set_inner(prototype.as_fd())?;
    terms.prototypes.push(prototype);
    Ok(())
}

pub(super) fn globals(object: &Object, globals: &[GlobalBytes], terms: &mut Terms) {
    for GlobalBytes { name, section, offset, bytes } in globals {
        let setting = format!("{} bytes in {section}", bytes.len());
        terms.note(name, setting, object.write(section, *offset, bytes));
    }
}
