//! What the contract says of programs: which decide, how far they must get, and what stands in their place.

use super::cause;
use super::classify::Finding;
use super::refusal::missing_hook;
use domain::cause::{Cause, CauseCode, Stage};
use domain::contract::ProgramTerms;
use domain::errno::Errno;
use domain::evidence::{Choice, Evidence, NotApplied, PassedOver, ProgramFact};
use domain::level::Level;

/// What libbpf returns for a target that the kernel's types lack.
const NO_TARGET: [Errno; 2] = [Errno::ESRCH, Errno::ENOENT];

fn of<'e>(evidence: &'e Evidence, program: &str) -> Option<&'e ProgramTerms> {
    evidence.contract.programs.get(program)
}

/// How far a program must get.
pub(super) fn level(evidence: &Evidence, program: &str, asked: Level) -> Level {
    of(evidence, program).and_then(|terms| terms.level).unwrap_or(asked)
}

/// Whether a program decides, and why if that is declared or chosen.
pub(super) fn required(evidence: &Evidence, program: &ProgramFact) -> (bool, String) {
    if let Some(says) = left_out(evidence, &program.name) {
        return (false, says);
    }
    let terms = of(evidence, &program.name);
    match terms.map(|terms| (terms.required, terms.autoload)) {
        Some((Some(true), _)) => (true, "declared as required".to_owned()),
        Some((Some(false), _)) => (false, "declared as not required".to_owned()),
        Some((None, Some(true))) => (program.autoload, "declared as loaded".to_owned()),
        Some((None, Some(false))) => (program.autoload, "declared as not loaded".to_owned()),
        Some((None, None)) | None => (program.autoload, String::new()),
    }
}

/// Why a program was left out by choice, if it was.
pub(super) fn left_out(evidence: &Evidence, program: &str) -> Option<String> {
    let group = evidence.contract.group_of(program)?;
    let choice = choices(evidence).iter().find(|choice| choice.group == group)?;
    match &choice.kept {
        Some(kept) if kept == program => None,
        Some(kept) => Some(format!("left out by choice, as group `{group}` keeps `{kept}` on this kernel")),
        None => Some(format!("left out, as no candidate of group `{group}` can work on this kernel")),
    }
}

fn choices(evidence: &Evidence) -> &[Choice] {
    evidence.open.as_ref().map(|open| open.choices.as_slice()).unwrap_or_default()
}

/// The cause of a cell whose maps or variables are not as declared: it was not exercised under its contract.
pub(super) fn unmet(evidence: &Evidence) -> Option<Cause> {
    let open = evidence.open.as_ref()?;
    let of_program = |one: &&NotApplied| open.programs.iter().any(|program| program.name == one.subject);
    let refused = open.not_applied.iter().find(|one| !of_program(one))?;
    let NotApplied { subject, setting, errno } = refused;
    let says =
        format!("`{subject}`: {setting} was refused ({errno}), so the object was not tried as declared.");
    let finding = Finding::certain(CauseCode::LoaderContract, subject, says);
    Some(cause(Stage::Open, Some(*errno), finding, None))
}

/// The cause of a group that decides and of which nothing could be kept.
pub(super) fn without_variant(evidence: &Evidence) -> Option<Cause> {
    let decides = |choice: &&Choice| {
        let declared = |one: &PassedOver| of(evidence, &one.program).and_then(|terms| terms.required);
        choice.kept.is_none() && choice.passed_over.iter().any(|one| declared(one) != Some(false))
    };
    let choice = choices(evidence).iter().find(decides)?;
    let lacked_memory = choice.passed_over.iter().any(|one| one.errno == Some(Errno::ENOMEM));
    let finding = if lacked_memory {
        let says = format!("The guest had too little memory to choose of group `{}`.", choice.group);
        Finding::certain(CauseCode::GuestMemory, &choice.group, says)
    } else {
        let says =
            format!("No candidate of group `{}` can work on this kernel: {}.", choice.group, missing(choice));
        Finding::certain(CauseCode::VariantMissing, &choice.group, says)
    };
    Some(cause(Stage::Load, None, finding, None))
}

fn missing(choice: &Choice) -> String {
    let one = |one: &PassedOver| match one.errno {
        None => format!("`{}` requires {}", one.program, one.requires),
        Some(errno) => format!("`{}` requires {} ({errno})", one.program, one.requires),
    };
    choice.passed_over.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// What was chosen, a sentence for each group.
pub(super) fn chosen(evidence: &Evidence) -> Vec<String> {
    let sentence = |choice: &Choice| {
        let kept = match &choice.kept {
            Some(kept) => format!("group `{}` keeps `{kept}`", choice.group),
            None => format!("group `{}` keeps nothing", choice.group),
        };
        if choice.passed_over.is_empty() { kept } else { format!("{kept}; {}", missing(choice)) }
    };
    choices(evidence).iter().map(sentence).collect()
}

/// What was declared and set, or could not be.
pub(super) fn declared(evidence: &Evidence) -> Vec<String> {
    let Some(open) = &evidence.open else { return Vec::new() };
    let refused =
        |one: &NotApplied| format!("`{}`: {} was refused ({})", one.subject, one.setting, one.errno);
    open.applied.iter().cloned().chain(open.not_applied.iter().map(refused)).collect()
}

/// The cause of a program whose declared setting the kernel or libbpf refused.
pub(super) fn not_applied(evidence: &Evidence, program: &ProgramFact) -> Option<Cause> {
    let name = &program.name;
    let refused = evidence.open.as_ref()?.not_applied.iter().find(|one| one.subject == *name)?;
    let without_btf = evidence.kernel.as_ref().is_some_and(|facts| facts.btf_bytes == 0);
    let finding = if !NO_TARGET.contains(&refused.errno) {
        let says = format!("`{name}`: {} was refused ({}).", refused.setting, refused.errno);
        Finding::certain(CauseCode::LoaderContract, name, says)
    } else if without_btf {
        let says = format!("This kernel publishes no BTF, and `{name}` needs it for {}.", refused.setting);
        Finding::certain(CauseCode::KernelWithoutBtf, name, says)
    } else {
        let target = domain::section::target(&program.section).unwrap_or(name);
        let says = format!("This kernel has no `{target}` to which `{name}` could be attached.");
        Finding::certain(missing_hook(&program.section), target, says)
    };
    Some(cause(Stage::Load, Some(refused.errno), finding, None))
}
