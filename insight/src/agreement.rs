//! Whether two answers to one question say the same.

use domain::cause::Cause;
use domain::verdict::CellVerdict;

/// The first difference between two answers in what people act on: verdicts, how far each program
/// got and where it was attached, and causes. `None` if they agree. What varies from guest to guest,
/// such as durations, numbers read, and log lines with addresses, is not compared.
pub fn difference(one: &CellVerdict, other: &CellVerdict) -> Option<String> {
    let (one, other) = (statements(one), statements(other));
    let longest = one.len().max(other.len());
    let nothing = "nothing".to_owned();
    (0..longest)
        .map(|index| (one.get(index).unwrap_or(&nothing), other.get(index).unwrap_or(&nothing)))
        .find(|(one, other)| one != other)
        .map(|(one, other)| format!("`{one}` against `{other}`"))
}

/// An answer in lines, the verdict of the cell first.
fn statements(answer: &CellVerdict) -> Vec<String> {
    let excused = if answer.excused { " excused" } else { "" };
    let cell = format!("{}{}{excused}", answer.verdict.name(), because(answer.cause.as_ref()));
    let programs = answer.programs.iter().map(|program| {
        let (verdict, reached) = (program.verdict.name(), program.reached.name());
        let place = format!("{} {}", program.hook, way(&program.how));
        format!("program {} {reached} {verdict} {place}{}", program.name, because(program.cause.as_ref()))
    });
    let maps = answer
        .maps
        .iter()
        .map(|map| format!("map {} {}{}", map.name, map.verdict.name(), because(map.cause.as_ref())));
    let checks = answer.checks.iter();
    let checks = checks.map(|check| {
        format!("check {} {}{}", check.name, check.verdict.name(), because(check.cause.as_ref()))
    });
    std::iter::once(cell).chain(programs).chain(maps).chain(checks).collect()
}

/// How a program was attached, without what it then read or returned and which device refused it before: an
/// iterator over what a guest has yields another number of bytes in each.
pub fn way(how: &str) -> String {
    let first = how.split(';').next().unwrap_or_default();
    let stable = first.split(", ").filter(|part| !part.contains(|c: char| c.is_ascii_digit()));
    stable.collect::<Vec<_>>().join(", ")
}

fn because(cause: Option<&Cause>) -> String {
    cause.map_or(String::new(), |cause| {
        let errno = cause.errno.map(|errno| errno.to_string()).unwrap_or_default();
        format!(": {} {} {errno}", cause.code.name(), cause.subject)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::cause::{CauseCode, Confidence, Stage};
    use domain::errno::Errno;
    use domain::verdict::{MapVerdict, Verdict};

    fn answer(verdict: Verdict, says: &str) -> CellVerdict {
        let cause = Cause {
            code: CauseCode::MapRefused,
            stage: Stage::Map,
            subject: "counts".to_owned(),
            errno: Some(Errno::EINVAL),
            confidence: Confidence::Certain,
            says: says.to_owned(),
            log_line: String::new(),
            location: None,
            why: String::new(),
            path: Vec::new(),
            since: None,
            remedy: None,
        };
        let map = MapVerdict { name: "counts".to_owned(), kind: "hash".to_owned(), verdict, cause: None };
        let cause = (verdict != Verdict::Passes).then_some(cause);
        CellVerdict { maps: vec![map], ..CellVerdict::without_parts(verdict, cause) }
    }

    #[test]
    fn what_a_program_read_or_returned_is_no_part_of_how_it_was_attached() {
        assert_eq!(way("iter link, 129 bytes read"), "iter link");
        assert_eq!(way("test run, returned -22"), "test run");
        assert_eq!(way("xdp link, generic; veth0 refused it with EOPNOTSUPP"), "xdp link, generic");
    }

    #[test]
    fn words_may_differ_and_verdicts_causes_and_lists_may_not() {
        let fails = answer(Verdict::Fails, "one way to say it");
        assert_eq!(difference(&fails, &answer(Verdict::Fails, "another")), None);
        let other = answer(Verdict::Passes, "");
        let says = difference(&fails, &other).expect("a difference");
        assert!(says.contains("map_refused counts EINVAL") && says.contains("passes"), "{says}");
        let shorter = CellVerdict { maps: vec![], ..fails.clone() };
        assert!(difference(&fails, &shorter).expect("a difference").ends_with("against `nothing`"));
    }
}
