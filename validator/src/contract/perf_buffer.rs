//! Ring buffers that are declared as perf event arrays.
//!
//! A ring buffer takes `bpf_ringbuf_output(map, data, size, flags)`, a perf event array
//! `bpf_perf_event_output(ctx, map, flags, data, size)`. The call needs the program's context, which is in
//! the first register when it begins, and more instructions than there is room for. So the program keeps
//! its context on its stack, and each call jumps behind the program's end and back:
//!
//! ```text
//! 0: r6 = r1              0: goto A           A: *(u64 *)(r10 - slot) = r1; r6 = r1; goto 1
//! 7: call ringbuf_output  7: goto B           B: shuffle arguments; r1 = *(u64 *)(r10 - slot)
//! 9: exit                 9: exit                call perf_event_output; goto 8
//! ```
//!
//! It is done once libbpf has relocated the program. No other instruction changes its place, so line
//! information stays true. A program that calls functions of its own is not rewritten; what else this does
//! not see, the verifier refuses.

use crate::sys::libbpf::Object;
use domain::errno::Errno;
use domain::verdict::STACK_BYTES_MAX;
use libbpf_sys as raw;

/// libbpf's name of the type of ring buffers.
pub(super) const RING_BUFFER: &str = "ringbuf";

/// Opcodes of `linux/bpf.h` and `linux/bpf_common.h`: `BPF_JMP | BPF_JA`, `BPF_JMP | BPF_CALL`,
/// `BPF_LD | BPF_IMM | BPF_DW`, `BPF_STX | BPF_MEM | BPF_DW`, `BPF_LDX | BPF_MEM | BPF_DW`,
/// `BPF_ALU64 | BPF_MOV | BPF_X`, `BPF_ALU | BPF_MOV | BPF_K` and `BPF_ALU64 | BPF_ADD | BPF_K`.
const JUMP: u8 = 0x05;
const CALL: u8 = 0x85;
const LOAD_WIDE: u8 = 0x18;
const STORE: u8 = 0x7b;
const LOAD: u8 = 0x79;
const MOVE: u8 = 0xbf;
const MOVE_NUMBER: u8 = 0xb4;
const ADD_NUMBER: u8 = 0x07;
/// The classes whose offsets are of the stack or elsewhere in memory: `BPF_LDX`, `BPF_ST` and `BPF_STX`.
const MEMORY: [u8; 3] = [0x01, 0x02, 0x03];
/// The classes of jumps and calls: `BPF_JMP` and `BPF_JMP32`.
const JUMPS: [u8; 2] = [0x05, 0x06];
/// The source registers of calls: of a helper, and of a function of the program's own (`BPF_PSEUDO_CALL`).
const HELPER: u8 = 0;
const FUNCTION: u8 = 1;
/// The register that points to the end of the stack.
const FRAME: u8 = 10;

/// Has the programs of the object that output to ring buffers output to perf event arrays.
pub(super) fn swap(object: &Object) -> Result<(), Errno> {
    object.programs().try_for_each(|program| rewritten(&program.instructions()).map(drop))?;
    object.rewrite_before_load(rewrite);
    Ok(())
}

fn rewrite(object: &Object) -> Result<(), Errno> {
    for program in object.programs() {
        if let Some(changed) = rewritten(&program.instructions())? {
            program.set_instructions(&changed)?;
        }
    }
    Ok(())
}

/// The program with its calls rewritten; `None` if it has none.
fn rewritten(old: &[raw::bpf_insn]) -> Result<Option<Vec<raw::bpf_insn>>, Errno> {
    let calls =
        |from: u8| old.iter().enumerate().filter(move |(_, one)| one.code == CALL && one.src_reg() == from);
    let is_output = |one: &raw::bpf_insn| one.imm.cast_unsigned() == raw::BPF_FUNC_ringbuf_output;
    let outputs: Vec<usize> = calls(HELPER).filter(|(_, one)| is_output(one)).map(|(at, _)| at).collect();
    let Some(first) = old.first().filter(|_| !outputs.is_empty()) else { return Ok(None) };
    // Functions stand behind the program's end, where it cannot jump; what jumps has to stay where it is.
    let jumps = JUMPS.contains(&(first.code & 7)) && first.code != CALL;
    if calls(FUNCTION).next().is_some() || outputs.contains(&0) || jumps {
        return Err(Errno::EOPNOTSUPP);
    }
    let slot = free_slot(old)?;
    let store = instruction(STORE, FRAME, 1, slot, 0);
    let mut new = old.to_vec();
    match old {
        // Both halves move. The second place is passed on the way back.
        [wide, half, ..] if wide.code == LOAD_WIDE => {
            detour(&mut new, 0, &[store, *wide, *half])?;
            new[1] = instruction(JUMP, 0, 0, 0, 0);
        }
        _ => detour(&mut new, 0, &[store, *first])?,
    }
    for call in outputs {
        detour(&mut new, call, &output(slot))?;
    }
    Ok(Some(new))
}

/// Has the instruction at `at` jump to `instead` behind the end, and from there to what follows it.
fn detour(program: &mut Vec<raw::bpf_insn>, at: usize, instead: &[raw::bpf_insn]) -> Result<(), Errno> {
    let out = jump(at, program.len())?;
    program.extend_from_slice(instead);
    let back = jump(program.len(), at + 1)?;
    program.push(back);
    program[at] = out;
    Ok(())
}

fn jump(from: usize, to: usize) -> Result<raw::bpf_insn, Errno> {
    let distance = i64::try_from(to).ok().zip(i64::try_from(from).ok()).map(|(to, from)| to - from - 1);
    let off = distance.and_then(|distance| i16::try_from(distance).ok()).ok_or(Errno::E2BIG)?;
    Ok(instruction(JUMP, 0, 0, off, 0))
}

/// The arguments of the one call as those of the other, for the processor the program runs on.
fn output(slot: i16) -> [raw::bpf_insn; 6] {
    [
        instruction(MOVE, 5, 3, 0, 0),
        instruction(MOVE, 4, 2, 0, 0),
        instruction(MOVE, 2, 1, 0, 0),
        // BPF_F_CURRENT_CPU; a move of 32 bits leaves nothing above them.
        instruction(MOVE_NUMBER, 3, 0, 0, -1),
        instruction(LOAD, 1, FRAME, slot, 0),
        instruction(CALL, 0, 0, 0, raw::BPF_FUNC_perf_event_output.cast_signed()),
    ]
}

/// A place on the stack below everything that the program names of it.
fn free_slot(program: &[raw::bpf_insn]) -> Result<i16, Errno> {
    let named = |one: &raw::bpf_insn| match one.code {
        ADD_NUMBER => i16::try_from(one.imm).ok(),
        code if MEMORY.contains(&(code & 7)) => Some(one.off),
        _ => None,
    };
    let limit = i16::try_from(STACK_BYTES_MAX).unwrap_or(i16::MAX);
    let lowest = program.iter().filter_map(named).filter(|at| (-limit..0).contains(at)).min().unwrap_or(0);
    let slot = (lowest - 8).div_euclid(8) * 8;
    if slot < -limit { Err(Errno::EOPNOTSUPP) } else { Ok(slot) }
}

fn instruction(code: u8, to: u8, from: u8, off: i16, imm: i32) -> raw::bpf_insn {
    let mut one = raw::bpf_insn { code, off, imm, ..Default::default() };
    one.set_dst_reg(to);
    one.set_src_reg(from);
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `BPF_JMP | BPF_EXIT`.
    const EXIT: u8 = 0x95;

    fn told(program: &[raw::bpf_insn]) -> Vec<(u8, u8, u8, i16, i32)> {
        program.iter().map(|one| (one.code, one.dst_reg(), one.src_reg(), one.off, one.imm)).collect()
    }

    #[test]
    fn calls_take_a_detour_and_nothing_moves() {
        let ring = raw::BPF_FUNC_ringbuf_output.cast_signed();
        let program = [
            instruction(MOVE, 6, 1, 0, 0),
            instruction(STORE, FRAME, 6, -20, 0),
            instruction(CALL, 0, 0, 0, ring),
            instruction(EXIT, 0, 0, 0, 0),
        ];
        let new = rewritten(&program).expect("it can be").expect("it calls");
        let expected = [
            (JUMP, 0, 0, 3, 0),
            (STORE, FRAME, 6, -20, 0),
            (JUMP, 0, 0, 4, 0),
            (EXIT, 0, 0, 0, 0),
            (STORE, FRAME, 1, -32, 0),
            (MOVE, 6, 1, 0, 0),
            (JUMP, 0, 0, -6, 0),
            (MOVE, 5, 3, 0, 0),
            (MOVE, 4, 2, 0, 0),
            (MOVE, 2, 1, 0, 0),
            (MOVE_NUMBER, 3, 0, 0, -1),
            (LOAD, 1, FRAME, -32, 0),
            (CALL, 0, 0, 0, raw::BPF_FUNC_perf_event_output.cast_signed()),
            (JUMP, 0, 0, -11, 0),
        ];
        assert_eq!(told(&new), expected);
        assert!(rewritten(&program[3..]).expect("nothing to do").is_none());
    }

    #[test]
    fn a_first_instruction_of_two_halves_moves_whole() {
        let ring = raw::BPF_FUNC_ringbuf_output.cast_signed();
        let program = [
            instruction(LOAD_WIDE, 1, 1, 0, 5),
            instruction(0, 0, 0, 0, 0),
            instruction(CALL, 0, 0, 0, ring),
            instruction(EXIT, 0, 0, 0, 0),
        ];
        let new = told(&rewritten(&program).expect("it can be").expect("it calls"));
        let expected = [
            (JUMP, 0, 0, 3, 0),
            (JUMP, 0, 0, 0, 0),
            (JUMP, 0, 0, 5, 0),
            (EXIT, 0, 0, 0, 0),
            (STORE, FRAME, 1, -8, 0),
            (LOAD_WIDE, 1, 1, 0, 5),
            (0, 0, 0, 0, 0),
            (JUMP, 0, 0, -7, 0),
        ];
        assert_eq!(new[..8], expected);
    }

    #[test]
    fn what_cannot_be_followed_is_refused() {
        let call = instruction(CALL, 0, 0, 0, raw::BPF_FUNC_ringbuf_output.cast_signed());
        let full = instruction(STORE, FRAME, 1, -512, 0);
        let function = instruction(CALL, 0, FUNCTION, 0, 3);
        for first in [call, function, instruction(0x15, 1, 0, 1, 0), full] {
            assert_eq!(rewritten(&[first, call]).err(), Some(Errno::EOPNOTSUPP));
        }
    }
}
