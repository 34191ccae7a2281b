//! Why veristat and we differ where both are right. Each reason was read in veristat's source (`fixup_obj` and
//! `process_prog` of `tools/testing/selftests/bpf/veristat.c`) or in libbpf's, or tried in a guest.

use super::{Answer, Program};
use crate::veristat::{JITED, Row, STACK};

const REPLACEMENT: &str = "\
A program that replaces a function is loaded by us into the program it replaces, and by veristat as a program of the \
type its argument suggests";
const MODULE: &str = "Our guest was given the kernel's module that has what the object hooks or calls";
const SECTION: &str = "\
libbpf does not know the program's section; we exercise it as what the section begins with";
const SIZES: &str = "\
A map's size or prototype is left to the object's loader; we set one that works, veristat at most one entry";
const ENTRIES_IN_CODE: &str = "\
The machine code has the number of entries of an array in it, in one byte or in four; the object leaves it to its \
loader, we set 4096 and veristat 1";
const ENTRIES_IN_WALK: &str = "\
After 6.12 the verifier knows whether an array has a constant index, so that the number of entries changes its walk; \
the object leaves it to its loader, we set 4096 and veristat 1";
const BLOCKED: &str = "\
libbpf gives up the whole object for what another program of it needs: to us the program was not tried, to veristat \
it failed";

const UNSAID: &str = "\
What the object's loader would have to say cannot be inferred: to us the program was not tried, to veristat, which \
loads it as it stands, it failed";
const TAIL_CALLS: &str = "\
The verifier took the program, with the same counts; libbpf then failed veristat's load, because a table of tail calls \
begins with a program that veristat left out and we loaded too";

/// What holds of one object alone.
const KNOWN: [(&str, &str); 1] = [(
    "maps_of_every_type",
    "veristat sets one entry where a map declares none, which the kernel refuses of a `percpu_cgroup_storage`",
)];

/// Why a program's verdict differs; `None` if that is not known.
pub fn verdict(answer: &Answer, program: &Program, row: &Row) -> Option<&'static str> {
    let inferred = |what: String| answer.inferred.iter().any(|sentence| sentence.starts_with(&what));
    // veristat counts nothing of what never came to the verifier.
    let reached = row.counts[0] > 0;
    match (program.loaded, row.loaded) {
        _ if program.kind == "ext" => Some(REPLACEMENT),
        (Some(true), false) if reached => took_it_alike(program, row).then_some(TAIL_CALLS),
        (Some(true), false) if inferred(format!("program `{}` stands in section", program.name)) => {
            Some(SECTION)
        }
        (Some(true), false) if inferred("map `".to_owned()) => Some(SIZES),
        (Some(true), false) if !answer.modules.is_empty() => Some(MODULE),
        (None, false) if program.cause == "blocked" => Some(BLOCKED),
        (None, false) if program.cause == "loader_contract" => Some(UNSAID),
        (Some(true), false) => {
            let known = KNOWN.iter().find(|(object, _)| answer.object.trim_end_matches(".bpf.o") == *object);
            known.map(|(_, why)| *why)
        }
        _ => None,
    }
}

/// Whether the verifier's walk was the same; the kernel makes code of what it takes, and lets go of it.
fn took_it_alike(program: &Program, row: &Row) -> bool {
    let walk = program.counts.iter().zip(row.counts).take(JITED);
    walk.into_iter().all(|(ours, theirs)| *ours == Some(theirs))
}

/// Why a count of a program that both loaded, or both had refused, differs.
pub fn count(answer: &Answer, program: &Program, count: usize) -> Option<&'static str> {
    let sized = |sentence: &String| sentence.starts_with("map `") && sentence.contains(" asks for 0 entries");
    let sized = answer.inferred.iter().any(sized);
    match count {
        _ if program.kind == "ext" => Some(REPLACEMENT),
        JITED if sized => Some(ENTRIES_IN_CODE),
        _ if sized && is_since(answer, (6, 13)) => Some(ENTRIES_IN_WALK),
        _ => None,
    }
}

/// Whether veristat cannot tell this count of this kernel.
pub fn is_untold(answer: &Answer, count: usize) -> bool {
    count == STACK && is_since(answer, (7, 3))
}

fn is_since(answer: &Answer, first: (u32, u32)) -> bool {
    let numbers = answer.series.split_once('.');
    let series = numbers.and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    series.is_some_and(|series: (u32, u32)| series >= first)
}
