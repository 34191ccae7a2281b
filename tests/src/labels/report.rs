//! What came of a comparison of verdicts with labels, and the document about it.

use crate::percent::percent;
use proto::wire;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What the kernel's own test module defines has one of these in its name; no distribution builds it.
const TEST_MODULE: [&str; 3] = ["bpf_testmod_", "bpf_kfunc_", "bpf_iter_testmod_"];
/// What the verifier says of functions that only the kernel's list for error injection opens to programs.
const ERROR_INJECTION: [&str; 2] = ["is not modifiable", "is not sleepable"];

/// Programs whose tests do more than their labels tell, with what that is.
const KNOWN: [(&str, &str); 1] = [(
    "verifier_mtu/tc_uninit_mtu",
    "its test gives up `CAP_SYS_ADMIN` and `CAP_PERFMON` first (`prog_tests/verifier.c`), and who has them may read \
     stack that was not written",
)];

/// How a verdict is shown that is a pass.
const PASSES: &str = "passes";

/// A program whose verdict or log is not what its label says.
#[derive(Debug, PartialEq)]
pub struct Difference {
    /// `OBJECT/PROGRAM`.
    pub program: String,
    /// What must come of it, and what came.
    pub expected: &'static str,
    /// Our verdict.
    pub ours: &'static str,
    /// Our reason.
    pub cause: Option<wire::Cause>,
    /// Flags its test sets.
    pub flags: Vec<String>,
    /// The file of types its test loads it with.
    pub types: Option<String>,
    /// How much its test lets the verifier log.
    pub log_level: u32,
    /// The first message its log lacks, if the verdict is right.
    pub lacks: Option<String>,
}

impl Difference {
    /// Why our answer differs without being wrong; `None` if that is not known.
    pub fn explanation(&self) -> Option<String> {
        let cause = self.cause.clone().unwrap_or_default();
        let known = KNOWN.iter().find(|(program, _)| *program == self.program);
        let of_module = |word: &&str| TEST_MODULE.iter().any(|part| word.contains(part));
        let mut words = cause.log_line.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        if let Some((_, why)) = known {
            Some((*why).to_owned())
        } else if let Some(symbol) = words.find(of_module) {
            Some(format!("the object needs `{symbol}` of the kernel's test module"))
        } else if let Some(types) = self.types.as_ref().filter(|_| self.expected == PASSES) {
            Some(format!("its test loads it with the types of `{types}` in place of the kernel's"))
        } else if ERROR_INJECTION.iter().any(|end| cause.log_line.ends_with(end)) {
            Some("needs CONFIG_FUNCTION_ERROR_INJECTION, which this kernel is built without".to_owned())
        } else if cause.code == "deadline" {
            Some("an emulated guest verifies it for longer than a guest may be silent, so that it has no verdict".to_owned())
        } else if self.lacks.is_some() && self.log_level > 1 {
            Some(format!("its test has the verifier log at level {}, a loader at 1", self.log_level))
        } else {
            let flag = self.flags.iter().find(|flag| self.may_differ_by(flag))?;
            Some(format!("its test sets `{flag}`, which no loader sets by itself"))
        }
    }

    /// Whether a flag of its test can make this difference: one makes the verifier refuse more, the others only
    /// change how it walks.
    fn may_differ_by(&self, flag: &str) -> bool {
        match flag {
            "BPF_F_STRICT_ALIGNMENT" => {
                self.lacks.is_some() || (self.expected != PASSES && self.ours == PASSES)
            }
            "BPF_F_TEST_STATE_FREQ" | "BPF_F_TEST_RND_HI32" => self.lacks.is_some(),
            _ => false,
        }
    }
}

/// All that was compared.
#[derive(Debug, Default)]
pub struct Found {
    /// The release of the kernel.
    pub kernel: String,
    /// How many objects there were.
    pub objects: usize,
    /// Labelled programs, by whether the kernel must accept them.
    pub labelled: BTreeMap<bool, usize>,
    /// Programs that were refused as they must be, with a message to be found in their log.
    pub with_messages: usize,
    /// Those that differ.
    pub differences: Vec<Difference>,
}

impl Found {
    /// The differences nobody can explain.
    pub fn unexplained(&self) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(|difference| difference.explanation().is_none())
    }

    /// The document.
    pub fn document(&self) -> String {
        let [refused, accepted] =
            [false, true].map(|label| self.labelled.get(&label).copied().unwrap_or_default());
        let (messages, verdicts): (Vec<_>, Vec<_>) =
            self.differences.iter().partition(|difference| difference.lacks.is_some());
        let all = refused + accepted;
        format!(
            "{HEAD}| | programs | as labelled | |\n|---|---|---|---|\n\
             | verdict of all labelled programs | {all} | {} | {} |\n\
             | the same without the exceptions below that are explained | {} | {} | {} |\n\
             | message in the log of a refusal | {} | {} | {} |\n\n\
             {} objects on {}; {accepted} programs must be accepted and {refused} refused.\n\n\
             ## Verdicts that differ\n\n{}\n## Logs without the message\n\n{}",
            all - verdicts.len(),
            percent(all - verdicts.len(), all),
            all - verdicts.len() + unexplained(&verdicts),
            all - verdicts.len(),
            percent(all - verdicts.len(), all - verdicts.len() + unexplained(&verdicts)),
            self.with_messages,
            self.with_messages - messages.len(),
            percent(self.with_messages - messages.len(), self.with_messages),
            self.objects,
            self.kernel,
            listed(&verdicts, |difference| format!("{}, not {}", difference.ours, difference.expected)),
            listed(&messages, |difference| code(difference.lacks.as_deref().unwrap_or_default())),
        )
    }
}

const HEAD: &str = "\
# The kernel's own labelled programs

The tests of Linux 6.12 tag programs with what its verifier must make of them: `__success`, or `__failure` with the
message it must give. They are compiled where they are asked about and are no part of this repository. Every verdict about
privileged loads counts; what is tagged for unprivileged ones only, or for other machines, does not. Of a program that
must be accepted only that is compared, as a loader asks for no log of it. Written by
`make labelled`, which fails when a difference has no explanation.

";

fn unexplained(differences: &[&Difference]) -> usize {
    differences.iter().filter(|difference| difference.explanation().is_none()).count()
}

/// Per explanation, the programs it explains.
fn listed(differences: &[&Difference], shown: impl Fn(&Difference) -> String) -> String {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for difference in differences {
        let why = difference.explanation().unwrap_or_else(|| "**without an explanation**".to_owned());
        groups.entry(why).or_default().push(format!("`{}` ({})", difference.program, shown(difference)));
    }
    let mut text = String::new();
    for (why, mut programs) in groups {
        programs.sort();
        writeln!(text, "- {why}: {} program(s)", programs.len()).expect("writing to memory cannot fail");
        programs
            .iter()
            .for_each(|program| writeln!(text, "  - {program}").expect("writing to memory cannot fail"));
    }
    text
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(log_line: &str) -> Difference {
        let cause = Some(wire::Cause { log_line: log_line.to_owned(), ..wire::Cause::default() });
        let (program, expected, ours) = ("object/program".to_owned(), "passes", "fails");
        Difference { program, expected, ours, cause, flags: vec![], types: None, log_level: 0, lacks: None }
    }

    #[test]
    fn what_the_test_module_lacks_is_explained_and_a_plain_refusal_is_not() {
        let lacking = difference("extern (func ksym) 'bpf_kfunc_x': not found in kernel or module BTFs");
        assert!(lacking.explanation().is_some_and(|why| why.contains("`bpf_kfunc_x`")));
        let flagged = |flag: &str, [expected, ours]: [&'static str; 2]| {
            let flags = vec![flag.to_owned()];
            Difference { flags, expected, ours, ..difference("R1 invalid mem access 'scalar'") }.explanation()
        };
        assert!(flagged("BPF_F_STRICT_ALIGNMENT", ["fails", "passes"]).is_some());
        assert_eq!(flagged("BPF_F_STRICT_ALIGNMENT", ["passes", "fails"]), None);
        assert_eq!(flagged("BPF_F_TEST_STATE_FREQ", ["passes", "fails"]), None);
        let closed = difference("__x64_sys_getpgid is not sleepable");
        assert!(closed.explanation().is_some_and(|why| why.contains("CONFIG_FUNCTION_ERROR_INJECTION")));
        let plain = difference("R1 invalid mem access 'scalar'");
        assert_eq!(plain.explanation(), None);
        let found =
            Found { labelled: [(true, 3)].into(), differences: vec![lacking, plain], ..Found::default() };
        assert_eq!(found.unexplained().count(), 1);
        let document = found.document();
        assert!(document.contains("| 3 | 1 | 33.33 % |"), "{document}");
        assert!(document.contains("| 2 | 1 | 50.00 % |"), "{document}");
        assert!(document.contains("**without an explanation**: 1 program(s)"), "{document}");
    }
}
