//! What several kernels say alike, said once.

/// Each thing once, in the order of its first appearance, with the kernels it is said of.
pub(super) fn gathered<T: PartialEq>(said: impl IntoIterator<Item = (T, usize)>) -> Vec<(T, Vec<usize>)> {
    let mut all: Vec<(T, Vec<usize>)> = Vec::new();
    for (what, kernel) in said {
        match all.iter_mut().find(|(known, _)| *known == what) {
            Some((_, kernels)) if kernels.contains(&kernel) => {}
            Some((_, kernels)) => kernels.push(kernel),
            None => all.push((what, vec![kernel])),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_once_with_every_kernel_once() {
        let said = [("a", 0), ("b", 0), ("a", 2), ("a", 2), ("b", 1)];
        assert_eq!(gathered(said), [("a", vec![0, 2]), ("b", vec![0, 1])]);
    }
}
