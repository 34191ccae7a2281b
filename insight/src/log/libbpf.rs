//! What libbpf itself says: names it looked for and did not find, maps it could not create,
//! instructions it replaced because nothing in the kernel fits them.
//!
//! libbpf replaces what it cannot relocate by a call to an impossible helper and names the
//! culprit when the verifier trips over it. When it cannot (the log was cut, the program has
//! several) the raw number remains in the verifier's words; both forms are read here.

use super::{leading_number, quoted};

/// The impossible helper of a failed CO-RE relocation.
pub const POISON_CORE: u32 = 195_896_080;
/// The first impossible helper of a map that was not created; its index is added.
pub const POISON_MAP: u32 = 2_001_000_000;
/// The first impossible helper of an unresolved kfunc; its index is added.
pub const POISON_KFUNC: u32 = 2_002_000_000;

/// libbpf's own lines without its prefix.
fn lines(log: &str) -> impl DoubleEndedIterator<Item = &str> {
    log.lines().filter_map(|line| line.strip_prefix("libbpf: ")).map(str::trim_end)
}

/// The last line of libbpf that contains `words`.
pub fn line_with<'a>(log: &'a str, words: &str) -> Option<&'a str> {
    lines(log).rev().find(|line| line.contains(words))
}

/// The last line of libbpf that reports a failure and is not one of the summaries.
pub fn last_failure(log: &str) -> Option<&str> {
    const SUMMARIES: &[&str] =
        &["failed to load object", "to create BPF token", "': failed to load: ", "-- "];
    let failure = |line: &&str| {
        let complains =
            ["failed", "Error", "not found", "not supported", "is not", "missing", "couldn't", "can't"];
        complains.iter().any(|word| line.contains(word)) && !SUMMARIES.iter().any(|word| line.contains(word))
    };
    lines(log).rev().find(failure).or_else(|| line_with(log, "failed to load: "))
}

/// The program at which loading stopped.
pub fn failed_program(log: &str) -> Option<&str> {
    lines(log).rev().find(|line| line.contains("': failed to load: ")).and_then(quoted)
}

/// A map that could not be created, and the errno libbpf printed.
pub fn failed_map(log: &str) -> Option<(&str, i32)> {
    let line = lines(log).rev().find(|line| line.contains("': failed to create: "))?;
    let says = line.rsplit_once(": ")?.1;
    Some((quoted(line)?, errno_of(says)))
}

/// libbpf prints an errno by name where it knows one and as a negative number else.
fn errno_of(says: &str) -> i32 {
    let says = says.trim_start_matches('-');
    let named = |number: &i32| domain::errno::Errno(*number).name() == Some(says);
    (1..=LAST_ERRNO).find(named).or_else(|| says.parse().ok()).unwrap_or(0)
}

/// The largest number the kernel uses for an error that leaves it (ENOTSUPP).
const LAST_ERRNO: i32 = 524;

/// A kernel function the object calls and this kernel does not have, or has with other types.
pub fn missing_kfunc(log: &str) -> Option<(&str, &str)> {
    let line = lines(log).rev().find(|line| {
        line.starts_with("extern (func ksym) '")
            && (line.contains("not found") || line.contains("incompatible"))
    })?;
    Some((quoted(line)?, line))
}

/// A kernel variable, symbol or configuration value the object needs and this kernel lacks.
pub fn missing_extern(log: &str) -> Option<(&str, &str)> {
    let line = lines(log).rev().find(|line| {
        (line.starts_with("extern (var ksym) '")
            && (line.contains("not found") || line.contains("incompatible")))
            || (line.starts_with("extern '") && line.ends_with("(strong): not resolved"))
    })?;
    Some((quoted(line)?, line))
}

/// Whether libbpf found a use of `symbol` in `program`; `None` when the log names no user, or
/// only subprograms, which any program may call.
pub fn uses_extern(log: &str, program: &str, symbol: &str) -> Option<bool> {
    let named = format!("'{symbol}' (sym ");
    let mut users = lines(log)
        .filter(|line| line.contains("': found extern #") && line.contains(&named))
        .filter_map(quoted)
        .peekable();
    users.peek()?;
    Some(users.any(|user| user == program))
}

/// The structure of a struct_ops map that the kernel does not have.
pub fn missing_struct_ops(log: &str) -> Option<(&str, &str)> {
    let line = line_with(log, "is not found in kernel BTF")?;
    let name = line.split_once("init_kern: struct ")?.1.split(' ').next()?;
    Some((name.strip_prefix("bpf_struct_ops_").unwrap_or(name), line))
}

/// What `program` wanted to be attached to and the kernel's BTF does not name.
pub fn missing_target<'a>(log: &'a str, program: &str) -> Option<(&'a str, &'a str)> {
    let line = line_with(log, &format!("prog '{program}': failed to find kernel BTF type ID of '"))?;
    Some((quoted(line.split_once(" of ")?.1)?, line))
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
    let base = base.split_once("___").map_or(base, |(base, _)| base);
    (!base.is_empty()).then(|| format!("{base}{rest}"))
}

/// The failed CO-RE relocation at an instruction of `program`: the line that says so, and the
/// type or field.
pub fn failed_relocation<'a>(
    log: &'a str,
    program: &str,
    instruction: Option<u32>,
) -> Option<(&'a str, String)> {
    let of_program = format!("prog '{program}': relo #");
    let mut spec: Option<(u32, &str)> = None;
    let mut failed: Option<(&str, String)> = None;
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
            failed = core_subject(says).map(|subject| (line, subject));
        }
    }
    failed
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
            ("<byte_off> [381] ", None),
            ("nonsense", None),
        ] {
            assert_eq!(core_subject(spec).as_deref(), subject, "{spec}");
        }
    }

    #[test]
    fn the_errno_of_a_map_is_read_by_name_and_by_number() {
        for (says, errno) in [("-E2BIG", 7), ("-EOPNOTSUPP", 95), ("-133", 133), ("soon", 0)] {
            let log = format!("libbpf: map 'm': failed to create: {says}\n");
            assert_eq!(failed_map(&log), Some(("m", errno)));
        }
    }
}
