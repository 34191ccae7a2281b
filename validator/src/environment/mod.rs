//! What a loader works in, apart from the kernel: made once a job is taken, in a guest that is like all others
//! until then. What has to be decided at boot, processors and security modules, is the worker's.
//!
//! In: the axes of the job. Out: the environment as it was found once it was made, and [`Bounds`] for whoever
//! loads; or what this kernel lacks for it.

mod cgroup;
mod token;

pub(crate) use token::live as live_in_namespace;

use crate::facts;
use crate::prepare::Fixtures;
use crate::sys::capability;
use domain::axis::{
    Axes, CAPABILITIES, Capabilities, Cgroup, Lockdown, Memlock, SecurityModules, UnprivilegedBpf,
};
use domain::errno::Errno;
use domain::evidence::Environment;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};
use std::fs;
use std::process::Command;
use std::sync::OnceLock;

const LOCKDOWN: &str = "/sys/kernel/security/lockdown";
const UNPRIVILEGED_BPF: &str = "/proc/sys/kernel/unprivileged_bpf_disabled";
/// The capability with which a process raises its own limits.
const LIFTS_LIMITS: &str = "sys_resource";

/// How much memory may be locked, now and at most, in bytes.
type Limit = (u64, u64);

/// What the kernel lets its first process lock, before libbpf raises it.
static MEMLOCK_OF_KERNEL: OnceLock<Limit> = OnceLock::new();

/// Notes the limit that the kernel gave. To be done before libbpf first asks for anything.
pub(crate) fn note_limit() {
    if let Ok(limit) = getrlimit(Resource::RLIMIT_MEMLOCK) {
        MEMLOCK_OF_KERNEL.get_or_init(|| limit);
    }
}

/// What a loader may do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// A bit for each capability it has.
    kept: u64,
    memlock: Limit,
}

impl Bounds {
    /// None: the loader may do what this process may.
    pub(crate) fn none() -> Self {
        Self { kept: u64::MAX, memlock: (RLIM_INFINITY, RLIM_INFINITY) }
    }

    /// Whether anything is kept from the loader that the validator may do.
    pub(crate) fn bind(self) -> bool {
        self.kept != u64::MAX
    }

    /// Whether the loader has this capability.
    pub(crate) fn have(self, name: &str) -> bool {
        self.kept & bit(name) != 0
    }

    /// The same with more capabilities.
    pub(crate) fn and(self, names: &[&str]) -> Self {
        Self { kept: names.iter().fold(self.kept, |all, name| all | bit(name)), ..self }
    }

    /// The loader is at work: what it may not do is not done.
    pub(crate) fn enter(self) -> Result<(), Errno> {
        if self.bind() { capability::put_into_effect(self.kept) } else { Ok(()) }
    }

    /// The validator is at work, with all capabilities.
    pub(crate) fn leave(self) -> Result<(), Errno> {
        if self.bind() { capability::put_into_effect(u64::MAX) } else { Ok(()) }
    }

    /// Binds a loader that is a process of its own.
    pub(crate) fn confine(self, command: &mut Command) {
        let (now, most) = self.memlock;
        capability::confine(command, self.kept, libc::rlimit { rlim_cur: now, rlim_max: most });
    }
}

/// The user namespace that every other one descends from (`PROC_USER_INIT_INO` of linux/proc_ns.h).
const FIRST_NAMESPACE: &str = "user:[4026531837]";

/// Makes the environment. The fixtures are new ones where the loader gets a network of its own. `apart` says
/// whether the loader is a process of its own.
///
/// # Errors
/// What this kernel lacks, in a sentence. Nothing may be exercised then.
pub(crate) fn make(
    axes: &Axes,
    fixtures: Fixtures,
    apart: bool,
) -> Result<(Environment, Bounds, Fixtures), String> {
    modules(&axes.lsm)?;
    lock_down(axes.lockdown)?;
    if axes.cgroup == Cgroup::V1 {
        cgroup::replace()?;
    }
    unprivileged(axes.unprivileged_bpf)?;
    let bounds = bounds(axes)?;
    let fixtures = match axes.capabilities {
        Capabilities::Token => token::enter(&fixtures)?,
        Capabilities::Full | Capabilities::These(_) => fixtures,
    };
    let failed = |errno: Errno| format!("the loader's capabilities cannot be set: {errno}");
    bounds.enter().map_err(failed)?;
    let in_effect = capability::effective().map_err(failed)?;
    bounds.leave().map_err(failed)?;
    let found = Environment {
        lockdown: facts::lockdown(),
        cgroups: cgroup::mounted(),
        capabilities: names(in_effect),
        user_namespace: fs::read_link("/proc/self/ns/user")
            .is_ok_and(|own| own.as_os_str() != FIRST_NAMESPACE),
        unprivileged_bpf_disabled: fs::read_to_string(UNPRIVILEGED_BPF)
            .ok()
            .and_then(|text| text.trim().parse().ok()),
        memlock_bytes: limit(axes.memlock, bounds, apart)?,
    };
    Ok((found, bounds, fixtures))
}

/// How many bytes the loader may lock at first. libbpf raised that for itself when it first asked for anything.
fn limit(asked: Memlock, bounds: Bounds, apart: bool) -> Result<Option<u64>, String> {
    let failed = |errno: nix::Error| format!("the limit of locked memory cannot be read: {errno}");
    let bytes = match asked {
        Memlock::Kernel if apart => bounds.memlock.0,
        _ => getrlimit(Resource::RLIMIT_MEMLOCK).map_err(failed)?.0,
    };
    Ok(Some(bytes).filter(|bytes| *bytes != RLIM_INFINITY))
}

/// The kernel ignores names on its command line that it does not know.
fn modules(asked: &SecurityModules) -> Result<(), String> {
    let SecurityModules::These(names) = asked else { return Ok(()) };
    let active = facts::security_modules()
        .map_err(|error| format!("the active security modules cannot be read: {error}"))?;
    let missing = names.iter().find(|name| !active.contains(name));
    missing.map_or(Ok(()), |name| Err(format!("this kernel has no security module `{name}`")))
}

fn lock_down(asked: Lockdown) -> Result<(), String> {
    if asked == Lockdown::None {
        return Ok(());
    }
    fs::write(LOCKDOWN, asked.name()).map_err(|error| {
        format!("this kernel cannot be locked down, or `lockdown` is no active module: {error}")
    })
}

fn unprivileged(asked: UnprivilegedBpf) -> Result<(), String> {
    let value = match asked {
        UnprivilegedBpf::Kernel => return Ok(()),
        UnprivilegedBpf::Allowed => "0",
        UnprivilegedBpf::Refused => "2",
    };
    fs::write(UNPRIVILEGED_BPF, value).map_err(|error| {
        format!("kernel.unprivileged_bpf_disabled cannot be set to {value} on this kernel: {error}")
    })
}

fn bounds(axes: &Axes) -> Result<Bounds, String> {
    let mut kept = match &axes.capabilities {
        Capabilities::Full | Capabilities::Token => u64::MAX,
        Capabilities::These(names) => names.iter().map(|name| bit(name)).fold(0, |all, bit| all | bit),
    };
    let failed = |errno: nix::Error| format!("the limit of locked memory cannot be set: {errno}");
    let memlock = match axes.memlock {
        Memlock::Kernel => MEMLOCK_OF_KERNEL.get().copied().unwrap_or((RLIM_INFINITY, RLIM_INFINITY)),
        Memlock::Unlimited => (RLIM_INFINITY, RLIM_INFINITY),
        Memlock::Bytes(bytes) => {
            if axes.capabilities != Capabilities::Full && kept & bit(LIFTS_LIMITS) != 0 {
                return Err(format!(
                    "a loader with capability {LIFTS_LIMITS} lifts its limit of locked memory"
                ));
            }
            kept &= !bit(LIFTS_LIMITS);
            (bytes, bytes)
        }
    };
    // What libbpf raised for itself stays raised for it where nothing else was asked for, as it would raise it.
    if axes.memlock != Memlock::Kernel {
        setrlimit(Resource::RLIMIT_MEMLOCK, memlock.0, memlock.1).map_err(failed)?;
    }
    Ok(Bounds { kept, memlock })
}

fn bit(name: &str) -> u64 {
    CAPABILITIES.iter().position(|known| *known == name).map_or(0, |number| 1 << number)
}

fn names(mask: u64) -> Vec<String> {
    let mut names: Vec<String> =
        (CAPABILITIES.iter()).filter(|name| mask & bit(name) != 0).map(|name| (*name).to_owned()).collect();
    names.sort_unstable();
    names
}
