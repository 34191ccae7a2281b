//! What is left of cells, and of guests that were killed: nothing.

use domain::evidence::{End, Start};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::sync::Arc;
use std::time::Duration;
use tests::corpus::object;
use tests::guests::{self, Guests, ask};
use tests::holdings::{Holdings, below};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use worker::machine::{Hypervisor, MachineError, Order, Step, template};
use worker::tally::Event;

/// Cells between two looks; a leak of one descriptor, mapping or process for each would show.
const CELLS: usize = 100;
/// Guests killed at a moment of chance.
const KILLED: usize = 6;
/// Longest wait for something to appear or to go.
const SOON: Duration = Duration::from_secs(60);

fn emulators() -> Vec<u32> {
    let children = below(std::process::id()).into_iter();
    children
        .filter(|child| !child.zombie && child.command.starts_with("qemu"))
        .map(|child| child.pid)
        .collect()
}

/// Waits until `found` yields something.
async fn soon<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let waiting = async {
        loop {
            if let Some(found) = found() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(SOON, waiting).await.unwrap_or_else(|_| panic!("{what} did not happen"))
}

fn end(pid: u32) {
    // One that ended by itself is as good.
    kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL).ok();
}

/// What this process holds once it holds no more than `before`.
async fn as_before(before: &Holdings) {
    let pid = std::process::id();
    let mut last = Vec::new();
    let settled = async {
        while !{
            last = Holdings::of(pid).expect("our own").beyond(before);
            last.is_empty()
        } {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let settled = tokio::time::timeout(SOON, settled).await;
    assert!(settled.is_ok(), "left: {last:?}");
}

/// Asks for a clone and kills a QEMU while it is under way. An answer, or a guest that died; never
/// a refusal of the kernel.
async fn ask_and_kill(hypervisor: &Arc<Hypervisor>, order: &Order, after: Duration) -> anyhow::Result<()> {
    let (steps, _) = watch::channel(Step::Boot);
    let asked = hypervisor.answer(order.clone(), steps, CancellationToken::new());
    let killed = async {
        tokio::time::sleep(after).await;
        emulators().into_iter().for_each(end);
    };
    match tokio::join!(asked, killed).0 {
        Ok(evidence) => {
            let fair = matches!(evidence.end, End::Finished | End::Died(_));
            assert!(fair, "{:?}", evidence.end);
            Ok(())
        }
        Err(MachineError::QemuGaveUp { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cells_and_kills_leave_nothing_behind() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let settings = template::Settings { spares: 1, ..template::Settings::default() };
    let (hypervisor, _) = guests::hypervisor(dir.path(), &settings).await?;
    let order = Guests::find().await?.order("6.1", object("tracepoint_hash")?).await?;
    for _ in 0..3 {
        ask(&hypervisor, &order, Start::Clone).await?;
    }
    soon("a spare", || (emulators().len() == 1).then_some(())).await;
    let before = Holdings::of(std::process::id())?;
    for _ in 0..CELLS {
        ask(&hypervisor, &order, Start::Clone).await?;
    }
    as_before(&before).await;

    for nth in 0..KILLED {
        ask_and_kill(&hypervisor, &order, Duration::from_millis(25 * u64::try_from(nth)?)).await?;
    }
    // Kills in a row may have made the first one give its template up.
    drop(hypervisor);
    let (hypervisor, tally) = guests::hypervisor(dir.path(), &settings).await?;
    hypervisor.distrust(&order);
    soon("the end of all", || {
        emulators().into_iter().for_each(end);
        emulators().is_empty().then_some(())
    })
    .await;
    let making = {
        let (hypervisor, order) = (Arc::clone(&hypervisor), order.clone());
        tokio::spawn(async move { hypervisor.warm(&order).await.is_ok() })
    };
    let builder = soon("a builder", || emulators().first().copied()).await;
    end(builder);
    assert!(!making.await?, "a killed builder leaves no template");

    // The next one is made as if nothing had happened, and answers.
    ask(&hypervisor, &order, Start::Clone).await?;
    ask(&hypervisor, &order, Start::Clone).await?;
    assert_eq!(tally.of(Event::TemplateMade), 1);
    as_before(&before).await;
    let unfinished = std::fs::read_dir(dir.path())?.flatten();
    let unfinished = unfinished.filter(|entry| entry.file_name().to_string_lossy().starts_with('.'));
    assert_eq!(unfinished.count(), 0);
    Ok(())
}
