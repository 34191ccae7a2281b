//! What commands left behind in the kernel: one quiet line for each command that loaded something.

use super::gathered::gathered;
use super::matrix::Matrix;
use super::{printable, table};
use proto::wire;

/// Names told before the rest is counted.
const SHOWN: usize = 8;

/// A line for each command and list of what was loaded when it ended.
pub(crate) fn loaded(matrix: &Matrix<'_>) -> Vec<String> {
    let found = matrix.cells.iter().filter_map(|cell| {
        let command = cell.wire.verdict.as_ref()?.command.as_ref()?;
        (!command.loaded.is_empty()).then(|| ((cell.object, says(command)), cell.kernel))
    });
    let line = |((object, says), kernels): ((usize, String), Vec<usize>)| {
        format!("{} {says} on {}", matrix.objects[object].label, table::kernels(matrix, &kernels))
    };
    gathered(found).into_iter().map(line).collect()
}

fn says(command: &wire::CommandOutcome) -> String {
    let found = command.loaded.iter().take(SHOWN);
    let names: Vec<String> =
        found.map(|one| format!("{} {} ({})", one.what, printable(&one.name), one.kind)).collect();
    let more = match command.loaded.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let left = match command.left.len() {
        0 => "none of it stayed".to_owned(),
        count => format!("{count} of it stayed"),
    };
    format!("had {}{more} loaded at its end, {left}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn only_commands_that_loaded_something_are_told() {
        let mut response = sample::response();
        let found = |what: &str, name: &str, kind: &str| wire::Found {
            what: what.to_owned(),
            name: name.to_owned(),
            kind: kind.to_owned(),
        };
        let all = vec![found("program", "pass", "xdp"), found("map", "hits", "hash")];
        for (cell, loaded) in [(0, all.clone()), (1, all.clone()), (2, vec![])] {
            let left = loaded.iter().take(1).cloned().collect();
            let outcome = wire::CommandOutcome { run: None, loaded, left };
            response.cells[cell].verdict.as_mut().expect("a verdict").command = Some(outcome);
        }
        assert_eq!(
            loaded(&sample::matrix(&response)),
            ["probe.bpf.o had program pass (xdp), map hits (hash) loaded at its end, 1 of it stayed \
              on 5.10 cloud, 6.12 cloud"]
        );
    }
}
