//! The matrix and its reasons as Markdown, for a comment on a change or a build summary.

use super::contract::{self, Told};
use super::line_costs::{self, Dearest};
use super::matrix::Matrix;
use super::paint::Paint;
use super::reason::{headline, place, reasons, unproven};
use super::{checks, counts, disagreement, modules, own_loader, printable, table};

/// The whole document, with what the verifier counted if `counted`.
pub(crate) fn report(matrix: &Matrix<'_>, counted: bool) -> String {
    let mut text = format!("### bpfcompat: {}\n\n", table::summary(matrix, Paint::OFF));
    text.push_str("| kernel |");
    for object in &matrix.objects {
        text.push_str(&format!(" {} |", cell(&object.label)));
    }
    text.push_str(&format!("\n|---|{}\n", "---|".repeat(matrix.objects.len())));
    for (row, kernel) in matrix.kernels.iter().enumerate() {
        let optional = if kernel.required { "" } else { " (optional)" };
        text.push_str(&format!("| {}{optional} |", cell(&kernel.label)));
        for column in 0..matrix.objects.len() {
            let shown = matrix.at(column, row).map(|cell| cell.shown().0).unwrap_or_default();
            text.push_str(&format!(" {} |", cell(&shown)));
        }
        text.push('\n');
    }
    if matrix.has_cached() {
        text.push_str("\n\\* answered from the store\n");
    }
    for reason in reasons(matrix) {
        let object = &matrix.objects[reason.object].label;
        let kernels = table::kernels(matrix, &reason.kernels);
        text.push_str(&format!(
            "\n**{}** on {}: `{}`\n",
            cell(object),
            cell(&kernels),
            code(&headline(reason.cause))
        ));
        if !reason.cause.says.is_empty() {
            text.push_str(&format!("\n{}\n", cell(&reason.cause.says)));
        }
        let mut details = reason.subjects.clone();
        details.extend(reason.cause.location.iter().flat_map(place));
        details.extend(Some(reason.cause.log_line.clone()).filter(|line| !line.is_empty()));
        for (at, detail) in details.iter().enumerate() {
            let before = if at == 0 { "\n" } else { "" };
            text.push_str(&format!("{before}- `{}`\n", code(detail)));
        }
    }
    for (at, object) in matrix.objects.iter().enumerate() {
        let (told, more) = contract::told(matrix, at);
        if !told.is_empty() {
            text.push_str(&format!("\n**{}** was exercised under\n\n", cell(&object.label)));
        }
        for Told { kind, says, kernels } in told {
            let on = table::kernels(matrix, &kernels);
            let on = if kernels.is_empty() { String::new() } else { format!(" (on {})", cell(&on)) };
            text.push_str(&format!("- {kind}: {}{on}\n", cell(says)));
        }
        if more > 0 {
            text.push_str(&format!("- and {more} more\n"));
        }
    }
    let checked = checks::lines(matrix, Paint::OFF);
    if !checked.is_empty() {
        text.push_str(&format!("\n```{}\n```\n", checked.join("\n")));
    }
    for dearest in line_costs::dearest(matrix) {
        text.push_str(&costs(matrix, &dearest));
    }
    let notes = disagreement::lines(matrix).into_iter().chain(unproven(matrix));
    for line in notes.chain(modules::loaded(matrix)).chain(own_loader::loaded(matrix)) {
        text.push_str(&format!("\n{}\n", cell(&line)));
    }
    if counted {
        text.push_str(&counts(matrix));
    }
    text
}

fn costs(matrix: &Matrix<'_>, dearest: &Dearest<'_>) -> String {
    let (object, kernel) = (&matrix.objects[dearest.object].label, &matrix.kernels[dearest.kernel].label);
    let program = code(dearest.program);
    let mut text = format!("\n**{}**: dearest lines of `{program}` on {}\n", cell(object), cell(kernel));
    text.push_str("\n| instructions walked | line | source |\n|---|---|---|\n");
    for cost in dearest.lines {
        let (place, source) = (cell(&line_costs::place(cost)), cell(cost.text.trim()));
        text.push_str(&format!("| {} | {place} | {source} |\n", cost.walked));
    }
    text
}

fn counts(matrix: &Matrix<'_>) -> String {
    let columns = counts::COLUMNS.join(" | ");
    let mut text = format!(
        "\n<details><summary>What the verifier counted</summary>\n\n\
         | object | program | {columns} | kernels |\n|---|---|{}---|\n",
        "---|".repeat(counts::COLUMNS.len())
    );
    for row in counts::rows(matrix) {
        let object = cell(&matrix.objects[row.object].label);
        let kernels = cell(&table::kernels(matrix, &row.kernels));
        let counts = row.counts.join(" | ");
        text.push_str(&format!("| {object} | {} | {counts} | {kernels} |\n", cell(row.program)));
    }
    text + "\n</details>\n"
}

/// Text that Markdown takes literally, also inside a table.
pub(super) fn cell(text: &str) -> String {
    let mut escaped = String::new();
    for c in printable(text).chars() {
        if "\\`*_{}[]<>|#~&".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Text inside a code span; a backtick would end it.
pub(super) fn code(text: &str) -> String {
    printable(text).replace('`', "'")
}

#[cfg(test)]
mod tests {
    use crate::render::sample;

    #[test]
    fn the_whole_document() {
        let response = sample::response();
        let expected = "\
### bpfcompat: works on 1 of 2 kernels, 0 of 1 optional; exit 1

| kernel | probe.bpf.o | edge.bpf.o |
|---|---|---|
| 5.10 cloud | ✗ fails | ✓ passes \\* |
| 6.12 cloud | ✓ passes | ✓ passes |
| 7.3 cloud (optional) | ? inconclusive | – not attempted |

\\* answered from the store

**probe.bpf.o** on 5.10 cloud: `map_type_unknown: events, EINVAL at map`

The kernel does not know map type ringbuf.

- `program on\u{fffd}exec (tracepoint/syscalls/sys_enter_execve)`
- `map events (ringbuf)`
- `probe.bpf.c:42: bpf_ringbuf_reserve(&events, 64, 0)`
- `instruction 12: call bpf_ringbuf_reserve#131`
- `libbpf: map 'events': failed to create: -EINVAL`

**probe.bpf.o** on 7.3 cloud: `deadline at guest`

The guest did not answer in 60 s.

**edge.bpf.o** on 7.3 cloud: `not_exercised at attach`

Nothing here can attach a sk\\_lookup program.

- `program steer (sk_lookup)`
";
        assert_eq!(super::report(&sample::matrix(&response), false), expected);
        let counted = "
<details><summary>What the verifier counted</summary>

| object | program | instructions walked | states | stack | size | memory | kernels |
|---|---|---|---|---|---|---|---|
| probe.bpf.o | on\\_exec | 12,345 of 1,000,000 (1.2 %) | 150 | 344 of 512 (67.1 %) | 40 | 12 MiB | 6.12 cloud |
| edge.bpf.o | steer | 12,345 of 1,000,000 (1.2 %) | 150 | 344 of 512 (67.1 %) | 40 | 12 MiB | 5.10 cloud, 6.12 cloud |

</details>
";
        assert_eq!(super::report(&sample::matrix(&response), true), format!("{expected}{counted}"));
    }

    #[test]
    fn the_dearest_lines_are_a_table_of_their_own() {
        let told = super::report(&sample::matrix(&sample::everything()), false);
        let table = "
**probe.bpf.o**: dearest lines of `on_exec` on 6.12 cloud

| instructions walked | line | source |
|---|---|---|
| 9648 | probe.bpf.c:42 | for (int i = 0; i \\< 64; i++) |
";
        assert!(told.contains(table), "{told}");
    }
}
