//! What other projects' objects meet on four real kernels.
//!
//! usage: third_party FOLDER
//!
//! In: objects that `scripts/third-party-objects --every` got. Out: `docs/third-party.md`. Ends with status 1 when a
//! failure is told less than it must be.

use anyhow::Context as _;
use insight::object::inspect;
use proto::wire;
use std::path::Path;
use std::process::ExitCode;
use tests::guests::SERIES;
use tests::objects;
use tests::system::{System, repository};
use tests::third_party::Study;

/// Objects of one run.
const TOGETHER: usize = 64;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let folder = std::env::args().nth(1).context("usage: third_party FOLDER")?;
    let objects = objects::in_folder(Path::new(&folder), "run `make third-party-study`")?;
    println!("refused before any guest: {:?}", objects.refused);
    let system = System::start().await?;
    let mut study = Study::default();
    for (number, some) in objects.accepted.chunks(TOGETHER).enumerate() {
        let request = wire::SubmitRunRequest { kernels: SERIES.join(","), ..Default::default() };
        let run = system.submit(some.to_vec(), request).await?;
        for cell in &run.cells {
            let object = run.objects.iter().find(|object| object.digest == cell.object).context("object")?;
            let (name, bytes) = some.iter().find(|(name, _)| *name == object.name).context("our object")?;
            let kernel = run.kernels.iter().find(|kernel| kernel.id == cell.kernel_id).context("kernel")?;
            let verdict = cell.verdict.as_ref().with_context(|| format!("{name} has no verdict"))?;
            let name = name.trim_end_matches(".bpf.o");
            study.add(name, inspect(bytes)?.has_btf_ext, &kernel.release, verdict);
        }
        println!("{} of {} objects", number * TOGETHER + some.len(), objects.accepted.len());
        std::fs::write(repository().join("docs/third-party.md"), study.document())?;
    }
    system.stop().await;
    Ok(if study.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
