//! What a host may not allow, by name, and whether a worker may start without it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A part of the jail that this host does not allow.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Degradation {
    /// No user for each machine.
    SharedUser,
    /// No network, mounts, host name and message queues of its own.
    SharedNamespaces,
    /// No process numbers of its own.
    SharedProcesses,
    /// No control group.
    NoControlGroup,
}

impl Degradation {
    /// Every degradation.
    pub const ALL: [Self; 4] =
        [Self::SharedUser, Self::SharedNamespaces, Self::SharedProcesses, Self::NoControlGroup];

    /// The stable name, used in settings, logs and by `doctor`.
    pub fn name(self) -> &'static str {
        match self {
            Self::SharedUser => "shared_user",
            Self::SharedNamespaces => "shared_namespaces",
            Self::SharedProcesses => "shared_processes",
            Self::NoControlGroup => "no_control_group",
        }
    }

    /// What is missing.
    pub fn says(self) -> &'static str {
        match self {
            Self::SharedUser => "QEMU runs as the worker's own user",
            Self::SharedNamespaces => "QEMU has the network, the mounts and the files of the host",
            Self::SharedProcesses => "QEMU sees the host's processes and may signal those of its user",
            Self::NoControlGroup => "QEMU's memory and processes are limited by rlimits alone",
        }
    }

    /// What to do about it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::SharedUser => "run the worker as root",
            Self::SharedNamespaces => "run the worker as root with CAP_SYS_ADMIN, or allow user namespaces",
            Self::SharedProcesses => "run the worker as root with CAP_SYS_ADMIN",
            Self::NoControlGroup => {
                "run the worker alone in a delegated cgroup v2 with memory and pids (systemd: Delegate=yes)"
            }
        }
    }
}

/// A degradation found on this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// Which.
    pub degradation: Degradation,
    /// What the operating system said.
    pub because: String,
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, says) = (self.degradation.name(), self.degradation.says());
        write!(f, "{name}: {says} ({})", self.because)
    }
}

/// Whether a worker may start degraded. Keys of `[jail]` in a worker's configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Refuse to start where a part of the jail is missing.
    pub require: bool,
    /// Parts that may be missing although the rest is required: `shared_user`, `shared_namespaces`,
    /// `shared_processes`, `no_control_group`.
    pub may_lack: Vec<Degradation>,
}

/// The settings forbid what this host lacks.
#[derive(Debug, thiserror::Error)]
#[error("`[jail] require = true` forbids to start here: {}", listed(.0))]
pub struct Forbidden(Vec<Lack>);

impl Settings {
    /// Whether a worker may start with these lacks.
    ///
    /// # Errors
    /// It may not; the message names each forbidden one and its remedy.
    pub fn allow(&self, lacks: &[Lack]) -> Result<(), Forbidden> {
        let forbidden =
            lacks.iter().filter(|lack| self.require && !self.may_lack.contains(&lack.degradation));
        let forbidden: Vec<Lack> = forbidden.cloned().collect();
        if forbidden.is_empty() { Ok(()) } else { Err(Forbidden(forbidden)) }
    }
}

fn listed(lacks: &[Lack]) -> String {
    let each = lacks.iter().map(|lack| format!("{lack}; {}", lack.degradation.remedy()));
    each.collect::<Vec<_>>().join(". ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_required_is_refused_and_by_name() {
        let lacks = Degradation::ALL.map(|degradation| Lack { degradation, because: "EPERM".to_owned() });
        assert!(Settings::default().allow(&lacks).is_ok());
        let strict = Settings { require: true, may_lack: vec![Degradation::SharedUser] };
        assert!(strict.allow(&lacks[..1]).is_ok());
        let says = strict.allow(&lacks).unwrap_err().to_string();
        assert!(!says.contains("shared_user"), "{says}");
        for degradation in &Degradation::ALL[1..] {
            assert!(says.contains(degradation.name()) && says.contains(degradation.remedy()), "{says}");
        }
    }

    #[test]
    fn a_name_is_the_same_in_settings_and_logs() {
        for degradation in Degradation::ALL {
            let written = serde_json::to_value(degradation).expect("a name");
            assert_eq!(written, degradation.name());
        }
    }
}
