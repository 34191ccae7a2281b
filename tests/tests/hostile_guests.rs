//! Guests that misbehave in every way `tests/hostile` knows, beside guests that do not.
//!
//! Each conversation with one ends for the right reason and says nothing about the object; its
//! machine is gone, the memory of the worker stays bounded, the next clone of the same template
//! answers, and an honest cell that runs at the same time passes.

use anyhow::{Context as _, ensure};
use domain::cause::CauseCode;
use domain::digest::Digest;
use domain::evidence::{End, Evidence, Start};
use domain::level::Level;
use domain::verdict::Verdict;
use futures_util::{StreamExt as _, stream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tests::guests::hypervisor;
use tests::{corpus, system};
use time::macros::date;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use worker::evidence::seal::seal;
use worker::guest::watchdog::Limits;
use worker::kernel::{Bundle, Library, Settings};
use worker::machine::template::{self, TemplateError};
use worker::machine::{Hypervisor, Order, Step};
use worker::slot::order::order;
use worker::tally::{Event, Tally};

/// The kernel that boots fastest under emulation.
const KERNEL: &str = "6.1.";

/// Hostile guests at once; an honest one runs beside them.
const AT_ONCE: usize = 3;

/// Longer than anything takes that does not end by a deadline.
const LONG: Limits = limits(Duration::from_secs(120), Duration::from_secs(120));

/// For guests that end by their deadline, whatever else they do and however slow the host is.
const SHORT: Limits = limits(Duration::from_secs(4), Duration::from_secs(8));

/// For guests that are silent long enough to be interrupted.
const SILENT: Limits = limits(Duration::from_secs(12), Duration::from_secs(30));

/// For guests that never get ready, whether they got as far as to misbehave or not.
const NEVER_READY: Limits = Limits { boot: Duration::from_secs(20), ..SHORT };

const fn limits(silence: Duration, job: Duration) -> Limits {
    Limits { boot: Duration::from_secs(120), silence, job }
}

/// What three hostile guests at once and an honest one may add to the memory of the worker. One that
/// fills its evidence needs the most: 48 MiB of text, and as much again while its last log is
/// unpacked.
const GROWTH_BYTES_MAX: u64 = 256 << 20;

/// How a conversation must end, and words that say so in the reason or on the console.
#[derive(Debug, Clone, Copy)]
enum Ends {
    Deadline,
    Interrupted(&'static str),
    Misbehaved(&'static str),
    /// For which cause.
    Died(CauseCode, &'static str),
    Finished,
}

/// With their job in hand.
const MISDEEDS: &[(&str, Ends)] = &[
    ("silence", Ends::Interrupted("NMI: Not continuing")),
    ("late", Ends::Deadline),
    ("half-frame", Ends::Deadline),
    ("halt", Ends::Interrupted("")),
    ("spin", Ends::Interrupted("NMI: Not continuing")),
    ("flood", Ends::Deadline),
    ("console", Ends::Deadline),
    ("garbage", Ends::Misbehaved("instead of the magic")),
    ("oversize", Ends::Misbehaved("frame announces 1048577 bytes")),
    ("forged-nonce", Ends::Misbehaved("nonce of another job")),
    ("records", Ends::Misbehaved("more than 16384 maps")),
    ("lists", Ends::Misbehaved("records of more than")),
    ("names", Ends::Misbehaved("records of more than")),
    ("endless-log", Ends::Misbehaved("a log inflates beyond")),
    ("bombs", Ends::Finished),
    ("exit", Ends::Died(CauseCode::GuestDied, "Attempted to kill init")),
    ("panic", Ends::Died(CauseCode::KernelPanic, "sysrq triggered crash")),
    ("power-off", Ends::Died(CauseCode::GuestDied, "the guest switched itself off")),
    ("reboot", Ends::Died(CauseCode::GuestDied, "the guest switched itself off")),
    ("memory", Ends::Died(CauseCode::GuestMemory, "deadlocked on memory")),
];

/// Before they have one: they cannot be frozen, and are no better when they are booted.
const MISDEEDS_AT_BOOT: &[(&str, Ends)] = &[
    ("silence", Ends::Deadline),
    ("half-frame", Ends::Deadline),
    ("flood", Ends::Misbehaved("before it said Ready")),
    ("forged-nonce", Ends::Misbehaved("nonce of another boot")),
    ("chatter", Ends::Misbehaved("before it took its job")),
];

/// Guests with the real validator and guests with the hostile one, on one kernel.
struct Lab {
    hypervisor: Arc<Hypervisor>,
    tally: Arc<Tally>,
    bundle: Bundle,
    dir: TempDir,
}

impl Lab {
    async fn open() -> anyhow::Result<Self> {
        let library = Library::open(&system::data_dir().join("kernels"), Settings::default())?;
        let catalogue = library.catalogue(Duration::MAX, &|_| ()).await?;
        let kernel = catalogue.kernels.iter().rfind(|kernel| kernel.release.starts_with(KERNEL));
        let bundle = library.bundle(kernel.context("the kernel is not in the catalogue")?, &|_| ()).await?;
        let dir = tempfile::tempdir()?;
        let bundle = Bundle { dir: dir.path().to_owned(), ..bundle };
        // Without spares, so that every machine belongs to a cell that is known here.
        let settings = template::Settings { spares: 0, ..template::Settings::default() };
        let (hypervisor, tally) = hypervisor(&dir.path().join("templates"), &settings).await?;
        Ok(Self { hypervisor, tally, bundle, dir })
    }

    /// An order for a guest whose first process is `program`, about `object`.
    fn order(&self, program: &str, object: (String, Vec<u8>)) -> anyhow::Result<Order> {
        let path = system::repository().join("target/debug").join(program);
        let program =
            std::fs::read(&path).with_context(|| format!("{}: run `make build-debug`", path.display()))?;
        let initramfs = self.bundle.initramfs(&program, None)?;
        let (object_name, object) = object;
        Ok(Order {
            object_name,
            object_digest: Digest::of(&object),
            on_demand: std::sync::Arc::default(),
            object: object.into(),
            memory_bytes: 256 << 20,
            ..order(&self.bundle, &initramfs, Digest::of(&program))
        })
    }

    fn hostile(&self, misdeed: &str) -> anyhow::Result<Order> {
        self.order("bpfcompat-hostile", (misdeed.to_owned(), b"anything".to_vec()))
    }

    /// Asks, and makes sure that nothing is left of the machine afterwards.
    async fn ask(&self, order: Order, limits: Limits) -> anyhow::Result<Evidence> {
        let own = self.dir.path().join(format!("vmlinuz-{}", uuid::Uuid::now_v7()));
        std::os::unix::fs::symlink(&order.vmlinuz, &own)?;
        let order = Order { vmlinuz: own.clone(), ..order };
        let (steps, _) = watch::channel(Step::Boot);
        let evidence = self.hypervisor.ask(&order, limits, &steps, &CancellationToken::new()).await?;
        ensure!(processes_of(&own).is_empty(), "{}: its machine still runs", order.object_name);
        seal(&evidence).with_context(|| format!("the evidence of `{}`", order.object_name))?;
        Ok(evidence)
    }

    /// The next clone of the hostile guests' template answers as if nothing had been.
    async fn next_answers(&self) -> anyhow::Result<()> {
        let Evidence { end, guest, .. } = self.ask(self.hostile("honest")?, LONG).await?;
        ensure!(end == End::Finished && guest.nonce_ok && guest.start == Start::Clone, "{end:?} {guest:?}");
        Ok(())
    }

    /// A cell as it should be.
    async fn honest_cell(&self) -> anyhow::Result<()> {
        let order = self.order("bpfcompat-validator", corpus::object("tracepoint_hash")?)?;
        let verdict =
            insight::judge::judge(&self.ask(order, LONG).await?, Level::Attach, date!(2026 - 12 - 01));
        ensure!(verdict.verdict == Verdict::Passes, "{:?}", verdict.cause);
        Ok(())
    }
}

/// Processes whose command line names `path`; a machine is named after its kernel.
fn processes_of(path: &Path) -> Vec<PathBuf> {
    let path = path.as_os_str().as_encoded_bytes();
    let names_it = |process: &PathBuf| {
        let arguments = std::fs::read(process.join("cmdline")).unwrap_or_default();
        arguments.split(|byte| *byte == 0).any(|argument| argument == path)
    };
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten().map(|entry| entry.path());
    processes.filter(names_it).collect()
}

/// Bytes that `field` of this process's status says, for example `VmHWM`, the most it ever had.
fn memory_bytes(field: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).context("no such field")?;
    Ok(line.trim_matches([':', ' ', '\t', 'k', 'B']).parse::<u64>()? * 1024)
}

/// Holds evidence to what was expected of it.
fn check(evidence: &Evidence, expected: Ends) -> anyhow::Result<()> {
    let (code, words) = match (&evidence.end, expected) {
        (End::Deadline(_), Ends::Deadline) => (CauseCode::Deadline, ""),
        (End::Deadline(_), Ends::Interrupted(words)) => (CauseCode::Deadline, words),
        (End::Misbehaved(_), Ends::Misbehaved(words)) => (CauseCode::Infrastructure, words),
        (End::Died(_), Ends::Died(code, words)) => (code, words),
        (End::Finished, Ends::Finished) => (CauseCode::Infrastructure, ""),
        (end, _) => anyhow::bail!("it ended otherwise: {end:?}; console: {}", evidence.console),
    };
    let says = format!("{:?} {}", evidence.end, evidence.console);
    ensure!(says.contains(words), "nothing says `{words}`: {says:.2000}");
    let verdict = insight::judge::judge(evidence, Level::Attach, date!(2026 - 12 - 01));
    ensure!(verdict.verdict == Verdict::Inconclusive, "{:?}", verdict.verdict);
    ensure!(verdict.cause.as_ref().is_some_and(|cause| cause.code == code), "{:?}", verdict.cause);
    ensure!(verdict.programs.is_empty() && verdict.maps.iter().all(|map| map.verdict != Verdict::Fails));
    Ok(())
}

/// Tries each misdeed, some at once, and names all that did not end as they should.
async fn each<F: Future<Output = anyhow::Result<()>>>(
    misdeeds: &'static [(&str, Ends)],
    outcome: impl Fn(&'static str, Ends) -> F,
) -> anyhow::Result<()> {
    let tried = stream::iter(misdeeds).map(|(name, ends)| {
        let outcome = outcome(name, *ends);
        async move { outcome.await.err().map(|fault| format!("{name}: {fault:#}")) }
    });
    let faults: Vec<String> = tried.buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await;
    ensure!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_clone_ends_for_the_right_reason_and_harms_nobody() -> anyhow::Result<()> {
    let lab = Arc::new(Lab::open().await?);
    lab.honest_cell().await?;
    lab.next_answers().await?;
    // From here on the kernel keeps the new maximum.
    std::fs::write("/proc/self/clear_refs", "5")?;
    let before = memory_bytes("VmRSS")?;

    let hostile = each(MISDEEDS, |name, ends| {
        let lab = &lab;
        async move {
            let limits = match ends {
                Ends::Deadline => SHORT,
                Ends::Interrupted(_) => SILENT,
                Ends::Misbehaved(..) | Ends::Died(..) | Ends::Finished => LONG,
            };
            let evidence = lab.ask(lab.hostile(name)?, limits).await?;
            ensure!(evidence.guest.start == Start::Clone, "it was booted: {:?}", evidence.end);
            check(&evidence, ends)?;
            lab.next_answers().await.context("the clone after it")
        }
    });
    let over = CancellationToken::new();
    let (beside, ended) = (Arc::clone(&lab), over.clone());
    let honest = tokio::spawn(async move {
        let mut cells = 0_u32;
        while !ended.is_cancelled() {
            beside.honest_cell().await.with_context(|| format!("after {cells} honest cells"))?;
            cells += 1;
        }
        anyhow::Ok(cells)
    });
    let outcome = hostile.await;
    over.cancel();
    let cells = honest.await??;
    outcome?;
    ensure!(cells > 1, "only {cells} honest cells ran beside the hostile ones");

    let growth = memory_bytes("VmHWM")?.saturating_sub(before);
    println!("{cells} honest cells; {} MiB grew to {} MiB more at most", before >> 20, growth >> 20);
    ensure!(growth < GROWTH_BYTES_MAX, "the worker grew by {growth} bytes");
    for (event, count) in [(Event::TemplateMade, 2), (Event::RestoreFailed, 0), (Event::ColdForClone, 0)] {
        assert_eq!(lab.tally.of(event), count, "{}", event.name());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_is_hostile_before_its_job_is_no_template_and_spoils_none() -> anyhow::Result<()> {
    let lab = Lab::open().await?;
    let at_boot = |misdeed: &str| -> anyhow::Result<Order> {
        let mut order = lab.hostile("never asked")?;
        order.modules.push(format!("hostile/{misdeed}"));
        Ok(order)
    };
    let booted = |evidence: &Evidence| evidence.guest.start == Start::Cold && evidence.kernel.is_none();
    each(MISDEEDS_AT_BOOT, |name, ends| {
        let (lab, at_boot, booted) = (&lab, &at_boot, &booted);
        async move {
            let limits = if matches!(ends, Ends::Deadline) { NEVER_READY } else { LONG };
            let evidence = lab.ask(at_boot(name)?, limits).await?;
            ensure!(booted(&evidence), "{:?}", evidence.guest);
            check(&evidence, ends)
        }
    })
    .await?;
    let tried = u64::try_from(MISDEEDS_AT_BOOT.len())?;
    assert_eq!((lab.tally.of(Event::TemplateFailed), lab.tally.of(Event::ColdForClone)), (tried, tried));

    // A second try may fail for the same reason; there is no third.
    let again = lab.hypervisor.warm(&at_boot("flood")?).await;
    ensure!(matches!(again, Err(TemplateError::Freeze(_))), "{again:?}");
    let again = lab.hypervisor.warm(&at_boot("flood")?).await;
    ensure!(matches!(again, Err(TemplateError::GivenUp)), "{again:?}");

    // A clone with the nonce of another boot is of no known template, so that is made again, once.
    // One that chatters may have been frozen just before it did, and was then found out by its first clone.
    let counted = || [Event::RestoreFailed, Event::TemplateMade].map(|event| lab.tally.of(event));
    let before = counted();
    let evidence = lab.ask(lab.hostile("forged-took")?, LONG).await?;
    check(&evidence, Ends::Misbehaved("nonce of another boot"))?;
    ensure!(booted(&evidence), "{:?}", evidence.guest);
    assert_eq!(counted(), before.map(|count| count + 2));

    lab.honest_cell().await
}
