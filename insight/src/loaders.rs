//! Loaders that disagree about one object on one kernel.
//!
//! In: what each loader's cell says. Out: the programs, or the object as a whole, that one loader got further
//! with than another. Loaders disagree where one was refused what another got: a loader that did not try, or
//! whose guest broke down, has no say.

use domain::verdict::{Reached, Verdict};

/// One loader's answer about an object on a kernel.
#[derive(Debug, Clone)]
pub struct Answer<'a> {
    /// Its name.
    pub loader: &'a str,
    /// About the object as a whole.
    pub whole: Stand<'a>,
    /// About each program, by name; none where it could not open the object.
    pub programs: Vec<(&'a str, Stand<'a>)>,
}

/// How far a loader got, and why no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stand<'a> {
    /// The verdict.
    pub verdict: Verdict,
    /// How far it got; `Nothing` for an object that was not opened.
    pub reached: Reached,
    /// The code of the cause, empty for a pass.
    pub cause: &'a str,
    /// The cause in a sentence.
    pub says: &'a str,
}

/// What loaders do not agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement<'a> {
    /// The program; `None` for the object as a whole.
    pub program: Option<&'a str>,
    /// Each loader that has a say, and where it stands.
    pub stands: Vec<(&'a str, Stand<'a>)>,
}

/// Where the answers differ, by program in the order of the first answer that has it; the object as a whole
/// where one of the loaders could not open it.
pub fn disagreements<'a>(answers: &[Answer<'a>]) -> Vec<Disagreement<'a>> {
    let whole = Disagreement {
        program: None,
        stands: answers.iter().map(|answer| (answer.loader, answer.whole)).collect(),
    };
    if answers.iter().any(|answer| answer.programs.is_empty()) {
        return whole.if_any().into_iter().collect();
    }
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in answers.iter().flat_map(|answer| &answer.programs) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    let of_program = |name: &'a str| {
        let stand = |answer: &Answer<'a>| {
            let (_, stand) = answer.programs.iter().find(|(known, _)| *known == name)?;
            Some((answer.loader, *stand))
        };
        Disagreement { program: Some(name), stands: answers.iter().filter_map(stand).collect() }
    };
    names.into_iter().filter_map(|name| of_program(name).if_any()).collect()
}

impl Disagreement<'_> {
    /// Itself, without those that have no say, if any of the others was refused what another got.
    fn if_any(mut self) -> Option<Self> {
        let refused = |stand: &Stand<'_>| stand.verdict == Verdict::Fails;
        let loaded = |stand: &Stand<'_>| stand.reached >= Reached::Loaded;
        self.stands.retain(|(_, stand)| refused(stand) || stand.verdict == Verdict::Passes || loaded(stand));
        let furthest_refused = self
            .stands
            .iter()
            .map(|(_, stand)| stand)
            .filter(|stand| refused(stand))
            .map(|stand| stand.reached)
            .min();
        let got_further = |stand: &Stand<'_>| {
            !refused(stand)
                && furthest_refused
                    .is_some_and(|refused| stand.reached > refused || stand.verdict == Verdict::Passes)
        };
        self.stands.iter().any(|(_, stand)| got_further(stand)).then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stand(verdict: Verdict, reached: Reached, cause: &'static str) -> Stand<'static> {
        Stand { verdict, reached, cause, says: "" }
    }

    fn answer(loader: &'static str, program: Stand<'static>) -> Answer<'static> {
        Answer { loader, whole: program, programs: vec![("p", program)] }
    }

    #[test]
    fn only_what_one_was_refused_and_another_got_is_a_disagreement() {
        use Reached::{Attached, Loaded, Opened};
        use Verdict::{Fails, Inconclusive, NotAttempted, Passes};
        for (one, other, disagree) in [
            ((Passes, Attached), (Passes, Attached), false),
            ((Passes, Attached), (Fails, Opened), true),
            ((Passes, Attached), (Fails, Loaded), true),
            ((Fails, Opened), (Fails, Opened), false),
            // Both were refused, and one of them later.
            ((Fails, Opened), (Fails, Loaded), false),
            // It was loaded, and nothing here attaches it that way.
            ((Passes, Attached), (NotAttempted, Loaded), false),
            ((Fails, Opened), (NotAttempted, Loaded), true),
            ((Fails, Loaded), (NotAttempted, Loaded), false),
            ((Fails, Opened), (NotAttempted, Opened), false),
            ((Passes, Attached), (Inconclusive, Opened), false),
        ] {
            for (one, other) in [(one, other), (other, one)] {
                let stands = [one, other].map(|(verdict, reached)| stand(verdict, reached, ""));
                let found = disagreements(&[answer("libbpf", stands[0]), answer("aya", stands[1])]);
                assert_eq!(!found.is_empty(), disagree, "{one:?} against {other:?}");
            }
        }
    }

    #[test]
    fn an_object_that_one_cannot_open_is_one_disagreement() {
        let passes = stand(Verdict::Passes, Reached::Attached, "");
        let unable =
            Stand { reached: Reached::Nothing, ..stand(Verdict::Fails, Reached::Opened, "loader_unable") };
        let closed = Answer { loader: "aya", whole: unable, programs: vec![] };
        let found = disagreements(&[answer("libbpf", passes), closed]);
        let stands = vec![("libbpf", passes), ("aya", unable)];
        assert_eq!(found, [Disagreement { program: None, stands }]);
    }

    #[test]
    fn a_third_loader_without_a_say_is_left_out() {
        let passes = stand(Verdict::Passes, Reached::Loaded, "");
        let fails = stand(Verdict::Fails, Reached::Opened, "verifier_invalid");
        let late = stand(Verdict::Inconclusive, Reached::Opened, "deadline");
        let found = disagreements(&[answer("libbpf", passes), answer("aya", fails), answer("bpftool", late)]);
        assert_eq!(found[0].stands, [("libbpf", passes), ("aya", fails)]);
    }
}
