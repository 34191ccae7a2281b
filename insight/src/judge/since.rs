//! Since which upstream version there is what a cause says is missing, or what became of it.
//!
//! One step behind the rules: it looks at the cause they found and adds one sentence and `since`.
//! That a kernel is too old for something is never inferred from its version: the rules have seen that it is
//! missing. At or past the first version it was removed, has another name, or was left out of the build.

mod says;
mod uses;

use crate::since::{self, Kind, Row};
use crate::wanted;
use domain::cause::{Cause, CauseCode, Confidence, Since, Stage, Standing};
use domain::errno::Errno;
use domain::evidence::{Evidence, KernelFacts, MapFact, ProgramFact};
use domain::helper;
use domain::kernel::Series;

/// What a cause is about.
struct Missing {
    row: &'static Row,
    /// Whether a kernel past the first version can only lack it because it was built without it.
    left_out: bool,
}

/// The cause of a program, with what is known of what it misses.
pub(super) fn of_program(evidence: &Evidence, program: &ProgramFact, cause: Cause) -> Cause {
    let facts = evidence.kernel.as_ref();
    told(facts, missing(facts, program, &cause), cause)
}

/// The cause of a map.
pub(super) fn of_map(evidence: &Evidence, map: &MapFact, cause: Cause) -> Cause {
    let missing = match cause.code {
        CauseCode::MapTypeUnknown => absent(Kind::MapType, &map.kind),
        // A flag that the kernel knows may not be for maps of this type.
        CauseCode::MapFlagRefused => refused(Kind::Flag, &cause.subject),
        CauseCode::StructOpsMissing => absent(Kind::StructOps, &cause.subject),
        _ => None,
    };
    told(evidence.kernel.as_ref(), missing, cause)
}

fn missing(facts: Option<&KernelFacts>, program: &ProgramFact, cause: &Cause) -> Option<Missing> {
    match cause.code {
        CauseCode::ProgramTypeUnknown => absent(Kind::ProgramType, &program.kind),
        CauseCode::HelperUnknown => helper(facts, program, cause),
        CauseCode::KfuncMissing => kfunc(cause),
        CauseCode::StructOpsMissing => absent(Kind::StructOps, &cause.subject),
        CauseCode::TracepointMissing
        | CauseCode::SymbolMissing
        | CauseCode::LsmHookMissing
        | CauseCode::AttachTargetMissing => target(program, cause),
        CauseCode::AttachUnsupported => use_of(program, cause),
        CauseCode::CoreEnumeratorMissing => enumerator(&cause.subject),
        CauseCode::InstructionUnknown
        | CauseCode::CallbackUnknown
        | CauseCode::VerifierLoop
        | CauseCode::VerifierSleep
        | CauseCode::VerifierInvalid => ability(program, cause),
        _ => None,
    }
}

/// What the kernel's own facts do not have.
fn absent(kind: Kind, name: &str) -> Option<Missing> {
    Some(Missing { row: since::row(kind, name)?, left_out: true })
}

/// What a kernel refuses and may have.
fn refused(kind: Kind, name: &str) -> Option<Missing> {
    Some(Missing { row: since::row(kind, name)?, left_out: false })
}

/// A helper that the kernel names and does not let this program call is not missing, whatever its version. The
/// one that has an option of its own is for probes.
fn helper(facts: Option<&KernelFacts>, program: &ProgramFact, cause: &Cause) -> Option<Missing> {
    let name = cause.subject.strip_prefix("bpf_")?;
    let number = helper::number(name)?;
    if facts.and_then(|facts| facts.helpers).is_some_and(|known| number < known) {
        let of_probe = program.kind == "kprobe";
        return absent(Kind::Helper, name).filter(|missing| of_probe && missing.row.config.is_some());
    }
    refused(Kind::Helper, name)
}

/// The line says whether the kernel lacks the function or has it for others.
fn kfunc(cause: &Cause) -> Option<Missing> {
    let line = cause.log_line.as_str();
    if line.starts_with("BPF_CALL uses reserved fields") {
        return refused(Kind::Ability, "calls_of_kernel_functions");
    }
    if line.starts_with("calling kernel function ") {
        return refused(Kind::Kfunc, &cause.subject).filter(|missing| missing.row.older);
    }
    let otherwise_declared = line.contains("': func_proto [");
    let missing = absent(Kind::Kfunc, &cause.subject).filter(|_| !otherwise_declared)?;
    // What is said of a function that may be in a module leaves that open.
    let left_out = cause.confidence == Confidence::Certain || missing.row.module.is_some();
    Some(Missing { left_out, ..missing })
}

/// What a program hooks, by its section. It was left out of the build only if it is certain that it is nowhere; of an
/// event that is never known, as it may be in another category.
fn target(program: &ProgramFact, cause: &Cause) -> Option<Missing> {
    let (kind, name) = program.section.split_once('/')?;
    let is_event = matches!(kind, "tp" | "tracepoint");
    let left_out = cause.confidence == Confidence::Certain && !is_event;
    let missing = match kind {
        "lsm" | "lsm.s" | "lsm_cgroup" => absent(Kind::Hook, name),
        "iter" | "iter.s" => absent(Kind::Iterator, name),
        _ => {
            let wanted = wanted::of_section(&program.section)?;
            match wanted.symbol.strip_prefix(crate::module::TRACEPOINT) {
                Some(tracepoint) => absent(Kind::Tracepoint, tracepoint),
                None => absent(Kind::Function, &wanted.symbol),
            }
        }
    }?;
    Some(Missing { left_out, ..missing })
}

/// An option that is off is answered with EINVAL before a program is verified, where programs of its type are
/// nothing without, and with EOPNOTSUPP when one is attached; other answers have other reasons too.
fn use_of(program: &ProgramFact, cause: &Cause) -> Option<Missing> {
    let (kind, name) = uses::of_section(&program.section)?;
    let off = cause.errno == Some(Errno::EOPNOTSUPP)
        || (program.kind != "kprobe" && cause.stage == Stage::Load && cause.errno == Some(Errno::EINVAL));
    let row = since::row(kind, name)?;
    Some(Missing { row, left_out: off && row.config.is_some() })
}

/// The enumerations of the kernel's `linux/bpf.h` whose members are features, and how the members begin.
const ENUMERATIONS: [(&str, &str, Kind); 6] = [
    ("bpf_prog_type", "BPF_PROG_TYPE_", Kind::ProgramType),
    ("bpf_map_type", "BPF_MAP_TYPE_", Kind::MapType),
    ("bpf_attach_type", "BPF_", Kind::AttachType),
    ("bpf_link_type", "BPF_LINK_TYPE_", Kind::LinkType),
    ("bpf_cmd", "BPF_", Kind::Command),
    ("bpf_func_id", "BPF_FUNC_", Kind::Helper),
];

fn enumerator(subject: &str) -> Option<Missing> {
    let (name, member) = subject.strip_prefix("enum ")?.split_once("::")?;
    let (_, start, kind) = ENUMERATIONS.iter().find(|(enumeration, ..)| *enumeration == name)?;
    refused(*kind, &member.strip_prefix(start)?.to_ascii_lowercase())
}

/// What older verifiers say of what they do not know, by the start of the line. The codes are those of the
/// instructions in the kernel's Documentation/bpf/standardization/instruction-set.rst.
const SIGNS: [(&str, &str); 11] = [
    ("BPF_STX uses reserved fields", "atomics"),
    ("number of funcs in func_info doesn't match", "callbacks"),
    ("back-edge from insn ", "bounded_loops"),
    ("unknown opcode 06", "long_jumps"),
    ("unknown opcode 81", "sign_extending_loads"),
    ("unknown opcode 89", "sign_extending_loads"),
    ("unknown opcode 91", "sign_extending_loads"),
    ("unknown opcode d7", "byte_swaps"),
    ("unknown opcode e5", "may_goto"),
    ("BPF_ATOMIC uses invalid atomic opcode 100", "load_acquire"),
    ("BPF_ATOMIC uses invalid atomic opcode 110", "load_acquire"),
];

/// Kinds of sections for programs at functions of processes that may sleep.
const SLEEPING: [&str; 6] =
    ["uprobe.s", "uretprobe.s", "uprobe.multi.s", "uretprobe.multi.s", "uprobe.session.s", "usdt.s"];

fn ability(program: &ProgramFact, cause: &Cause) -> Option<Missing> {
    let sleeps = program.section.split('/').next().is_some_and(|kind| SLEEPING.contains(&kind));
    if sleeps && cause.log_line.starts_with("Only fentry/fexit") {
        return refused(Kind::Ability, "sleepable_user_probes");
    }
    let (_, name) = SIGNS.iter().find(|(says, _)| cause.log_line.starts_with(says))?;
    refused(Kind::Ability, name)
}

/// The cause with one sentence more, if there is something to say of this kernel.
fn told(facts: Option<&KernelFacts>, missing: Option<Missing>, cause: Cause) -> Cause {
    let Some(Missing { row, left_out }) = missing else { return cause };
    let series = facts.and_then(|facts| series(&facts.release));
    let standing = series.map_or(Standing::NotYet, |series| row.standing(series));
    let sentence = match (standing, series) {
        (Standing::NotYet, _) => says::came(row),
        (Standing::Gone, _) => says::went(row),
        (Standing::There, Some(series)) if left_out => says::off(row, series),
        (Standing::There, _) => None,
    };
    let Some(sentence) = sentence else { return cause };
    let first =
        row.first.map(|first| Since { version: first.to_string(), commit: row.commit.clone(), standing });
    Cause { says: format!("{} {sentence}", cause.says), since: first, ..cause }
}

/// The series of a `uname -r`, which a guest told.
fn series(release: &str) -> Option<Series> {
    let numbers = release.split(|letter: char| !letter.is_ascii_digit() && letter != '.').next()?;
    let mut parts = numbers.split('.');
    format!("{}.{}", parts.next()?, parts.next()?).parse().ok()
}
