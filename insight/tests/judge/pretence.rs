//! Names and source lines of the object that read like messages of libbpf or of the verifier decide nothing.

use super::*;
use proptest::prelude::*;
use proptest::string::string_regex;

/// What the readers of logs look for, with what stands around it.
const WORDS: &str = "(libbpf: |\
    -- BEGIN PROG LOAD LOG --|-- END PROG LOAD LOG --|processed 0 insns |Verification failed: |Reason:|At:|\
    prog 'p': |map 'm': |extern (func ksym) 'f|extern (var ksym) 'v|extern 's|': |'|\
    failed to load: -ENOMEM|failed to create: -ENOMEM|BPF program load failed: -EINVAL|\
    failed to initialize slot \\[0\\] to |failed to open system Kconfig|Error loading vmlinux BTF|\
    not found in kernel or module BTFs|not found in kernel BTF|\\(strong\\): not resolved|\
    struct_ops init_kern: struct x is not found in kernel BTF|skipped auto-creating...|\
    missing BPF prog type|no BTF-based attach target is specified|attach program FD is not set|\
    failed to find kernel BTF type ID of 'x'|found extern #0 'f' \\(sym 1\\) for insn #0|\
    relo #0: failed to relocate: -EINVAL|\
    BPF map 'm' is referenced but wasn't created|invalid func unknown#2001000000|\
    metadata kfuncs require device-bound program|calling kernel function f is not allowed|é|[ -~])";

/// A message of libbpf as the guest hands it on.
fn message(text: &str) -> String {
    format!("libbpf: {}\n", text.replace("\nlibbpf: ", "\n libbpf: "))
}

/// What is said while the programs `p` and `other` and a map are loaded, and the kernel refuses an access of
/// program `refused`.
fn said(refused: &str, (other, map, symbol): (&str, &str, &str), source: &str) -> String {
    let verifier = format!(
        "0: R1=ctx() R10=fp0\n; {source} @ a.bpf.c:3\n3: (61) r0 = *(u32 *)(r0 +0)\n\
         R0 invalid mem access 'scalar'\nprocessed 4 insns (limit 1000000)\n"
    );
    [
        format!(
            "sec 'xdp': found program '{other}' at insn offset 0 (0 bytes), code size 9 insns (72 bytes)"
        ),
        format!("map '{map}': created successfully, fd=5"),
        format!("extern (func ksym) '{symbol}': resolved to vmlinux [7]"),
        format!("extern (var ksym) '{symbol}': resolved to [7] int x"),
        format!("extern (kcfg) '{symbol}': set to y"),
        format!("prog '{other}': found data map 0 ({map}, sec 4, off 0) for insn 9"),
        format!("prog '{refused}': BPF program load failed: -EACCES"),
        format!("prog '{refused}': -- BEGIN PROG LOAD LOG --\n{verifier}-- END PROG LOAD LOG --"),
        format!("prog '{refused}': failed to load: -EACCES"),
        "failed to load object 'o'".to_owned(),
    ]
    .map(|text| message(&text))
    .concat()
}

/// The verdicts of an object whose program `refused` the kernel refused, whole and alone.
fn verdicts(other: &str, refused: &str, log: &str) -> CellVerdict {
    let evidence = evidence(vec![program("p", "xdp", "xdp"), program(other, "xdp", "xdp")]);
    let mut evidence = loads(evidence, LoadScope::Whole, Some(Errno::EACCES), log);
    for name in ["p", other] {
        let (errno, log) = if name == refused { (Some(Errno::EACCES), log) } else { (None, "") };
        evidence = loads(evidence, alone(name), errno, log);
    }
    judge(&evidence, Level::Load)
}

/// Up to `count_max` of the words, and of `more`.
fn words(more: &str, count_max: usize) -> impl Strategy<Value = String> {
    string_regex(&format!("({WORDS}{more}){{1,{count_max}}}")).expect("a regular expression")
}

proptest! {
    #[test]
    fn names_decide_nothing(
        names in (words("", 6), words("", 6), words("", 6)),
        other_is_refused: bool,
    ) {
        let (other, map, symbol) = (names.0.as_str(), names.1.as_str(), names.2.as_str());
        let refused = if other_is_refused { other } else { "p" };
        let log = said(refused, (other, map, symbol), "return *at;");
        let verdict = verdicts(other, refused, &log);
        let cause = verdict.cause.expect("a refusal has a cause");
        prop_assert_eq!((verdict.verdict, cause.code), (Verdict::Fails, CauseCode::VerifierPointer), "{}", log);
        prop_assert_eq!(cause.subject, refused);
    }

    #[test]
    fn source_lines_decide_nothing(source in words("", 8)) {
        let log = said("p", ("q", "m", "f"), &source);
        let verdict = verdicts("q", "p", &log);
        let cause = verdict.cause.expect("a refusal has a cause");
        prop_assert_eq!((verdict.verdict, cause.code), (Verdict::Fails, CauseCode::VerifierPointer), "{}", log);
        prop_assert_eq!(cause.log_line, "R0 invalid mem access 'scalar'");
    }

    #[test]
    fn not_even_with_line_breaks_do_they_excuse_a_refusal(
        names in (words("|\n", 6), words("|\n", 6), words("|\n", 6)),
        source in words("|\n", 8),
        other_is_refused: bool,
    ) {
        let (other, map, symbol) = (names.0.as_str(), names.1.as_str(), names.2.as_str());
        let refused = if other_is_refused { other } else { "p" };
        let log = said(refused, (other, map, symbol), &source);
        prop_assert_eq!(verdicts(other, refused, &log).verdict, Verdict::Fails, "{}", log);
    }
}
