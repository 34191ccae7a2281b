//! Programs in sections such as `2/7`: slot 7 of a table of tail calls, as old loaders of traffic control
//! read it. libbpf fills tables by what the object declares for them and does not know such sections.
//!
//! A tail call stays within one type of program. So where an object has one table and its other programs one
//! type, the section says all there is to say. The number before the slash is that of the table, which objects
//! libbpf opens do not tell any more.

use crate::sys::libbpf::{Map, Object, Program};
use domain::errno::Errno;
use domain::evidence::{Attach, AttachOutcome};
use domain::section;
use libbpf_sys::{BPF_MAP_TYPE_PROG_ARRAY, BPF_PROG_TYPE_UNSPEC};

/// Exercises such programs as the others of their object, one sentence each.
pub(super) fn infer(object: &Object) -> Result<Vec<String>, Errno> {
    let unknown = |program: &Program<'_>| program.number() == BPF_PROG_TYPE_UNSPEC;
    let known: Vec<Program<'_>> = object.programs().filter(|program| !unknown(program)).collect();
    let (Some(table), Some(first)) = (table(object), known.first()) else { return Ok(Vec::new()) };
    let as_others = first.section();
    let is_one = known.iter().all(|program| program.number() == first.number());
    if !is_one || !section::is_known(&as_others) || section::target(&as_others).is_some() {
        return Ok(Vec::new());
    }
    let mut inferred = Vec::new();
    for program in object.programs().filter(unknown) {
        let own = program.own_section();
        let Some(slot) = slot(&own) else { continue };
        program.set_section(&as_others)?;
        let (name, table) = (program.name(), table.name());
        inferred.push(format!(
            "program `{name}` stands in section `{own}`; it is exercised as in `{as_others}` and put into slot \
             {slot} of `{table}`"
        ));
    }
    Ok(inferred)
}

/// Puts a loaded program into its slot, if it has one: where it is called from is where it is attached.
pub(crate) fn place(program: Program<'_>) -> Option<Attach> {
    // A section of libbpf's own reading is no slot.
    let slot = slot(&program.own_section()).filter(|_| section::target(&program.section()).is_none())?;
    let table = table(program.object())?;
    let outcome = match table.set_program(slot, program) {
        Ok(()) => AttachOutcome::Attached,
        Err(errno) => AttachOutcome::Failed(errno),
    };
    let hook = format!("{}[{slot}]", table.name());
    Some(Attach { program: program.name(), hook, how: "tail call".to_owned(), outcome })
}

/// The only table of tail calls.
fn table(object: &Object) -> Option<Map<'_>> {
    let mut tables = object.maps().filter(|map| map.number() == BPF_MAP_TYPE_PROG_ARRAY);
    match (tables.next(), tables.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

/// The slot in `table/slot`.
fn slot(section: &str) -> Option<u32> {
    let (table, slot) = section.split_once('/')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(table) && is_number(slot)).then(|| slot.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_are_slots() {
        for (section, expected) in
            [("2/7", Some(7)), ("10/0", Some(0)), ("2/", None), ("/7", None), ("tc/7", None), ("2/7/1", None)]
        {
            assert_eq!(slot(section), expected, "{section}");
        }
    }
}
