//! Plain tables: a header and rows, as wide as their widest words.

use super::matrix::words;
use super::paint::{Paint, Tone};
use super::{bytes, printable};
use console::measure_text_width;
use proto::wire;
use time::OffsetDateTime;
use time::macros::format_description;

/// A table with a header in capitals. Rows have as many columns as the header.
pub(crate) fn table<const N: usize>(header: [&str; N], rows: Vec<[String; N]>, paint: Paint) -> String {
    let rows: Vec<[String; N]> = rows.into_iter().map(|row| row.map(|text| printable(&text))).collect();
    let width = |at: usize| {
        let cells = rows.iter().map(|row| measure_text_width(&row[at]));
        cells.chain([measure_text_width(header[at])]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |cells: &[String; N]| {
        let pad = |(text, width): (&String, &usize)| {
            format!("{text}{}", " ".repeat(width.saturating_sub(measure_text_width(text)) + 2))
        };
        cells.iter().zip(&widths).map(pad).collect::<String>().trim_end().to_owned()
    };
    let mut text = paint.paint(Tone::Bold, &line(&header.map(str::to_owned))) + "\n";
    for row in &rows {
        text.push_str(&line(row));
        text.push('\n');
    }
    text
}

/// Runs, one a line.
pub(crate) fn runs(runs: &[wire::Run], paint: Paint) -> String {
    let row = |run: &wire::Run| {
        let verdict = run.verdict().to_domain().map_or("-", words);
        let state = run.state().as_str_name().trim_start_matches("RUN_STATE_").to_lowercase();
        [
            run.id.clone(),
            when(run.created_at.as_ref()),
            state,
            verdict.to_owned(),
            format!("{}/{}", run.settled, run.cells),
            run.kernels.clone(),
        ]
    };
    table(["RUN", "ASKED", "STATE", "VERDICT", "CELLS", "KERNELS"], runs.iter().map(row).collect(), paint)
}

/// Workers, one a line.
pub(crate) fn workers(workers: &[wire::Worker], paint: Paint) -> String {
    let row = |worker: &wire::Worker| {
        [
            worker.name.clone(),
            worker.state.clone(),
            worker.accelerator.clone(),
            worker.qemu.clone(),
            worker.leases.to_string(),
            budget(worker),
            worker.cpus.to_string(),
            bytes(worker.memory_bytes),
            worker.version.clone(),
            when(worker.last_seen_at.as_ref()),
        ]
    };
    let header =
        ["WORKER", "STATE", "ACCEL", "QEMU", "BUSY", "BUDGET", "CPUS", "MEMORY", "VERSION", "LAST SEEN"];
    table(header, workers.iter().map(row).collect(), paint)
}

/// Cells the worker takes of those it ever takes, and why not more. A worker that left has none.
fn budget(worker: &wire::Worker) -> String {
    match &worker.budget {
        Some(budget) if worker.state == "connected" => {
            format!("{}/{} {}", budget.cells, worker.slots, budget.limited_by)
        }
        Some(_) | None => format!("-/{}", worker.slots),
    }
}

/// Kernels, one a line. `on_disk` is `None` when only the workers know.
pub(crate) fn kernels(kernels: &[wire::Kernel], on_disk: Option<&[bool]>, paint: Paint) -> String {
    let row = |(at, kernel): (usize, &wire::Kernel)| {
        let here = on_disk.and_then(|here| here.get(at));
        [
            kernel.id.clone(),
            kernel.series.clone(),
            kernel.flavour.clone(),
            bytes(kernel.download_bytes),
            here.map_or("-", |here| if *here { "yes" } else { "no" }).to_owned(),
            kernel.suites.join(" "),
        ]
    };
    let header = ["KERNEL", "SERIES", "FLAVOUR", "SIZE", "ON DISK", "SUITES"];
    table(header, kernels.iter().enumerate().map(row).collect(), paint)
}

/// A moment in UTC to the second, or a dash.
pub(crate) fn when(timestamp: Option<&prost_types::Timestamp>) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]Z");
    timestamp
        .and_then(|at| OffsetDateTime::from_unix_timestamp(at.seconds).ok())
        .and_then(|at| at.format(format).ok())
        .unwrap_or_else(|| "-".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn runs_and_kernels_are_aligned() {
        let response = sample::response();
        let runs = runs(response.run.as_slice(), Paint::OFF);
        let expected = "\
RUN                                   ASKED                 STATE     VERDICT  CELLS  KERNELS
0198c5f2-7b1e-7cc0-8000-0123456789ab  2026-09-21 14:13:20Z  finished  fails    6/6    lts,newest
";
        assert_eq!(runs, expected);
        let kernels = kernels(&response.kernels[..1], Some(&[true]), Paint::OFF);
        let expected = "\
KERNEL                                 SERIES  FLAVOUR  SIZE   ON DISK  SUITES
debian/5.10.0-1-cloud-amd64@5.10.1-1   5.10    cloud    27 MB  yes      trixie
";
        assert_eq!(
            kernels,
            expected.replace("KERNEL     ", "KERNEL    ").replace("@5.10.1-1   ", "@5.10.1-1  ")
        );
    }
}
