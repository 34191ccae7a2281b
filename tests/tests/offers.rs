//! What real kernels say they offer, held against what is known of them.
//!
//! What is known comes from the kernel's history (first versions as the feature tables of ebpf-docs, bcc and
//! cilium/ebpf have them) and from what Debian builds its kernels with.

use domain::offers::{Offer, Offers, Support};
use tests::corpus::object;
use tests::guests::{Guests, SERIES, hypervisor};
use worker::machine::template;

/// Where a name is looked for.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Program,
    Map,
    Attach,
    Helper,
    Kfunc,
    Hook,
    Iterator,
    StructOps,
}
use Kind::{Attach, Helper, Hook, Iterator, Kfunc, Map, Program, StructOps};

/// A feature, and in how many of the last of [`SERIES`] it is.
const KNOWN: &[(Kind, &str, usize)] = &[
    // A probe of each kind that must be able to say yes everywhere (defects H2 and V2 of the earlier tool).
    (Map, "hash", 4),
    (Map, "array", 4),
    (Map, "ringbuf", 4),
    (Map, "lpm_trie", 4),
    (Map, "sk_storage", 4),
    (Map, "inode_storage", 4),
    (Program, "xdp", 4),
    (Program, "tracepoint", 4),
    (Program, "kprobe", 4),
    (Program, "tracing", 4),
    (Program, "lsm", 4),
    (Program, "ext", 4),
    (Program, "struct_ops", 4),
    (Program, "sk_lookup", 4),
    // 5.11, 5.16, 6.1, 6.2, 6.9, 6.19 and 7.2.
    (Map, "task_storage", 3),
    (Map, "bloom_filter", 3),
    (Map, "user_ringbuf", 3),
    (Map, "cgrp_storage", 2),
    (Map, "arena", 2),
    (Map, "insn_array", 1),
    (Map, "rhash", 1),
    // libbpf asks for these in a way that only kernels from 6.9 on understand.
    (Map, "struct_ops", 4),
    // 5.14 and 6.4; infrared receivers are off in every cloud flavour.
    (Program, "syscall", 3),
    (Program, "netfilter", 2),
    (Program, "lirc_mode2", 0),
    // 5.15, 5.18, 6.0, 6.6, 6.7, 6.10, 7.0 and 7.2.
    (Attach, "xdp", 4),
    (Attach, "perf_event", 3),
    (Attach, "trace_kprobe_multi", 3),
    (Attach, "lsm_cgroup", 3),
    (Attach, "tcx_ingress", 2),
    (Attach, "trace_uprobe_multi", 2),
    (Attach, "netkit_primary", 2),
    (Attach, "trace_kprobe_session", 2),
    (Attach, "trace_uprobe_session", 1),
    (Attach, "trace_fsession", 1),
    (Attach, "trace_fentry_multi", 1),
    (Helper, "map_lookup_elem", 4),
    (Helper, "ringbuf_output", 4),
    (Helper, "loop", 3),
    (Helper, "user_ringbuf_drain", 3),
    (Helper, "cgrp_storage_get", 2),
    // Marked from 6.9 on.
    (Kfunc, "bpf_task_acquire", 2),
    (Kfunc, "bpf_arena_alloc_pages", 2),
    (Kfunc, "scx_bpf_task_cgroup", 1),
    (Hook, "file_open", 4),
    (Hook, "bprm_check_security", 4),
    (Hook, "uring_cmd", 3),
    // Functions that begin like hooks and are none.
    (Hook, "verify_prog", 0),
    (Hook, "is_sleepable_hook", 0),
    (Iterator, "task", 4),
    (Iterator, "tcp", 4),
    (Iterator, "cgroup", 3),
    (Iterator, "ksym", 3),
    (Iterator, "dmabuf", 1),
    (Iterator, "kmem_cache", 1),
    (Iterator, "task__safe_trusted", 0),
    (StructOps, "tcp_congestion_ops", 4),
    // Debian has sched_ext off in 6.12, which knows it, and Qdisc_ops came with 6.16.
    (StructOps, "sched_ext_ops", 1),
    (StructOps, "Qdisc_ops", 1),
    (StructOps, "io_uring_bpf_ops", 1),
    (StructOps, "common_value", 0),
];

/// Whether the kernel has it; `Named` counts, what it could not try it does not deny.
fn has(offers: &Offers, kind: Kind, name: &str) -> bool {
    let typed = |offers: &[Offer]| {
        offers.iter().any(|offer| offer.name == name && offer.support != Support::Unsupported)
    };
    let listed = |names: &Option<Vec<String>>| names.iter().flatten().any(|listed| listed == name);
    match kind {
        Program => typed(&offers.program_types),
        Map => typed(&offers.map_types),
        Attach => listed(&offers.attach_types),
        Helper => listed(&offers.helpers),
        Kfunc => listed(&offers.kfuncs),
        Hook => listed(&offers.lsm_hooks),
        Iterator => listed(&offers.iterators),
        StructOps => listed(&offers.struct_ops),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kernels_offer_what_is_known_of_them() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (hypervisor, _) = hypervisor(dir.path(), &template::Settings::default()).await?;
    let guests = Guests::find().await?;
    let mut wrong = Vec::new();
    for (at, series) in SERIES.iter().enumerate() {
        let order = guests.order(series, object("tracepoint_hash")?).await?;
        let template = hypervisor.warm(&order).await?.expect("templates are enabled");
        let offers = &template.identity().offers;
        for (kind, name, newest) in KNOWN {
            let expected = at + newest >= SERIES.len();
            if has(offers, *kind, name) != expected {
                wrong.push(format!("{series}: {kind:?} {name} should be {expected}"));
            }
        }
        // A kernel that marks no kfuncs did not say that it has none.
        assert_eq!(offers.kfuncs.is_some(), at >= 2, "{series}");
        // Only what libbpf 1.7 does not know how to try is left at its name.
        let types = offers.program_types.iter().chain(&offers.map_types);
        let named: Vec<_> = types.filter(|offer| offer.support == Support::Named).collect();
        assert!(named.iter().all(|offer| offer.name == "rhash"), "{series}: {named:?}");
        offers.check()?;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
