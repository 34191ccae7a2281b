//! Opening the object: as often as it takes, because libbpf loads an opened object only once.

use crate::contract;
use crate::mounts::BPFFS;
use crate::sys::libbpf::{Object, c_text};
use crate::sys::struct_ops::{self, Table};
use domain::errno::Errno;
use domain::evidence::{MapFact, Open, ProgramFact};
use domain::message::Job;
use std::cell::Cell;
use std::ffi::CString;

/// The object of a job.
#[derive(Debug)]
pub(crate) struct Specimen<'j> {
    elf: &'j [u8],
    name: CString,
    instances: Cell<u32>,
}

/// One opening of it.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) object: Object,
    /// Its struct_ops maps and their programs.
    pub(crate) tables: Vec<Table>,
    /// What the contract filled in.
    pub(crate) inferred: Vec<String>,
}

impl<'j> Specimen<'j> {
    pub(crate) fn new(job: &'j Job) -> Self {
        Self { elf: &job.object, name: c_text(&job.object_name), instances: Cell::new(0) }
    }

    /// Its bytes.
    pub(crate) fn elf(&self) -> &[u8] {
        self.elf
    }

    /// Opens the object and applies the contract. Every instance pins into a folder of its own, so
    /// that none finds the maps of another.
    pub(crate) fn open(&self) -> Result<Instance, Errno> {
        let number = self.instances.get();
        self.instances.set(number + 1);
        let pins = c_text(&format!("{BPFFS}/{number}"));
        let object = Object::open(self.elf, &self.name, &pins)?;
        let mut inferred = Vec::new();
        for map in object.maps() {
            inferred.extend(contract::apply(map)?);
        }
        Ok(Instance { tables: struct_ops::tables(&object), object, inferred })
    }
}

/// What libbpf found in the object.
pub(crate) fn describe(instance: &Instance) -> Open {
    let programs = instance.object.programs().map(|program| ProgramFact {
        name: program.name(),
        section: program.section(),
        kind: program.kind(),
        autoload: program.autoload(),
    });
    let maps = instance.object.maps().map(|map| MapFact {
        name: map.name(),
        kind: map.kind(),
        number: map.number(),
        key_bytes: map.key_bytes(),
        value_bytes: map.value_bytes(),
        max_entries: map.max_entries(),
    });
    Open {
        errno: None,
        programs: programs.collect(),
        maps: maps.collect(),
        inferred: instance.inferred.clone(),
    }
}

/// What is known of an object that did not open.
pub(crate) fn refused(errno: Errno) -> Open {
    Open { errno: Some(errno), programs: Vec::new(), maps: Vec::new(), inferred: Vec::new() }
}
