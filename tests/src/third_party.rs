//! What other projects' objects meet on real kernels, and how much of it we can say.

use crate::percent::percent;
use proto::wire::{self, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// Causes that name no reason: the sentence repeats what the kernel said.
const UNTYPED: [&str; 3] = ["unexplained", "verifier_access", "verifier_invalid"];

/// How many causes there are of a kind.
#[derive(Debug, Default)]
struct Kind {
    failures: usize,
    objects: BTreeSet<String>,
    kernels: BTreeSet<String>,
    /// The shortest sentence of them.
    example: String,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Study {
    objects: BTreeSet<String>,
    /// Programs by the kernel's release and their verdict.
    programs: BTreeMap<String, BTreeMap<&'static str, usize>>,
    kinds: BTreeMap<String, Kind>,
    /// `OBJECT/SUBJECT on KERNEL: SENTENCE` of failures without a typed cause.
    untyped: Vec<String>,
    /// How many failures at an instruction have a source line, where the object has line information.
    with_source: usize,
    /// Those of them that have none.
    without_source: Vec<String>,
    /// Cells without a conclusion.
    inconclusive: Vec<String>,
}

impl Study {
    /// Adds what came of one object on one kernel; `has_lines` says whether the object has line information.
    pub fn add(&mut self, object: &str, has_lines: bool, release: &str, verdict: &wire::CellVerdict) {
        self.objects.insert(object.to_owned());
        let programs = self.programs.entry(release.to_owned()).or_default();
        for program in &verdict.programs {
            *programs.entry(name(program.verdict())).or_default() += 1;
        }
        let programs = verdict.programs.iter().map(|one| (one.name.as_str(), one.verdict(), &one.cause));
        let maps = verdict.maps.iter().map(|one| (one.name.as_str(), one.verdict(), &one.cause));
        let mut parts: Vec<_> = programs.chain(maps).filter(|part| part.1 == Verdict::Fails).collect();
        if parts.is_empty() && verdict.verdict() == Verdict::Fails {
            parts.push(("", Verdict::Fails, &verdict.cause));
        }
        if verdict.verdict() == Verdict::Inconclusive {
            let says = verdict.cause.as_ref().map_or("", |cause| cause.says.as_str());
            self.inconclusive.push(format!("`{object}` on {release}: {says}"));
        }
        for (part, _, cause) in parts {
            let cause = cause.clone().unwrap_or_default();
            self.failure(&format!("{object}/{part}"), object, has_lines, release, &cause);
        }
    }

    fn failure(&mut self, whole: &str, object: &str, has_lines: bool, release: &str, cause: &wire::Cause) {
        let kind = self.kinds.entry(cause.code.clone()).or_default();
        kind.failures += 1;
        kind.objects.insert(object.to_owned());
        kind.kernels.insert(release.to_owned());
        if kind.example.is_empty() || cause.says.len() < kind.example.len() {
            kind.example.clone_from(&cause.says);
        }
        let line = || format!("`{whole}` on {release}: {}", cause.says);
        if UNTYPED.contains(&cause.code.as_str()) || cause.code.is_empty() {
            self.untyped.push(line());
        }
        let Some(location) = &cause.location else { return };
        if location.instruction.is_some() && has_lines {
            match location.file {
                Some(_) => self.with_source += 1,
                None => self.without_source.push(line()),
            }
        }
    }

    fn failures(&self) -> usize {
        self.kinds.values().map(|kind| kind.failures).sum()
    }

    /// Whether everything has a conclusion, 95 of 100 failures a typed cause, and every failure at an instruction
    /// of an object with line information its source line.
    pub fn holds(&self) -> bool {
        self.inconclusive.is_empty()
            && self.without_source.is_empty()
            && self.untyped.len() * 100 <= self.failures() * 5
    }

    /// The document.
    pub fn document(&self) -> String {
        let mut text = format!(
            "{HEAD}{} objects, of which every one was asked about on {} kernels.\n\n{}\n",
            self.objects.len(),
            self.programs.len(),
            self.verdicts()
        );
        let typed = self.failures() - self.untyped.len();
        let sources = self.with_source + self.without_source.len();
        let told = format!(
            "| what is told of a failure | of | told | |\n|---|---|---|---|\n\
             | a typed cause | {} | {typed} | {} |\n\
             | the line of the source, where the object has line information | {sources} | {} | {} |\n\n",
            self.failures(),
            percent(typed, self.failures()),
            self.with_source,
            percent(self.with_source, sources),
        );
        text.push_str(&told);
        text.push_str(&self.causes());
        for (title, lines) in [
            ("Failures without a typed cause", &self.untyped),
            ("Failures without their source line", &self.without_source),
            ("Without a conclusion", &self.inconclusive),
        ] {
            let lines: String = lines.iter().map(|line| format!("- {line}\n")).collect();
            let lines = if lines.is_empty() { "None.\n" } else { &lines };
            text.push_str(&format!("\n## {title}\n\n{lines}"));
        }
        text
    }

    fn verdicts(&self) -> String {
        let verdicts = domain::verdict::Verdict::ALL.map(domain::verdict::Verdict::name);
        let mut text = format!("| programs on | {} |\n|---|---|---|---|---|\n", verdicts.join(" | "));
        for (release, counts) in &self.programs {
            let counts = verdicts.map(|name| counts.get(name).copied().unwrap_or_default().to_string());
            let row = format!("| {release} | {} |\n", counts.join(" | "));
            text.push_str(&row);
        }
        text
    }

    fn causes(&self) -> String {
        let mut kinds: Vec<_> = self.kinds.iter().collect();
        kinds.sort_by_key(|(_, kind)| std::cmp::Reverse(kind.failures));
        let mut text =
            "| cause | failures | objects | kernels | for example |\n|---|---|---|---|---|\n".to_owned();
        for (code, kind) in kinds {
            let (objects, kernels) = (kind.objects.len(), kind.kernels.len());
            let example = kind.example.replace('|', "\\|");
            let row = format!("| `{code}` | {} | {objects} | {kernels} | {example} |\n", kind.failures);
            text.push_str(&row);
        }
        text
    }
}

const HEAD: &str = "\
# What other projects' objects meet

Every eBPF object that `scripts/third-party-objects --every` finds in Debian's packages, without those that have no
program, loaded and attached as they come, with no manifest. Written by `make third-party-study`, which fails when a
cell has no conclusion, when more than 5 of 100 failures have no typed cause, or when one at an instruction lacks its
source line though its object has line information. `unexplained`, `verifier_access` and `verifier_invalid` count as
no typed cause.

";

fn name(verdict: Verdict) -> &'static str {
    verdict.to_domain().map_or("not told", domain::verdict::Verdict::name)
}
