//! Program types of sections that libbpf does not know, inferred where their name leaves one meaning.

use crate::sys::libbpf::Program;
use domain::errno::Errno;
use domain::section;
use libbpf_sys::BPF_PROG_TYPE_UNSPEC;

/// How a section begins, and the one it can only mean. Old loaders looked at the beginning only. Left out
/// is whatever decides more than the type: control group hooks but for packets, trampolines, devmap
/// programs.
const MEANINGS: &[(&str, &str)] = &[
    ("socket", "socket"),
    ("xdp", "xdp"),
    ("classifier", "classifier"),
    ("tc", "tc"),
    ("action", "action"),
    ("kprobe", "kprobe"),
    ("kretprobe", "kretprobe"),
    ("tracepoint", "tracepoint"),
    ("tp", "tp"),
    ("raw_tracepoint", "raw_tracepoint"),
    ("raw_tp", "raw_tp"),
    ("perf_event", "perf_event"),
    ("cgroup_skb", "cgroup/skb"),
    ("cgroup/skb", "cgroup/skb"),
    ("sockops", "sockops"),
    ("sk_msg", "sk_msg"),
    ("sk_skb", "sk_skb"),
    ("lwt_in", "lwt_in"),
    ("lwt_out", "lwt_out"),
    ("lwt_xmit", "lwt_xmit"),
];

/// What begins like one of them and means something of its own.
const OTHERS: &[&str] = &["tp_btf", "xdp/devmap", "xdp/cpumap"];

/// Exercises a program as in the section its own section means, and says so.
pub(super) fn infer(program: Program<'_>) -> Result<Option<String>, Errno> {
    let own = program.section();
    if program.number() != BPF_PROG_TYPE_UNSPEC || section::is_known(&own) {
        return Ok(None);
    }
    let Some(meant) = meaning(&own) else { return Ok(None) };
    program.set_section(meant)?;
    let name = program.name();
    Ok(Some(format!(
        "program `{name}` stands in section `{own}`, which libbpf does not know; it is exercised as in `{meant}`"
    )))
}

fn meaning(section: &str) -> Option<&'static str> {
    if OTHERS.iter().any(|other| section.starts_with(other)) {
        return None;
    }
    let begins = |stem: &str| {
        let rest = section.strip_prefix(stem)?;
        // `tcp_out` does not begin with `tc`, but `tc_out`, `tc1` and `tc/out` do.
        rest.starts_with(|c: char| c.is_ascii_digit() || "_/-:".contains(c)).then_some(())
    };
    MEANINGS.iter().find_map(|(stem, meant)| begins(stem).map(|()| *meant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_leaves_one_meaning_is_inferred() {
        for (section, meant) in [
            ("xdp_prog", Some("xdp")),
            ("xdp/entry", Some("xdp")),
            ("socket1", Some("socket")),
            ("classifier/in", Some("classifier")),
            ("tc_out", Some("tc")),
            ("kretprobe_x", Some("kretprobe")),
            ("tracepoint_x", Some("tracepoint")),
            ("cgroup_skb1", Some("cgroup/skb")),
            ("tcp_out", None),
            ("tp_btf_x", None),
            ("xdp/devmap_x", None),
            ("cgroup_sock", None),
            ("loadbalancer", None),
            ("kprobe.s/x", None),
            ("2/7", None),
        ] {
            assert_eq!(meaning(section), meant, "{section}");
        }
    }

    #[test]
    fn what_is_meant_is_known() {
        for (_, meant) in MEANINGS {
            assert!(section::is_known(meant), "{meant}");
        }
    }
}
