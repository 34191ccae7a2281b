//! The modules that were loaded for an object: one quiet line for each that needed some.

use super::gathered::gathered;
use super::matrix::Matrix;
use super::table;

/// A line for each object and list of modules.
pub(crate) fn loaded(matrix: &Matrix<'_>) -> Vec<String> {
    let given = matrix.cells.iter().filter_map(|cell| {
        let modules = &cell.wire.verdict.as_ref()?.modules;
        (!modules.is_empty()).then_some(((cell.object, modules), cell.kernel))
    });
    let line = |((object, modules), kernels): ((usize, &Vec<String>), Vec<usize>)| {
        let (object, names) = (&matrix.objects[object].label, modules.join(", "));
        let plural = if modules.len() == 1 { "" } else { "s" };
        format!("{object} needs module{plural} {names} on {}", table::kernels(matrix, &kernels))
    };
    gathered(given).into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn kernels_that_gave_the_same_modules_share_a_line() {
        let mut response = sample::response();
        for (cell, modules) in [
            (0, vec!["nf_defrag_ipv4", "nf_conntrack"]),
            (1, vec!["nf_conntrack"]),
            (2, vec!["nf_conntrack"]),
        ] {
            let modules = modules.into_iter().map(str::to_owned).collect();
            response.cells[cell].verdict.as_mut().expect("a verdict").modules = modules;
        }
        let lines = loaded(&sample::matrix(&response));
        assert_eq!(
            lines,
            [
                "probe.bpf.o needs modules nf_defrag_ipv4, nf_conntrack on 5.10 cloud",
                "probe.bpf.o needs module nf_conntrack on 6.12 cloud, 7.3 cloud",
            ]
        );
        assert!(loaded(&sample::matrix(&sample::response())).is_empty());
    }
}
