//! What makes two templates the same.

use crate::machine::driver::Plan;
use crate::machine::probe::Qemu;
use crate::machine::spec::Role;
use domain::digest::Digest;
use domain::evidence::Accelerator;

/// Raised when the meaning of what is on disk changes.
const FORMAT: u32 = 1;

/// The digest of everything that decides what a frozen guest is: the files it boots from, the
/// program that runs it, the machine down to the last argument, and with hardware virtualisation
/// the host's processor, which shows through.
pub(super) fn key(plan: &Plan, qemu: &Qemu) -> Digest {
    // The paths say where the files are, the digests what they are.
    let nowhere = || "/".into();
    let spec = crate::machine::spec::Spec { vmlinuz: nowhere(), initramfs: nowhere(), ..plan.spec.clone() };
    let arguments: Vec<String> = spec
        .arguments(Role::Template)
        .iter()
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    let processor = match plan.spec.accelerator {
        Accelerator::Tcg => None,
        Accelerator::Kvm => Some(host_processor()),
    };
    let parts = (FORMAT, plan.origin, &plan.modules, &qemu.version, arguments, processor);
    Digest::of(&serde_json::to_vec(&parts).expect("digests and texts have a JSON form"))
}

/// The lines of `/proc/cpuinfo` that name the first processor and what it can do.
fn host_processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let first = text.split("\n\n").next().unwrap_or_default();
    let telling = |line: &&str| {
        ["model name", "stepping", "microcode", "flags"].iter().any(|name| line.starts_with(name))
    };
    first.lines().filter(telling).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::driver::Origin;
    use crate::machine::spec::Spec;
    use domain::kernel::Series;
    use std::path::PathBuf;

    fn plan() -> Plan {
        Plan {
            spec: Spec {
                series: Series { major: 6, minor: 1 },
                vmlinuz: "/one/vmlinuz".into(),
                initramfs: "/one/initramfs".into(),
                memory_bytes: 1 << 30,
                cpus: 1,
                security_modules: domain::axis::SecurityModules::Every,
                accelerator: Accelerator::Tcg,
            },
            origin: Origin { kernel: Digest::of(b"kernel"), initramfs: Digest::of(b"initramfs") },
            modules: vec!["veth".to_owned()],
            boot_max: std::time::Duration::ZERO,
            job: "one job".into(),
        }
    }

    fn qemu(version: &str) -> Qemu {
        Qemu { program: PathBuf::from("/usr/bin/qemu"), version: version.to_owned() }
    }

    #[test]
    fn everything_that_decides_changes_the_key_and_nothing_else_does() {
        let same = key(&plan(), &qemu("7.2.22"));
        let moved = Spec { vmlinuz: "/two".into(), initramfs: "/two".into(), ..plan().spec };
        assert_eq!(key(&Plan { spec: moved, job: "another job".into(), ..plan() }, &qemu("7.2.22")), same);
        let origin = plan().origin;
        let others = [
            key(&plan(), &qemu("10.0.2")),
            key(&Plan { modules: vec![], ..plan() }, &qemu("7.2.22")),
            key(&Plan { origin: Origin { kernel: Digest::of(b"x"), ..origin }, ..plan() }, &qemu("7.2.22")),
            key(
                &Plan { origin: Origin { initramfs: Digest::of(b"x"), ..origin }, ..plan() },
                &qemu("7.2.22"),
            ),
            key(&Plan { spec: Spec { cpus: 2, ..plan().spec }, ..plan() }, &qemu("7.2.22")),
            key(
                &Plan {
                    spec: Spec { security_modules: domain::axis::SecurityModules::Kernel, ..plan().spec },
                    ..plan()
                },
                &qemu("7.2.22"),
            ),
            key(&Plan { spec: Spec { memory_bytes: 4 << 30, ..plan().spec }, ..plan() }, &qemu("7.2.22")),
            key(
                &Plan { spec: Spec { accelerator: Accelerator::Kvm, ..plan().spec }, ..plan() },
                &qemu("7.2.22"),
            ),
        ];
        for (index, other) in others.iter().enumerate() {
            assert_ne!(*other, same, "{index}");
            assert!(!others[..index].contains(other), "{index}");
        }
    }
}
