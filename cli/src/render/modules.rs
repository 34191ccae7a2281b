//! The modules that were loaded for an object: one quiet line for each that needed some.

use super::matrix::Matrix;
use super::table;

/// One object, the modules it was given, and on which kernels.
struct Given<'a> {
    object: usize,
    modules: &'a [String],
    kernels: Vec<usize>,
}

/// A line for each object and list of modules.
pub(crate) fn loaded(matrix: &Matrix<'_>) -> Vec<String> {
    let mut all: Vec<Given<'_>> = Vec::new();
    for cell in &matrix.cells {
        let modules =
            cell.wire.verdict.as_ref().map(|verdict| verdict.modules.as_slice()).unwrap_or_default();
        if modules.is_empty() {
            continue;
        }
        match all.iter_mut().find(|given| given.object == cell.object && given.modules == modules) {
            Some(given) => given.kernels.push(cell.kernel),
            None => all.push(Given { object: cell.object, modules, kernels: vec![cell.kernel] }),
        }
    }
    all.iter().map(|given| line(matrix, given)).collect()
}

fn line(matrix: &Matrix<'_>, given: &Given<'_>) -> String {
    let (object, names) = (&matrix.objects[given.object].label, given.modules.join(", "));
    let plural = if given.modules.len() == 1 { "" } else { "s" };
    format!("{object} needs module{plural} {names} on {}", table::kernels(matrix, &given.kernels))
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
