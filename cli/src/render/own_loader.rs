//! What commands loaded and left behind: one quiet line for each command that loaded something, or may have.

use super::gathered::gathered;
use super::matrix::Matrix;
use super::{printable, table};
use proto::wire;

/// Names told before the rest is counted.
const SHOWN: usize = 8;

/// A line for each command and list of what it was seen to load.
pub(crate) fn loaded(matrix: &Matrix<'_>) -> Vec<String> {
    let found = matrix.cells.iter().filter_map(|cell| {
        let command = cell.wire.verdict.as_ref()?.command.as_ref()?;
        (command.unlisted || !command.loaded.is_empty()).then(|| ((cell.object, says(command)), cell.kernel))
    });
    let line = |((object, says), kernels): ((usize, String), Vec<usize>)| {
        format!("{} {says} on {}", matrix.objects[object].label, table::kernels(matrix, &kernels))
    };
    gathered(found).into_iter().map(line).collect()
}

fn says(command: &wire::CommandOutcome) -> String {
    if command.unlisted {
        return "loaded what nobody may list in its environment,".to_owned();
    }
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
    format!("loaded {}{more}, {left}", names.join(", "))
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
            let outcome = wire::CommandOutcome { run: None, loaded, left, unlisted: false };
            response.cells[cell].verdict.as_mut().expect("a verdict").command = Some(outcome);
        }
        let last = response.cells[2].verdict.as_mut().expect("a verdict");
        last.command = Some(wire::CommandOutcome { unlisted: true, ..wire::CommandOutcome::default() });
        assert_eq!(
            loaded(&sample::matrix(&response)),
            [
                "probe.bpf.o loaded program pass (xdp), map hits (hash), 1 of it stayed on 5.10 cloud, 6.12 cloud",
                "probe.bpf.o loaded what nobody may list in its environment, on 7.3 cloud"
            ]
        );
    }
}
