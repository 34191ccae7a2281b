//! Twenty minutes of cells while workers and guests are killed, and what is left afterwards.
//!
//! usage: soak [SECONDS [QUIET_CELLS]]
//!
//! The known-answer corpus is asked of a real worker process, again and again. Meanwhile, at random
//! moments, a QEMU of it is killed (a clone, a spare, or the builder of a template), or the worker
//! itself, and a template may be gone when it comes back. Then, without kills, at least QUIET_CELLS
//! more cells (2,000) are asked of one worker, to see that it holds as much of its host afterwards
//! as before. Ends with status 1 if an answer was wrong, a cell had none, or anything was left.

use anyhow::{Context as _, ensure};
use domain::kernel::Kernel;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use proto::wire;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use tests::corpus::Corpus;
use tests::holdings::{self, Holdings};
use tests::system::{System, data_dir, repository};

const KERNELS: &str = "5.10,6.1,6.12,newest";
/// The longest pause between two kills.
const PAUSE_MAX: Duration = Duration::from_secs(12);
/// One kill in so many is the worker's.
const WORKER_SHARE: u32 = 5;
/// How long a worker may take to let go of what ended cells held.
const SETTLE: Duration = Duration::from_secs(15);

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().map_or(Ok(1200), |text| text.parse())?;
    let quiet_cells = arguments.next().map_or(Ok(2000), |text| text.parse())?;
    let corpus = Corpus::read()?;
    let objects = corpus.objects()?;
    let system = System::without_worker().await?;
    let others = holdings::orphaned_emulators().iter().map(|child| child.pid).collect();
    let mut soak = Soak { corpus, worker: start_worker(&system)?, counts: Counts::default(), others };
    system.wait_for_worker().await?;

    let end = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < end {
        let answered = tokio::select! {
            answered = system.ask(objects.clone(), KERNELS, wire::Level::Attach) => answered?,
            never = soak_kills(&mut soak.worker, &mut soak.counts, &system) => never?,
        };
        soak.compare(&answered)?;
        println!("{}", soak.counts);
    }

    let (mut cells, mut before) = (0, None);
    while cells < quiet_cells {
        let answered = system.ask(objects.clone(), KERNELS, wire::Level::Attach).await?;
        soak.compare(&answered)?;
        cells += answered.cells.len();
        let now = settled(soak.worker.id(), before.as_ref()).await?;
        println!("{} quiet cells; the worker holds {now}", cells);
        before.get_or_insert(now);
    }
    let left = soak.leave(before.context("quiet cells")?).await?;
    system.stop().await;
    println!("{}", soak.counts);
    left.iter().for_each(|left| println!("LEFT {left}"));
    let good = left.is_empty() && soak.counts.wrong == 0 && soak.counts.unanswered == 0;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Soak {
    corpus: Corpus,
    worker: Child,
    counts: Counts,
    // Orphaned emulators that ran before and are not ours.
    others: Vec<u32>,
}

#[derive(Debug, Default)]
struct Counts {
    runs: usize,
    cells: usize,
    right: usize,
    wrong: usize,
    unanswered: usize,
    inconclusive: usize,
    guests_killed: usize,
    workers_killed: usize,
    templates_removed: usize,
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} runs, {} cells: {} right, {} wrong, ", self.runs, self.cells, self.right, self.wrong)?;
        write!(f, "{} inconclusive by kills, {} unanswered; ", self.inconclusive, self.unanswered)?;
        write!(f, "killed: {} guests, {} workers; ", self.guests_killed, self.workers_killed)?;
        write!(f, "{} templates removed", self.templates_removed)
    }
}

impl Soak {
    fn compare(&mut self, run: &wire::GetRunResponse) -> anyhow::Result<()> {
        self.counts.runs += 1;
        for cell in &run.cells {
            self.counts.cells += 1;
            let Some(answer) = &cell.verdict else {
                self.counts.unanswered += 1;
                continue;
            };
            let object = run.objects.iter().find(|object| object.digest == cell.object).context("object")?;
            let kernel = run.kernels.iter().find(|kernel| kernel.id == cell.kernel_id).context("kernel")?;
            let name = object.name.trim_end_matches(".bpf.o");
            let kernel = Kernel::try_from(kernel.clone())?;
            let differences = self.corpus.differences(name, &kernel, answer)?;
            let broken = matches!(
                answer.cause.as_ref().map(|cause| cause.code.as_str()),
                Some("infrastructure" | "guest_died" | "deadline")
            );
            if differences.is_empty() {
                self.counts.right += 1;
            } else if answer.verdict() == wire::Verdict::Inconclusive && broken {
                self.counts.inconclusive += 1;
            } else {
                self.counts.wrong += 1;
                println!("WRONG {name} on {}: {differences:?}", kernel.id);
            }
        }
        Ok(())
    }

    /// Emulators that outlived their worker. A killed one takes a moment to give up its memory.
    async fn orphans(&self) -> Vec<holdings::Child> {
        let end = Instant::now() + SETTLE;
        loop {
            let mut orphans = holdings::orphaned_emulators();
            orphans.retain(|child| !self.others.contains(&child.pid));
            if orphans.is_empty() || Instant::now() > end {
                return orphans;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// What the worker holds more than `before`, and what is left once it has ended.
    async fn leave(&mut self, before: Holdings) -> anyhow::Result<Vec<String>> {
        let pid = self.worker.id();
        let mut left = settled(pid, Some(&before)).await?.beyond(&before);
        kill(Pid::from_raw(pid.cast_signed()), Signal::SIGTERM)?;
        let status = self.worker.wait()?;
        ensure!(status.success(), "the worker ended with {status}");
        left.extend(
            self.orphans().await.iter().map(|child| format!("process {} {}", child.pid, child.command)),
        );
        let templates = std::fs::read_dir(data_dir().join("templates"))?.flatten();
        let unfinished = templates.filter(|entry| entry.file_name().to_string_lossy().starts_with('.'));
        left.extend(unfinished.map(|entry| entry.path().display().to_string()));
        Ok(left)
    }
}

/// What the worker holds as soon as it is not more than `before`, or at last.
async fn settled(pid: u32, before: Option<&Holdings>) -> anyhow::Result<Holdings> {
    let end = Instant::now() + SETTLE;
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = Holdings::of(pid)?;
        if before.is_none_or(|before| now.beyond(before).is_empty()) || Instant::now() > end {
            return Ok(now);
        }
    }
}

/// Kills for ever.
async fn soak_kills<T>(worker: &mut Child, counts: &mut Counts, system: &System) -> anyhow::Result<T> {
    loop {
        tokio::time::sleep(PAUSE_MAX.mul_f64(rand::random())).await;
        if rand::random::<u32>().is_multiple_of(WORKER_SHARE) {
            worker.kill()?;
            worker.wait()?;
            counts.workers_killed += 1;
            counts.templates_removed += usize::from(remove_a_template()?);
            *worker = start_worker(system)?;
            continue;
        }
        let guests: Vec<_> = holdings::below(worker.id())
            .into_iter()
            .filter(|child| child.command.starts_with("qemu"))
            .collect();
        if guests.is_empty() {
            continue;
        }
        let victim = &guests[rand::random_range(0..guests.len())];
        // It may have ended by itself.
        if kill(Pid::from_raw(victim.pid.cast_signed()), Signal::SIGKILL).is_ok() {
            counts.guests_killed += 1;
        }
    }
}

/// Removes one of the templates on disk; the next cell of its kernel must make it anew.
fn remove_a_template() -> std::io::Result<bool> {
    let templates: Vec<_> = std::fs::read_dir(data_dir().join("templates"))?.flatten().collect();
    if templates.is_empty() {
        return Ok(false);
    }
    std::fs::remove_dir_all(templates[rand::random_range(0..templates.len())].path())?;
    Ok(true)
}

fn start_worker(system: &System) -> anyhow::Result<Child> {
    let program = repository().join("target/release/bpfcompat-worker");
    let mut command = Command::new(&program);
    command.args(["--name", "soak", "--controller", &system.address(), "--slots", "2"]);
    command.arg("--data-dir").arg(data_dir());
    command.env("BPFCOMPAT_LOG", "error").stdin(Stdio::null()).stdout(Stdio::null());
    command.spawn().with_context(|| format!("{}: run `make build`", program.display()))
}
