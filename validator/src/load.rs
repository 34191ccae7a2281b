//! Loading an instance, and choosing what of it is loaded.

use crate::sys::counts;
use crate::sys::libbpf::{Object, Program, c_text};
use domain::errno::Errno;
use domain::evidence::{Counts, Load, LoadScope, Loaded};
use std::collections::BTreeSet;
use std::time::Instant;

/// Marks for loading the programs whose index `wanted` accepts, and no other.
pub(crate) fn only_programs(object: &Object, wanted: impl Fn(usize) -> bool) -> Result<(), Errno> {
    object.programs().enumerate().try_for_each(|(index, program)| program.set_autoload(wanted(index)))
}

/// Leaves out the programs with these indices.
pub(crate) fn without(object: &Object, programs: &BTreeSet<usize>) -> Result<(), Errno> {
    let mut left_out = object.programs().enumerate().filter(|(index, _)| programs.contains(index));
    left_out.try_for_each(|(_, program)| program.set_autoload(false))
}

/// Marks for creation the maps whose index `wanted` accepts, and no other.
pub(crate) fn only_maps(object: &Object, wanted: impl Fn(usize) -> bool) -> Result<(), Errno> {
    object.maps().enumerate().try_for_each(|(index, map)| map.set_autocreate(wanted(index)))
}

/// libbpf's name of the type of programs that replace a function of a loaded program.
const REPLACEMENT: &str = "ext";

/// Leaves out the programs that replace a function of another program.
pub(crate) fn without_replacements(object: &Object) -> Result<(), Errno> {
    let mut replacements = object.programs().filter(|program| program.kind() == REPLACEMENT);
    replacements.try_for_each(|program| program.set_autoload(false))
}

/// Tells a program that replaces a function which one: that of the section's name, in a program of
/// `loaded`. Other programs need no such word.
pub(crate) fn aim(program: Program<'_>, loaded: &Object) -> Result<(), String> {
    if program.kind() != REPLACEMENT {
        return Ok(());
    }
    let section = program.section();
    let Some((_, function)) = section.split_once('/') else {
        return Err("its section names no function that it replaces".to_owned());
    };
    let name = c_text(function);
    let mut targets = loaded.programs().filter(|other| other.info().is_some());
    if targets.any(|target| program.set_target(target, &name).is_ok()) {
        return Ok(());
    }
    Err(format!("no other program of the object was loaded that has the function `{function}` it replaces"))
}

/// Loads what is marked and says what came of it.
pub(crate) fn load(object: &Object, scope: LoadScope) -> Load {
    drop(counts::take());
    let begun = Instant::now();
    let errno = object.load().err();
    let took_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    let loaded = object
        .programs()
        .filter_map(|program| {
            let info = program.info()?;
            Some(Loaded {
                program: program.name(),
                verified_instructions: info.verified_instructions,
                translated_bytes: info.translated_bytes,
                jited_bytes: info.jited_bytes,
            })
        })
        .collect();
    // libbpf also loads programs of its own, to try the kernel out.
    let mut counted = counts::take();
    let counts = object
        .programs()
        .filter_map(|program| {
            let (program, (text, memory_peak_bytes)) = counted.remove_entry(&program.name())?;
            Some(Counts { program, text, memory_peak_bytes })
        })
        .collect();
    Load { scope, errno, loaded, counts, took_us, unable: None, refused_at: None }
}
