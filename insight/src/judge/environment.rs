//! What the loader was given to work in, and what it is to blame for.
//!
//! In the usual environment nothing here applies. In another one its rules come before those of
//! `classify`: a refusal there says something about the kernel only if the environment does not explain it.

use super::cause;
use super::classify::Finding;
use crate::log::{libbpf, verifier};
use domain::axis::{Capabilities, Cgroup, Lockdown, Memlock, SecurityModules, UnprivilegedBpf};
use domain::cause::{Cause, CauseCode, Confidence, Stage};
use domain::errno::Errno;
use domain::evidence::{Attach, Evidence, LogSubject, MapFact, ProgramFact};
use domain::helper;
use domain::verdict::Verdict;

/// Not a descriptor of the kind that is wanted.
const EBADF: Errno = Errno(9);

/// Helpers that read the kernel's memory: none in confidentiality mode (`bpf_tracing_func_proto`).
const READERS: [&str; 4] =
    ["bpf_probe_read", "bpf_probe_read_str", "bpf_probe_read_kernel", "bpf_probe_read_kernel_str"];
/// The helper that writes to the memory of processes: none in either mode.
const WRITER: &str = "bpf_probe_write_user";

/// What a locked down kernel prints once for each thing it refuses.
const LOCKED_DOWN: &str = "Lockdown: ";

/// Why the evidence is not of the environment that was asked for, or nothing was exercised in it.
pub(super) fn unmet(evidence: &Evidence) -> Option<Cause> {
    let guest = |code, says| Some(cause(Stage::Guest, None, Finding::certain(code, "", says), None));
    if let Some(says) = &evidence.unavailable {
        let says = format!("Nothing was exercised: {}.", says.trim_end_matches('.'));
        return guest(CauseCode::EnvironmentUnavailable, says);
    }
    let says = differs(evidence)?;
    guest(CauseCode::Infrastructure, format!("The guest was not in the environment asked for: {says}."))
}

/// How what was found differs from what was asked for.
fn differs(evidence: &Evidence) -> Option<String> {
    let axes = &evidence.axes;
    if axes.unusual().is_empty() {
        return None;
    }
    let Some(found) = &evidence.guest.environment else { return Some("it told none".to_owned()) };
    let cpus = evidence.kernel.as_ref().map_or(0, |facts| facts.cpus);
    if cpus != u32::from(axes.cpus) {
        return Some(format!("it had {cpus} processors, not {}", axes.cpus));
    }
    let lockdown = found.lockdown.as_deref().unwrap_or(Lockdown::None.name());
    if lockdown != axes.lockdown.name() {
        return Some(format!("its lockdown is {lockdown}, not {}", axes.lockdown));
    }
    if let SecurityModules::These(names) = &axes.lsm {
        let active = evidence.kernel.as_ref().map(|facts| facts.lsm.as_slice()).unwrap_or_default();
        if let Some(missing) = names.iter().find(|name| !active.contains(name)) {
            return Some(format!("security module {missing} is not active"));
        }
    }
    match &axes.capabilities {
        Capabilities::These(names) if *names != found.capabilities => {
            return Some(format!("its loader had the capabilities {}", found.capabilities.join("+")));
        }
        Capabilities::Token if !found.user_namespace => {
            return Some("its loader was in no user namespace".to_owned());
        }
        _ => {}
    }
    if axes.cgroup == Cgroup::V1 && found.cgroups.iter().any(|kind| kind == "cgroup2") {
        return Some("the unified hierarchy of control groups is mounted".to_owned());
    }
    let may_anyone = found.unprivileged_bpf_disabled == Some(0);
    let asked = match axes.unprivileged_bpf {
        UnprivilegedBpf::Kernel => may_anyone,
        UnprivilegedBpf::Allowed => true,
        UnprivilegedBpf::Refused => false,
    };
    if may_anyone != asked {
        return Some("its kernel had another rule for programs without capabilities".to_owned());
    }
    let limit = match axes.memlock {
        Memlock::Kernel => found.memlock_bytes,
        Memlock::Unlimited => None,
        Memlock::Bytes(bytes) => Some(bytes),
    };
    (found.memlock_bytes != limit).then(|| "its loader had another limit of locked memory".to_owned())
}

/// Why a map was refused.
pub(super) fn of_map(evidence: &Evidence, map: &MapFact, errno: Errno) -> Option<Finding> {
    if errno != Errno::EPERM {
        return None;
    }
    // Maps of sockets, devices and processors are net_admin's (`map_create` in kernel/bpf/syscall.c).
    if let Some(lacks) = ["bpf", "net_admin"].into_iter().find(|capability| !may(evidence, capability)) {
        return Some(capability(evidence, lacks, &format!("create map `{}`", map.name), errno));
    }
    memlock(evidence, &format!("map `{}` of {} entries", map.name, map.max_entries))
}

/// Why a program was not loaded; `log` is that of the load.
pub(super) fn of_load(
    evidence: &Evidence,
    program: &ProgramFact,
    errno: Errno,
    log: &str,
) -> Option<Finding> {
    if libbpf::failed_map(log).is_some() {
        return None;
    }
    let rejection = verifier::of_program(log, &program.name).and_then(verifier::rejection);
    let said = rejection.as_ref().map_or("", |rejection| rejection.line);
    locked_helper(evidence, said).or_else(|| unprivileged(evidence, program, errno, said)).or_else(|| {
        let counted = errno == Errno::EPERM && rejection.is_none();
        counted.then(|| memlock(evidence, &format!("program `{}`", program.name)))?
    })
}

/// A refusal that another load, with all capabilities, did not meet, or that nobody tried so.
fn unprivileged(evidence: &Evidence, program: &ProgramFact, errno: Errno, said: &str) -> Option<Finding> {
    let name = &program.name;
    let tried = evidence.privileged.iter().find(|load| load.program == *name);
    let does = format!("load `{name}`");
    match (tried, &evidence.axes.capabilities) {
        (Some(load), _) if load.errno.is_none() => {
            let lacks = load.lacked.join("+");
            let with =
                if lacks.is_empty() { "all capabilities".to_owned() } else { format!("capability {lacks}") };
            let said_why = if said.is_empty() { String::new() } else { format!(": {said}") };
            let own = &evidence.axes.capabilities;
            let says = format!("`{name}` loads with {with}, and not with {own} alone ({errno}){said_why}.");
            Some(Finding::certain(CauseCode::CapabilityMissing, &lacks, says).on(said))
        }
        // Outside of a token's namespace nobody is left to ask, and of other loaders nobody is asked.
        (None, own) if *own != Capabilities::Full && errno == Errno::EPERM && said.is_empty() => {
            Some(capability(evidence, needed(evidence, program, Stage::Load), &does, errno))
        }
        _ => None,
    }
}

/// What the rules of the usual environment found of a load is less than certain where a capability may have
/// been lacking and nobody tried with more: the verifier is stricter with who lacks one.
pub(super) fn doubted(evidence: &Evidence, program: &ProgramFact, finding: Finding) -> Finding {
    let tried = evidence.privileged.iter().any(|load| load.program == program.name);
    let fails = finding.code.verdict() == Verdict::Fails;
    if evidence.axes.capabilities == Capabilities::Full || tried || !fails {
        return finding;
    }
    let confidence = match finding.confidence {
        Confidence::Certain => Confidence::Likely,
        others => others,
    };
    let says = format!("{} With more capabilities it was not tried.", finding.says);
    Finding { confidence, says, ..finding }
}

/// Why a program was not attached.
pub(super) fn of_attach(
    evidence: &Evidence,
    program: &ProgramFact,
    attach: &Attach,
    errno: Errno,
) -> Option<Finding> {
    let hook = if attach.hook.is_empty() { &program.section } else { &attach.hook };
    let denied = matches!(errno, Errno::EPERM | Errno::EACCES);
    // Integrity alone keeps nobody from perf events, kprobes and tracefs.
    if denied && evidence.axes.lockdown == Lockdown::Confidentiality && may(evidence, "sys_admin") {
        let says = format!(
            "This kernel is locked down ({}) and does not attach `{}` to `{hook}` ({errno}).",
            evidence.axes.lockdown, program.name
        );
        return Some(locked(evidence, hook, says));
    }
    let limited = evidence.axes.capabilities != Capabilities::Full;
    if denied && limited {
        let lacks = needed(evidence, program, Stage::Attach);
        return Some(capability(evidence, lacks, &format!("attach `{}` to `{hook}`", program.name), errno));
    }
    (errno == EBADF && evidence.axes.cgroup == Cgroup::V1).then(|| {
        let says = format!(
            "`{}` is attached to groups of the unified hierarchy, and only version 1 of control groups is mounted.",
            program.name
        );
        Finding::certain(CauseCode::AttachUnsupported, hook, says)
    })
}

/// The verifier knows no such helper in a kernel that is locked down.
fn locked_helper(evidence: &Evidence, said: &str) -> Option<Finding> {
    let name = helper::name(verifier::refused_helper(said)?);
    let locked_away = match evidence.axes.lockdown {
        Lockdown::None => false,
        Lockdown::Integrity => name == WRITER,
        Lockdown::Confidentiality => name == WRITER || READERS.contains(&name.as_str()),
    };
    locked_away.then(|| {
        let says = format!(
            "This kernel is locked down ({}) and lets no program call `{name}`.",
            evidence.axes.lockdown
        );
        locked(evidence, &name, says).on(said)
    })
}

/// Certain if the kernel printed that it refused something.
fn locked(evidence: &Evidence, subject: &str, says: String) -> Finding {
    let line = evidence.log(&LogSubject::Kernel).lines().find(|line| line.contains(LOCKED_DOWN));
    match line {
        Some(line) => Finding::certain(CauseCode::LockedDown, subject, says).on(line),
        None => Finding::likely(CauseCode::LockedDown, subject, says),
    }
}

/// The number of `bpf_task_storage_get`, which came with 5.11. From then on kernels count maps and programs
/// against the memory of their group.
const LAST_COUNTED: u32 = 156;

fn memlock(evidence: &Evidence, what: &str) -> Option<Finding> {
    let Memlock::Bytes(bytes) = evidence.axes.memlock else { return None };
    evidence.kernel.as_ref()?.helpers.filter(|known| *known <= LAST_COUNTED)?;
    let says = format!(
        "This kernel counts {what} as locked memory, of which its loader may have {bytes} bytes; raise \
         RLIMIT_MEMLOCK."
    );
    Some(Finding::certain(CauseCode::MemlockLimit, "memlock", says))
}

fn capability(evidence: &Evidence, lacks: &str, does: &str, errno: Errno) -> Finding {
    let given = match &evidence.axes.capabilities {
        Capabilities::Token => "a BPF token in a user namespace".to_owned(),
        others => format!("capabilities {others}"),
    };
    let says = format!("This kernel does not let a loader with {given} {does} ({errno}).");
    Finding::likely(CauseCode::CapabilityMissing, lacks, says)
}

/// Whether the loader has a capability; `sys_admin` stands for all those that were once part of it.
fn may(evidence: &Evidence, capability: &str) -> bool {
    let own = &evidence.axes.capabilities;
    own.has(capability) || own.has("sys_admin")
}

/// Program types that trace, of which the kernel wants perfmon (`is_perfmon_prog_type` in kernel/bpf/syscall.c);
/// of the others it wants net_admin, of socket filters and cgroup_skb only when they are attached.
const TRACING: [&str; 9] = [
    "kprobe",
    "tracepoint",
    "perf_event",
    "raw_tracepoint",
    "raw_tracepoint_writable",
    "tracing",
    "lsm",
    "struct_ops",
    "ext",
];

/// The first capability the loader lacks of those that programs of this type need. sys_admin stands for all of
/// them, and Debian's kernels want it of whoever opens perf events (`perf_event_paranoid` 3).
fn needed<'a>(evidence: &Evidence, program: &ProgramFact, stage: Stage) -> &'a str {
    let kind = program.kind.as_str();
    let of_type = if TRACING.contains(&kind) { "perfmon" } else { "net_admin" };
    let free = matches!(kind, "socket_filter" | "cgroup_skb") && stage == Stage::Load;
    let of_use = if free { "bpf" } else { of_type };
    // What a token delegates ends where perf events and networks of others begin.
    let delegated = evidence.axes.capabilities == Capabilities::Token && stage == Stage::Attach;
    let wanted = if delegated { [of_use; 2] } else { ["bpf", of_use] };
    wanted.into_iter().find(|capability| !may(evidence, capability)).unwrap_or("sys_admin")
}
