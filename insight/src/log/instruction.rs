//! What one instruction reads and writes, from the text that the verifier prints of it.
//!
//! ```text
//! r2 += r3                      *(u32 *)(r10 -4) = r1          if r0 == 0x0 goto pc+2
//! r0 = *(u64 *)(r1 +0)          lock *(u64 *)(r1 +0) += r2     call bpf_map_lookup_elem#1
//! ```

/// The frame pointer, which is never written.
const FRAME: u8 = 10;

/// A set of registers, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Registers(u16);

impl Registers {
    /// What a call leaves behind: a result in R0, and nothing in R1 to R5.
    pub(super) const CALL: Self = Self(0b11_1111);
    /// What a called function is given.
    pub(super) const ARGUMENTS: Self = Self(0b11_1110);
    /// A function's result.
    pub(super) const RESULT: Self = Self(1);

    /// The registers named in a text by a letter of `letters` and a number: `r0`, `w3`, `R10`.
    pub(super) fn named(text: &str, letters: &[u8]) -> Self {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let number = |word: &str| {
            let known = word.bytes().next().is_some_and(|first| letters.contains(&first));
            word.get(1..).filter(|_| known)?.parse::<u8>().ok().filter(|number| *number <= FRAME)
        };
        Self(words.filter_map(number).fold(0, |set, number| set | 1 << number))
    }

    pub(super) fn one(number: u8) -> Self {
        Self(1 << number.min(FRAME))
    }

    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) fn shared(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Bytes of a function's own stack, counted from its frame pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) at: i32,
    pub(super) bytes: i32,
}

impl Slot {
    pub(super) fn overlaps(self, other: Self) -> bool {
        let ends_before = |a: Self, b: Self| a.at.saturating_add(a.bytes) <= b.at;
        !ends_before(self, other) && !ends_before(other, self)
    }

    pub(super) fn covers(self, other: Self) -> bool {
        let end = |slot: Self| slot.at.saturating_add(slot.bytes);
        self.at <= other.at && end(other) <= end(self)
    }
}

/// What an instruction does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Effect {
    pub(super) flow: Flow,
    pub(super) writes: Registers,
    pub(super) reads: Registers,
    /// Stack that is loaded.
    pub(super) loads: Option<Slot>,
    /// Stack that is stored to.
    pub(super) stores: Option<Slot>,
}

/// How it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Flow {
    /// With the next instruction.
    #[default]
    Next,
    /// With the next instruction or another one.
    Condition,
    /// With another instruction.
    Jump,
    /// With a helper or a function.
    Call,
    /// With the caller.
    Exit,
}

/// The effect of an instruction; one that is not known has none.
pub(super) fn effect(text: &str) -> Effect {
    let text = without_code(text);
    let is = |words: &[&str]| words.iter().any(|word| text.starts_with(word));
    let registers = |text: &str| Registers::named(text, b"rw");
    if text == "exit" {
        return Effect { flow: Flow::Exit, reads: Registers::RESULT, ..Effect::default() };
    }
    if is(&["call ", "callx "]) {
        let (writes, reads) = (Registers::CALL, registers(text));
        return Effect { flow: Flow::Call, writes, reads, ..Effect::default() };
    }
    if is(&["if ", "may_goto"]) {
        return Effect { flow: Flow::Condition, reads: registers(text), ..Effect::default() };
    }
    if is(&["goto", "gotol"]) {
        return Effect { flow: Flow::Jump, ..Effect::default() };
    }
    let (slot, base) = memory(text);
    if is(&["*(", "lock ", "store_release("]) {
        return Effect { reads: registers(text).without(base), stores: slot, ..Effect::default() };
    }
    let Some((target, rest)) = text.split_once(' ') else { return Effect::default() };
    let writes = registers(target);
    let is_assignment = rest.starts_with("= ");
    let of_packet = if rest.contains("*)skb[") { Registers::one(6) } else { Registers::default() };
    let reads = registers(rest).without(base).with(of_packet);
    let reads = if is_assignment { reads } else { reads.with(writes) };
    Effect { writes, reads, loads: slot, ..Effect::default() }
}

/// An instruction without its number in the instruction set: `r0 = 1` for `(b7) r0 = 1`.
pub(super) fn without_code(text: &str) -> &str {
    text.strip_prefix('(').and_then(|rest| rest.split_once(") ")).map_or(text, |(_, rest)| rest)
}

/// The stack of `*(u32 *)(r10 -4)`, with the register that leads to it; nothing for other memory, whose
/// register counts as read.
fn memory(text: &str) -> (Option<Slot>, Registers) {
    let slot = || {
        let (before, place) = text.split_once(" *)(")?;
        let size = before.rsplit_once('(')?.1.trim_start_matches(['u', 's']);
        let (register, offset) = place.split_once(')')?.0.split_once(' ')?;
        let bytes: i32 = size.parse::<u8>().ok()?.into();
        let at = offset.trim().trim_start_matches('+').parse().ok()?;
        (register == "r10").then_some(Slot { at, bytes: bytes / 8 })
    };
    slot().map_or((None, Registers::default()), |slot| (Some(slot), Registers::one(FRAME)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(numbers: &[u8]) -> Registers {
        numbers.iter().fold(Registers::default(), |set, number| set.with(Registers::one(*number)))
    }

    #[test]
    fn instructions_read_and_write_what_they_say() {
        for (text, writes, reads) in [
            ("(bf) r2 = r10", &[2][..], &[10][..]),
            ("(b4) w1 = 0", &[1], &[]),
            ("(07) r2 += -4", &[2], &[2]),
            ("(1f) r2 -= r3", &[2], &[2, 3]),
            ("(79) r0 = *(u64 *)(r1 +0)", &[0], &[1]),
            ("(61) r1 = *(u32 *)(r10 -12)", &[1], &[]),
            ("(63) *(u32 *)(r10 -4) = r1", &[], &[1]),
            ("(7b) *(u64 *)(r6 +8) = r1", &[], &[1, 6]),
            ("(db) lock *(u64 *)(r1 +0) += r2", &[], &[1, 2]),
            ("(db) r1 = atomic64_fetch_add((u64 *)(r2 +0), r1)", &[1], &[1, 2]),
            ("(15) if r0 == 0x0 goto pc+2", &[], &[0]),
            ("(2d) if r1 > r2 goto pc+2", &[], &[1, 2]),
            ("(85) call bpf_map_lookup_elem#1", &[0, 1, 2, 3, 4, 5], &[]),
            ("(30) r0 = *(u8 *)skb[12]", &[0], &[6]),
            ("(87) r1 = -r1", &[1], &[1]),
            ("(95) exit", &[], &[0]),
            ("<invalid CO-RE relocation>", &[], &[]),
        ] {
            let effect = effect(text);
            assert_eq!((effect.writes, effect.reads), (set(writes), set(reads)), "{text}");
        }
    }

    #[test]
    fn the_stack_is_told_by_the_frame_pointer() {
        assert_eq!(effect("(63) *(u32 *)(r10 -4) = r1").stores, Some(Slot { at: -4, bytes: 4 }));
        assert_eq!(effect("(79) r1 = *(u64 *)(r10 -16)").loads, Some(Slot { at: -16, bytes: 8 }));
        assert_eq!(effect("(79) r1 = *(u64 *)(r6 -16)").loads, None);
        let (low, high) = (Slot { at: -8, bytes: 4 }, Slot { at: -4, bytes: 4 });
        assert!(!low.overlaps(high) && Slot { at: -8, bytes: 8 }.covers(high));
    }
}
