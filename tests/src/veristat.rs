//! veristat, the kernel developers' own tool for verifier statistics, run in a guest.
//!
//! In: what its script wrote. Out: what it says of each object. It loads every program alone, with all maps, after
//! it disabled the others. `scripts/veristat` gets it.

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the guest runs: every object for itself, so that one that kills it does not hide the others.
pub const SCRIPT: &str = "\
for object in object/*; do
    echo \"> ${object#object/}\"
    usr/bin/veristat -q -o csv -e prog,verdict,insns,states,peak_states,max_states_per_insn,mark_read,\\
prog_size_jited,stack \"$object\" 2>&1
    echo \"< $?\"
done";

/// What it counts, by the names the comparison shows, in the order of its output. Its size of a program is left out:
/// that is the object's (`bpf_program__insn_cnt`), and a report's is what the kernel made of it.
pub const COUNTS: [&str; 7] = [
    "instructions walked",
    "total states",
    "peak states",
    "states per instruction",
    "mark read",
    "jited bytes",
    "stack bytes",
];

/// The place in [`COUNTS`] of the first that is no part of the verifier's walk.
pub const JITED: usize = 5;
/// The last of [`COUNTS`], which is said in other words from 7.3 on. veristat 0.5 does not read them and writes 0.
pub const STACK: usize = 6;

/// One program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Whether it loaded.
    pub loaded: bool,
    /// As [`COUNTS`].
    pub counts: [u64; COUNTS.len()],
}

/// One object.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Seen {
    /// Whether libbpf opened it.
    pub opened: bool,
    /// The status it ended with.
    pub status: u32,
    /// Programs by name.
    pub programs: BTreeMap<String, Row>,
}

/// Reads what the script wrote, by object.
///
/// # Errors
/// A line that is not as expected, or an object that was not finished.
pub fn read(output: &str) -> anyhow::Result<BTreeMap<String, Seen>> {
    let mut objects = BTreeMap::new();
    let mut current: Option<(String, Seen)> = None;
    for line in output.lines() {
        if let Some(name) = line.strip_prefix("> ") {
            ensure!(current.is_none(), "`{line}` before the one before it was finished");
            current = Some((name.to_owned(), Seen { opened: true, ..Seen::default() }));
            continue;
        }
        let (_, seen) = current.as_mut().with_context(|| format!("`{line}` belongs to no object"))?;
        if let Some(status) = line.strip_prefix("< ") {
            seen.status = status.parse()?;
            objects.extend(current.take());
        } else if line.starts_with("Failed to open ") {
            seen.opened = false;
        } else if line.contains(',') && !line.starts_with("prog_name,") {
            let (name, row) = row(line).with_context(|| line.to_owned())?;
            seen.programs.insert(name, row);
        }
    }
    ensure!(current.is_none(), "veristat did not finish {current:?}");
    Ok(objects)
}

fn row(line: &str) -> anyhow::Result<(String, Row)> {
    let mut words = line.split(',');
    let name = words.next().context("no name")?.to_owned();
    let loaded = words.next() == Some("success");
    let counts: Vec<u64> = words.map(str::parse).collect::<Result<_, _>>()?;
    let counts =
        counts.try_into().map_err(|counts| anyhow::anyhow!("not {} counts: {counts:?}", COUNTS.len()))?;
    Ok((name, Row { loaded, counts }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_object_and_program_is_read_and_half_an_output_is_refused() {
        let output = "\
> a.bpf.o
prog_name,verdict,total_insns,total_states,peak_states,max_states_per_insn,max_mark_read_len,prog_size_jited,stack_depth
one,success,6,1,2,3,4,66,8
two,failure,0,0,0,0,0,0,0
< 0
> b.bpf.o
Failed to open 'object/b.bpf.o': -95
prog_name,verdict
< 0
";
        let seen = read(output).expect("as veristat writes it");
        assert_eq!(seen["a.bpf.o"].programs["one"], Row { loaded: true, counts: [6, 1, 2, 3, 4, 66, 8] });
        assert!(!seen["a.bpf.o"].programs["two"].loaded);
        assert!(!seen["b.bpf.o"].opened && seen["b.bpf.o"].programs.is_empty());
        assert!(read(&output[..output.len() - 4]).is_err());
        assert!(read("> a\none,success,6\n< 0\n").is_err());
    }
}
