//! What a process holds of its host, read from `/proc`: what must be the same after any number of
//! cells.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

/// Mappings that may come and go with threads and their heaps. A leak of one for each cell is far
/// beyond it after two thousand.
const MAPPINGS_SLACK: usize = 64;

/// What one process holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holdings {
    /// Running processes of QEMU below it, and zombies of any kind.
    pub processes: usize,
    /// Open descriptors by what they are: `socket`, `pipe`, `memfd`, a path and so on.
    pub descriptors: BTreeMap<String, usize>,
    /// Mappings of memory.
    pub mappings: usize,
}

impl Holdings {
    /// Of the process with this id.
    ///
    /// # Errors
    /// It is gone, or not ours to look at.
    pub fn of(pid: u32) -> std::io::Result<Self> {
        let proc = Path::new("/proc").join(pid.to_string());
        let mut descriptors = BTreeMap::new();
        for entry in fs::read_dir(proc.join("fd"))? {
            // A descriptor may be closed between listing and looking.
            let Ok(target) = fs::read_link(entry?.path()) else { continue };
            let target = target.to_string_lossy();
            let kind = target.split([':', ' ']).next().unwrap_or_default().to_owned();
            let kind = if kind == "/memfd" { target.into_owned() } else { kind };
            *descriptors.entry(kind).or_default() += 1;
        }
        let mappings = fs::read_to_string(proc.join("maps"))?.lines().count();
        let children = below(pid);
        let processes =
            children.iter().filter(|child| child.zombie || child.command.starts_with("qemu")).count();
        Ok(Self { processes, descriptors, mappings })
    }

    /// What `self` holds more than `before`; empty if nothing.
    pub fn beyond(&self, before: &Self) -> Vec<String> {
        let mut more = Vec::new();
        let mut compare = |what: &str, now: usize, then: usize| {
            if now > then {
                more.push(format!("{what}: {now}, before {then}"));
            }
        };
        compare("processes", self.processes, before.processes);
        compare("mappings", self.mappings, before.mappings + MAPPINGS_SLACK);
        for (kind, now) in &self.descriptors {
            compare(kind, *now, before.descriptors.get(kind).copied().unwrap_or(0));
        }
        more
    }
}

impl fmt::Display for Holdings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let descriptors: usize = self.descriptors.values().sum();
        write!(f, "{} processes, {descriptors} descriptors, {} mappings", self.processes, self.mappings)
    }
}

/// A process below another.
#[derive(Debug, Clone)]
pub struct Child {
    /// Its id.
    pub pid: u32,
    /// The first 15 bytes of its program's name.
    pub command: String,
    /// Whether it ended and nobody asked how.
    pub zombie: bool,
}

/// All processes below this one, in no order.
pub fn below(pid: u32) -> Vec<Child> {
    let all: Vec<(Child, u32)> = processes().collect();
    let mut found: Vec<Child> = Vec::new();
    let mut parents = vec![pid];
    while let Some(parent) = parents.pop() {
        for (child, _) in all.iter().filter(|(_, of)| *of == parent) {
            parents.push(child.pid);
            found.push(child.clone());
        }
    }
    found
}

/// Every running QEMU of this host whose parent is gone.
pub fn orphaned_emulators() -> Vec<Child> {
    let orphans = processes().filter(|(_, parent)| *parent == 1).map(|(child, _)| child);
    orphans.filter(|child| !child.zombie && child.command.starts_with("qemu")).collect()
}

/// Every process of this host with the id of its parent.
fn processes() -> impl Iterator<Item = (Child, u32)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // The name stands in parentheses and may hold any character.
        let (head, tail) = stat.rsplit_once(") ")?;
        let command = head.split_once('(')?.1.to_owned();
        let mut fields = tail.split(' ');
        let zombie = fields.next()? == "Z";
        Some((Child { pid, command, zombie }, fields.next()?.parse().ok()?))
    })
}
