//! What a loader refused by itself, without a word of the kernel.
//!
//! It is never the kernel's fault but where the loader looked for a thing of the kernel and did not find it.

use super::cause;
use super::classify::Finding;
use super::refusal::missing_hook;
use domain::cause::{Cause, CauseCode, Stage};
use domain::evidence::{Evidence, ProgramFact, Unable};

/// The cause of an object that its loader cannot open, or not prepare for its programs.
pub(super) fn object(evidence: &Evidence, unable: &Unable, stage: Stage) -> Cause {
    let loader = evidence.loader.name();
    let says =
        format!("{loader} refuses the object by itself, for nothing the kernel said: {}.", told(unable));
    cause(stage, None, Finding::certain(CauseCode::LoaderUnable, loader, says).on(&unable.says), None)
}

/// The cause of a program that its loader did not give to the kernel.
pub(super) fn program(evidence: &Evidence, program: &ProgramFact, unable: &Unable) -> Cause {
    let name = &program.name;
    let without_btf = evidence.kernel.as_ref().is_some_and(|facts| facts.btf_bytes == 0);
    let finding = match &unable.missing {
        Some(_) if without_btf => {
            let says = format!("This kernel publishes no BTF and `{name}` needs it.");
            Finding::certain(CauseCode::KernelWithoutBtf, name, says)
        }
        Some(missing) => {
            let says = format!("This kernel's BTF has no `{missing}`, to which `{name}` is to be attached.");
            Finding::likely(missing_hook(&program.section), missing, says)
        }
        None => {
            let says = format!(
                "{} refuses `{name}` by itself, for nothing the kernel said: {}.",
                evidence.loader,
                told(unable)
            );
            Finding::certain(CauseCode::LoaderUnable, name, says)
        }
    };
    cause(Stage::Load, None, finding.on(&unable.says), None)
}

fn told(unable: &Unable) -> &str {
    unable.says.trim_end_matches(['.', '\n'])
}
