//! veristat and we about the same objects on the same kernels.
//!
//! usage: second_opinion ask VERISTAT ANSWERS FOLDER...
//!        second_opinion compare ANSWERS
//!
//! `ask` puts all objects of the folders to both, in real guests, and keeps what they say in ANSWERS. VERISTAT is the
//! folder that `scripts/veristat` made. `compare` writes `docs/second-opinion.md`, and ends with status 1 if a
//! difference has no explanation.

use anyhow::{Context as _, bail};
use std::path::Path;
use std::process::ExitCode;
use tests::second_opinion::report::Comparison;
use tests::second_opinion::{Answer, TOGETHER, ask};
use tests::system::{System, repository};
use tests::{objects, own_loader};

const USAGE: &str = "usage: second_opinion ask VERISTAT ANSWERS FOLDER... | second_opinion compare ANSWERS";

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["ask", veristat, answers, folders @ ..] if !folders.is_empty() => {
            let tool =
                own_loader::files_below(Path::new(veristat)).context("run `scripts/veristat` first")?;
            let system = System::start().await?;
            let mut all = Vec::new();
            for folder in folders {
                let objects =
                    objects::in_folder(Path::new(folder), "run `make corpus` and `make second-opinion`")?;
                println!("refused before any guest: {:?}", objects.refused);
                for some in objects.accepted.chunks(TOGETHER) {
                    all.extend(ask(&system, &tool, some).await?);
                    println!("{} answers", all.len());
                    // Kept at once, so that a run that is broken off can be compared as far as it came.
                    std::fs::write(answers, serde_json::to_vec(&all)?)?;
                }
            }
            system.stop().await;
            Ok(ExitCode::SUCCESS)
        }
        ["compare", answers] => {
            let answers: Vec<Answer> = serde_json::from_slice(&std::fs::read(answers)?)?;
            let comparison = Comparison::of(&answers);
            std::fs::write(repository().join("docs/second-opinion.md"), comparison.document())?;
            let unexplained = comparison.differences.iter().filter(|difference| difference.why.is_none());
            let unexplained = unexplained.inspect(|difference| println!("{difference:?}")).count();
            Ok(if unexplained == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        _ => bail!(USAGE),
    }
}
