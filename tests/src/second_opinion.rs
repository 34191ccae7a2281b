//! What veristat and we say of the same objects on the same kernels.
//!
//! [`ask`] gets both answers from real guests, [`report`] compares them. Between the two is a file, so that a
//! comparison can be repeated without a guest.

pub mod report;
pub mod why;

use crate::own_loader::{self, Entry, archive, script};
use crate::system::System;
use crate::veristat::{self, COUNTS, Seen};
use anyhow::{Context as _, ensure};
use domain::axis::Axes;
use domain::command::{CommandTerms, Ending};
use proto::wire;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The kernels that are asked: one of every generation.
pub const KERNELS: &str = "5.10,6.1,6.12,newest";
/// Objects that one guest gives to veristat: as many as an emulated one loads, one program after the other, in a
/// fraction of [`VERISTAT_MS`].
pub const TOGETHER: usize = 12;
/// Milliseconds they may take, the most that a command may.
const VERISTAT_MS: u32 = domain::check::CHECK_MS_MAX;

/// Both answers about one object on one kernel.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    /// The object's name.
    pub object: String,
    /// The kernel's series, for example `6.12`.
    pub series: String,
    /// The kernel's release.
    pub release: String,
    /// Modules that our guest was given; veristat's has none.
    pub modules: Vec<String>,
    /// Ours of each program; none where the object was not opened.
    pub programs: Vec<Program>,
    /// What was set that the object leaves to its loader.
    pub inferred: Vec<String>,
    /// veristat's.
    pub theirs: Seen,
}

/// Our answer about one program.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// libbpf's name of its type.
    pub kind: String,
    /// Whether it loaded; `None` if it was not attempted.
    pub loaded: Option<bool>,
    /// The code of its cause, if it has one.
    pub cause: String,
    /// As [`COUNTS`]; `None` where it was not counted.
    pub counts: [Option<u64>; COUNTS.len()],
}

/// Asks both about `objects`, of which one guest takes [`TOGETHER`]. `tool` is veristat with its libraries.
///
/// # Errors
/// A guest without an answer.
pub async fn ask(system: &System, tool: &[Entry], objects: &[Entry]) -> anyhow::Result<Vec<Answer>> {
    let theirs = theirs(system, tool, objects).await?;
    let run = system.ask(objects.to_vec(), KERNELS, wire::Level::Load).await?;
    let answer = |cell: &wire::Cell| {
        let object = run.objects.iter().find(|object| object.digest == cell.object).context("an object")?;
        let kernel = run.kernels.iter().find(|kernel| kernel.id == cell.kernel_id).context("a kernel")?;
        let verdict = cell.verdict.as_ref().with_context(|| format!("{} has no verdict", object.name))?;
        let theirs = theirs.get(&kernel.id).and_then(|seen| seen.get(&object.name));
        Ok(Answer {
            object: object.name.clone(),
            series: kernel.series.clone(),
            release: kernel.release.clone(),
            modules: verdict.modules.clone(),
            programs: verdict.programs.iter().map(ours).collect(),
            inferred: verdict.inferred.clone(),
            theirs: theirs.with_context(|| format!("veristat said nothing of {}", object.name))?.clone(),
        })
    };
    run.cells.iter().map(answer).collect()
}

/// veristat's answers, by kernel and object.
async fn theirs(
    system: &System,
    tool: &[Entry],
    objects: &[Entry],
) -> anyhow::Result<BTreeMap<String, BTreeMap<String, Seen>>> {
    let objects = objects.iter().map(|(name, bytes)| (format!("object/{name}"), bytes.clone()));
    let entries: Vec<Entry> = tool.iter().cloned().chain(objects).chain([script(veristat::SCRIPT)]).collect();
    let terms = CommandTerms {
        program: "run.sh".to_owned(),
        object: None,
        arguments: Vec::new(),
        timeout_ms: VERISTAT_MS,
        expect: Ending::Exit(0),
    };
    let archive = archive(&entries)?;
    let run =
        own_loader::ask(system, vec![("veristat".to_owned(), archive)], (KERNELS, &Axes::default()), terms)
            .await?;
    let mut seen = BTreeMap::new();
    for cell in &run.cells {
        let verdict = cell.verdict.as_ref().context("a verdict of veristat")?;
        let output = verdict.command.as_ref().and_then(|command| command.run.as_ref()?.stdout.clone());
        let output = output.with_context(|| format!("veristat was not run: {:?}", verdict.cause))?;
        ensure!(
            output.text.len() as u64 == output.bytes,
            "veristat wrote more than is kept: {} bytes",
            output.bytes
        );
        let objects = veristat::read(&output.text).with_context(|| format!("{:?}", verdict.cause))?;
        seen.insert(cell.kernel_id.clone(), objects);
    }
    Ok(seen)
}

fn ours(program: &wire::ProgramVerdict) -> Program {
    let walk = program.verification.as_ref();
    let size = program.stats.as_ref();
    let count = |of: fn(&wire::Verification) -> Option<u32>| walk.and_then(of).map(u64::from);
    let stack = |walk: &wire::Verification| walk.stack_bytes.iter().copied().map(u64::from).sum();
    Program {
        name: program.name.clone(),
        kind: program.kind.clone(),
        loaded: match program.verdict() {
            wire::Verdict::Passes => Some(true),
            wire::Verdict::Fails => Some(false),
            _ => None,
        },
        cause: program.cause.as_ref().map(|cause| cause.code.clone()).unwrap_or_default(),
        counts: [
            count(|walk| Some(walk.processed)),
            count(|walk| walk.total_states),
            count(|walk| walk.peak_states),
            count(|walk| walk.states_per_instruction),
            count(|walk| walk.mark_read),
            size.map(|size| u64::from(size.jited_bytes)),
            walk.map(stack),
        ],
    }
}
