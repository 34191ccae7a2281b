//! Objects that take a real guest down or need more memory than it has, through the real system.

use anyhow::Context as _;
use domain::cell::LARGE_GUEST_BYTES;
use proto::wire;
use tests::system::System;

/// Longer than any object here takes that does not hang.
const TIMEOUT_MS: u32 = 60_000;

/// A kernel says that it is stuck after 20 to 34 seconds (measured). If a busy host needs longer, the
/// guest is interrupted, and says the same.
const STALL_TIMEOUT_MS: u32 = 40_000;

/// Time to load and attach on a busy host, and 10 seconds of silence after which a guest may be stuck.
const SHORT_TIMEOUT_MS: u32 = 20_000;

/// Compiles an object of this test.
fn compiled(name: &str, define: &str) -> anyhow::Result<(String, Vec<u8>)> {
    tests::compile::compiled(&format!("findings/objects/{name}.bpf.c"), define)
}

/// The only cell of a run about that object on that kernel.
async fn cell(
    system: &System,
    object: (String, Vec<u8>),
    kernels: &str,
    cell_timeout_ms: u32,
) -> anyhow::Result<wire::Cell> {
    let request =
        wire::SubmitRunRequest { kernels: kernels.to_owned(), cell_timeout_ms, ..Default::default() };
    let mut run = system.submit(vec![object], request).await?;
    anyhow::ensure!(run.cells.len() == 1, "{} cells", run.cells.len());
    run.cells.pop().context("a cell")
}

/// A cell that failed in two guests, with what both of them printed.
fn assert_finding(cell: &wire::Cell, code: &str, printed: &str) {
    let verdict = cell.verdict.as_ref().expect("a verdict");
    assert_eq!(verdict.verdict(), wire::Verdict::Fails, "{verdict:?}");
    let cause = verdict.cause.as_ref().expect("a cause");
    assert_eq!(cause.code, code, "{verdict:?}");
    assert!(cause.says.ends_with("It happened in two guests."), "{}", cause.says);
    let excerpts = verdict.splats.iter().filter(|splat| splat.excerpt.contains(printed)).count();
    assert!(excerpts >= 2, "{excerpts} of {:?} have `{printed}`", verdict.splats);
    assert!(cell.attempts >= 2 && !verdict.evidence.is_empty());
    assert_eq!(verdict.guest.as_ref().expect("a guest").start, "cold", "a template proves nothing twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_object_does_to_its_guest_is_told_from_what_the_guest_lacked() -> anyhow::Result<()> {
    let system = System::start().await?;
    let (panic, healthy, hang, unsaid, large, huge) = tokio::try_join!(
        cell(&system, compiled("recurse", "PLAIN")?, "5.10", TIMEOUT_MS),
        cell(&system, compiled("recurse", "PLAIN")?, "6.1", TIMEOUT_MS),
        cell(&system, compiled("spin", "PLAIN")?, "6.1", STALL_TIMEOUT_MS),
        cell(&system, compiled("spin", "PLAIN")?, "newest", SHORT_TIMEOUT_MS),
        cell(&system, compiled("large_map", "MIB=1200")?, "6.1", TIMEOUT_MS),
        cell(&system, compiled("large_map", "MIB=8192")?, "6.1", TIMEOUT_MS),
    )?;
    system.stop().await;

    assert_finding(&panic, "kernel_panic", "Kernel panic - not syncing");
    assert_finding(&hang, "kernel_hang", "bpf_prog");
    // This kernel goes on around an endless program and says nothing until it is interrupted.
    assert_finding(&unsaid, "kernel_hang", "_spin+0x");
    let healthy = healthy.verdict.context("a verdict")?;
    assert_eq!((healthy.verdict(), healthy.splats.len()), (wire::Verdict::Passes, 0), "{healthy:?}");

    for (cell, expected) in [(&large, wire::Verdict::Passes), (&huge, wire::Verdict::Inconclusive)] {
        let verdict = cell.verdict.as_ref().context("a verdict")?;
        assert_eq!(verdict.verdict(), expected, "{verdict:?}");
        let guest = verdict.guest.as_ref().context("a guest")?;
        assert_eq!((guest.memory_bytes, guest.start.as_str()), (LARGE_GUEST_BYTES, "cold"), "{guest:?}");
    }
    let cause = huge.verdict.and_then(|verdict| verdict.cause).context("a cause")?;
    assert_eq!(cause.code, "guest_memory");
    assert!(cause.says.ends_with("It had 4096 MiB."), "{}", cause.says);
    Ok(())
}
