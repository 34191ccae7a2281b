//! What programs that pass may not see: one quiet line for each sentence.

use super::gathered::gathered;
use super::matrix::Matrix;
use super::table;

/// A line for each object and sentence.
pub(crate) fn may_miss(matrix: &Matrix<'_>) -> Vec<String> {
    let told = matrix.cells.iter().flat_map(|cell| {
        let sentences =
            cell.wire.verdict.as_ref().map(|verdict| verdict.may_miss.as_slice()).unwrap_or_default();
        sentences.iter().map(|says| ((cell.object, says), cell.kernel))
    });
    let line = |((object, says), kernels): ((usize, &String), Vec<usize>)| {
        format!("{}: {says}, on {}", matrix.objects[object].label, table::kernels(matrix, &kernels))
    };
    gathered(told).into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn kernels_where_the_same_is_missed_share_a_line() {
        let mut response = sample::response();
        for cell in [1, 2] {
            let verdict = response.cells[cell].verdict.as_mut().expect("a verdict");
            verdict.may_miss = vec!["`p` sees no call of `f.part.0`".to_owned()];
        }
        let says = "probe.bpf.o: `p` sees no call of `f.part.0`, on 6.12 cloud, 7.3 cloud";
        assert_eq!(may_miss(&sample::matrix(&response)), [says]);
        assert!(may_miss(&sample::matrix(&sample::response())).is_empty());
    }
}
