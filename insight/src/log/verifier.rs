//! The verifier's log of one program.
//!
//! ```text
//! ; return *v; @ access.bpf.c:3             source line, with file and line from 6.8 on
//! 7: (79) r0 = *(u64 *)(r0 +0)              the instruction it refused
//! R0 invalid mem access 'map_value_or_null' why, in one line
//!                                           from 7.3 on, for most refusals:
//! Verification failed: CLASS: TITLE
//! Reason: / At: / Causal path: / Suggestion:
//!
//! processed 7 insns (limit 1000000) …       counts
//! ```

use super::instruction::{self, Registers, Slot};
use super::kind::{self, Kind, SENTENCE_BYTES_MAX};
use super::slice::{self, Seeds, Slice};
use super::trace::{self, Line};
use super::{leading_number, number_after, report};
use domain::cause::Location;

/// What the verifier said when it refused a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection<'a> {
    /// The line that says why, in the short words of every kernel.
    pub line: &'a str,
    /// `CLASS: TITLE` of the structured report.
    pub title: Option<&'a str>,
    /// The reason of the structured report, on one line.
    pub reason: Option<String>,
    /// Where it happened, as far as the log tells.
    pub location: Location,
    /// What the verifier objects to.
    pub kind: Kind,
    /// Why it insists: the report's reason, or else that of its kind, or else its own sentence.
    pub why: String,
    /// How the program came there, oldest first, at most [`domain::cause::PATH_LINES_MAX`] lines; the last is the refused
    /// instruction.
    pub path: Vec<String>,
    /// What to change: that of its kind, or else the report's.
    pub suggestion: Option<String>,
}

/// How libbpf frames the verifier's log in one of its messages.
const BEGIN: &str = "-- BEGIN PROG LOAD LOG --";
const END: &str = "-- END PROG LOAD LOG --";

/// The verifier's log of `program` inside a libbpf log: the last one, if it was loaded twice.
/// A log whose end was cut off reaches to the end of the text. Source lines of the object are part of the
/// log, so it ends with libbpf's next message and not with the first line that reads like an end.
pub fn of_program<'a>(log: &'a str, program: &str) -> Option<&'a str> {
    let begin = format!("libbpf: prog '{program}': {BEGIN}\n");
    let start = match log.rfind(&format!("\n{begin}")) {
        Some(at) => at + 1,
        None => log.starts_with(&begin).then_some(0)?,
    };
    let text = &log[start + begin.len()..];
    let message = text.find("\nlibbpf: ").map_or(text, |next| &text[..next]).trim_matches(['\r', '\n']);
    Some(message.strip_suffix(END).unwrap_or(message).trim_end_matches(['\r', '\n']))
}

/// The helper number in the three ways the verifier refuses a call.
pub(crate) fn refused_helper(said: &str) -> Option<u32> {
    let refused = ["invalid func ", "unknown func ", "program of this type cannot use helper "];
    refused.iter().find_map(|words| said.strip_prefix(words))?.rsplit_once('#')?.1.parse().ok()
}

/// Sentences of one refusal: the kernel has at most three, and some bookkeeping looks like one.
const SENTENCES_MAX: usize = 8;

/// Why and where the verifier refused, and how the program came there. `None` when the log holds no word of
/// refusal.
pub fn rejection(log: &str) -> Option<Rejection<'_>> {
    let (walk, report) = report::split(log);
    let mut lines = walk.lines().rev().map(str::trim_end);
    let line = lines.by_ref().find(|line| is_said(line))?;
    let before = lines.clone().take_while(|line| !is_step(line)).filter(|line| is_said(line));
    let sentences: Vec<&str> = std::iter::once(line).chain(before).take(SENTENCES_MAX).collect();
    let report = report.unwrap_or_default();
    let known = kind::known(&sentences);
    let kind = known.as_ref().map_or(Kind::Unknown, |known| known.kind);
    let seeds = Seeds { calls: kind.is_of_lost_pointer(), ..seeds(&sentences, report.events) };
    let slice = if kind.is_of_whole() { whole(walk) } else { slice::slice(lines, seeds) };
    let (location, path) = match slice {
        Some(slice) => (completed(trace::location(slice.refused, slice.source), report.at), slice.path),
        None => unwalked(walk, line, report.at),
    };
    let suggestion = known.as_ref().and_then(|known| known.suggestion.clone()).or(report.suggestion);
    let why = report.reason.clone().or(known.map(|known| known.why));
    Some(Rejection {
        line,
        title: Some(report.title).filter(|title| !title.is_empty()),
        reason: report.reason,
        location,
        kind,
        why: why.unwrap_or_else(|| line.to_owned()),
        path,
        suggestion,
    })
}

/// What a refusal names: registers (`R2`, or an argument), stack (`off -64+0 size 64`), the instruction that
/// acquired something; and what the report knows of others.
fn seeds(sentences: &[&str], mut events: Vec<(u32, String)>) -> Seeds {
    let mut registers = Registers::default();
    for sentence in sentences.iter().map(|sentence| shortened(sentence)) {
        registers = arguments(sentence).fold(registers, |set, register| set.with(Registers::one(register)));
        registers = registers.with(Registers::named(sentence, b"R"));
        events.extend(number_after(sentence, "alloc_insn=").map(|at| (at, "acquired".to_owned())));
    }
    let stack = sentences.iter().find_map(|sentence| stack(shortened(sentence)));
    Seeds { registers, stack, events, ..Seeds::default() }
}

/// The registers of arguments that a sentence names: `helper arg2` and `arg 1 is` by their register's number,
/// `arg#0`, `args#0` and `arg0` counted from 0 (`kernel/bpf/verifier.c`, `regno` and `i` or `argno`).
fn arguments(sentence: &str) -> impl Iterator<Item = u8> {
    sentence.match_indices("arg").filter_map(|(at, word)| {
        let rest = &sentence[at + word.len()..];
        let digits = rest.trim_start_matches('s').trim_start_matches([' ', '#']);
        let by_register =
            sentence[..at].ends_with("helper ") || rest.starts_with(' ') && !rest.starts_with(" #");
        let register = leading_number(digits)?.checked_add(u32::from(!by_register))?;
        u8::try_from(register).ok().filter(|register| (1..=5).contains(register))
    })
}

/// The stack that `invalid read from stack R2 off -64+0 size 64` is about.
fn stack(sentence: &str) -> Option<Slot> {
    let place = sentence.split_once(" from stack ")?.1.split_once("off ")?.1;
    let (at, rest) = place.split_once('+')?;
    let bytes = number_after(rest, " size ").and_then(|bytes| i32::try_from(bytes).ok())?;
    Some(Slot { at: at.parse().ok()?, bytes })
}

/// Bytes of a sentence that are looked at.
fn shortened(sentence: &str) -> &str {
    &sentence[..sentence.floor_char_boundary(SENTENCE_BYTES_MAX)]
}

/// A refusal of the program as a whole, after its walk: it is where the program begins.
fn whole(walk: &str) -> Option<Slice<'_>> {
    let first = walk.lines().find(|line| is_step(line)).into_iter();
    let source = walk.lines().find(|line| matches!(trace::line(line), Line::Source(_)));
    slice::slice(first.chain(source), Seeds::default())
}

/// A refusal without a walk: of an instruction, if it names one, whose source line some kernels print as
/// `12: return f(x);`.
fn unwalked(walk: &str, line: &str, reported: Location) -> (Location, Vec<String>) {
    let instruction = reported.instruction.or_else(|| number_after(line, "insn "));
    let source = instruction.and_then(|at| {
        let begins = format!("{at}: ");
        walk.lines().rev().find_map(|line| line.strip_prefix(&begins))
    });
    let walked = Location { instruction, ..source.map(trace::place).unwrap_or_default() };
    let mut path: Vec<String> =
        source.map(|source| slice::short(format!("; {source}"))).into_iter().collect();
    let at = instruction.map(|at| format!("{at}: ")).unwrap_or_default();
    let what = reported.disassembly.as_deref().map(instruction::without_code);
    path.push(slice::short(format!("{at}{}", what.unwrap_or("refused without a way that leads to it"))));
    (completed(walked, reported), path)
}

/// What the walk says, and else what the report does: it shortens long source lines.
fn completed(walked: Location, reported: Location) -> Location {
    let has_place = walked.file.is_some();
    Location {
        instruction: reported.instruction.or(walked.instruction),
        disassembly: reported.disassembly.or(walked.disassembly),
        line: if has_place { walked.line } else { reported.line },
        file: walked.file.or(reported.file),
        source: walked.source.or(reported.source),
    }
}

fn is_step(line: &str) -> bool {
    matches!(trace::line(line), Line::Step(_))
}

/// Lines that are the verifier's own bookkeeping, by how they start.
const BOOKKEEPING: &[&str] = &[
    "processed ",
    "verification time ",
    "stack depth ",
    "subprog ",
    "insns processed ",
    "mark_precise: ",
    "last_idx ",
    "regs=",
    "parent ",
    "from ",
    "func#",
    "frame",
    "caller:",
    "callee:",
    "returning from callee",
    "to caller at ",
    "propagating ",
    "cur state:",
    "old state:",
    "reg type unsupported for arg#",
    "Unrecognized arg#",
    "Validating ",
    "Func#",
    "-- ",
    ";",
];

/// Whether a line is a sentence about the program rather than a step of the walk.
fn is_said(line: &str) -> bool {
    let line_start = line.trim_start();
    if line_start.is_empty() || BOOKKEEPING.iter().any(|word| line_start.starts_with(word)) {
        return false;
    }
    let after_number = line_start.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_numbered = after_number.len() < line_start.len() && after_number.starts_with(':');
    let is_noted = NOTES.iter().any(|words| line_start.contains(words));
    !is_numbered && !is_state(line_start) && !is_noted && !line_start.ends_with(": safe")
}

/// What the verifier notes of types on its way, by words that stand further in.
const NOTES: &[&str] =
    &[" reference type('UNKNOWN ') size cannot be determined", " type is not a struct", " has btf_id "];

/// A dump of registers: `R0=scalar() R10=fp0`, `R1_w=inv(id=0)`, but not `R0 invalid …`.
fn is_state(line: &str) -> bool {
    let first = line.split(' ').next().unwrap_or_default();
    let register = first.strip_prefix('R').unwrap_or_default();
    register.starts_with(|c: char| c.is_ascii_digit()) && register.contains('=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_named_by_register_or_counted_from_0() {
        for (sentence, registers) in [
            ("Possibly NULL pointer passed to helper arg2", &[2][..]),
            ("arg 1 is an unacquired reference", &[1]),
            ("arg#0 pointer type STRUCT x must point to scalar", &[1]),
            ("Possibly NULL pointer passed to trusted arg1", &[2]),
            ("args#0 expected pointer to stack", &[1]),
            ("arg#4294967295 and args", &[]),
        ] {
            assert_eq!(arguments(sentence).collect::<Vec<_>>(), registers, "{sentence}");
        }
    }

    const LOOP: &str = "\
libbpf: prog 'p': -- BEGIN PROG LOAD LOG --
func#0 @0
0: R1=ctx() R10=fp0
; for (;;) { @ loop.bpf.c:12
3: (05) goto pc-1                     ; R0=0
infinite loop detected at insn 3
cur state: R0=0 R1=ctx() R10=fp0
old state: R0=0 R1=ctx() R10=fp0
verification time 42 usec
stack depth 0
processed 5 insns (limit 1000000) max_states_per_insn 1 total_states 1
-- END PROG LOAD LOG --
libbpf: prog 'p': failed to load: -EINVAL
";

    #[test]
    fn the_last_word_is_not_bookkeeping() {
        let log = of_program(LOOP, "p").expect("its log");
        let said = rejection(log).expect("a refusal");
        assert_eq!(said.line, "infinite loop detected at insn 3");
        let expected = Location {
            instruction: Some(3),
            disassembly: Some("(05) goto pc-1".to_owned()),
            file: Some("loop.bpf.c".to_owned()),
            line: Some(12),
            source: Some("for (;;) {".to_owned()),
        };
        assert_eq!(said.location, expected);
    }

    #[test]
    fn the_log_is_that_of_the_program_and_the_last_one() {
        let again = LOOP.replace("detected", "found again");
        let both = format!("{LOOP}{again}{}", LOOP.replace("'p'", "'pp'"));
        let log = of_program(&both, "p").expect("its log");
        assert_eq!(rejection(log).expect("a refusal").line, "infinite loop found again at insn 3");
        assert_eq!(of_program(LOOP, "other"), None);
    }

    #[test]
    fn a_log_of_an_accepted_program_refuses_nothing() {
        let accepted =
            "0: R1=ctx() R10=fp0\n0: (b7) r0 = 0  ; R0_w=0\n1: (95) exit\nprocessed 2 insns (limit 1000000)";
        assert_eq!(rejection(accepted), None);
    }

    #[test]
    fn a_cut_log_tells_what_it_still_can() {
        let half = &LOOP[..LOOP.find("cur state").expect("there")];
        let said = of_program(half, "p").and_then(rejection).expect("a refusal");
        assert_eq!(said.location.instruction, Some(3));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_readers_panic(text in "(R[0-9]=|[0-9]{1,12}: \\(|; é|>>> 1 \\||At:|\nVerification failed: |Reason:| @ a:b:c|'|#|\n|\\PC){0,60}") {
            let log = format!("libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n{text}");
            let _said = of_program(&log, "p").and_then(rejection);
        }
    }
}
