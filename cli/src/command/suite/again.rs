//! Asking again what decides and could not be told: the same question on fewer kernels.

use crate::args::ready::Question;
use crate::render::suite::Answer;
use domain::verdict::Verdict;
use proto::wire;
use std::collections::BTreeSet;

/// What to ask again of a case, if anything. What is told by now is answered from the store.
pub(super) fn question(asked: &Question, answer: &Answer) -> Option<Question> {
    let Ok(response) = answer else { return Some(asked.clone()) };
    let open: Vec<&wire::Cell> = response.cells.iter().filter(|cell| is_open(cell)).collect();
    let kernels: BTreeSet<&str> = open.iter().map(|cell| cell.kernel_id.as_str()).collect();
    let kernels: Vec<&str> = kernels.into_iter().collect();
    let objects =
        asked.objects.iter().filter(|object| open.iter().any(|cell| cell.object == object.digest.0));
    let objects: Vec<_> = objects.cloned().collect();
    if objects.is_empty() {
        return None;
    }
    // Too many ids make no selector; then all kernels are asked, and those that are told answer from the store.
    let kernels = kernels.join(",").parse().unwrap_or_else(|_| asked.kernels.clone());
    Some(Question { objects, kernels, optional: None, fresh: false, ..asked.clone() })
}

/// Whether a cell decides and is inconclusive.
fn is_open(cell: &wire::Cell) -> bool {
    let verdict = cell.verdict.as_ref().and_then(|verdict| verdict.verdict().to_domain());
    cell.required && matches!(verdict, None | Some(Verdict::Inconclusive))
}

/// Takes the new answer where the old one left something open.
pub(super) fn merge(answer: &mut Answer, again: Answer) {
    let (Ok(old), Ok(new)) = (answer.as_mut(), &again) else {
        if answer.is_err() {
            *answer = again;
        }
        return;
    };
    let place = |cell: &wire::Cell| {
        (cell.object.clone(), cell.kernel_id.clone(), cell.loader.clone(), format!("{:?}", cell.axes))
    };
    for cell in old.cells.iter_mut().filter(|cell| is_open(cell)) {
        if let Some(told) = new.cells.iter().find(|told| place(told) == place(cell)) {
            *cell = told.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(kernel: &str, verdict: wire::Verdict, required: bool) -> wire::Cell {
        wire::Cell {
            id: format!("{kernel} {verdict:?}"),
            object: vec![1; 32],
            kernel_id: kernel.to_owned(),
            required,
            verdict: Some(wire::CellVerdict { verdict: verdict.into(), ..Default::default() }),
            ..Default::default()
        }
    }

    fn asked() -> Question {
        use crate::args::object::ObjectFile;
        use domain::digest::Digest;
        let object = |byte| ObjectFile {
            name: format!("{byte}.bpf.o"),
            label: format!("{byte}.bpf.o"),
            bytes: Vec::new(),
            digest: Digest([byte; 32]),
            source: None,
        };
        Question {
            objects: vec![object(1), object(2)],
            kernels: "lts".parse().expect("a selector"),
            optional: Some("newest".parse().expect("a selector")),
            loaders: Vec::new(),
            environments: Vec::new(),
            manifest: domain::contract::Manifest::default(),
            level: domain::level::Level::Attach,
            skipped: Vec::new(),
            fresh: true,
            try_remedies: false,
            timeout: None,
        }
    }

    #[test]
    fn only_what_decides_and_is_inconclusive_is_asked_again() {
        let (inconclusive, fails) = (wire::Verdict::Inconclusive, wire::Verdict::Fails);
        let cells = [
            cell("debian/a@1", inconclusive, true),
            cell("debian/b@1", fails, true),
            cell("debian/c@1", inconclusive, false),
            cell("debian/d@1", wire::Verdict::NotAttempted, true),
        ];
        let mut answer: Answer = Ok(wire::GetRunResponse { cells: cells.to_vec(), ..Default::default() });
        let again = question(&asked(), &answer).expect("something is open");
        assert_eq!((again.kernels.to_string().as_str(), again.fresh), ("debian/a@1", false));
        assert_eq!((again.optional.is_none(), again.objects.len()), (true, 1));

        let told = [
            cell("debian/a@1", wire::Verdict::Passes, true),
            cell("debian/b@1", wire::Verdict::Passes, true),
        ];
        merge(&mut answer, Ok(wire::GetRunResponse { cells: told.to_vec(), ..Default::default() }));
        let merged = answer.as_ref().expect("an answer");
        assert_eq!(
            (merged.cells[0].id.as_str(), merged.cells[1].id.as_str()),
            ("debian/a@1 Passes", "debian/b@1 Fails")
        );
        assert!(question(&asked(), &answer).is_none());
    }

    #[test]
    fn a_case_without_a_run_is_asked_again_as_a_whole_and_loses_nothing_by_a_second_failure() {
        let mut answer: Answer = Err("the controller went away".to_owned());
        let again = question(&asked(), &answer).expect("everything is open");
        assert_eq!((again.objects.len(), again.fresh), (2, true));
        merge(&mut answer, Ok(wire::GetRunResponse::default()));
        assert!(answer.is_ok());
        merge(&mut answer, Err("gone again".to_owned()));
        assert!(answer.is_ok());
    }
}
