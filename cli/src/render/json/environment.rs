//! What a loader was to work in, and what it worked in.

use proto::wire;
use serde::Serialize;

/// What the loader was to work in.
#[derive(Serialize)]
pub(super) struct Axes<'a> {
    cpus: u32,
    lsm: &'a str,
    lockdown: &'a str,
    cgroup: &'a str,
    capabilities: &'a str,
    unprivileged_bpf: &'a str,
    memlock: &'a str,
}

impl<'a> Axes<'a> {
    pub(super) fn of(axes: &'a wire::Axes) -> Self {
        let wire::Axes { cpus, lsm, lockdown, cgroup, capabilities, unprivileged_bpf, memlock } = axes;
        Self { cpus: *cpus, lsm, lockdown, cgroup, capabilities, unprivileged_bpf, memlock }
    }
}

/// What the loader worked in, as it was found.
#[derive(Serialize)]
pub(super) struct Environment<'a> {
    cpus: u32,
    lsm: &'a [String],
    lockdown: Option<&'a str>,
    cgroups: &'a [String],
    capabilities: &'a [String],
    user_namespace: bool,
    unprivileged_bpf_disabled: Option<u32>,
    memlock_bytes: Option<u64>,
}

impl<'a> Environment<'a> {
    pub(super) fn of(guest: &'a wire::Guest) -> Option<Self> {
        let found = guest.environment.as_ref()?;
        Some(Self {
            cpus: found.cpus,
            lsm: &guest.lsm,
            lockdown: found.lockdown.as_deref(),
            cgroups: &found.cgroups,
            capabilities: &found.capabilities,
            user_namespace: found.user_namespace,
            unprivileged_bpf_disabled: found.unprivileged_bpf_disabled,
            memlock_bytes: found.memlock_bytes,
        })
    }
}
