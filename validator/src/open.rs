//! Opening the object: as often as it takes, because libbpf loads an opened object only once.

use crate::contract::{self, Terms};
use crate::mounts::BPFFS;
use crate::sys::libbpf::{Map, Object, c_text};
use crate::sys::struct_ops::{self, Table};
use domain::check::GlobalPlace;
use domain::contract::Contract;
use domain::errno::Errno;
use domain::evidence::{Choice, MapFact, Open, ProgramFact};
use domain::message::Job;
use std::cell::{Cell, OnceCell};
use std::ffi::CString;

/// The object of a job.
#[derive(Debug)]
pub(crate) struct Specimen<'j> {
    job: &'j Job,
    name: CString,
    choices: OnceCell<Vec<Choice>>,
    instances: Cell<u32>,
    pins: bool,
}

/// One opening of it.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) object: Object,
    /// Its struct_ops maps and their programs.
    pub(crate) tables: Vec<Table>,
    /// What its loader would have set, and was.
    pub(crate) terms: Terms,
}

impl<'j> Specimen<'j> {
    pub(crate) fn new(job: &'j Job) -> Self {
        let (name, choices) = (c_text(&job.object_name), OnceCell::new());
        Self { job, name, choices, instances: Cell::new(0), pins: true }
    }

    /// Of which no map is pinned, nor looked for among those that are.
    pub(crate) fn unpinned(job: &'j Job) -> Self {
        Self { pins: false, ..Self::new(job) }
    }

    /// What is declared of its loader.
    pub(crate) fn contract(&self) -> &'j Contract {
        &self.job.contract
    }

    /// Every later opening loads what was chosen and none of its alternatives.
    pub(crate) fn keep(&self, choices: Vec<Choice>) {
        // Chosen once, before anything is exercised.
        self.choices.get_or_init(|| choices);
    }

    /// What was chosen.
    pub(crate) fn choices(&self) -> &[Choice] {
        self.choices.get().map(Vec::as_slice).unwrap_or_default()
    }

    /// Where the variables stand whose values are expected.
    pub(crate) fn places(&self) -> &[GlobalPlace] {
        &self.job.places
    }

    /// Its bytes.
    pub(crate) fn elf(&self) -> &[u8] {
        &self.job.object
    }

    /// Opens the object and applies the contract. Every instance pins into a folder of its own, so
    /// that none finds the maps of another.
    pub(crate) fn open(&self) -> Result<Instance, Errno> {
        let number = self.instances.get();
        self.instances.set(number + 1);
        let pins = c_text(&format!("{BPFFS}/{number}"));
        let object = Object::open(&self.job.object, &self.name, &pins)?;
        if !self.pins {
            object.maps().try_for_each(Map::forget_pin)?;
        }
        let tables = struct_ops::tables(&object);
        let terms = contract::apply(&object, self.job, self.choices())?;
        Ok(Instance { object, tables, terms })
    }
}

/// What libbpf found in the object.
pub(crate) fn describe(instance: &Instance, choices: &[Choice]) -> Open {
    let programs = instance.object.programs().map(|program| ProgramFact {
        name: program.name(),
        section: program.section(),
        kind: program.kind(),
        autoload: program.autoload(),
    });
    let maps = instance.object.maps().map(map_fact);
    Open {
        errno: None,
        programs: programs.collect(),
        maps: maps.collect(),
        inferred: instance.terms.inferred.clone(),
        applied: instance.terms.applied.clone(),
        not_applied: instance.terms.not_applied.clone(),
        choices: choices.to_vec(),
        unable: None,
    }
}

/// What libbpf found of a map.
pub(crate) fn map_fact(map: Map<'_>) -> MapFact {
    MapFact {
        name: map.name(),
        kind: map.kind(),
        number: map.number(),
        key_bytes: map.key_bytes(),
        value_bytes: map.value_bytes(),
        max_entries: map.max_entries(),
        flags: map.flags(),
    }
}

/// What is known of an object that did not open.
pub(crate) fn refused(errno: Errno) -> Open {
    Open { errno: Some(errno), ..Open::default() }
}
