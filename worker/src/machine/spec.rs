//! From what a machine should be to QEMU's arguments. Pure.

use domain::axis::SecurityModules;
use domain::evidence::Accelerator;
use domain::kernel::Series;
use std::ffi::OsString;
use std::path::PathBuf;

/// Descriptors QEMU finds open when it starts; [`super::launch`] puts them there.
pub(super) const LINK_FD: i32 = 3;
pub(super) const CONSOLE_FD: i32 = 4;
pub(super) const BOOT_FD: i32 = 5;
pub(super) const JOB_FD: i32 = 6;
pub(super) const MEMORY_FD: i32 = 7;
pub(super) const STATE_FD: i32 = 8;
pub(super) const MONITOR_FD: i32 = 9;
pub(super) const KERNEL_FD: i32 = 10;
pub(super) const INITRAMFS_FD: i32 = 11;

/// Security modules, in the order of Debian's newest kernels. 5.10 leaves bpf out of its own
/// default, where an LSM program then attaches and is never called; every other name is in that
/// kernel's default too, and a kernel ignores the names it does not know.
const SECURITY_MODULES: &str =
    "landlock,lockdown,yama,loadpin,safesetid,integrity,apparmor,selinux,smack,tomoyo,bpf,ipe";

/// Mebibytes of translated code QEMU keeps; its own default may grow to a gibibyte. Booting and
/// answering costs the same processor time with 32, 64 and 128 (measured with 6.12).
const TRANSLATION_CACHE_MIB: u32 = 64;

/// The same for a clone, which runs a hundredth of the code of a boot.
const CLONE_TRANSLATION_CACHE_MIB: u32 = 32;

/// Memory QEMU itself may need beside the guest's, in bytes: 42 MiB resident before a guest runs
/// (measured), the translation cache, and as much again for its tables and threads.
const QEMU_MEMORY_BYTES: u64 = 160 * MIB;

const MIB: u64 = 1024 * 1024;

/// Host memory to set aside for one running guest: every page it may touch, and QEMU's own. A
/// guest that only boots and answers keeps 205 (5.10) to 250 MiB (7.3) resident; a hostile one
/// or one with a huge map touches everything it has.
pub fn host_memory_bytes(guest_memory_bytes: u64) -> u64 {
    guest_memory_bytes + QEMU_MEMORY_BYTES
}

/// What every kernel is told. `loglevel=5` lets warnings reach the console, where they survive
/// the guest. `no_timer_check` keeps a kernel from panicking at boot because an emulated timer
/// ticked late on a busy host; under KVM kernels skip that check by themselves. With
/// `unknown_nmi_panic` a kernel that is interrupted by its worker says what it was doing.
/// `psi=0` spares every guest the account of who waited for what, kept at each change of task.
/// `tsc=reliable` ends the watch over the one clock that QEMU derives from the host's own: on a busy
/// host it fires late and finds fault with it.
const COMMAND_LINE: &str =
    "quiet psi=0 loglevel=5 panic=-1 no_timer_check tsc=reliable unknown_nmi_panic console=ttyS0";

/// The first series whose `kmalloc_nolock` (mm/slub.c) gives up without `cmpxchg16b`.
const NEEDS_CMPXCHG16B: Series = Series { major: 6, minor: 18 };

/// A machine to be started.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The kernel's series.
    pub series: Series,
    /// The kernel image.
    pub vmlinuz: PathBuf,
    /// The initramfs with the validator as `/init`.
    pub initramfs: PathBuf,
    /// Memory of the guest; rounded down to whole mebibytes.
    pub memory_bytes: u64,
    /// Processors of the guest.
    pub cpus: u16,
    /// The security modules it starts with.
    pub security_modules: SecurityModules,
    /// What runs its processors.
    pub accelerator: Accelerator,
}

/// What a machine is started for. All three are the same hardware to the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Boots, answers one job and is gone.
    Cold,
    /// Boots to `Ready` with its memory in a file that outlives it, and is frozen.
    Template,
    /// Wakes up where its template was frozen, on a private copy of that memory.
    Clone,
}

impl Spec {
    /// QEMU's arguments.
    ///
    /// The machine type is q35 for every guest. Measured with 5.10 to 7.3, a boot costs the same
    /// processor time as with `pc`, which makes kernels warn about its PCI bridge. `microvm`
    /// saves a tenth, but the one variant of it that boots these kernels (without ACPI) has one
    /// processor whatever `-smp` says, and fills the console with warnings.
    pub(super) fn arguments(&self, role: Role) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::new();
        let mut option = |name: &str, value: OsString| arguments.extend([name.into(), value]);
        // A clone has no other argument that tells people which kernel it runs.
        option("-name", self.vmlinuz.display().to_string().replace(',', ",,").into());
        option("-accel", self.accelerator(role).into());
        option("-cpu", self.processor().into());
        option("-smp", self.cpus.to_string().into());
        option("-m", format!("{}M", self.memory_bytes / MIB).into());
        option("-display", "none".into());
        option("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny".into());
        // `append=on` because QEMU would otherwise truncate the "file", which a pipe refuses.
        for (name, fd) in [("link", LINK_FD), ("console", CONSOLE_FD)] {
            option("-add-fd", format!("fd={fd},set={fd}").into());
            option("-chardev", format!("file,id={name},path=/dev/fdset/{fd},append=on").into());
        }
        option("-device", "isa-debugcon,iobase=0xe9,chardev=link".into());
        option("-serial", "chardev:console".into());
        for (name, content) in self.items(role) {
            option("-fw_cfg", format!("name=opt/bpfcompat/{name},{content}").into());
        }
        if role == Role::Cold {
            option("-machine", "q35".into());
        } else {
            let share = if role == Role::Template { "on" } else { "off" };
            let size = self.memory_bytes / MIB;
            let path = format!("/proc/self/fd/{MEMORY_FD}");
            let memory = format!("memory-backend-file,id=memory,size={size}M,mem-path={path},share={share}");
            option("-object", memory.into());
            option("-machine", "q35,memory-backend=memory".into());
        }
        option("-chardev", format!("socket,id=monitor,fd={MONITOR_FD}").into());
        option("-mon", "chardev=monitor,mode=control".into());
        if role == Role::Clone {
            option("-incoming", "defer".into());
        } else {
            option("-kernel", format!("/proc/self/fd/{KERNEL_FD}").into());
            option("-initrd", format!("/proc/self/fd/{INITRAMFS_FD}").into());
            option("-append", self.command_line().into());
        }
        arguments.extend(["-nodefaults", "-no-user-config", "-no-reboot"].map(OsString::from));
        arguments
    }

    /// What the two items of the channel hold. A template has no job yet, and the validator of a
    /// clone has long read its boot item; both items exist in both, or their device would differ.
    fn items(&self, role: Role) -> [(&'static str, String); 2] {
        let inherited = |fd| format!("file=/proc/self/fd/{fd}");
        let nothing = || "string=none".to_owned();
        match role {
            Role::Cold => [("boot", inherited(BOOT_FD)), ("job", inherited(JOB_FD))],
            Role::Template => [("boot", inherited(BOOT_FD)), ("job", nothing())],
            Role::Clone => [("boot", nothing()), ("job", inherited(JOB_FD))],
        }
    }

    fn command_line(&self) -> String {
        match &self.security_modules {
            SecurityModules::Every => format!("{COMMAND_LINE} lsm={SECURITY_MODULES}"),
            SecurityModules::Kernel => COMMAND_LINE.to_owned(),
            SecurityModules::These(names) => format!("{COMMAND_LINE} lsm={}", names.join(",")),
        }
    }

    fn accelerator(&self, role: Role) -> String {
        let cache = match role {
            Role::Cold | Role::Template => TRANSLATION_CACHE_MIB,
            Role::Clone => CLONE_TRANSLATION_CACHE_MIB,
        };
        match self.accelerator {
            Accelerator::Tcg => format!("tcg,tb-size={cache}"),
            Accelerator::Kvm => "kvm".to_owned(),
        }
    }

    /// The processor model: everything the accelerator has, but for one instruction.
    ///
    /// QEMU 7.2's translator sometimes faults on `cmpxchg16b`: 6.12 guests that saw it crashed in
    /// two of six boots, those that did not in none of fourteen. From 6.18 on it stays, because
    /// there a kernel without it cannot allocate memory in BPF's hot paths (`kmalloc_nolock`) and
    /// would refuse an arena that every real host takes.
    fn processor(&self) -> &'static str {
        match self.accelerator {
            Accelerator::Tcg if self.series < NEEDS_CMPXCHG16B => "max,-cx16",
            Accelerator::Tcg | Accelerator::Kvm => "max",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES: [Role; 3] = [Role::Cold, Role::Template, Role::Clone];

    fn spec(accelerator: Accelerator) -> Spec {
        Spec {
            series: Series { major: 6, minor: 12 },
            vmlinuz: "/k/vmlinuz".into(),
            initramfs: "/k/initramfs, with comma".into(),
            memory_bytes: 1024 * MIB,
            cpus: 2,
            security_modules: SecurityModules::default(),
            accelerator,
        }
    }

    fn value_of(arguments: &[OsString], name: &str) -> Vec<String> {
        let pairs = arguments.windows(2).filter(|pair| pair[0] == name);
        pairs.map(|pair| pair[1].to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn the_guest_gets_what_was_asked_for() {
        let arguments = spec(Accelerator::Tcg).arguments(Role::Cold);
        for (name, value) in [
            ("-smp", "2"),
            ("-m", "1024M"),
            ("-accel", "tcg,tb-size=64"),
            ("-cpu", "max,-cx16"),
            ("-kernel", "/proc/self/fd/10"),
            ("-initrd", "/proc/self/fd/11"),
        ] {
            assert_eq!(value_of(&arguments, name), [value]);
        }
        assert_eq!(value_of(&spec(Accelerator::Kvm).arguments(Role::Cold), "-accel"), ["kvm"]);
        assert_eq!(value_of(&spec(Accelerator::Kvm).arguments(Role::Cold), "-cpu"), ["max"]);
        let newer = Spec { series: NEEDS_CMPXCHG16B, ..spec(Accelerator::Tcg) };
        assert_eq!(value_of(&newer.arguments(Role::Cold), "-cpu"), ["max"]);
    }

    #[test]
    fn the_kernel_starts_with_the_security_modules_asked_for() {
        let with = |security_modules| {
            let spec = Spec { security_modules, ..spec(Accelerator::Tcg) };
            value_of(&spec.arguments(Role::Template), "-append").remove(0)
        };
        assert!(with(SecurityModules::Every).contains(&format!(" lsm={SECURITY_MODULES}")));
        assert!(!with(SecurityModules::Kernel).contains("lsm="));
        let named = with(SecurityModules::These(vec!["lockdown".to_owned(), "bpf".to_owned()]));
        assert!(named.ends_with(" lsm=lockdown,bpf"), "{named}");
    }

    #[test]
    fn a_template_shares_its_memory_and_a_clone_keeps_its_own() {
        let [template, clone] =
            [Role::Template, Role::Clone].map(|role| spec(Accelerator::Tcg).arguments(role));
        for (arguments, share) in [(&template, "share=on"), (&clone, "share=off")] {
            assert!(value_of(arguments, "-object")[0].ends_with(share));
            assert_eq!(value_of(arguments, "-machine"), ["q35,memory-backend=memory"]);
        }
        assert!(value_of(&clone, "-kernel").is_empty() && value_of(&template, "-incoming").is_empty());
        assert_eq!(value_of(&clone, "-incoming"), ["defer"]);
    }

    #[test]
    fn no_guest_has_a_network_a_disk_or_a_path() {
        for arguments in ROLES.map(|role| spec(Accelerator::Tcg).arguments(role)) {
            for required in ["-nodefaults", "-no-user-config", "-no-reboot"] {
                assert!(arguments.iter().any(|argument| argument == required), "{required}");
            }
            for absent in ["-netdev", "-nic", "-net", "-drive", "-hda", "-monitor", "-qmp", "-virtfs"] {
                assert!(!arguments.iter().any(|argument| argument == absent), "{absent}");
            }
            assert_eq!(value_of(&arguments, "-device"), ["isa-debugcon,iobase=0xe9,chardev=link"]);
            for chardev in value_of(&arguments, "-chardev") {
                assert!(
                    chardev.contains("path=/dev/fdset/") || chardev == "socket,id=monitor,fd=9",
                    "{chardev}"
                );
            }
            let [sandbox] = &value_of(&arguments, "-sandbox")[..] else { panic!("one sandbox") };
            for denied in ["obsolete", "elevateprivileges", "spawn", "resourcecontrol"] {
                assert!(sandbox.contains(&format!("{denied}=deny")), "{denied}");
            }
        }
    }
}
