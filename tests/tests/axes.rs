//! Every axis on real kernels: what an object is refused in one environment and given in another, and that the
//! evidence tells which it was.

use anyhow::Context as _;
use domain::axis::Axes;
use proto::wire;
use std::collections::BTreeSet;
use tests::corpus;
use tests::system::System;

/// The oldest kernel and the newest.
const KERNELS: &str = "5.10,newest";
const PASSES: &str = "passes";

/// An environment, an object, and what comes of it on each kernel: `passes`, or the cause and its subject.
type Case = (&'static [(&'static str, &'static str)], &'static str, [&'static str; 2]);

const CASES: &[Case] = &[
    (&[("cpus", "2")], "ringbuf", [PASSES; 2]),
    (&[("cpus", "4")], "map_perf_events", [PASSES; 2]),
    (&[("capabilities", "bpf+perfmon")], "raw_tracepoint", [PASSES; 2]),
    (&[("capabilities", "bpf+perfmon")], "xdp_two_programs", ["capability_missing net_admin"; 2]),
    // Debian's kernels do not let CAP_PERFMON open perf events.
    (&[("capabilities", "bpf+perfmon")], "tracepoint_hash", ["capability_missing sys_admin"; 2]),
    (&[("capabilities", "bpf+net_admin+perfmon")], "xdp_two_programs", [PASSES; 2]),
    // The verifier compares pointers for those alone who may see them.
    (&[("capabilities", "bpf+net_admin")], "xdp_two_programs", ["capability_missing perfmon"; 2]),
    (&[("capabilities", "none")], "tracepoint_hash", ["capability_missing bpf"; 2]),
    (&[("capabilities", "none"), ("unprivileged_bpf", "allowed")], "socket_filter", [PASSES; 2]),
    (
        &[("capabilities", "none"), ("unprivileged_bpf", "refused")],
        "socket_filter",
        ["capability_missing bpf"; 2],
    ),
    (&[("capabilities", "token")], "xdp_two_programs", ["environment_unavailable ", PASSES]),
    (&[("capabilities", "token")], "cgroup_skb", ["environment_unavailable ", PASSES]),
    (
        &[("capabilities", "token")],
        "tracepoint_hash",
        ["environment_unavailable ", "capability_missing perfmon"],
    ),
    (&[("lockdown", "integrity")], "core_read", [PASSES; 2]),
    (&[("lockdown", "integrity")], "helper_writes_user_memory", ["locked_down bpf_probe_write_user"; 2]),
    (&[("lockdown", "confidentiality")], "core_read", ["locked_down bpf_probe_read_kernel"; 2]),
    (&[("lockdown", "confidentiality")], "xdp_two_programs", [PASSES; 2]),
    (&[("cgroup", "v1")], "cgroup_skb", ["attach_unsupported /sys/fs/cgroup/bpfcompat"; 2]),
    (&[("cgroup", "v1")], "socket_filter", [PASSES; 2]),
    (&[("lsm", "kernel")], "lsm_file_open", ["lsm_inactive allow_open", PASSES]),
    (&[("lsm", "lockdown+bpf")], "lsm_file_open", [PASSES; 2]),
    // Kernels from 5.11 count maps against the memory of their group instead.
    (&[("memlock", "64K")], "ringbuf", ["memlock_limit memlock", PASSES]),
    (&[("memlock", "unlimited")], "ringbuf", [PASSES; 2]),
];

fn axes(case: &Case) -> anyhow::Result<Axes> {
    case.0.iter().try_fold(Axes::default(), |axes, (name, value)| Ok(axes.with(name, value)?))
}

/// Asks about the objects of one environment.
async fn asked(
    system: &System,
    axes: &Axes,
    objects: &BTreeSet<&str>,
) -> anyhow::Result<wire::GetRunResponse> {
    let request = wire::SubmitRunRequest {
        kernels: KERNELS.to_owned(),
        fresh: true,
        axes: vec![axes.into()],
        ..Default::default()
    };
    let objects = objects.iter().map(|name| corpus::object(name)).collect::<anyhow::Result<_>>()?;
    system.submit(objects, request).await
}

fn told(verdict: &wire::CellVerdict) -> String {
    match &verdict.cause {
        None => verdict.verdict().to_domain().map_or("nothing", |verdict| verdict.name()).to_owned(),
        Some(cause) => format!("{} {}", cause.code, cause.subject),
    }
}

/// What the guest found is what was asked for.
fn found(axes: &Axes, verdict: &wire::CellVerdict) -> anyhow::Result<()> {
    let guest = verdict.guest.as_ref().context("a guest")?;
    let found = guest.environment.as_ref().context("an environment")?;
    assert_eq!(guest.cpus, u32::from(axes.cpus));
    assert_eq!(found.cpus, u32::from(axes.cpus), "those that the kernel brought up");
    assert_eq!(found.lockdown(), axes.lockdown.name());
    assert_eq!(found.cgroups, [if axes.cgroup.name() == "v1" { "cgroup" } else { "cgroup2" }]);
    let capabilities = axes.capabilities.to_string();
    assert_eq!(found.user_namespace, capabilities == "token");
    match capabilities.as_str() {
        "none" => assert!(found.capabilities.is_empty(), "{found:?}"),
        "full" | "token" => assert!(found.capabilities.contains(&"sys_admin".to_owned()), "{found:?}"),
        names => assert_eq!(found.capabilities.join("+"), names),
    }
    match axes.unprivileged_bpf.name() {
        "allowed" => assert_eq!(found.unprivileged_bpf_disabled, Some(0)),
        _ => assert_eq!(found.unprivileged_bpf_disabled, Some(2)),
    }
    match axes.memlock.to_string().as_str() {
        "unlimited" => assert_eq!(found.memlock_bytes, None),
        "65536" => assert_eq!(found.memlock_bytes, Some(65_536)),
        _ => {}
    }
    if axes.lsm.to_string() == "lockdown+bpf" {
        // Newer kernels start their integrity modules whatever they are told.
        let named: Vec<&String> =
            guest.lsm.iter().filter(|name| !matches!(name.as_str(), "ima" | "evm")).collect();
        assert_eq!(named.len(), 3, "{named:?}");
        assert!(["lockdown", "capability", "bpf"].iter().all(|name| guest.lsm.iter().any(|one| one == name)));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_axis_makes_its_difference_and_is_told() -> anyhow::Result<()> {
    let mut environments: Vec<Axes> = Vec::new();
    for case in CASES {
        let axes = axes(case)?;
        if !environments.contains(&axes) {
            environments.push(axes);
        }
    }
    let tried: BTreeSet<&str> = CASES.iter().flat_map(|case| case.0).map(|(name, _)| *name).collect();
    assert_eq!(tried.len(), Axes::NAMES.len(), "every axis is tried: {tried:?}");
    let system = System::start().await?;
    for axes in &environments {
        let mut of: Vec<&Case> = Vec::new();
        for case in CASES {
            if self::axes(case)? == *axes {
                of.push(case);
            }
        }
        let run = asked(&system, axes, &of.iter().map(|case| case.1).collect()).await?;
        for (_, name, expected) in of {
            let (file, bytes) = corpus::object(name)?;
            let digest = domain::digest::Digest::of(&bytes).0;
            // Cells come by kernel, the oldest first.
            let cells: Vec<&wire::Cell> = run.cells.iter().filter(|cell| cell.object == digest).collect();
            for (cell, expected) in cells.iter().zip(expected) {
                let verdict = cell.verdict.as_ref().context("a verdict")?;
                if *name == "xdp_two_programs" && *expected == PASSES {
                    // Also where the loader has a network of its own.
                    assert!(verdict.programs.iter().all(|program| program.hook == "veth0"), "{verdict:?}");
                }
                let context =
                    format!("{file} on {} with {}: {:?}", cell.kernel_id, axes.unusual(), verdict.cause);
                assert_eq!(told(verdict), *expected, "{context}");
                if !expected.starts_with("environment_unavailable") {
                    found(axes, verdict).context(context)?;
                }
            }
            assert_eq!(cells.len(), expected.len());
        }
    }
    // Another loader than libbpf is not tried again with more, and the kernel is not blamed all the same.
    let axes = Axes::default().with("capabilities", "none")?;
    let request = wire::SubmitRunRequest {
        kernels: KERNELS.to_owned(),
        fresh: true,
        axes: vec![(&axes).into()],
        loaders: vec!["aya".to_owned()],
        ..Default::default()
    };
    let run = system.submit(vec![corpus::object("xdp_two_programs")?], request).await?;
    system.stop().await;
    for cell in &run.cells {
        let cause = cell.verdict.as_ref().and_then(|verdict| verdict.cause.as_ref()).context("a cause")?;
        assert_eq!((cause.code.as_str(), cause.subject.as_str()), ("capability_missing", "bpf"), "{cause:?}");
        assert_eq!(cause.confidence, "likely", "{cause:?}");
    }
    Ok(())
}
