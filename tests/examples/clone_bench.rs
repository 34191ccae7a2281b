//! What a cell costs as a clone and as a cold boot of the same kernel, measured in one run.
//!
//! usage: clone_bench [REPEATS [SUSTAINED_SECONDS]]
//!
//! From the order to the whole evidence, without controller and database. Processor seconds are
//! those of QEMU alone, the largest part by far; medians; the machine should be idle. The table goes
//! to standard output, the same as JSON to `docs/bench/clones.json`.

use anyhow::Context as _;
use domain::digest::Digest;
use domain::evidence::{Accelerator, End, Evidence, Start};
use domain::kernel::Kernel;
use domain::level::Level;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use worker::jail::Jail;
use worker::kernel::{Library, Settings};
use worker::machine::{Hypervisor, Order, Origin, Qemu, Step, template};

const VALIDATOR: &str = "target/x86_64-unknown-linux-gnu/guest/bpfcompat-validator";
const SERIES: [&str; 4] = ["5.10.", "6.1.", "6.12.", "7.3."];
const OBJECTS: [&str; 2] = ["target/corpus/tracepoint_hash.bpf.o", "target/third-party/opensnoop.bpf.o"];
/// Cold boots take seconds each and vary little.
const COLD_REPEATS: usize = 5;
/// Cells in flight while throughput is measured: one per processor.
const AT_ONCE: usize = 2;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let repeats = arguments.next().map_or(Ok(30), |text| text.parse())?;
    let sustained = Duration::from_secs(arguments.next().map_or(Ok(300), |text| text.parse())?);
    let dir = tempfile::tempdir()?;
    let qemu = Qemu::find(None, &std::env::var("PATH")?).await?;
    let settings = template::Settings::default();
    let jail = Arc::new(Jail::probe(&qemu.program, Arc::default()));
    let hypervisor = Hypervisor::new(qemu, Accelerator::Tcg, jail)?;
    let hypervisor = Arc::new(hypervisor.with_templates(dir.path().into(), &settings, Arc::default()));
    let orders = orders().await?;
    let load = std::fs::read_to_string("/proc/loadavg")?;
    println!("load average {load}{repeats} clones, {COLD_REPEATS} boots each; medians");
    println!(
        "{:34} {:24} {:>8} {:>8} {:>8} {:>8} {:>6}",
        "kernel", "object", "clone s", "CPU s", "cold s", "CPU s", "ratio"
    );
    let mut rows = Vec::new();
    for (kernel, object, order) in &orders {
        ask(&hypervisor, order, Start::Clone).await?;
        let clone = median(&hypervisor, order, Start::Clone, repeats).await?;
        let cold = median(&hypervisor, order, Start::Cold, COLD_REPEATS).await?;
        let ratio = cold.cpu / clone.cpu;
        println!(
            "{kernel:34} {object:24} {:8.3} {:8.3} {:8.3} {:8.3} {ratio:6.1}",
            clone.wall, clone.cpu, cold.wall, cold.cpu
        );
        rows.push(
            json!({"kernel": kernel, "object": object, "clone_wall_s": clone.wall, "clone_cpu_s": clone.cpu,
            "cold_wall_s": cold.wall, "cold_cpu_s": cold.cpu, "cpu_ratio": ratio}),
        );
    }
    let throughput = throughput(&hypervisor, &orders, sustained).await?;
    let report =
        json!({"load_average": load.trim(), "repeats": repeats, "cells": rows, "sustained": throughput});
    std::fs::create_dir_all("docs/bench")?;
    std::fs::write("docs/bench/clones.json", serde_json::to_string_pretty(&report)? + "\n")?;
    Ok(())
}

/// Every object on every kernel.
async fn orders() -> anyhow::Result<Vec<(String, String, Order)>> {
    let library = Library::open(&tests::system::data_dir().join("kernels"), Settings::default())?;
    let catalogue = library.catalogue(Duration::MAX, &|_| ()).await?;
    let validator = std::fs::read(VALIDATOR).context("run `make validator` first")?;
    let mut orders = Vec::new();
    for series in SERIES {
        let fits = |kernel: &&Kernel| kernel.release.starts_with(series) && kernel.release.contains("cloud");
        let kernel = catalogue.kernels.iter().rfind(fits).context("no such kernel in the catalogue")?;
        let bundle = library.bundle(kernel, &|_| ()).await?;
        let initramfs = bundle.initramfs(&validator)?;
        for path in OBJECTS {
            let object = std::fs::read(path).context("run `make corpus third-party` first")?;
            let name = path.rsplit('/').next().unwrap_or(path).to_owned();
            let order = Order {
                series: kernel.series,
                vmlinuz: bundle.vmlinuz.clone(),
                initramfs: initramfs.path.clone(),
                origin: Origin { kernel: kernel.digest, initramfs: initramfs.digest },
                modules: initramfs.modules.clone(),
                validator: Digest::of(&validator),
                object_name: name.clone(),
                object_digest: Digest::of(&object),
                object: object.into(),
                level: Level::Attach,
                cpus: 1,
                memory_bytes: 1 << 30,
                timeout: Duration::from_secs(120),
                start: Start::Clone,
            };
            orders.push((kernel.release.clone(), name, order));
        }
    }
    Ok(orders)
}

struct Cost {
    wall: f64,
    cpu: f64,
}

async fn ask(hypervisor: &Hypervisor, order: &Order, start: Start) -> anyhow::Result<Evidence> {
    let (steps, _) = watch::channel(Step::Boot);
    let order = Order { start, ..order.clone() };
    let evidence = hypervisor.answer(order, steps, CancellationToken::new()).await?;
    anyhow::ensure!(evidence.end == End::Finished && evidence.guest.start == start, "{:?}", evidence.end);
    Ok(evidence)
}

async fn median(
    hypervisor: &Hypervisor,
    order: &Order,
    start: Start,
    repeats: usize,
) -> anyhow::Result<Cost> {
    let (mut walls, mut cpus) = (Vec::new(), Vec::new());
    for _ in 0..repeats {
        let (began, cpu) = (Instant::now(), children_cpu()?);
        ask(hypervisor, order, start).await?;
        walls.push(began.elapsed().as_secs_f64());
        cpus.push(children_cpu()? - cpu);
    }
    let middle = |mut all: Vec<f64>| {
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    Ok(Cost { wall: middle(walls), cpu: middle(cpus) })
}

/// All orders in turn, for a while, as many at once as there are processors.
async fn throughput(
    hypervisor: &Arc<Hypervisor>,
    orders: &[(String, String, Order)],
    sustained: Duration,
) -> anyhow::Result<Value> {
    let (began, cpu) = (Instant::now(), children_cpu()?);
    let mut tasks = tokio::task::JoinSet::new();
    let (mut next, mut cells) = (orders.iter().cycle(), 0u32);
    while began.elapsed() < sustained {
        while tasks.len() < AT_ONCE {
            let (_, _, order) = next.next().context("no orders")?;
            let (hypervisor, order) = (Arc::clone(hypervisor), order.clone());
            tasks.spawn(async move { ask(&hypervisor, &order, Start::Clone).await });
        }
        if let Some(done) = tasks.join_next().await {
            done??;
            cells += 1;
        }
    }
    let (wall, cpu) = (began.elapsed().as_secs_f64(), children_cpu()? - cpu);
    let per_core_minute = f64::from(cells) * 60.0 / wall / 2.0;
    println!(
        "{cells} clones in {wall:.0} s on two cores: {per_core_minute:.0} per core and minute, {:.3} CPU s each",
        cpu / f64::from(cells)
    );
    Ok(
        json!({"seconds": wall, "cells": cells, "per_core_minute": per_core_minute, "cpu_s_per_cell": cpu / f64::from(cells)}),
    )
}

/// Processor seconds of every child that was waited for.
fn children_cpu() -> anyhow::Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let microseconds = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(u64::try_from(microseconds)?).as_secs_f64())
}
