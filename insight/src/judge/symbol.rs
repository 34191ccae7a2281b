//! What follows from functions that their name alone does not tell.
//!
//! A program that hooks a name sees one of the functions that have it, and none of those that the compiler made of
//! it. That it was attached is then no proof that it is called.

use super::classify::Finding;
use super::{bounded, cause};
use crate::wanted;
use domain::cause::{Cause, CauseCode, Stage};
use domain::evidence::{Evidence, ProgramFact, Symbol};
use domain::verdict::{ProgramVerdict, Verdict};

/// Kinds of sections whose programs hook one function, by its name; the others hook every function of that name.
const SINGLE: [&str; 6] = ["kprobe", "kretprobe", "fentry", "fexit", "fmod_ret", "fsession"];
/// Functions that are named in a sentence.
const NAMED_MAX: usize = 3;

/// What the kernel's symbols say of the function that the program hooks.
pub(super) fn of<'e>(evidence: &'e Evidence, program: &ProgramFact) -> Option<&'e Symbol> {
    let (kind, _) = program.section.split_once('/')?;
    let hooked = wanted::of_section(&program.section).filter(|wanted| wanted.module.is_none())?;
    let single = SINGLE.contains(&kind.strip_suffix(".s").unwrap_or(kind));
    evidence.symbols.iter().find(|symbol| single && symbol.name == hooked.symbol)
}

/// The cause of a program that was attached to one of several functions.
pub(super) fn blind(evidence: &Evidence, program: &ProgramFact) -> Option<Cause> {
    let Symbol { name, copies, .. } = of(evidence, program).filter(|symbol| symbol.copies > 1)?;
    let says = format!(
        "`{}` is attached to one of the {copies} functions of this kernel that are named `{name}`, and sees no call \
         of the others.",
        program.name
    );
    Some(cause(Stage::Attach, None, Finding::certain(CauseCode::AttachedBlind, name, says), None))
}

/// What attached programs may not see, one sentence each.
pub(super) fn may_miss(evidence: &Evidence, programs: &[ProgramVerdict]) -> Vec<String> {
    let facts = evidence.open.as_ref().map(|open| open.programs.as_slice()).unwrap_or_default();
    let attached =
        programs.iter().filter(|program| program.verdict == Verdict::Passes && !program.hook.is_empty());
    let sentence = |program: &ProgramVerdict| {
        let fact = facts.iter().find(|fact| fact.name == program.name)?;
        let symbol = of(evidence, fact).filter(|symbol| !symbol.made.is_empty())?;
        let (made, name) = (named(symbol), &symbol.name);
        Some(bounded(format!(
            "`{}` sees no call of {made}, which the compiler made of `{name}`",
            program.name
        )))
    };
    attached.filter_map(sentence).collect()
}

/// The cause, with what became of a function that is missing.
pub(super) fn told(evidence: &Evidence, program: &ProgramFact, mut cause: Cause) -> Cause {
    if let (CauseCode::SymbolMissing, Some(symbol)) = (cause.code, of(evidence, program)) {
        cause.says = bounded(format!("{} {}", cause.says, became(symbol)));
    }
    cause
}

fn became(symbol: &Symbol) -> String {
    match symbol.copies {
        0 | 1 => format!("It has {}, which the compiler made of it.", named(symbol)),
        copies => format!("It has {copies} functions of this name, and its types describe none of them."),
    }
}

/// What was made of a function.
fn named(symbol: &Symbol) -> String {
    let made = &symbol.made;
    let named: Vec<String> = made.iter().take(NAMED_MAX).map(|name| format!("`{name}`")).collect();
    let others = made.len().saturating_sub(NAMED_MAX);
    let others = if others == 0 { String::new() } else { format!(" and {others} more") };
    format!("{}{others}", named.join(", "))
}
