//! What an object was exercised under: declared, inferred, chosen, expected. Each said once, with the
//! kernels it holds for where that is not all of them.

use super::gathered::gathered;
use super::matrix::Matrix;
use proto::wire;

/// Lines shown of one object; the report has them all.
const LINES_MAX: usize = 20;

/// One sentence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told<'a> {
    /// `declared`, `inferred`, `chosen` or `expected`.
    pub(crate) kind: &'static str,
    /// The sentence.
    pub(crate) says: &'a str,
    /// Indices of kernels, oldest first; empty for all of the object.
    pub(crate) kernels: Vec<usize>,
}

/// The sentences about one object in the order of their kinds, and how many more there are.
pub(crate) fn told<'a>(matrix: &'a Matrix<'_>, object: usize) -> (Vec<Told<'a>>, usize) {
    let cells: Vec<_> = matrix.cells.iter().filter(|cell| cell.object == object).collect();
    let verdicts: Vec<_> =
        cells.iter().filter_map(|cell| Some((cell.kernel, cell.wire.verdict.as_ref()?))).collect();
    let said = KINDS.iter().flat_map(|(kind, sentences)| {
        let of_kernel = |(kernel, verdict): &(usize, &'a wire::CellVerdict)| {
            let kernel = *kernel;
            sentences(verdict).iter().map(move |says| ((*kind, says.as_str()), kernel))
        };
        verdicts.iter().flat_map(of_kernel).collect::<Vec<_>>()
    });
    let everywhere = verdicts.len();
    let told = |((kind, says), kernels): ((&'static str, &'a str), Vec<usize>)| {
        let kernels = if kernels.len() == everywhere { Vec::new() } else { kernels };
        Told { kind, says, kernels }
    };
    let mut all: Vec<Told<'a>> = gathered(said).into_iter().map(told).collect();
    let more = all.len().saturating_sub(LINES_MAX);
    all.truncate(LINES_MAX);
    (all, more)
}

type Sentences = fn(&wire::CellVerdict) -> &[String];

const KINDS: &[(&str, Sentences)] = &[
    ("declared", |verdict| &verdict.declared),
    ("inferred", |verdict| &verdict.inferred),
    ("chosen", |verdict| &verdict.chosen),
    ("expected", |verdict| &verdict.expectations),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn a_sentence_is_said_once_with_its_kernels() {
        let mut response = sample::response();
        for (at, cell) in response.cells.iter_mut().filter(|cell| cell.object[0] == 1).enumerate() {
            let verdict = cell.verdict.as_mut().expect("a verdict");
            verdict.inferred.push("everywhere".to_owned());
            if at == 1 {
                verdict.declared.push("`p`: section xdp".to_owned());
            }
        }
        let matrix = sample::matrix(&response);
        let (told, more) = told(&matrix, 0);
        let declared = Told { kind: "declared", says: "`p`: section xdp", kernels: vec![1] };
        let inferred = Told { kind: "inferred", says: "everywhere", kernels: vec![] };
        assert_eq!((told, more), (vec![declared, inferred], 0));
        assert_eq!(super::told(&matrix, 1).0, vec![]);
    }
}
