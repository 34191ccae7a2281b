//! Where it was observed: the machine, its kernel, the modules loaded for the object and what its loader worked in.

use crate::digest::Digest;
use crate::errno::Errno;
use serde::{Deserialize, Serialize};

/// What the validator saw of the kernel it runs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct KernelFacts {
    /// `uname -r`.
    pub release: String,
    /// `uname -v`.
    pub version: String,
    /// `uname -m`.
    pub machine: String,
    /// Size of `/sys/kernel/btf/vmlinux`, 0 when the kernel has none.
    pub btf_bytes: u64,
    /// Values of `enum bpf_map_type` in the kernel's BTF without the sentinels that start with
    /// `__`: a map type whose number is not below it is unknown. `None` without BTF.
    pub map_types: Option<u32>,
    /// The same for `enum bpf_prog_type`.
    pub program_types: Option<u32>,
    /// The same for `enum bpf_func_id`: helpers have the numbers below it.
    pub helpers: Option<u32>,
    /// Active security modules, in the order of `/sys/kernel/security/lsm`.
    pub lsm: Vec<String>,
    /// The selected word of `/sys/kernel/security/lockdown`, if the file exists.
    pub lockdown: Option<String>,
    /// Processors online.
    pub cpus: u32,
    /// Total memory in bytes.
    pub memory_bytes: u64,
    /// Modules the validator loaded, by name.
    pub modules: Vec<String>,
    /// What could not be prepared (a mount, a module, a fixture), one sentence each.
    pub lacks: Vec<String>,
    /// libbpf's version, for example `1.7`.
    pub libbpf: String,
}

/// What the loader was given to work in, as the validator found it once it was made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Environment {
    /// The selected word of `/sys/kernel/security/lockdown`, if the file exists.
    pub lockdown: Option<String>,
    /// Types of the file systems of control groups that are mounted, each once: `cgroup2`, or `cgroup`.
    pub cgroups: Vec<String>,
    /// The capabilities in effect for the loader, without `cap_`.
    pub capabilities: Vec<String>,
    /// Whether it is in a user namespace of its own.
    pub user_namespace: bool,
    /// `kernel.unprivileged_bpf_disabled`, if the kernel has it.
    pub unprivileged_bpf_disabled: Option<u8>,
    /// How many bytes it may lock; `None` for as many as there are. A loader that is a process of its own may lift
    /// that with `sys_resource`, as libbpf did.
    pub memlock_bytes: Option<u64>,
}

/// One module that was loaded for the object, or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleLoad {
    /// The kernel's name of it.
    pub name: String,
    /// `None` when it was loaded.
    pub errno: Option<Errno>,
    /// Whether the kernel publishes its type information, as kernels from 5.11 can.
    pub btf: bool,
}

/// A function that a program hooks and that its name alone does not tell, in the kernel itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Symbol {
    /// The name that is hooked.
    pub name: String,
    /// Functions that have it; none where the compiler left only what it made of the one that had.
    pub copies: u32,
    /// Functions that the compiler made of it, such as `NAME.isra.0`.
    pub made: Vec<String>,
}

/// A kernel symbol that the object hooks or calls, and where it was found before the guest began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sought {
    /// Its name; tracepoint `NAME` is the symbol `__tracepoint_NAME`.
    pub symbol: String,
    /// The module that has it and the kernel image has not; `None` if there is no such module.
    pub module: Option<String>,
}

/// A module that has a symbol sought and was not given to the guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftModule {
    /// Its name.
    pub name: String,
    /// Why not.
    pub why: String,
}

/// The modules of the kernel that the object needs, beyond those every guest has loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Modules {
    /// Whether the kernel's modules could be searched. Their packages may be gone from the archive.
    pub searched: bool,
    /// What they were searched for.
    pub sought: Vec<Sought>,
    /// Modules that the guest was not given.
    pub left: Vec<LeftModule>,
    /// Modules that the guest was given, in order of loading.
    pub loads: Vec<ModuleLoad>,
}

/// How a guest was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Start {
    /// Booted for this cell.
    Cold,
    /// Restored from a template.
    Clone,
}

/// What ran the guest's processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Accelerator {
    /// QEMU's translator.
    Tcg,
    /// Hardware virtualisation.
    Kvm,
}

impl Accelerator {
    /// The name used on QEMU's command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcg => "tcg",
            Self::Kvm => "kvm",
        }
    }
}

/// The machine that was used, as the worker knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guest {
    /// Booted or restored.
    pub start: Start,
    /// Translated or virtualised.
    pub accelerator: Accelerator,
    /// QEMU's version, for example `7.2.22`.
    pub qemu: String,
    /// Memory given to the guest, in bytes.
    pub memory_bytes: u64,
    /// Processors given to the guest.
    pub cpus: u16,
    /// Digest of the validator that ran inside.
    pub validator: Digest,
    /// Digest of the initramfs it was booted from.
    pub initramfs: Digest,
    /// Whether both nonces came back as they were sent.
    pub nonce_ok: bool,
    /// What the guest's kernel drew at random when it took its job, in hexadecimal; empty if it never
    /// did. No two guests draw the same, however many come from one template.
    #[serde(default)]
    pub drawn: String,
    /// The version its loader told of itself; empty for libbpf, whose version is among the kernel facts.
    #[serde(default)]
    pub loader_version: String,
    /// The environment its loader worked in, if it got far enough to make it.
    #[serde(default)]
    pub environment: Option<Environment>,
    /// Milliseconds from starting QEMU to `Ready`.
    pub boot_ms: u64,
    /// Milliseconds from `Ready` to the end of the job.
    pub answer_ms: u64,
}
