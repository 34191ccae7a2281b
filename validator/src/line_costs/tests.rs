//! Walks as the kernels 5.10.0-46, 6.1.0-56, 6.12.118 and 7.3.4 (Debian, cloud) showed them, of an XDP
//! program that calls a function which fills an array of four.

use super::*;

/// First instruction, line and text, as clang wrote them.
const LINES: [(u32, u32, &str); 10] = [
    (0, 11, "int walk(struct xdp_md *ctx)"),
    (1, 14, "\tif (ctx->ingress_ifindex == 7)"),
    (3, 15, "\t\tdrop = leaf(3);"),
    (7, 16, "\tbpf_ktime_get_ns();"),
    (8, 17, "\treturn drop ? XDP_DROP : XDP_PASS;"),
    (10, 3, "static int leaf(int n)"),
    (11, 7, "\t\troom[i] = n;"),
    (13, 7, "\t\troom[i] = n;"),
    (15, 8, "\treturn room[n & 3];"),
    (16, 8, "\treturn room[n & 3];"),
];

fn lines() -> Vec<SourceLine> {
    let line = |(instruction, line, text): (u32, u32, &str)| SourceLine {
        instruction,
        file: "walk.bpf.c".to_owned(),
        line,
        text: text.to_owned(),
    };
    LINES.into_iter().map(line).collect()
}

#[test]
fn every_kernel_shows_the_same_walk() {
    for (kernel, log) in [
        ("5.10", include_str!("recorded/5.10.log")),
        ("6.1", include_str!("recorded/6.1.log")),
        ("6.12", include_str!("recorded/6.12.log")),
        ("7.3", include_str!("recorded/7.3.log")),
    ] {
        let costs = costs(log.as_bytes(), &lines());
        assert!(log.contains(&format!("\nprocessed {} insns", costs.walked)), "{kernel}: {}", costs.walked);
        let told: Vec<_> = costs.lines.iter().map(|line| (line.line, line.walked)).collect();
        let expected = [(7, 4), (15, 4), (17, 4), (8, 2), (14, 2), (16, 2), (3, 1), (11, 1)];
        assert_eq!(told, expected, "{kernel}");
        assert_eq!(costs.lines[0].text, "room[i] = n;");
    }
}

#[test]
fn what_the_verifier_knows_already_is_a_step_and_what_it_says_beside_its_way_is_none() {
    for (line, expected) in [
        ("12: (bf) r1 = r2                       ; R1_w=ctx()", Some(12)),
        ("12: safe", Some(12)),
        ("from 9 to 12: safe", Some(12)),
        ("from 9 to 12 (speculative execution): safe", Some(12)),
        ("from 9 to 12: R0=0 R10=fp0", None),
        ("12: R1=ctx() R10=fp0", None),
        (" 12: (bf) r1 = r2", None),
        ("     12: .1........ (bf) r1 = r2", None),
        ("; f(12: (bf)", None),
        ("regs=2 stack=0 before 12: (bf) r1 = r2", None),
        ("99999999999: (bf) r1 = r2", None),
    ] {
        assert_eq!(step(line), expected, "{line}");
    }
}

#[test]
fn without_source_lines_the_steps_are_counted_all_the_same() {
    let log = b"0: R1=ctx() R10=fp0\n0: (b7) r0 = 0\n1: (95) exit\n\xff\n";
    let none = LineCosts { walked: 2, ..LineCosts::default() };
    assert_eq!(costs(log, &[]), none);
    let later = SourceLine { instruction: 5, file: String::new(), line: 1, text: String::new() };
    assert_eq!(costs(log, &[later]), none);
}

#[test]
fn what_leaves_the_guest_is_bounded() {
    let line =
        |n: u32| SourceLine { instruction: n, file: "f".repeat(9999), line: n, text: "é".repeat(9999) };
    let lines: Vec<SourceLine> = (0..500).map(line).collect();
    let steps: String = (0..500).map(|n| format!("{n}: (b7) r0 = 0\n")).collect();
    let costs = costs(format!("0: R1=ctx()\n{steps}").as_bytes(), &lines);
    assert_eq!((costs.walked, costs.lines.len()), (500, LINES_MAX));
    let longest =
        costs.lines.iter().flat_map(|line| [&line.file, &line.text]).map(|text| text.chars().count());
    assert_eq!(longest.max(), Some(CHARS_MAX));
}
