//! The answer.

use domain::evidence::{Evidence, KernelFacts, Log, LogSubject};
use domain::verdict::{CellVerdict, Verdict, exit_code};
use insight::log::verifier;

/// What the running kernel said about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The kernel, as this process sees it.
    pub kernel: KernelFacts,
    /// The verdict with its cause, and that of each program and map; what was inferred, declared and chosen.
    /// Where a sentence speaks of the guest, this machine is meant.
    pub cell: CellVerdict,
    logs: Vec<Log>,
}

impl Report {
    pub(super) fn new(evidence: Evidence, cell: CellVerdict) -> Self {
        Self { kernel: evidence.kernel.unwrap_or_default(), cell, logs: evidence.logs }
    }

    /// The verdict of the object. Only [`Verdict::Passes`] is a reason to load it.
    pub fn verdict(&self) -> Verdict {
        self.cell.verdict
    }

    /// As the command line ends: 0 works, 1 does not, 2 could not tell.
    pub fn exit_code(&self) -> u8 {
        exit_code(self.cell.verdict)
    }

    /// What the verifier wrote about a program that it refused.
    pub fn verifier_log(&self, program: &str) -> Option<&str> {
        verifier::of_program(self.log(&LogSubject::LoadAlone(program.to_owned())), program)
    }

    /// Everything libbpf and the kernel said during one step; empty if they said nothing, or the step was not
    /// needed.
    pub fn log(&self, step: &LogSubject) -> &str {
        self.logs.iter().find(|log| log.subject == *step).map_or("", |log| log.text.as_str())
    }
}
