//! Trouble in a guest: what its kernel printed, and how it ended.

use super::{judge, passing, program, settled};
use domain::cause::{Cause, CauseCode};
use domain::evidence::{End, Evidence, LeftModule, ModuleLoad, Modules, Sought, Splat};
use domain::level::Level;
use domain::verdict::Verdict;

#[test]
fn a_pass_with_kernel_trouble_is_none_and_one_guest_proves_nothing() {
    let splat = |kind: &str| Splat { kind: kind.into(), excerpt: "WARNING: a at b\ntrace".into() };
    let mut evidence = passing();
    for (kind, subject) in [("rcu_stall", "rcu_stall"), ("warning", "warning")] {
        evidence.splats.push(splat(kind));
        let verdict = judge(&evidence, Level::Attach);
        assert_eq!(settled(&verdict), (Verdict::Inconclusive, Some(CauseCode::KernelSplat)));
        let cause = verdict.cause.expect("a cause");
        assert_eq!((cause.subject.as_str(), cause.log_line.as_str()), (subject, "WARNING: a at b"));
    }
    assert_eq!(judge(&evidence, Level::Attach).splats.len(), 2);
}

/// What is made of a guest that took its job, printed `console` and ended like this.
fn broken(console: &str, end: End) -> Evidence {
    let splats = insight::splat::find(&insight::splat::Policy::built_in(), console);
    Evidence { splats, end, ..passing() }
}

fn died() -> End {
    End::Died("the guest switched itself off".into())
}

fn late() -> End {
    End::Deadline("attach".into())
}

/// The consoles were recorded from guests with the objects of `tests/tests/findings`.
#[test]
fn a_guest_that_its_kernel_ended_is_told_from_one_that_ended_otherwise() {
    let panic = include_str!("../console/panic-5.10.txt");
    let hang = include_str!("../console/hang-6.1.txt");
    let warning = "WARNING: CPU: 0 PID: 1 at kernel/x.c:1 f+0x1/0x2\n---[ end trace 0 ]---\n";
    let validator = "Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b\n";
    let oops = format!("Oops: 0002 [#1] SMP NOPTI\n---[ end trace 0 ]---\n{validator}");
    let memory = "Kernel panic - not syncing: System is deadlocked on memory\n";
    for (console, end, code, subject) in [
        (panic, died(), CauseCode::KernelPanic, "bug"),
        (&oops, died(), CauseCode::KernelPanic, "oops"),
        (hang, late(), CauseCode::KernelHang, "soft_lockup"),
        (&format!("{warning}{hang}"), late(), CauseCode::KernelHang, "soft_lockup"),
        (warning, late(), CauseCode::KernelSplat, "warning"),
        (warning, died(), CauseCode::KernelSplat, "warning"),
        (memory, died(), CauseCode::GuestMemory, "panic"),
        (validator, died(), CauseCode::GuestDied, ""),
        (hang, died(), CauseCode::GuestDied, ""),
        ("", late(), CauseCode::Deadline, ""),
        (panic, End::Misbehaved("half a frame".into()), CauseCode::Infrastructure, ""),
    ] {
        let verdict = judge(&broken(console, end.clone()), Level::Attach);
        assert_eq!(settled(&verdict), (Verdict::Inconclusive, Some(code)), "{end:?} {console}");
        assert_eq!(verdict.cause.expect("a cause").subject, subject, "{end:?} {console}");
    }
    let says = judge(&broken(hang, late()), Level::Attach).cause.expect("a cause").says;
    assert!(says.contains("The kernel hung") && says.contains("stuck for 34s! [init:1]"), "{says}");
}

/// The consoles were recorded from guests that were interrupted: in the program `spin` of
/// `tests/tests/findings`, in the timer while that program ran, and in the verifier of a long loop.
#[test]
fn a_late_guest_hung_only_in_a_program_of_the_object() {
    let spin = include_str!("../console/interrupted-7.3.txt");
    let timer = include_str!("../console/interrupted-6.12.txt");
    let verifier = include_str!("../console/interrupted-verifier-6.12.txt");
    let begun = spin.split_inclusive("RIP: ").next().expect("the beginning");
    let leftovers = spin.replace("bpf_prog_", "? bpf_prog_");
    let cut_name = spin.replace("_spin+", "_spin_for_a_very+");
    let asked = |console: &str, name: &str, end: End| {
        let mut evidence = Evidence { console: console.into(), ..broken(console, end) };
        evidence.open.as_mut().expect("opened").programs = vec![program(name, "raw_tp/sys_enter", "raw_tp")];
        judge(&evidence, Level::Attach)
    };
    for (console, name) in [(spin, "spin"), (timer, "spin"), (&cut_name, "spin_for_a_very_long_time")] {
        let verdict = asked(console, name, late());
        assert_eq!(settled(&verdict), (Verdict::Inconclusive, Some(CauseCode::KernelHang)), "{name}");
        assert!(verdict.splats.iter().any(|splat| splat.excerpt.contains("bpf_prog_")), "{verdict:?}");
        let Cause { subject, says, .. } = verdict.cause.expect("a cause");
        assert!(subject == name && says.contains("was still running") && says.contains("_spin"), "{says}");
    }
    for (console, name, end, code) in [
        (verifier, "spin", late(), CauseCode::Deadline),
        (spin, "another", late(), CauseCode::Deadline),
        (spin, "spin_", late(), CauseCode::Deadline),
        (&leftovers, "spin", late(), CauseCode::Deadline),
        (begun, "spin", late(), CauseCode::Deadline),
        (spin, "spin", died(), CauseCode::GuestDied),
    ] {
        let verdict = asked(console, name, end);
        assert_eq!(settled(&verdict), (Verdict::Inconclusive, Some(code)), "{name} {console}");
        assert_eq!(verdict.splats, []);
    }
}

#[test]
fn trouble_before_the_guest_took_its_job_is_not_the_objects() {
    for (console, end, code) in [
        (include_str!("../console/panic-5.10.txt"), died(), CauseCode::GuestDied),
        (include_str!("../console/hang-6.1.txt"), late(), CauseCode::Deadline),
    ] {
        let booting = Evidence { kernel: None, open: None, ..broken(console, end) };
        assert_eq!(settled(&judge(&booting, Level::Attach)), (Verdict::Inconclusive, Some(code)));
    }
}

#[test]
fn trouble_while_the_guest_loads_modules_is_not_the_objects() {
    let panic = include_str!("../console/panic-5.10.txt");
    let load = ModuleLoad { name: "m".into(), errno: None, btf: true };
    let left = LeftModule { name: "m".into(), why: "too large".into() };
    for (loads, left, code) in [
        (vec![], vec![], CauseCode::GuestDied),
        (vec![load], vec![], CauseCode::KernelPanic),
        (vec![], vec![left], CauseCode::KernelPanic),
    ] {
        let sought = vec![Sought { symbol: "f".into(), module: Some("m".into()) }];
        let modules = Modules { searched: true, sought, left, loads };
        let ended = Evidence { modules, open: None, ..broken(panic, died()) };
        assert_eq!(settled(&judge(&ended, Level::Attach)), (Verdict::Inconclusive, Some(code)));
    }
}
