//! Which source lines the verifier spends its walk through a program on.
//!
//! The program is loaded once more, alone, with a log that shows each step. That log has hundreds of
//! megabytes for a million instructions, so it is counted here, and only the dearest lines leave the
//! guest. Which of them matter is for whoever reads them.

use crate::exercise::{Exercise, ExerciseError};
use crate::load;
use crate::sys::walk_log::{SourceLine, WalkLog};
use domain::errno::Errno;
use domain::evidence::{LineCost, LineCosts};
use std::collections::BTreeMap;

/// Source lines told of one program.
const LINES_MAX: usize = 100;
/// Bytes at the beginning of a line of the log that tell which step it is.
const STEP_BYTES: usize = 64;
/// Characters told of a file's name and of a line's text.
const CHARS_MAX: usize = 256;

impl Exercise<'_> {
    /// The dearest lines of the program with this index. Empty if the verifier did not come to it, or if
    /// it was compiled without source lines.
    pub(crate) fn line_costs(&self, index: usize) -> Result<LineCosts, ExerciseError> {
        let instance = self.reopen()?;
        load::only_programs(&instance.object, |other| other == index).map_err(ExerciseError::Narrow)?;
        let program = instance.object.programs().nth(index).ok_or(ExerciseError::Changed)?;
        let walked = || -> Result<LineCosts, Errno> {
            let mut log = WalkLog::new()?;
            instance.object.create_maps()?;
            let lines = instance.object.source_lines(program);
            // A program that is refused was walked, too.
            let _loaded = instance.object.load_walking(program, &mut log);
            Ok(costs(log.text(), &lines))
        };
        // What kept it from being walked was told when it was loaded.
        let costs = walked().unwrap_or_default();
        self.forget();
        Ok(LineCosts { program: program.name(), ..costs })
    }
}

/// Counts the steps of a walk by the source line of their instructions. `lines` is sorted by instruction.
fn costs(log: &[u8], lines: &[SourceLine]) -> LineCosts {
    let mut steps: Vec<u32> = vec![0; lines.len()];
    let mut walked = 0;
    let shown = log.split(|byte| *byte == b'\n').map(|line| &line[..line.len().min(STEP_BYTES)]);
    let shown = shown.filter_map(|line| std::str::from_utf8(line).ok());
    // From 7.3 on, analyses that show instructions, too, come before the walk.
    for instruction in shown.skip_while(|line| !shows_registers(line)).filter_map(step) {
        walked += 1;
        let after = lines.partition_point(|line| line.instruction <= instruction);
        if let Some(count) = after.checked_sub(1).and_then(|at| steps.get_mut(at)) {
            *count += 1;
        }
    }
    let mut by_line: BTreeMap<(&str, u32), (&str, u32)> = BTreeMap::new();
    for (line, steps) in lines.iter().zip(steps).filter(|(_, steps)| *steps > 0) {
        by_line.entry((&line.file, line.line)).or_insert((&line.text, 0)).1 += steps;
    }
    let short = |text: &str| text.trim().chars().take(CHARS_MAX).collect();
    let mut lines: Vec<LineCost> = by_line
        .into_iter()
        .map(|((file, line), (text, walked))| LineCost { file: short(file), line, text: short(text), walked })
        .collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.walked));
    lines.truncate(LINES_MAX);
    LineCosts { program: String::new(), walked, lines }
}

/// The registers before an instruction, with which every walk begins: `0: R1=ctx() R10=fp0`.
fn shows_registers(line: &str) -> bool {
    let registers = line.split_once(": R").filter(|(place, _)| place.parse::<u32>().is_ok());
    registers.is_some_and(|(_, registers)| registers.starts_with(|c: char| c.is_ascii_digit()))
}

/// The instruction a line of the log comes to, each of which the verifier counts as one processed:
/// `12: (bf) r1 = r2`, or one from which it knows the rest, `12: safe` and `from 9 to 12: safe`.
fn step(line: &str) -> Option<u32> {
    let (place, says) = line.split_once(": ")?;
    let shown = says.starts_with('(');
    let known = says.trim_end() == "safe";
    let place = match place.strip_prefix("from ") {
        Some(jump) if known => jump.split_once(" to ")?.1.split(' ').next()?,
        _ => place,
    };
    place.parse().ok().filter(|_| shown || known)
}

#[cfg(test)]
mod tests;
