//! Counts as the kernels 5.10.0-46, 6.1.0-56, 6.12.118 and 7.3.4 (Debian, cloud, emulated) printed them.

use super::*;

const RECORDED: [(&str, &str); 4] = [
    (
        "5.10",
        "verification time 37134 usec\nstack depth 64+48+96\n\
         processed 16743 insns (limit 1000000) max_states_per_insn 4 total_states 150 peak_states 150 mark_read 12\n",
    ),
    (
        "6.1",
        "verification time 59556 usec\nstack depth 64+48+96\n\
         processed 16743 insns (limit 1000000) max_states_per_insn 4 total_states 150 peak_states 150 mark_read 12\n",
    ),
    (
        "6.12",
        "verification time 32916 usec\nstack depth 64+48+96\n\
         processed 16743 insns (limit 1000000) max_states_per_insn 4 total_states 150 peak_states 150 mark_read 12\n",
    ),
    (
        "7.3",
        "verification time 68238 usec\nstack depth max 208\n\
         subprog 0 (calls) main insns_self 4410 insns_total 15810 stack 64\n\
         subprog 1 (leaf) static insns_self 11457 insns_total 11457 stack 48\n\
         subprog 2 (global_leaf) global insns_self 876 insns_total 933 stack 96\n\
         processed 16743 insns (limit 1000000) max_states_per_insn 4 total_states 150 peak_states 137 mark_read 0\n",
    ),
];

#[test]
fn every_kernel_counts_the_same_program() {
    for ((kernel, text), took_us) in RECORDED.into_iter().zip([37_134, 59_556, 32_916, 68_238]) {
        let newest = kernel == "7.3";
        let expected = Verification {
            took_us: Some(took_us),
            processed: 16_743,
            processed_max: 1_000_000,
            states_per_instruction: Some(4),
            total_states: Some(150),
            peak_states: Some(if newest { 137 } else { 150 }),
            mark_read: Some(if newest { 0 } else { 12 }),
            stack_bytes: vec![64, 48, 96],
            deepest_stack_bytes: newest.then_some(208),
            memory_peak_bytes: None,
        };
        assert_eq!(read(text), Some(expected), "{kernel}");
    }
}

#[test]
fn the_deepest_stack_is_known_without_calls_and_where_the_kernel_followed_them() {
    let processed = "processed 7 insns (limit 1000000)";
    for (stack, deepest) in [
        ("stack depth 344", Some(344)),
        ("stack depth 0+48", None),
        ("stack depth max 352\nsubprog 0 (f) main insns_self 7 insns_total 7 stack 344", Some(352)),
        ("stack depth max 0\nsubprog 0 (f) main insns_self 7 insns_total 7 stack 8", Some(8)),
        ("stack depth max 0\nsubprog 0 (f) main stack 0\nsubprog 1 ( stack 9) static stack 48", None),
        ("", None),
    ] {
        let counts = read(&format!("verification time 1 usec\n{stack}\n{processed}")).expect("counts");
        assert_eq!(counts.deepest_stack_bytes, deepest, "{stack}");
    }
}

#[test]
fn the_last_counts_of_a_log_are_read_and_what_is_missing_stays_unknown() {
    let bare = "processed 5 insns (limit 1000000) max_states_per_insn 1 total_states 1";
    let log = format!("{}; int x = 3\n3: (95) exit\n{bare}\n", RECORDED[0].1);
    let expected = Verification {
        processed: 5,
        processed_max: 1_000_000,
        states_per_instruction: Some(1),
        total_states: Some(1),
        ..Verification::default()
    };
    assert_eq!(read(&log), Some(expected));
    assert_eq!(read("verification time 4 usec\nstack depth 8\n"), None, "a log without its end");
    assert_eq!(read("processed 99999999999 insns (limit 1)"), None, "a number that is none");
}

proptest::proptest! {
    #[test]
    fn no_text_is_trusted(text in "(verification time |stack depth (max )?|subprog | stack |processed |\\(limit |\\+|[0-9]{1,12}|\n|é|\\PC){0,80}") {
        let _counts = read(&text);
    }

    #[test]
    fn no_more_subprograms_are_kept_than_there_may_be(count in 0_usize..2000) {
        let listed = format!("stack depth {}0\nprocessed 1 insns (limit 2)", "8+".repeat(count));
        let told = format!("{}processed 1 insns (limit 2)", "subprog 0 (f) stack 8\n".repeat(count));
        for text in [listed, told] {
            proptest::prop_assert!(read(&text).expect("counts").stack_bytes.len() <= SUBPROGRAMS_MAX);
        }
    }
}
