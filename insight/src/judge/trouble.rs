//! Kernel trouble in one guest.
//!
//! One guest proves nothing: emulators, hosts and kernels have bad moments of their own. So what
//! is found here is inconclusive, and [`crate::tries`] makes it a failure once a second guest
//! showed it too.

use super::cause;
use super::classify::Finding;
use crate::splat::interrupted;
use domain::cause::{Cause, CauseCode, Stage};
use domain::evidence::{End, Evidence, KernelFacts, Modules, Splat};

/// Splats that say that something did not go on in time. A slow host can cause them by itself, so
/// they count only in a guest that never went on.
const STALLS: &[&str] = &["rcu_stall", "soft_lockup", "hard_lockup", "hung_task", "workqueue_lockup"];

/// How panics begin that mean a lack of memory. Nothing but the validator runs in a guest, so the
/// kernel finds nobody to kill.
const MEMORY_PANICS: &[&str] = &["System is deadlocked on memory", "Out of memory"];

/// How the panic begins that follows the end of the first process, which is the validator.
const INIT_PANIC: &str = "Attempted to kill init!";

/// How a trace begins that starts in the kernel.
const KERNEL_RIP: &str = "RIP: 0010:";

/// Letters of a program's name that a kernel keeps: `BPF_OBJ_NAME_LEN` (linux/bpf.h) without its end.
const NAME_BYTES_MAX: usize = 15;

/// Whether a splat of this kind is one that a slow host can cause.
pub(crate) fn is_stall(kind: &str) -> bool {
    STALLS.contains(&kind)
}

/// The trouble that ended the guest: a panic, a stall it never came out of, a program that did not
/// come back, or a splat before an end without a word. A guest that did not take its job, or ended while it
/// loaded modules, has not met the object.
pub(super) fn fatal(evidence: &Evidence) -> Option<Cause> {
    evidence.kernel.as_ref().filter(|facts| !loads_modules(evidence, facts))?;
    let is_late = match evidence.end {
        End::Died(_) => false,
        End::Deadline(_) => true,
        End::Finished | End::Misbehaved(_) | End::Refused(_) => return None,
    };
    let panic = evidence.splats.iter().find_map(|splat| Some((splat, panic_of(splat)?)));
    if let Some((splat, reason)) = panic
        && MEMORY_PANICS.iter().any(|memory| reason.starts_with(memory))
    {
        return Some(found(CauseCode::GuestMemory, splat, "The guest ran out of memory"));
    }
    // A validator that died of its own mistake makes the kernel panic without any other trouble.
    let by_kernel = |splat: &&Splat| !panic_of(splat).is_some_and(|reason| reason.starts_with(INIT_PANIC));
    let mut proofs = evidence.splats.iter().filter(|splat| !is_stall(&splat.kind)).filter(by_kernel);
    let proof = proofs.next();
    let stall = evidence.splats.iter().find(|splat| is_stall(&splat.kind)).filter(|_| is_late);
    let hang = stall
        .map(|splat| found(CauseCode::KernelHang, splat, "The kernel hung"))
        .or_else(|| still_running(evidence).map(|(cause, _)| cause));
    match (panic, proof, hang) {
        (Some(_), Some(splat), _) => Some(found(CauseCode::KernelPanic, splat, "The kernel panicked")),
        (_, _, Some(hang)) => Some(hang),
        (None, Some(splat), None) => {
            Some(found(CauseCode::KernelSplat, splat, "The kernel reported trouble and went silent"))
        }
        (_, None, None) => None,
    }
}

/// Whether the guest is still loading the modules it was given: it tells of them all, then opens the object.
fn loads_modules(evidence: &Evidence, facts: &KernelFacts) -> bool {
    let Modules { sought, left, loads, .. } = &evidence.modules;
    let given = |name: &String| !facts.modules.contains(name) && left.iter().all(|left| left.name != *name);
    let mut named = sought.iter().filter_map(|sought| sought.module.as_ref());
    evidence.open.is_none() && loads.is_empty() && named.any(given)
}

/// A program of the object that the guest was in when its time was over, and the trace that shows
/// it. Whatever else a guest was in, such as the verifier's work, a slow host explains as well.
fn still_running(evidence: &Evidence) -> Option<(Cause, Splat)> {
    evidence.kernel.as_ref()?;
    let (End::Deadline(_), Some(open)) = (&evidence.end, &evidence.open) else { return None };
    let trace = interrupted(&evidence.console)?;
    let (line, program) = trace.excerpt.lines().find_map(|line| {
        let frame = name_in_frame(line)?;
        let named = open.programs.iter().find(|program| is_named(&program.name, frame))?;
        Some((line, &named.name))
    })?;
    let says =
        format!("The program `{program}` was still running when the time of its guest was over: {line}.");
    let finding = Finding::likely(CauseCode::KernelHang, program, says).on(line);
    Some((cause(Stage::Guest, None, finding, None), trace))
}

/// The name in a frame such as `bpf_prog_63058020a978eabd_spin+0x5f/0x81`.
fn name_in_frame(line: &str) -> Option<&str> {
    let frame = line.strip_prefix(KERNEL_RIP).unwrap_or(line);
    let (_tag, name) = frame.strip_prefix("bpf_prog_")?.split_once('_')?;
    Some(name.split_once('+')?.0)
}

/// Whether a frame names that function. Without type information kernels know its first letters only.
fn is_named(function: &str, frame: &str) -> bool {
    function == frame || frame.len() == NAME_BYTES_MAX && function.starts_with(frame)
}

/// All kernel trouble that is told with the verdict.
pub(super) fn told(evidence: &Evidence) -> Vec<Splat> {
    let running = still_running(evidence).map(|(_, trace)| trace);
    evidence.splats.iter().cloned().chain(running).collect()
}

/// The trouble that a guest lived through: a load that succeeds while the kernel complains is not
/// a pass.
pub(super) fn survived(evidence: &Evidence) -> Option<Cause> {
    let proof = evidence.splats.iter().find(|splat| !is_stall(&splat.kind));
    let splat = proof.or(evidence.splats.first())?;
    Some(found(CauseCode::KernelSplat, splat, "The kernel reported trouble"))
}

/// Why the kernel panicked, if the splat is a panic.
fn panic_of(splat: &Splat) -> Option<&str> {
    let (_, reason) = splat.excerpt.lines().next()?.split_once("not syncing: ")?;
    (splat.kind == "panic").then_some(reason)
}

fn found(code: CauseCode, splat: &Splat, what: &str) -> Cause {
    let line = splat.excerpt.lines().next().unwrap_or_default();
    let says = format!("{what} while the object was exercised: {line}.");
    cause(Stage::Guest, None, Finding::certain(code, &splat.kind, says).on(line), None)
}
