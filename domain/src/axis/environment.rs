//! The values of the axes that are about a guest's settings.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Reads and writes a value as the text that stands for it.
macro_rules! as_text {
    ($value:ident) => {
        impl From<$value> for String {
            fn from(value: $value) -> Self {
                value.to_string()
            }
        }

        impl TryFrom<String> for $value {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse().map_err(|()| format!("`{text}` is not {}", Self::TAKES))
            }
        }
    };
}
pub(super) use as_text;

/// A value that is one of a few words; the first is the usual one.
macro_rules! words {
    ($(#[$doc:meta])* $value:ident, $takes:literal, $($(#[$of:meta])* $variant:ident = $word:literal,)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub enum $value { $($(#[$of])* $variant,)* }

        impl $value {
            pub(super) const TAKES: &str = $takes;

            /// The word for it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl fmt::Display for $value {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $value {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                match text { $($word => Ok(Self::$variant),)* _ => Err(()) }
            }
        }

        as_text!($value);
    };
}

words! {
    /// How far the kernel keeps even root away from itself (`man kernel_lockdown`).
    Lockdown, "none, integrity or confidentiality",
    /// Not at all.
    #[default]
    None = "none",
    /// Nobody changes a running kernel: no `bpf_probe_write_user`.
    Integrity = "integrity",
    /// Nor reads its secrets: no `bpf_probe_read_kernel`, no kprobes, no tracefs.
    Confidentiality = "confidentiality",
}

words! {
    /// Which version of control groups is mounted at `/sys/fs/cgroup`.
    Cgroup, "v2 or v1",
    /// The unified hierarchy.
    #[default]
    V2 = "v2",
    /// A hierarchy for each controller, and no unified one anywhere.
    V1 = "v1",
}

words! {
    /// Whether programs may be loaded without capabilities (`kernel.unprivileged_bpf_disabled`).
    UnprivilegedBpf, "kernel, allowed or refused",
    /// As the kernel was built.
    #[default]
    Kernel = "kernel",
    /// They may (0).
    Allowed = "allowed",
    /// They may not (2).
    Refused = "refused",
}

/// Which security modules are active, in this order. A kernel has `capability` in any case, and ignores
/// names that it was not built with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum SecurityModules {
    /// Every one the kernel has.
    #[default]
    Every,
    /// Those it was built to start with.
    Kernel,
    /// These.
    These(Vec<String>),
}

/// Security modules that can be named, and bytes of a name: kernels have about ten, with short names.
const MODULES_MAX: usize = 16;
const MODULE_BYTES_MAX: usize = 32;

impl SecurityModules {
    pub(super) const TAKES: &str =
        "every, kernel, or names of security modules such as lockdown+apparmor+bpf";
}

impl fmt::Display for SecurityModules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every => f.write_str("every"),
            Self::Kernel => f.write_str("kernel"),
            Self::These(names) => f.write_str(&names.join("+")),
        }
    }
}

impl FromStr for SecurityModules {
    type Err = ();

    /// Names go to the kernel's command line, so nothing else may be in them.
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "every" => return Ok(Self::Every),
            "kernel" => return Ok(Self::Kernel),
            _ => {}
        }
        let names: Vec<String> = text.split('+').map(str::to_owned).collect();
        let is_name = |name: &String| {
            let length = (1..=MODULE_BYTES_MAX).contains(&name.len());
            length
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        };
        let distinct = names.iter().enumerate().all(|(at, name)| !names[..at].contains(name));
        let named = names.len() <= MODULES_MAX && names.iter().all(is_name) && distinct;
        named.then_some(Self::These(names)).ok_or(())
    }
}

as_text!(SecurityModules);

/// How much memory a loader may lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Memlock {
    /// What the kernel gives its first process; root may raise it.
    #[default]
    Kernel,
    /// As much as there is.
    Unlimited,
    /// So many bytes, and the loader may not raise it.
    Bytes(u64),
}

/// The largest limit in bytes: larger ones are none, as no guest has as much memory.
const MEMLOCK_BYTES_MAX: u64 = 1 << 34;

impl Memlock {
    pub(super) const TAKES: &str = "kernel, unlimited, or a limit such as 65536, 64K or 8M (at most 16G)";
}

impl fmt::Display for Memlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kernel => f.write_str("kernel"),
            Self::Unlimited => f.write_str("unlimited"),
            Self::Bytes(bytes) => write!(f, "{bytes}"),
        }
    }
}

impl FromStr for Memlock {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "kernel" => return Ok(Self::Kernel),
            "unlimited" => return Ok(Self::Unlimited),
            _ => {}
        }
        let (digits, shift) = match text.char_indices().last() {
            Some((at, 'K')) => (&text[..at], 10),
            Some((at, 'M')) => (&text[..at], 20),
            Some((at, 'G')) => (&text[..at], 30),
            _ => (text, 0),
        };
        let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<u64>().ok());
        let bytes = number.flatten().and_then(|number| number.checked_mul(1 << shift));
        bytes.filter(|bytes| *bytes <= MEMLOCK_BYTES_MAX).map(Self::Bytes).ok_or(())
    }
}

as_text!(Memlock);
