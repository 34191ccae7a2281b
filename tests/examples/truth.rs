//! A thousand clones and a hundred booted guests, all of which must say what is known.
//!
//! usage: truth
//!
//! The known-answer corpus is asked again and again through the real system: first of clones, then a
//! part of it of a worker that boots every guest. Every answer is compared with what is expected, and
//! with the first clone's answer to the same question. Ends with status 1 if any differs.

use anyhow::{Context as _, ensure};
use domain::kernel::Kernel;
use proto::wire;
use std::collections::HashMap;
use std::process::ExitCode;
use tests::corpus::Corpus;
use tests::system::{System, worker_config};

const KERNELS: &str = "5.10,6.1,6.12,newest";
const CLONES_MIN: usize = 1000;
const BOOTED_MIN: usize = 100;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let corpus = Corpus::read()?;
    let objects = corpus.objects()?;
    let mut truth = Truth { corpus, first: HashMap::new(), wrong: Vec::new() };

    let clones = System::start().await?;
    let mut cells = 0;
    while cells < CLONES_MIN {
        cells += truth.round(&clones, objects.clone(), "clone").await?;
        println!("{cells} clones answered, {} differences", truth.wrong.len());
    }
    clones.stop().await;

    let mut boots = System::without_worker().await?;
    let mut config = worker_config();
    config.templates.enabled = false;
    boots.hire(&config).await?;
    // Every other object, so that all of its kinds are among them.
    let some: Vec<_> = objects.iter().step_by(2).cloned().collect();
    let mut cells = 0;
    while cells < BOOTED_MIN {
        cells += truth.round(&boots, some.clone(), "cold").await?;
        println!("{cells} booted guests answered, {} differences", truth.wrong.len());
    }
    boots.stop().await;
    truth.wrong.iter().for_each(|wrong| println!("{wrong}"));
    Ok(if truth.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is known, and what was said so far.
struct Truth {
    corpus: Corpus,
    first: HashMap<(Vec<u8>, String), Vec<String>>,
    wrong: Vec<String>,
}

impl Truth {
    /// Asks about all objects on all kernels. Yields how many cells were answered.
    async fn round(
        &mut self,
        system: &System,
        objects: Vec<(String, Vec<u8>)>,
        start: &str,
    ) -> anyhow::Result<usize> {
        let run = system.ask(objects, KERNELS, wire::Level::Attach).await?;
        for cell in &run.cells {
            let object = run.objects.iter().find(|object| object.digest == cell.object).context("object")?;
            let kernel = run.kernels.iter().find(|kernel| kernel.id == cell.kernel_id).context("kernel")?;
            let name = object.name.trim_end_matches(".bpf.o");
            let place = format!("{name} on {}", kernel.release);
            let answer = cell.verdict.as_ref().with_context(|| format!("{place} has no verdict"))?;
            let guest = answer.guest.as_ref().with_context(|| format!("{place} had no guest"))?;
            ensure!(guest.start == start, "{place}: a {} guest answered", guest.start);
            let kernel = Kernel::try_from(kernel.clone())?;
            let differences = self.corpus.differences(name, &kernel, answer)?;
            self.wrong.extend(differences.iter().map(|difference| format!("{place}: {difference}")));
            let said = said(answer);
            let key = (cell.object.clone(), cell.kernel_id.clone());
            let first = self.first.entry(key).or_insert_with(|| said.clone());
            if *first != said {
                self.wrong.push(format!("{place}: first {first:?}, then {said:?}"));
            }
        }
        Ok(run.cells.len())
    }
}

/// What people act on: the verdict of the cell and of every program and map, with their causes.
fn said(answer: &wire::CellVerdict) -> Vec<String> {
    let cause = |cause: &Option<wire::Cause>| {
        cause.as_ref().map(|cause| format!("{} {}", cause.code, cause.subject)).unwrap_or_default()
    };
    let mut said = vec![format!("{} {}", answer.verdict, cause(&answer.cause))];
    said.extend(answer.programs.iter().map(|program| {
        let (hook, how) = (&program.hook, &program.how);
        format!(
            "{} {} {} {hook} {how} {}",
            program.name,
            program.verdict,
            program.reached,
            cause(&program.cause)
        )
    }));
    said.extend(answer.maps.iter().map(|map| format!("{} {} {}", map.name, map.verdict, cause(&map.cause))));
    said
}
