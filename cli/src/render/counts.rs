//! What the verifier counted of each program, beside what the kernel allows. Kernels that count alike
//! share a line.

use super::gathered::gathered;
use super::matrix::Matrix;
use super::paint::{Paint, Tone};
use super::{printable, table};
use console::measure_text_width;
use domain::verdict::{INSTRUCTION_BYTES, STACK_BYTES_MAX};
use proto::wire;

/// What the columns hold.
pub(crate) const COLUMNS: [&str; 5] = ["instructions walked", "states", "stack", "size", "memory"];

/// What kernels say alike of one program.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    /// Index of the object.
    pub(crate) object: usize,
    /// The program's name.
    pub(crate) program: &'a str,
    /// A text for each column.
    pub(crate) counts: [String; 5],
    /// Indices of kernels, oldest first.
    pub(crate) kernels: Vec<usize>,
}

/// Every row of a run, by object and program.
pub(crate) fn rows<'a>(matrix: &Matrix<'a>) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = Vec::new();
    for object in 0..matrix.objects.len() {
        let cells = matrix.cells.iter().filter(|cell| cell.object == object);
        let mut said = gathered(cells.flat_map(|cell| {
            let programs = cell.wire.verdict.iter().flat_map(|verdict| &verdict.programs);
            programs.filter_map(|program| {
                let counts = counts(program.verification.as_ref()?, program.stats.as_ref());
                Some(((program.name.as_str(), counts), cell.kernel))
            })
        }));
        let names: Vec<&str> = said.iter().map(|((program, _), _)| *program).collect();
        said.sort_by_key(|((program, _), _)| names.iter().position(|name| name == program));
        let row = |((program, counts), kernels)| Row { object, program, counts, kernels };
        rows.extend(said.into_iter().map(row));
    }
    rows
}

fn counts(verification: &wire::Verification, stats: Option<&wire::Stats>) -> [String; 5] {
    let unknown = || "–".to_owned();
    let stacks: Vec<String> = verification.stack_bytes.iter().map(ToString::to_string).collect();
    let deepest = verification.deepest_stack_bytes.map(|bytes| share(bytes, STACK_BYTES_MAX));
    [
        share(verification.processed, verification.processed_max),
        verification.total_states.map_or_else(unknown, grouped),
        deepest.unwrap_or_else(|| if stacks.is_empty() { unknown() } else { stacks.join("+") }),
        stats.map_or_else(unknown, |stats| grouped(stats.translated_bytes / INSTRUCTION_BYTES)),
        verification.memory_peak_bytes.map_or_else(unknown, memory),
    ]
}

/// `12,345 of 1,000,000 (1.2 %)`
fn share(count: u32, max: u32) -> String {
    let permille = (u64::from(count) * 1000).checked_div(max.into()).unwrap_or(0);
    format!("{} of {} ({}.{} %)", grouped(count), grouped(max), permille / 10, permille % 10)
}

/// `12 MiB`: kernels count in steps of a quarter of one.
fn memory(bytes: u64) -> String {
    match bytes >> 20 {
        0 => "< 1 MiB".to_owned(),
        mebibytes => format!("{mebibytes} MiB"),
    }
}

/// `12,345`
pub(super) fn grouped(number: impl Into<u64>) -> String {
    let digits = number.into().to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect();
    groups.join(",")
}

/// The rows under their object and program; nothing where nothing was counted.
pub(crate) fn lines(matrix: &Matrix<'_>, paint: Paint) -> Vec<String> {
    let rows = rows(matrix);
    let width = |column: usize| {
        let widths = rows.iter().map(|row| measure_text_width(&row.counts[column]));
        widths.max().unwrap_or(0).max(COLUMNS[column].len())
    };
    let widths: [usize; 5] = std::array::from_fn(width);
    let line = |texts: [&str; 5], last: &str| {
        let texts = texts.iter().zip(widths);
        let padded =
            texts.map(|(text, width)| format!("{text}{}", " ".repeat(width - measure_text_width(text) + 2)));
        format!("  {}{last}", padded.collect::<String>()).trim_end().to_owned()
    };
    let mut lines = Vec::new();
    let mut shown = None;
    for row in &rows {
        if shown != Some((row.object, row.program)) {
            if lines.is_empty() {
                lines.push(paint.paint(Tone::Dim, &line(COLUMNS, "kernels")));
            }
            shown = Some((row.object, row.program));
            let object = &matrix.objects[row.object].label;
            lines.push(format!("{object}: {}", printable(row.program)));
        }
        let counts = row.counts.each_ref().map(String::as_str);
        lines.push(line(counts, &table::kernels(matrix, &row.kernels)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn kernels_that_count_alike_share_a_line() {
        let mut response = sample::response();
        let refused = response.cells[0].verdict.as_mut().expect("a verdict");
        refused.programs[0].verification = Some(wire::Verification {
            processed: 7,
            processed_max: 1_000_000,
            stack_bytes: vec![0, 48],
            ..wire::Verification::default()
        });
        let expected = "  instructions walked          states  stack                size  memory  kernels
probe.bpf.o: on\u{fffd}exec
  7 of 1,000,000 (0.0 %)       –       0+48                 –     –       5.10 cloud
probe.bpf.o: on_exec
  12,345 of 1,000,000 (1.2 %)  150     344 of 512 (67.1 %)  40    12 MiB  6.12 cloud
edge.bpf.o: steer
  12,345 of 1,000,000 (1.2 %)  150     344 of 512 (67.1 %)  40    12 MiB  5.10 cloud, 6.12 cloud";
        assert_eq!(lines(&sample::matrix(&response), Paint::OFF).join("\n"), expected);
    }

    #[test]
    fn numbers_are_read_at_a_glance() {
        assert_eq!([0_u32, 999, 1000, 12_345_678].map(grouped), ["0", "999", "1,000", "12,345,678"]);
        assert_eq!([0, (1 << 20) - 1, 1 << 20].map(memory), ["< 1 MiB", "< 1 MiB", "1 MiB"]);
        assert_eq!(share(1_000_000, 1_000_000), "1,000,000 of 1,000,000 (100.0 %)");
        assert_eq!(share(1, 0), "1 of 0 (0.0 %)", "a kernel may say anything");
    }
}
