//! What the verifier counted.
//!
//! ```text
//! verification time 2804 usec                             log level 4, which is 5.2
//! stack depth 344+16                                      each subprogram; before 7.3
//! stack depth max 352                                     the deepest chain of calls; from 7.3 on
//! subprog 0 (main) main insns_self 95 … stack 344         each subprogram; from 7.3 on
//! processed 95 insns (limit 1000000) max_states_per_insn 0 total_states 4 peak_states 4 mark_read 4
//! ```

use super::{leading_number, number_after};
use domain::verdict::Verification;

/// The last counts of a log. `None` without the line that says how many instructions were walked, of how
/// many at most; what else is missing is unknown.
pub fn read(log: &str) -> Option<Verification> {
    let mut counts = Verification::default();
    let mut told_deepest = None;
    let mut last = None;
    for line in log.lines() {
        if let Some(time) = line.strip_prefix("verification time ") {
            (counts, told_deepest) = (Verification::default(), None);
            counts.took_us = leading_number(time);
        } else if let Some(deepest) = line.strip_prefix("stack depth max ") {
            told_deepest = leading_number(deepest);
        } else if let Some(stacks) = line.strip_prefix("stack depth ") {
            counts.stack_bytes = stacks.split('+').map_while(leading_number).take(SUBPROGRAMS_MAX).collect();
        } else if let Some((_, stack)) = subprogram(line) {
            let room = counts.stack_bytes.len() < SUBPROGRAMS_MAX;
            counts.stack_bytes.extend(leading_number(stack).filter(|_| room));
        } else if let Some(processed) = line.strip_prefix("processed ") {
            let Some((processed, limit)) = leading_number(processed).zip(number_after(line, "(limit "))
            else {
                continue;
            };
            counts.deepest_stack_bytes = deepest(told_deepest, &counts.stack_bytes);
            last = Some(Verification {
                processed,
                processed_max: limit,
                states_per_instruction: number_after(line, " max_states_per_insn "),
                total_states: number_after(line, " total_states "),
                peak_states: number_after(line, " peak_states "),
                mark_read: number_after(line, " mark_read "),
                ..std::mem::take(&mut counts)
            });
        }
    }
    last
}

/// Subprograms of a program at most: `BPF_MAX_SUBPROGS` of `include/linux/bpf_verifier.h`.
const SUBPROGRAMS_MAX: usize = 256;

/// What comes before and after the last ` stack ` of a line about a subprogram.
fn subprogram(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("subprog ")?.rsplit_once(" stack ")
}

/// The stack of the deepest chain of calls: as the kernel tells it, else that of a program which calls
/// nothing. A kernel that refused before it followed the calls tells 0.
fn deepest(told: Option<u32>, stacks: &[u32]) -> Option<u32> {
    let single = || if let [single] = stacks { Some(*single) } else { None };
    told.filter(|told| stacks.iter().all(|stack| stack <= told)).or_else(single)
}

#[cfg(test)]
mod tests;
