//! Every object of the known-answer corpus on four kernels, through the real system.

use anyhow::Context as _;
use domain::kernel::Kernel;
use proto::wire;
use tests::corpus::Corpus;
use tests::system::System;

/// One kernel of every generation the corpus distinguishes.
const KERNELS: &str = "5.10,6.1,6.12,newest";

#[tokio::test(flavor = "multi_thread")]
async fn every_object_gets_the_verdict_it_is_known_for() -> anyhow::Result<()> {
    let corpus = Corpus::read()?;
    let objects = corpus.objects()?;
    let count = objects.len();
    assert!(count >= 25, "the corpus has only {count} objects");
    let system = System::start().await?;
    let run = system.ask(objects, KERNELS, wire::Level::Attach).await?;
    assert!(run.kernels.len() >= 4, "only {} kernels answered", run.kernels.len());
    assert_eq!(run.cells.len(), count * run.kernels.len());

    let mut wrong = Vec::new();
    for cell in &run.cells {
        let object = run.objects.iter().find(|object| object.digest == cell.object).context("its object")?;
        let kernel = run.kernels.iter().find(|kernel| kernel.id == cell.kernel_id).context("its kernel")?;
        let name = object.name.strip_suffix(".bpf.o").unwrap_or(&object.name);
        let answer =
            cell.verdict.as_ref().with_context(|| format!("{name} on {} has no verdict", kernel.id))?;
        let differences = corpus.differences(name, &Kernel::try_from(kernel.clone())?, answer)?;
        wrong.extend(
            differences.into_iter().map(|difference| format!("{name} on {}: {difference}", kernel.release)),
        );
        let guest = answer.guest.as_ref().with_context(|| format!("{name} on {} had no guest", kernel.id))?;
        assert!(guest.nonce_ok, "{name} on {}: an answer without its nonce", kernel.id);
        assert!(!answer.evidence.is_empty(), "{name} on {}: a verdict without evidence", kernel.id);
    }
    system.stop().await;
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}
