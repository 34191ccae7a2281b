//! Where in the source a refused program was refused.
//!
//! Kernels before 6.8 show the text of a source line and not where it is, and no kernel shows one before it walks;
//! the object's line information tells. libbpf lets go of it when a load fails, so the object is opened once more.

use crate::exercise::{Exercise, ExerciseError};
use crate::load;
use crate::sys::libbpf::Program;
use domain::evidence::SourcePlace;
use insight::log::verifier;

/// Characters told of a file's name and of a line's text.
const CHARS_MAX: usize = 256;
/// What stands between the text of a line and its place, from 6.8 on, and the lines at the end of a log among which
/// one is looked for.
const PLACED: &str = " @ ";
const LINES_MAX: usize = 64;

impl Exercise<'_> {
    /// The source of the instruction that the log of a refused load of `program` ends with; none if the log itself
    /// tells it, or nothing does.
    pub(crate) fn refused_at(
        &self,
        (index, program): (usize, Program<'_>),
        log: &str,
    ) -> Result<Option<SourcePlace>, ExerciseError> {
        let Some(instruction) = unplaced(log, &program.name()) else { return Ok(None) };
        let instance = self.reopen()?;
        load::only_programs(&instance.object, |other| other == index).map_err(ExerciseError::Narrow)?;
        let program = instance.object.programs().nth(index).ok_or(ExerciseError::Changed)?;
        let created = instance.object.create_maps();
        let lines = if created.is_ok() { instance.object.source_lines(program) } else { Vec::new() };
        self.forget();
        let after = lines.partition_point(|line| line.instruction <= instruction);
        // What the compiler made for no line, such as a load that several share, is told by the line before it.
        let line = lines[..after].iter().rev().find(|line| line.line > 0);
        let short = |text: &str| text.trim().chars().take(CHARS_MAX).collect();
        Ok(line.map(|line| SourcePlace {
            instruction,
            file: short(&line.file),
            line: line.line,
            text: short(&line.text),
        }))
    }
}

/// The refused instruction, if the log tells it and not its place.
fn unplaced(log: &str, program: &str) -> Option<u32> {
    let mut end = log.lines().rev().take(LINES_MAX);
    if end.any(|line| line.starts_with("; ") && line.contains(PLACED)) {
        return None;
    }
    let location = verifier::rejection(verifier::of_program(log, program)?)?.location;
    location.instruction.filter(|_| location.file.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_libbpf(log: &str) -> String {
        format!(
            "libbpf: prog 'p': BPF program load failed: -EACCES\nlibbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n{log}\
             -- END PROG LOAD LOG --\nlibbpf: prog 'p': failed to load: -EACCES\n"
        )
    }

    #[test]
    fn the_refused_instruction_is_told_unless_the_log_tells_its_place() {
        let old = of_libbpf(
            "0: R1=ctx(id=0,off=0,imm=0) R10=fp0\n; return *value == 7;\n7: (79) r1 = *(u64 *)(r0 +0)\n\
             R0 invalid mem access 'map_value_or_null'\nprocessed 7 insns (limit 1000000)\n",
        );
        assert_eq!(unplaced(&old, "p"), Some(7));
        assert_eq!(unplaced(&old, "q"), None);
        assert_eq!(unplaced(&of_libbpf("unreachable insn 2\n"), "p"), Some(2));
        let new = old.replace("== 7;", "== 7; @ one.bpf.c:25");
        assert_eq!(unplaced(&new, "p"), None);
        assert_eq!(unplaced("libbpf: prog 'p': failed to load: -22\n", "p"), None);
    }
}
