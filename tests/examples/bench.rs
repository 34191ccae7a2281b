//! What a cell costs as a clone and as a cold boot of the same kernel, measured in one run.
//!
//! usage: bench [REPEATS [SUSTAINED_SECONDS]]
//!
//! Two whole systems stand side by side: controller, Postgres and a worker, one with templates and
//! one without. Each is asked about one cell, in turn. A cell's time runs from the claim that becomes
//! its assignment to the transaction that stores its verdict, both by the database's clock; its
//! processor seconds are those of QEMU, worker, controller and Postgres together. Medians; the machine should be idle. The table
//! goes to standard output, the same as JSON to `docs/bench/clones.json`.

use anyhow::{Context as _, ensure};
use proto::wire;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tests::cost::{Cpu, Memory};
use tests::guests::{Guests, SERIES, hypervisor};
use tests::system::{System, repository, worker_config};
use tokio::task::JoinSet;
use worker::machine::template;

const OBJECTS: [&str; 2] = ["target/corpus/tracepoint_hash.bpf.o", "target/third-party/opensnoop.bpf.o"];
/// Cells in flight while throughput is measured, for each processor: a worker's next cell is at hand
/// when one ends.
const AHEAD: usize = 2;

type Object = (String, Vec<u8>);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let repeats = arguments.next().map_or(Ok(30), |text| text.parse())?;
    let sustained = Duration::from_secs(arguments.next().map_or(Ok(300), |text| text.parse())?);
    let objects: Vec<Object> = OBJECTS.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
    let load = std::fs::read_to_string("/proc/loadavg")?;
    println!("load average {load}{repeats} clones and as many boots, in turn; medians");
    let templates = freezing().await?;
    let (clones, boots) = (Arc::new(system(true).await?), system(false).await?);
    println!(
        "{:34} {:24} {:>8} {:>8} {:>8} {:>8} {:>6}",
        "kernel", "object", "clone s", "CPU s", "boot s", "CPU s", "ratio"
    );
    let mut rows = Vec::new();
    for kernel in SERIES {
        for object in &objects {
            rows.push(row(&clones, &boots, kernel, object, repeats).await?);
        }
    }
    let throughput = throughput(&clones, &objects, sustained).await?;
    let report = json!({"load_average": load.trim(), "repeats": repeats, "templates": templates,
        "cells": rows, "sustained": throughput});
    std::fs::write("docs/bench/clones.json", serde_json::to_string_pretty(&report)? + "\n")?;
    Ok(())
}

fn read(path: &str) -> anyhow::Result<Object> {
    let object = std::fs::read(repository().join(path)).context("run `make corpus third-party` first")?;
    Ok((path.rsplit('/').next().unwrap_or(path).to_owned(), object))
}

/// A whole system whose worker answers with clones or with boots. Nothing is repeated meanwhile.
async fn system(clones: bool) -> anyhow::Result<System> {
    let mut config = worker_config();
    config.templates.enabled = clones;
    config.recheck_share = 0.0.try_into().map_err(anyhow::Error::msg)?;
    let mut system = System::without_worker().await?;
    system.hire(&config).await?;
    Ok(system)
}

/// How long a template takes beyond the boot it needs.
async fn freezing() -> anyhow::Result<Value> {
    let dir = tempfile::tempdir()?;
    let (hypervisor, _) = hypervisor(dir.path(), &template::Settings::default()).await?;
    let guests = Guests::find().await?;
    let mut templates = Vec::new();
    for kernel in SERIES {
        let order = guests.order(kernel, (String::new(), Vec::new())).await?;
        let template = hypervisor.warm(&order).await?.context("a template")?;
        let identity = template.identity();
        let (boot_ms, freeze_ms) = (identity.boot_ms, identity.freeze_ms);
        println!("{:34} boots in {boot_ms} ms and is frozen in {freeze_ms} ms", identity.kernel.release);
        templates
            .push(json!({"kernel": identity.kernel.release, "boot_ms": boot_ms, "freeze_ms": freeze_ms}));
    }
    Ok(templates.into())
}

#[derive(Debug, Clone, Copy)]
struct Cost {
    wall: f64,
    cpu: f64,
}

async fn row(
    clones: &System,
    boots: &System,
    kernel: &str,
    object: &Object,
    repeats: usize,
) -> anyhow::Result<Value> {
    // The first clone makes its template, the second asks for a spare.
    for _ in 0..3 {
        measured(clones, kernel, object, "clone").await?;
    }
    let (mut of_clones, mut of_boots) = (Vec::new(), Vec::new());
    let mut release = String::new();
    for _ in 0..repeats {
        let (cost, answered) = measured(clones, kernel, object, "clone").await?;
        release = answered;
        of_clones.push(cost);
        of_boots.push(measured(boots, kernel, object, "cold").await?.0);
    }
    let (clone, boot) = (median(&of_clones), median(&of_boots));
    let (ratio, name) = (boot.cpu / clone.cpu, &object.0);
    println!(
        "{release:34} {name:24} {:8.3} {:8.3} {:8.3} {:8.3} {ratio:6.1}",
        clone.wall, clone.cpu, boot.wall, boot.cpu
    );
    Ok(json!({"kernel": release, "object": name, "clone_wall_s": clone.wall, "clone_cpu_s": clone.cpu,
        "cold_wall_s": boot.wall, "cold_cpu_s": boot.cpu, "cpu_ratio": ratio}))
}

fn median(costs: &[Cost]) -> Cost {
    let middle = |of: fn(&Cost) -> f64| {
        let mut all: Vec<f64> = costs.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
    };
    Cost { wall: middle(|cost| cost.wall), cpu: middle(|cost| cost.cpu) }
}

/// One cell, with what it cost and the release of the kernel that answered.
async fn measured(
    system: &System,
    kernel: &str,
    object: &Object,
    start: &str,
) -> anyhow::Result<(Cost, String)> {
    let cpu = Cpu::start()?;
    let run = asked(system, kernel, object, start).await?;
    let cpu = cpu.seconds()?;
    let timed = run.run.context("a run")?;
    let [claimed, stored] = [timed.started_at, timed.finished_at].map(|at| at.context("a time"));
    let (claimed, stored) = (SystemTime::try_from(claimed?)?, SystemTime::try_from(stored?)?);
    let release = run.kernels.first().context("a kernel")?.release.clone();
    Ok((Cost { wall: stored.duration_since(claimed)?.as_secs_f64(), cpu }, release))
}

/// One cell, which passes in a guest started as `start`.
async fn asked(
    system: &System,
    kernel: &str,
    object: &Object,
    start: &str,
) -> anyhow::Result<wire::GetRunResponse> {
    let run = system.ask(vec![object.clone()], kernel, wire::Level::Attach).await?;
    let verdict = run.cells.first().and_then(|cell| cell.verdict.as_ref()).context("a verdict")?;
    ensure!(verdict.verdict() == wire::Verdict::Passes, "{} does not pass on {kernel}", object.0);
    let guest = verdict.guest.as_ref().context("a guest")?;
    ensure!(guest.start == start, "a {} guest answered", guest.start);
    Ok(run)
}

/// All cells in turn, for a while, as many at once as keep every processor busy.
async fn throughput(system: &Arc<System>, objects: &[Object], sustained: Duration) -> anyhow::Result<Value> {
    let processors = std::thread::available_parallelism()?.get();
    let pairs = SERIES.iter().flat_map(|kernel| objects.iter().map(move |object| (*kernel, object.clone())));
    let mut next: VecDeque<_> = pairs.collect();
    let (began, cpu, mut cells, mut tasks) = (Instant::now(), Cpu::start()?, 0_u32, JoinSet::new());
    let mut memory = Memory::default();
    while began.elapsed() < sustained {
        while tasks.len() < AHEAD * processors {
            next.rotate_left(1);
            let ((kernel, object), system) = (next[0].clone(), Arc::clone(system));
            tasks.spawn(async move { asked(&system, kernel, &object, "clone").await });
        }
        tasks.join_next().await.context("a cell")???;
        cells += 1;
        if cells.is_multiple_of(10) {
            memory.look()?;
        }
    }
    let wall = began.elapsed().as_secs_f64();
    let cpu = cpu.seconds()? / f64::from(cells);
    let per_core_minute = f64::from(cells) * 60.0 / wall / f64::from(u32::try_from(processors)?);
    let (median_mib, most_mib) = memory.proportional_mib();
    println!("{cells} clones in {wall:.0} s: {per_core_minute:.0} per core and minute, {cpu:.3} CPU s each");
    println!("proportional memory of a running clone: median {median_mib} MiB, at most {most_mib} MiB");
    Ok(json!({"seconds": wall, "cells": cells, "per_core_minute": per_core_minute,
        "cpu_s_per_cell": cpu, "pss_mib_median": median_mib, "pss_mib_most": most_mib}))
}
