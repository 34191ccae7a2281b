//! The comparison, and the document about it.

use super::{Answer, Program, why};
use crate::veristat::{COUNTS, Row};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

const HEAD: &str = "\
# A second opinion

What we say of programs beside what veristat 0.5 of the kernel's developers says, of the same objects on the same
kernels: whether the kernel takes a program, and what its verifier counted. veristat loads each program alone, in a
guest that our own-loader mode starts. The objects are those of other projects' Debian packages and of
`tests/corpus`, without those that are refused before any guest, such as one without a program. Not compared are durations; veristat's size of a program, which is the object's and not what the kernel
made of it; and the stack from 7.3 on, which kernels say there in words that veristat 0.5 does not read. Written by
`make second-opinion`, which fails when a difference has no explanation.

";

/// What differs of one program, or of an object that only one opened.
#[derive(Debug)]
pub struct Difference {
    /// `OBJECT/PROGRAM`.
    pub program: String,
    /// The kernel's series.
    pub series: String,
    /// What is compared: `verdict`, or one of [`COUNTS`].
    pub what: &'static str,
    /// Ours and theirs.
    pub says: [String; 2],
    /// Why, if that is known.
    pub why: Option<&'static str>,
}

/// How often something was compared, and differed.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    compared: usize,
    differ: usize,
}

/// Everything compared.
#[derive(Debug, Default)]
pub struct Comparison {
    objects: BTreeSet<String>,
    kernels: BTreeSet<String>,
    tallies: BTreeMap<&'static str, Tally>,
    /// What differs.
    pub differences: Vec<Difference>,
}

impl Comparison {
    /// Compares all answers.
    pub fn of(answers: &[Answer]) -> Self {
        let mut comparison = Self::default();
        for answer in answers {
            comparison.objects.insert(answer.object.clone());
            comparison.kernels.insert(answer.release.clone());
            comparison.object(answer);
        }
        comparison
            .differences
            .sort_by(|a, b| (&a.program, a.what, &a.series).cmp(&(&b.program, b.what, &b.series)));
        comparison
    }

    fn object(&mut self, answer: &Answer) {
        let opened = [!answer.programs.is_empty(), answer.theirs.opened && answer.theirs.status == 0];
        let says = opened.map(|opened| if opened { "opened" } else { "not opened" }.to_owned());
        self.compare(answer, "", "object", says, None);
        for program in &answer.programs {
            match answer.theirs.programs.get(&program.name) {
                Some(row) => self.program(answer, program, row),
                None => self.compare(
                    answer,
                    &program.name,
                    "verdict",
                    ["told", "not told"].map(str::to_owned),
                    None,
                ),
            }
        }
        let ours = |name: &&String| answer.programs.iter().any(|program| program.name == **name);
        for name in answer.theirs.programs.keys().filter(|name| !ours(name)) {
            self.compare(answer, name, "verdict", ["not told", "told"].map(str::to_owned), None);
        }
    }

    fn program(&mut self, answer: &Answer, program: &Program, row: &Row) {
        let ours = match program.loaded {
            Some(true) => "loads",
            Some(false) => "refused",
            None => "not attempted",
        };
        let theirs = if row.loaded { "loads" } else { "refused" };
        let why = why::verdict(answer, program, row);
        self.compare(answer, &program.name, "verdict", [ours, theirs].map(str::to_owned), why);
        if program.loaded != Some(row.loaded) {
            return;
        }
        for (at, what) in COUNTS.into_iter().enumerate() {
            // It writes 0 where it has no count.
            let theirs = row.counts[at];
            let told = row.counts[0] > 0 && !why::is_untold(answer, at);
            let Some(ours) = program.counts[at].filter(|_| told) else { continue };
            let why = why::count(answer, program, at);
            self.compare(answer, &program.name, what, [ours, theirs].map(|count| count.to_string()), why);
        }
    }

    fn compare(
        &mut self,
        answer: &Answer,
        program: &str,
        what: &'static str,
        says: [String; 2],
        why: Option<&'static str>,
    ) {
        let tally = self.tallies.entry(what).or_default();
        tally.compared += 1;
        if says[0] != says[1] {
            tally.differ += 1;
            let program = format!("{}/{program}", answer.object.trim_end_matches(".bpf.o"));
            self.differences.push(Difference { program, series: answer.series.clone(), what, says, why });
        }
    }

    /// The document.
    pub fn document(&self) -> String {
        let mut text = HEAD.to_owned();
        let kernels: Vec<&str> = self.kernels.iter().map(String::as_str).collect();
        let write = "writing to memory cannot fail";
        writeln!(text, "{} objects on {}.\n", self.objects.len(), kernels.join(", ")).expect(write);
        writeln!(text, "| compared | times | differ |\n|---|---|---|").expect(write);
        for what in ["object", "verdict"].into_iter().chain(COUNTS) {
            let tally = self.tallies.get(what).copied().unwrap_or_default();
            writeln!(text, "| {what} | {} | {} |", tally.compared, tally.differ).expect(write);
        }
        let mut groups: BTreeMap<&str, BTreeMap<String, BTreeSet<&str>>> = BTreeMap::new();
        for difference in &self.differences {
            let why = difference.why.unwrap_or("**Without an explanation**");
            let [ours, theirs] = &difference.says;
            let line = format!("`{}` {}: {ours}, veristat {theirs}", difference.program, difference.what);
            groups.entry(why).or_default().entry(line).or_default().insert(&difference.series);
        }
        for (why, lines) in groups {
            writeln!(text, "\n## {why}\n").expect(write);
            for (line, series) in lines {
                let series: Vec<&str> = series.into_iter().collect();
                writeln!(text, "- {line} ({})", series.join(", ")).expect(write);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::veristat::Seen;

    fn answer(series: &str, kind: &str, ours: [u64; COUNTS.len()], theirs: Row) -> Answer {
        let counts = ours.map(Some);
        let (name, kind) = ("run".to_owned(), kind.to_owned());
        let program = Program { name, kind, loaded: Some(true), cause: String::new(), counts };
        let programs = [("run".to_owned(), theirs)].into();
        Answer {
            object: "object.bpf.o".to_owned(),
            series: series.to_owned(),
            release: format!("{series}.1"),
            modules: Vec::new(),
            programs: vec![program],
            inferred: Vec::new(),
            theirs: Seen { opened: true, status: 0, programs },
        }
    }

    fn differing(answer: Answer) -> Vec<(&'static str, bool)> {
        let found = Comparison::of(&[answer]).differences;
        found.iter().map(|difference| (difference.what, difference.why.is_some())).collect()
    }

    #[test]
    fn every_count_is_compared_where_both_tell_it() {
        let row = |counts| Row { loaded: true, counts };
        let ours = [9, 2, 2, 1, 1, 80, 16];
        assert_eq!(differing(answer("6.12", "xdp", ours, row(ours))), []);
        for (at, what) in COUNTS.into_iter().enumerate() {
            let mut theirs = ours;
            theirs[at] += 1;
            assert_eq!(differing(answer("6.12", "xdp", ours, row(theirs))), [(what, false)]);
        }
        let without_stack = [9, 2, 2, 1, 1, 80, 0];
        assert_eq!(differing(answer("7.3", "xdp", ours, row(without_stack))), []);
        assert_eq!(differing(answer("6.12", "xdp", ours, row(without_stack))), [("stack bytes", false)]);
    }

    #[test]
    fn a_verdict_that_differs_is_explained_or_stands_out() {
        let refused = |counts| Row { loaded: false, counts };
        let ours = [9, 2, 2, 1, 1, 80, 16];
        assert_eq!(differing(answer("6.12", "xdp", ours, refused([0; 7]))), [("verdict", false)]);
        assert_eq!(differing(answer("6.12", "ext", ours, refused([0; 7]))), [("verdict", true)]);
        // The verifier took it, and something after it did not.
        let walked = [9, 2, 2, 1, 1, 0, 16];
        assert_eq!(differing(answer("6.12", "xdp", ours, refused(walked))), [("verdict", true)]);
        assert_eq!(
            differing(answer("6.12", "xdp", ours, refused([8, 2, 2, 1, 1, 0, 16]))),
            [("verdict", false)]
        );
        let mut untold = answer("6.12", "xdp", ours, refused([0; 7]));
        untold.theirs.programs.clear();
        assert_eq!(differing(untold), [("verdict", false)]);
        let mut lost = answer("6.12", "xdp", ours, refused([0; 7]));
        lost.theirs.programs.insert("other".to_owned(), refused([0; 7]));
        assert_eq!(differing(lost), [("verdict", false); 2]);
        let unexplained = answer("6.12", "xdp", ours, refused([0; 7]));
        let document = Comparison::of(&[unexplained]).document();
        assert!(document.contains("## **Without an explanation**"), "{document}");
        assert!(document.contains("`object/run` verdict: loads, veristat refused (6.12)"), "{document}");
    }
}
