//! The kernel's own labelled programs: what our verdicts on them are, beside what the kernel's authors expect.
//!
//! usage: labelled FOLDER
//!
//! In: objects that `scripts/labelled-objects` compiled. Every labelled program is loaded on a 6.12 kernel through
//! the real system; its verdict is compared with its label, and the log of a refusal with the messages its label
//! names. Out: `docs/labelled.md`. A difference that has no explanation ends it with status 1.

use anyhow::Context as _;
use domain::evidence::{Evidence, LogSubject};
use proto::wire;
use std::path::Path;
use std::process::ExitCode;
use tests::labels::report::{Difference, Found};
use tests::labels::{Label, labels, missing};
use tests::objects;
use tests::system::{System, repository};

/// The series whose tests these are.
const KERNEL: &str = "6.12";
/// Objects of one run.
const TOGETHER: usize = 128;
/// Milliseconds one object may take. Some exist to keep the verifier busy for as long as it allows.
const CELL_MS: u32 = 30 * 60 * 1000;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let folder = std::env::args().nth(1).context("usage: labelled FOLDER")?;
    let objects = objects::in_folder(Path::new(&folder), "run `make labelled`")?;
    println!("refused before any guest: {:?}", objects.refused);
    let system = System::start().await?;
    let mut found = Found { objects: objects.accepted.len(), ..Found::default() };
    for some in objects.accepted.chunks(TOGETHER) {
        let request = wire::SubmitRunRequest {
            kernels: KERNEL.to_owned(),
            level: wire::Level::Load.into(),
            fresh: true,
            cell_timeout_ms: CELL_MS,
            ..Default::default()
        };
        let run = system.submit(some.to_vec(), request).await?;
        found.kernel = run.kernels.first().context("a kernel")?.release.clone();
        for cell in &run.cells {
            let answered =
                run.objects.iter().find(|object| object.digest == cell.object).context("object")?;
            let (name, bytes) = some.iter().find(|(name, _)| *name == answered.name).context("our object")?;
            let verdict = cell.verdict.as_ref().with_context(|| format!("{name} has no verdict"))?;
            let evidence = match verdict.evidence.as_slice() {
                [] => None,
                digest => Some(system.evidence(digest).await?),
            };
            for (program, label) in labels(bytes)? {
                let name = format!("{}/{program}", name.trim_end_matches(".bpf.o"));
                compare(&mut found, name, label, verdict, evidence.as_ref())?;
            }
        }
    }
    system.stop().await;
    std::fs::write(repository().join("docs/labelled.md"), found.document())?;
    found.unexplained().for_each(|difference| println!("without an explanation: {difference:?}"));
    Ok(if found.unexplained().next().is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Compares one program with its label.
fn compare(
    found: &mut Found,
    name: String,
    label: Label,
    verdict: &wire::CellVerdict,
    evidence: Option<&Evidence>,
) -> anyhow::Result<()> {
    let program = name.rsplit('/').next().unwrap_or_default();
    let answer = verdict.programs.iter().find(|answer| answer.name == program);
    let expected = if label.accepted { wire::Verdict::Passes } else { wire::Verdict::Fails };
    // A program we say nothing of is not as labelled, whatever became of its object.
    let ours = answer.map_or(wire::Verdict::Unspecified, wire::ProgramVerdict::verdict);
    *found.labelled.entry(label.accepted).or_default() += 1;
    let mut lacks = None;
    if ours == expected && !label.accepted && !label.messages.is_empty() {
        found.with_messages += 1;
        let log = evidence.map(|evidence| evidence.log(&LogSubject::LoadAlone(program.to_owned())));
        lacks = missing(&label.messages, log.unwrap_or_default())?.map(str::to_owned);
    }
    if ours != expected || lacks.is_some() {
        let cause = answer.map_or(&verdict.cause, |answer| &answer.cause).clone();
        let (expected, ours) = (shown(expected), shown(ours));
        let Label { flags, types, log_level, .. } = label;
        found.differences.push(Difference {
            program: name,
            expected,
            ours,
            cause,
            flags,
            types,
            log_level,
            lacks,
        });
    }
    Ok(())
}

fn shown(verdict: wire::Verdict) -> &'static str {
    verdict.to_domain().map_or("not told", domain::verdict::Verdict::name)
}
