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

use super::kind::{self, Kind};
use super::{leading_number, number_after};
use domain::cause::{Location, PATH_LINES_MAX};

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
    /// How the program came there, oldest first, at most [`PATH_LINES_MAX`] lines; the last is the refused
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

/// Why and where the verifier refused. `None` when the log holds no word of refusal.
pub fn rejection(log: &str) -> Option<Rejection<'_>> {
    let (walk, report) = match log.find("\nVerification failed: ") {
        Some(at) => (&log[..at], Some(&log[at + 1..])),
        None => (log, None),
    };
    let lines: Vec<&str> = walk.lines().map(str::trim_end).collect();
    let at = lines.iter().rposition(|line| is_said(line))?;
    let mut location = walked_location(&lines[..at]);
    if location.instruction.is_none() {
        location.instruction = number_after(lines[at], "insn ");
    }
    let step_at = lines[..at].iter().rposition(|line| step(line).is_some());
    let said: Vec<&str> = lines[step_at.unwrap_or(0)..=at].iter().copied().filter(|l| is_said(l)).collect();
    let known = kind::known(&said);
    let mut rejection = Rejection {
        line: lines[at],
        title: None,
        reason: None,
        location,
        kind: known.as_ref().map_or(Kind::Unknown, |known| known.kind),
        why: known.as_ref().map_or_else(|| lines[at].to_owned(), |known| known.why.clone()),
        path: Vec::with_capacity(PATH_LINES_MAX),
        suggestion: known.and_then(|known| known.suggestion),
    };
    if let Some(report) = report {
        read_report(report, &mut rejection);
    }
    Some(rejection)
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
    "arg#",
    "reg type unsupported for arg#",
    "Unrecognized arg#",
    "Validating ",
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
    let is_step = after_number.len() < line_start.len() && after_number.starts_with(':');
    !is_step && !is_state(line_start) && !line_start.ends_with(": safe")
}

/// A dump of registers: `R0=scalar() R10=fp0`, `R1_w=inv(id=0)`, but not `R0 invalid …`.
fn is_state(line: &str) -> bool {
    let first = line.split(' ').next().unwrap_or_default();
    let register = first.strip_prefix('R').unwrap_or_default();
    register.starts_with(|c: char| c.is_ascii_digit()) && register.contains('=')
}

/// The number and the text of an instruction, without the registers printed behind it.
fn step(line: &str) -> Option<(u32, &str)> {
    let (number, rest) = line.trim_start().split_once(": ")?;
    let instruction = number.parse().ok()?;
    let shown = rest.starts_with('(') || rest.starts_with('<');
    shown.then(|| (instruction, rest.split_once(" ;").map_or(rest, |(rest, _)| rest).trim_end()))
}

/// The last instruction the walk printed, and the source line above it.
fn walked_location(lines: &[&str]) -> Location {
    let Some(at) = lines.iter().rposition(|line| step(line).is_some()) else { return Location::default() };
    let mut location = Location::default();
    if let Some((instruction, disassembly)) = step(lines[at]) {
        location.instruction = Some(instruction);
        location.disassembly = Some(disassembly.to_owned());
    }
    for line in lines[..at].iter().rev() {
        let Some(text) = line.strip_prefix(';') else { continue };
        let (source, place) = text.rsplit_once(" @ ").unwrap_or((text, ""));
        if source.trim().is_empty() {
            continue;
        }
        location.source = Some(source.trim().to_owned());
        if let Some((file, number)) = place.rsplit_once(':') {
            location.file = Some(file.to_owned());
            location.line = leading_number(number);
        }
        break;
    }
    location
}

/// Takes what the structured report knows better than the walk.
fn read_report<'a>(report: &'a str, rejection: &mut Rejection<'a>) {
    let headline = report.lines().next().unwrap_or_default();
    rejection.title = headline.strip_prefix("Verification failed: ").map(str::trim_end);
    let reason: Vec<&str> =
        section(report, "Reason:").map(str::trim).take_while(|line| !line.is_empty()).collect();
    rejection.reason = Some(reason.join(" ")).filter(|reason| !reason.is_empty());

    let location = &mut rejection.location;
    let mut in_code = false;
    for line in section(report, "At:") {
        let line = line.trim();
        in_code |= line == "Instruction context:";
        let marked = line.strip_prefix(">>>").and_then(|rest| rest.split_once('|'));
        if let Some((_, place)) = line.rsplit_once(" @ ").filter(|_| location.file.is_none()) {
            let mut parts = place.rsplitn(3, ':').skip(1);
            location.line = parts.next().and_then(leading_number);
            location.file = parts.next().map(str::to_owned);
        } else if let Some((number, text)) = marked.filter(|_| in_code) {
            location.instruction = leading_number(number.trim()).or(location.instruction);
            location.disassembly = Some(text.trim().to_owned());
        }
    }
}

/// The indented lines under a headline of the report.
fn section<'a>(report: &'a str, name: &'static str) -> impl Iterator<Item = &'a str> {
    let lines = report.lines().skip_while(move |line| *line != name).skip(1);
    lines.take_while(|line| line.is_empty() || line.starts_with(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

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
