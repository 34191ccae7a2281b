use super::*;

fn path(walk: &str, registers: &str) -> Vec<String> {
    let seeds = Seeds { registers: Registers::named(registers, b"R"), ..Seeds::default() };
    slice(walk.lines().rev(), seeds).map(|slice| slice.path).unwrap_or_default()
}

#[test]
fn values_are_followed_through_moves_and_the_stack() {
    let walk = "\
; long n = ctx->n;
0: (79) r6 = *(u64 *)(r1 +8)
1: (b7) r7 = 1
; keep(n);
2: (7b) *(u64 *)(r10 -16) = r6
3: (b7) r6 = 0
4: (7b) *(u64 *)(r10 -8) = r7
5: (85) call bpf_ktime_get_ns#5
; return m[n];
6: (79) r2 = *(u64 *)(r10 -16)
7: (0f) r3 += r2";
    let expected = [
        "; long n = ctx->n;",
        "0: r6 = *(u64 *)(r1 +8)",
        "; keep(n);",
        "2: *(u64 *)(r10 -16) = r6",
        "; return m[n];",
        "6: r2 = *(u64 *)(r10 -16)",
        "7: r3 += r2",
    ];
    assert_eq!(path(walk, "R2"), expected);
}

#[test]
fn a_call_writes_what_it_clobbers() {
    let walk = "0: (b7) r1 = 1\n1: (b7) r6 = 2\n2: (85) call bpf_ktime_get_ns#5\n3: (0f) r6 += r1";
    assert_eq!(path(walk, "R1"), ["2: call bpf_ktime_get_ns#5", "3: r6 += r1"]);
    assert_eq!(path(walk, "R6"), ["1: r6 = 2", "3: r6 += r1"]);
}

#[test]
fn functions_are_entered_by_their_result_and_left_by_their_arguments() {
    let walk = "\
0: (b7) r6 = 1
1: (bf) r1 = r6
2: (b7) r6 = 9
3: (85) call pc+2
6: (b7) r6 = 8
7: (bf) r0 = r1
8: (95) exit
4: (bf) r2 = r0
5: (71) r0 = *(u8 *)(r2 +0)";
    let expected = [
        "0: r6 = 1",
        "1: r1 = r6",
        "3: call pc+2",
        "7: r0 = r1",
        "8: exit",
        "4: r2 = r0",
        "5: r0 = *(u8 *)(r2 +0)",
    ];
    assert_eq!(path(walk, "R2"), expected);
    // A function that is verified by itself is another walk.
    assert_eq!(path("0: (b7) r2 = 1\nValidating f() func#1...\n1: (71) r0 = *(u8 *)(r2 +0)", "R2").len(), 1);
}

#[test]
fn the_way_goes_on_at_the_branch_that_was_left_for_later() {
    let walk = "\
0: (b7) r2 = 5
1: (15) if r1 == 0x0 goto pc+2
2: (b7) r2 = 6
3: (15) if r2 == 0x0 goto pc+2
4: (95) exit
from 3 to 6: R2=0
6: (95) exit
from 1 to 4: R1=0 R2=5
4: (0f) r3 += r2";
    assert_eq!(path(walk, "R2"), ["0: r2 = 5", "1: if r1 == 0x0 goto pc+2  ; taken", "4: r3 += r2"]);
}

#[test]
fn a_state_behind_a_jump_is_no_part_of_it() {
    let walk = "1: (55) if r1 != 0x0 goto pc+1 3: R0=1 R1=sock() refs=2\n3: (95) exit";
    assert_eq!(path(walk, ""), ["1: if r1 != 0x0 goto pc+1  ; taken", "3: exit"]);
}

#[test]
fn there_is_room_for_causes_before_conditions() {
    let conditions = (2..60).map(|n| format!("{n}: (15) if r9 == 0x{n} goto pc+9\n"));
    let walk = format!(
        "0: (b7) r2 = 5\n1: (bf) r3 = r2\n{}60: (71) r0 = *(u8 *)(r3 +0)",
        conditions.collect::<String>()
    );
    let path = path(&walk, "R3");
    assert_eq!(path.len(), PATH_LINES_MAX);
    assert_eq!(path[..2], ["0: r2 = 5", "1: r3 = r2"]);
    assert_eq!(path[2], "48: if r9 == 0x48 goto pc+9  ; not taken");
    assert_eq!(path[PATH_LINES_MAX - 1], "60: r0 = *(u8 *)(r3 +0)");
}

#[test]
fn what_an_event_says_is_told_with_its_instruction() {
    let events = vec![(0, "acquired".to_owned())];
    let seeds = Seeds { events, ..Seeds::default() };
    let path = slice("0: (85) call f#1\n1: (95) exit".lines().rev(), seeds).expect("a step").path;
    assert_eq!(path, ["0: call f#1  ; acquired", "1: exit"]);
}

proptest::proptest! {
    #[test]
    fn no_walk_makes_it_panic_or_go_on_for_long(
        walk in "([0-9]{1,2}: \\((bf|95|85|15)\\) |r[0-9]+ = |exit|call pc|if r1 goto pc|from [0-9] to 3: |\\*\\(u[0-9]+ \\*\\)\\(r10 -[0-9]{1,12}\\)|; é|\n){0,80}",
        registers in "R[0-9]"
    ) {
        let path = path(&walk, &registers);
        proptest::prop_assert!(path.len() <= PATH_LINES_MAX);
        proptest::prop_assert!(path.iter().all(|line| line.len() <= LINE_BYTES_MAX));
    }
}
