//! Loaders other than libbpf in real guests: where they agree with libbpf, where they do not, and what a hostile
//! one achieves.

use anyhow::{Context as _, ensure};
use domain::axis::Loader;
use domain::evidence::{End, Evidence, ProgramFact, Start};
use domain::level::Level;
use domain::message::LoaderFile;
use domain::verdict::{CellVerdict, Verdict};
use insight::judge::judge;
use std::collections::BTreeMap;
use std::sync::Arc;
use tempfile::TempDir;
use tests::guests::{Guests, ask, hypervisor};
use time::macros::date;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use worker::external::Externals;
use worker::machine::{Hypervisor, Order, Step, template};

const KERNEL: &str = "6.12";
/// A loader's first message.
const HELLO: &str = r#"echo '{"hello":{"version":1,"loader":"1"}}'"#;

struct Lab {
    guests: Guests,
    hypervisor: Arc<Hypervisor>,
    externals: Externals,
    _dir: TempDir,
}

impl Lab {
    async fn start() -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let (hypervisor, _) = hypervisor(dir.path(), &template::Settings::default()).await?;
        let externals = Externals::find(&BTreeMap::new())?;
        Ok(Self { guests: Guests::find().await?, hypervisor, externals, _dir: dir })
    }

    async fn order(
        &self,
        object: &str,
        loader: Loader,
        files: Arc<Vec<LoaderFile>>,
    ) -> anyhow::Result<Order> {
        let path = tests::system::repository().join(format!("target/corpus/{object}.bpf.o"));
        let bytes = std::fs::read(&path).with_context(|| format!("{}: run `make corpus`", path.display()))?;
        let programs = insight::object::inspect(&bytes)?.programs;
        let programs = programs.into_iter().map(ProgramFact::from).collect();
        let order = self.guests.order(KERNEL, (object.to_owned(), bytes)).await?;
        Ok(Order { loader, programs, loader_files: files, start: Start::Cold, ..order })
    }

    async fn verdict(&self, object: &str, loader: &str) -> anyhow::Result<CellVerdict> {
        let by: Loader = loader.parse()?;
        let files = self.externals.files(&by)?;
        let order = self.order(object, by, files).await?;
        let evidence = ask(&self.hypervisor, &order, Start::Cold).await?;
        // Whether bpftool attaches depends on its version.
        let level = if loader == "bpftool" { Level::Load } else { Level::Attach };
        Ok(judge(&evidence, level, date!(2026 - 12 - 01)))
    }

    /// What a script as external loader achieves.
    async fn hostile(&self, script: &str) -> anyhow::Result<Evidence> {
        let tools = worker::tools::Tools::read(None);
        let busybox = tools.bytes().map_err(|error| anyhow::anyhow!("{error}"))?.to_vec();
        let script = format!("#!/bin/sh\n{script}\n").into_bytes();
        let file = |path: &str, bytes| LoaderFile { path: path.to_owned(), bytes };
        let files = Arc::new(vec![file("/loader/hostile", script), file("/bin/busybox", busybox)]);
        let order = self.order("tracepoint_hash", Loader::External("hostile".to_owned()), files).await?;
        let (steps, _) = watch::channel(Step::Boot);
        Ok(self.hypervisor.answer(order, steps, CancellationToken::new()).await?)
    }

    /// A script as external loader is refused by its name, and says nothing about the object.
    async fn decides_nothing(&self, script: &str, says: &str) -> anyhow::Result<()> {
        let evidence = self.hostile(script).await?;
        let End::Refused(told) = &evidence.end else { anyhow::bail!("{script}: {:?}", evidence.end) };
        ensure!(told.contains("`hostile`") && told.contains(says), "{script}: {told}");
        let verdict = judge(&evidence, Level::Attach, date!(2026 - 12 - 01));
        assert_eq!(self::told(&verdict), (Verdict::Inconclusive, "infrastructure"), "{script}");
        Ok(())
    }
}

/// The verdict and its cause.
fn told(verdict: &CellVerdict) -> (Verdict, &str) {
    (verdict.verdict, verdict.cause.as_ref().map_or("", |cause| cause.code.name()))
}

#[tokio::test(flavor = "multi_thread")]
async fn loaders_agree_where_the_kernel_decides_and_differ_where_they_do() -> anyhow::Result<()> {
    use Verdict::{Fails, Passes};
    let lab = Lab::start().await?;
    for (object, loader, expected) in [
        ("tracepoint_hash", "libbpf", (Passes, "")),
        ("tracepoint_hash", "aya", (Passes, "")),
        ("tracepoint_hash", "bpftool", (Passes, "")),
        ("null_unchecked", "libbpf", (Fails, "verifier_null")),
        ("null_unchecked", "aya", (Fails, "verifier_null")),
        ("null_unchecked", "bpftool", (Fails, "verifier_null")),
        ("cgroup_bind", "aya", (Passes, "")),
        // Maps as libbpf before 1.0 had them.
        ("legacy_maps", "libbpf", (Fails, "not_an_object")),
        ("legacy_maps", "aya", (Passes, "")),
        // A map type and a section that aya does not know.
        ("map_task_storage_used", "libbpf", (Passes, "")),
        ("map_task_storage_used", "aya", (Fails, "loader_unable")),
        ("tc_classifier", "aya", (Fails, "loader_unable")),
        ("fentry_missing", "aya", (Fails, "symbol_missing")),
    ] {
        let verdict = lab.verdict(object, loader).await?;
        assert_eq!(told(&verdict), expected, "{object} by {loader}: {verdict:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_loader_decides_nothing_and_is_named() -> anyhow::Result<()> {
    let lab = Lab::start().await?;
    let endless = format!("{HELLO}; busybox yes | busybox tr -d '\\n'");
    let forks =
        format!("{HELLO}; busybox setsid busybox sleep 1000 & (while :; do busybox sleep 1; done) & exit 3");
    let stranger = format!(
        r#"{HELLO}; echo '{{"opened":{{}}}}'; echo '{{"program":{{"name":"nobody"}}}}'; echo '{{"done":{{}}}}'"#
    );
    for (script, says) in [
        ("echo 'what?'", "no message of the protocol"),
        (r#"echo '{"done":{}}'"#, "did not say hello"),
        (r#"echo '{"hello":{"version":2,"loader":"1"}}'"#, "version 2"),
        ("echo complaint >&2; exit 3", "complaint"),
        ("exit 0", "ended with exit status: 0 before it was done"),
        (&format!("{HELLO}; printf '{{\"done\"'"), "inside a message"),
        (&endless, "bytes"),
        (&forks, "before it was done"),
        (&stranger, "`nobody`"),
    ] {
        lab.decides_nothing(script, says).await?;
    }
    Ok(())
}

/// Beside the others, as it takes its time.
#[tokio::test(flavor = "multi_thread")]
async fn a_loader_that_says_no_more_is_given_up() -> anyhow::Result<()> {
    let silent = format!("{HELLO}; exec busybox sleep 1000");
    Lab::start().await?.decides_nothing(&silent, "said nothing for 90 s").await
}
