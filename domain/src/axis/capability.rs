//! What a loader may do.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Every capability by its number (`linux/capability.h`), without `CAP_` and in lower case.
pub const CAPABILITIES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

/// What a loader may do. It is user 0 all the same, as in a container.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Capabilities {
    /// Everything.
    #[default]
    Full,
    /// These alone, by name and in order; none at all when empty.
    These(Vec<String>),
    /// Everything, but in a user namespace of its own, and what the BPF token of its bpffs delegates, which
    /// is everything a token can.
    Token,
}

impl Capabilities {
    pub(super) const TAKES: &str =
        "full, none, token, or names of capabilities without `cap_`, such as bpf+perfmon+net_admin";

    /// Whether a loader has this one over the whole guest.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::Full => true,
            Self::These(names) => names.iter().any(|own| own == name),
            Self::Token => false,
        }
    }
}

impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("full"),
            Self::These(names) if names.is_empty() => f.write_str("none"),
            Self::These(names) => f.write_str(&names.join("+")),
            Self::Token => f.write_str("token"),
        }
    }
}

impl FromStr for Capabilities {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "full" => return Ok(Self::Full),
            "none" => return Ok(Self::These(Vec::new())),
            "token" => return Ok(Self::Token),
            _ => {}
        }
        let mut names: Vec<String> = text.split('+').map(str::to_owned).collect();
        let asked = names.len();
        names.sort_unstable();
        names.dedup();
        let known = names.iter().all(|name| CAPABILITIES.contains(&name.as_str()));
        (known && names.len() == asked).then_some(Self::These(names)).ok_or(())
    }
}

super::environment::as_text!(Capabilities);
