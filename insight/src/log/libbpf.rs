//! What libbpf itself says: names it looked for and did not find, maps it could not create,
//! instructions it replaced because nothing in the kernel fits them.
//!
//! libbpf replaces what it cannot relocate by a call to an impossible helper and names the
//! culprit when the verifier trips over it. When it cannot (the log was cut, the program has
//! several) the raw number remains in the verifier's words; both forms are read here.

use super::{leading_number, quoted};
use domain::evidence::ProgramFact;

/// The impossible helper of a failed CO-RE relocation.
pub const POISON_CORE: u32 = 195_896_080;
/// The first impossible helper of a map that was not created; its index is added.
pub const POISON_MAP: u32 = 2_001_000_000;
/// The first impossible helper of an unresolved kfunc; its index is added.
pub const POISON_KFUNC: u32 = 2_002_000_000;

/// What begins a message of libbpf. The guest lets no other line begin so, whatever names and source lines
/// of the object are part of a message.
const PREFIX: &str = "libbpf: ";

/// libbpf's own lines without its prefix.
fn lines(log: &str) -> impl DoubleEndedIterator<Item = &str> {
    log.lines().filter_map(|line| line.strip_prefix(PREFIX)).map(str::trim_end)
}

/// What libbpf said last.
pub fn last_line(log: &str) -> Option<&str> {
    lines(log).next_back()
}

/// The last line of libbpf that begins with `words`. Words further in may be names of the object.
pub fn line_that_begins<'a>(log: &'a str, words: &str) -> Option<&'a str> {
    lines(log).rev().find(|line| line.starts_with(words))
}

/// The last line of libbpf that reports a failure and is not one of the summaries, to be shown: it may be
/// there for a name of the object, so nothing is decided on it.
pub fn last_failure(log: &str) -> Option<&str> {
    const SUMMARIES: &[&str] =
        &["failed to load object", "to create BPF token", "': failed to load: ", "-- "];
    let failure = |line: &&str| {
        let complains =
            ["failed", "Error", "not found", "not supported", "is not", "missing", "couldn't", "can't"];
        complains.iter().any(|word| line.contains(word)) && !SUMMARIES.iter().any(|word| line.contains(word))
    };
    lines(log).rev().find(failure).or_else(|| lines(log).rev().find(|line| line.contains("failed to load: ")))
}

/// A part of the object that libbpf says `words` of, and the errno behind them: `map 'NAME': failed to
/// create: -E2BIG`. The errno is the last word, so that no name ends like such a line.
fn failed<'a>(line: &'a str, part: &str, words: &str) -> Option<(&'a str, &'a str)> {
    let (name, errno) = named(line, part)?;
    let errno = errno.strip_prefix(words)?;
    (errno.starts_with('-') && !errno.contains(' ')).then_some((name, errno))
}

/// The program at which loading stopped.
pub fn failed_program(log: &str) -> Option<&str> {
    lines(log).rev().find_map(|line| failed(line, "prog '", "failed to load: ")).map(|(name, _)| name)
}

/// A map that could not be created, the errno libbpf printed, and its line.
pub fn failed_map(log: &str) -> Option<(&str, i32, &str)> {
    lines(log).rev().find_map(|line| {
        let (name, errno) = failed(line, "map '", "failed to create: ")?;
        Some((name, errno_of(errno), line))
    })
}

/// The line about a slot of a map that could not be filled, as what belongs in it was not loaded.
pub fn empty_slot(log: &str) -> Option<&str> {
    let is_slot = |line: &&str| named(line, "map '").is_some_and(|(_, says)| says.starts_with(SLOT));
    lines(log).rev().find(is_slot)
}

const SLOT: &str = "failed to initialize slot [";

/// Whether a map was left out of the load, so that programs which use it are refused.
pub fn leaves_out_map(log: &str) -> bool {
    lines(log).any(|line| named(line, "map '").is_some_and(|(_, says)| says == "skipped auto-creating..."))
}

/// The name behind `beginning`, and what is said of it. A name may hold whatever else a line does, so it
/// reaches to the last place where one could end.
fn named<'a>(line: &'a str, beginning: &str) -> Option<(&'a str, &'a str)> {
    line.strip_prefix(beginning)?.rsplit_once("': ")
}

/// libbpf prints an errno by name where it knows one and as a negative number else.
fn errno_of(says: &str) -> i32 {
    let says = says.trim_start_matches('-');
    domain::errno::Errno::from_name(says).map(|errno| errno.0).or_else(|| says.parse().ok()).unwrap_or(0)
}

/// A kernel function the object calls and this kernel does not have, or has with other types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingKfunc<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether there is one of that name with other parameters.
    pub incompatible: bool,
    /// The line that says so.
    pub line: &'a str,
}

/// The last kernel function that was missing.
pub fn missing_kfunc(log: &str) -> Option<MissingKfunc<'_>> {
    lines(log).rev().find_map(|line| {
        let (name, says) = named(line, "extern (func ksym) '")?;
        let incompatible = says.starts_with("func_proto [");
        (incompatible || says.starts_with("not found in ")).then_some(MissingKfunc {
            name,
            incompatible,
            line,
        })
    })
}

/// The kernel functions that were found, in libbpf's order.
pub fn found_kfuncs(log: &str) -> impl Iterator<Item = &str> {
    lines(log).filter_map(|line| {
        let (name, says) = named(line, "extern (func ksym) '")?;
        says.starts_with("resolved to ").then_some(name)
    })
}

/// A kernel variable, symbol or configuration value the object needs and this kernel lacks, or has with
/// another type.
pub fn missing_extern(log: &str) -> Option<(&str, &str)> {
    lines(log).rev().find_map(|line| {
        let variable = named(line, "extern (var ksym) '");
        let variable = variable.filter(|(_, says)| {
            says.starts_with("not found in ") || says.starts_with("incompatible types, ")
        });
        // Of a value that fits libbpf says what it is set to, and of a long text that it cuts it.
        let value = named(line, "extern (kcfg) '");
        let value = value.filter(|(_, says)| {
            let fits = ["set to ", "long string "].iter().any(|words| says.starts_with(words));
            !fits
        });
        let symbol =
            line.strip_prefix("extern '").and_then(|rest| rest.strip_suffix("' (strong): not resolved"));
        let name = variable.or(value).map(|(name, _)| name).or(symbol)?;
        Some((name, line))
    })
}

/// Whether libbpf found a use of `symbol` in `program`; `None` when the log names no user, or one that is
/// none of the object's `programs`: a subprogram, which any program may call.
pub fn uses_extern(log: &str, programs: &[ProgramFact], program: &str, symbol: &str) -> Option<bool> {
    let of_symbol = format!(" '{symbol}' (sym ");
    let user = |line: &'_ str| {
        let (user, says) = named(line, "prog '")?;
        let (_, rest) = says.strip_prefix("found extern #")?.split_once(&of_symbol)?;
        (!rest.contains('\'')).then(|| user.to_owned())
    };
    let users: Vec<String> = lines(log).filter_map(user).collect();
    let known = |user: &String| programs.iter().any(|program| program.name == *user);
    (!users.is_empty() && users.iter().all(known)).then(|| users.iter().any(|user| user == program))
}

/// The structure of a struct_ops map that the kernel does not have.
pub fn missing_struct_ops(log: &str) -> Option<(&str, &str)> {
    lines(log).rev().find_map(|line| {
        let name = line.strip_prefix("struct_ops init_kern: struct ")?;
        let name = name.strip_suffix(" is not found in kernel BTF")?;
        Some((name.strip_prefix("bpf_struct_ops_").unwrap_or(name), line))
    })
}

/// What `program` wanted to be attached to and the kernel's BTF does not name.
pub fn missing_target<'a>(log: &'a str, program: &str) -> Option<(&'a str, &'a str)> {
    let words = format!("prog '{program}': failed to find kernel BTF type ID of '");
    let line = line_that_begins(log, &words)?;
    Some((line.strip_prefix(&words)?.split_once('\'')?.0, line))
}

/// The type or field of a failed CO-RE relocation, without `struct` and without the local
/// flavour: `task_struct.state` for `struct task_struct___old.state (0:1 @ offset 4)`.
pub fn core_subject(spec: &str) -> Option<String> {
    let (_, named) = spec.split_once("> [")?.1.split_once("] ")?;
    let named = named.split(" (").next()?.split(" = ").next()?.trim();
    let named =
        ["struct ", "union ", "typedef "].iter().find_map(|word| named.strip_prefix(word)).unwrap_or(named);
    let end = named.find(['.', ':']).unwrap_or(named.len());
    let (base, rest) = named.split_at(end);
    // libbpf compares enumerators without their flavour too, fields with it.
    let rest = if rest.starts_with("::") { without_flavour(rest) } else { rest };
    let base = without_flavour(base);
    (!base.is_empty()).then(|| format!("{base}{rest}"))
}

/// What libbpf says of a relocation that ends the load.
const ENDED: &[&str] = &[
    "failed to relocate: ",
    "target candidate search failed ",
    "field offset ambiguity: ",
    "relocation decision ambiguity: ",
];

/// The relocation of `program` with which libbpf gave up, before the kernel saw any of it.
pub fn ended_relocation<'a>(log: &'a str, program: &str) -> Option<&'a str> {
    let of_program = format!("prog '{program}': relo #");
    let ends = |line: &&str| {
        let says = line.strip_prefix(&of_program).and_then(|rest| rest.split_once(": "));
        says.is_some_and(|(_, says)| ENDED.iter().any(|words| says.starts_with(words)))
    };
    lines(log).rev().find(ends)
}

fn without_flavour(name: &str) -> &str {
    name.rsplit_once("___").map_or(name, |(name, _)| name)
}

/// The failed CO-RE relocation at an instruction of `program`: the line that says so, and the
/// type or field.
pub fn failed_relocation<'a>(
    log: &'a str,
    program: &str,
    instruction: Option<u32>,
) -> Option<(&'a str, &'a str)> {
    let of_program = format!("prog '{program}': relo #");
    let mut spec: Option<(u32, &str)> = None;
    let mut failed: Option<(&str, &str)> = None;
    for line in lines(log) {
        let Some(rest) = line.strip_prefix(&of_program) else { continue };
        let (Some(number), Some((_, says))) = (leading_number(rest), rest.split_once(": ")) else { continue };
        if says.starts_with('<') {
            spec = Some((number, says));
        }
        let here = says
            .split_once("substituting insn #")
            .is_some_and(|(_, rest)| instruction.is_none_or(|at| leading_number(rest) == Some(at)));
        if let Some((_, says)) = spec.filter(|(of, _)| *of == number && here) {
            failed = Some((line, says));
        }
    }
    failed
}

/// What of a CO-RE relocation the kernel's BTF has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacks {
    /// The type, by its name.
    Type,
    /// The field; there is a type of that name.
    Field,
    /// The enumerator.
    Enumerator,
}

/// What was lacking for the relocation that libbpf prints as `spec`. It tells of every type of the kernel that
/// has the name, before it compares fields.
pub fn lacks(log: &str, spec: &str) -> Lacks {
    if spec.starts_with("<enumval_") {
        return Lacks::Enumerator;
    }
    if spec.starts_with("<type_") || spec.contains("_type_id>") {
        return Lacks::Type;
    }
    let local = spec.split_once("> [").and_then(|(_, rest)| leading_number(rest));
    let is_candidate = |line: &str| {
        let rest = line.strip_prefix("CO-RE relocating [");
        rest.is_some_and(|rest| leading_number(rest) == local && rest.contains(": found target candidate ["))
    };
    if local.is_some() && lines(log).any(is_candidate) { Lacks::Field } else { Lacks::Type }
}

/// The kfunc whose call libbpf replaced at an instruction of `program`.
pub fn poisoned_kfunc<'a>(log: &'a str, program: &str) -> Option<&'a str> {
    let of_program = format!("prog '{program}': ");
    lines(log)
        .filter_map(|line| line.strip_prefix(&of_program))
        .find_map(|line| line.split_once(" that calls kfunc ").and_then(|(_, name)| quoted(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relocations_are_named_as_the_kernel_would() {
        for (spec, subject) in [
            ("<byte_off> [381] struct rq___old.lock (0:0 @ offset 0)", Some("rq.lock")),
            ("<byte_sz> [7] union x.y.z (0:1:2 @ offset 4)", Some("x.y.z")),
            ("<type_exists> [9] struct bpf_iter__task___local", Some("bpf_iter__task")),
            (
                "<enumval_value> [101] enum nf_nat_manip_type___local::NF_NAT = 0",
                Some("enum nf_nat_manip_type::NF_NAT"),
            ),
            ("<enumval_value> [5] enum kind___old::KIND_A___old = 1", Some("enum kind::KIND_A")),
            ("<byte_off> [381] ", None),
            ("nonsense", None),
        ] {
            assert_eq!(core_subject(spec).as_deref(), subject, "{spec}");
        }
    }

    #[test]
    fn the_errno_of_a_map_is_read_by_name_and_by_number() {
        for (says, errno) in [("-E2BIG", 7), ("-EOPNOTSUPP", 95), ("-133", 133), ("-soon", 0)] {
            let log = format!("libbpf: map 'm': failed to create: {says}\n");
            let line = log.trim_end().strip_prefix(PREFIX).expect("there");
            assert_eq!(failed_map(&log), Some(("m", errno, line)));
        }
    }
}
