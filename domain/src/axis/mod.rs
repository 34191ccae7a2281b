//! The other dimensions of a question, beside object and kernel.
//!
//! [`Axes`] is one combination of values, the environment a cell is answered in. [`AxisChoices`] is what
//! somebody asks for: several values of some axes, and a cell for each combination.
//!
//! Deliberately absent: how an environment is made, which is the worker's and the validator's business.

mod capability;
mod choices;
mod environment;
mod loader;

pub use capability::{CAPABILITIES, Capabilities};
pub use choices::{AxisChoices, COMBINATIONS_MAX};
pub use environment::{Cgroup, Lockdown, Memlock, SecurityModules, UnprivilegedBpf};
pub use loader::{Loader, LoaderError, loaders};

use serde::{Deserialize, Serialize};

/// Processors a guest may have. Translated ones take turns on the host's, and eight already show what
/// happens on several.
pub const CPUS_MAX: u16 = 8;

/// The environment of a cell: what the guest looks like and what its loader may do, apart from its kernel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Axes {
    /// Processors the guest has.
    pub cpus: u16,
    /// Which security modules are active.
    pub lsm: SecurityModules,
    /// How far the kernel keeps even root away from itself.
    pub lockdown: Lockdown,
    /// Which version of control groups is mounted.
    pub cgroup: Cgroup,
    /// What the loader may do.
    pub capabilities: Capabilities,
    /// Whether programs may be loaded without capabilities.
    pub unprivileged_bpf: UnprivilegedBpf,
    /// How much memory the loader may lock, which kernels before 5.11 count maps and programs against.
    pub memlock: Memlock,
}

impl Default for Axes {
    fn default() -> Self {
        Self {
            cpus: 1,
            lsm: SecurityModules::default(),
            lockdown: Lockdown::default(),
            cgroup: Cgroup::default(),
            capabilities: Capabilities::default(),
            unprivileged_bpf: UnprivilegedBpf::default(),
            memlock: Memlock::default(),
        }
    }
}

/// A word that names no axis, or no value of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AxisError {
    /// No such axis.
    #[error("`{0}` names no axis; there are {axes}", axes = Axes::NAMES.join(", "))]
    Name(String),
    /// No such value.
    #[error("axis `{axis}` takes {takes}, not `{value}`")]
    Value {
        /// The axis.
        axis: &'static str,
        /// What it takes.
        takes: &'static str,
        /// What was said.
        value: String,
    },
    /// More questions than anybody waits for.
    #[error("the axes have {0} combinations, and a run asks about at most {COMBINATIONS_MAX}; split it")]
    Combinations(usize),
}

/// Longest piece of a wrong word that is told again, in characters.
const TOLD_CHARS_MAX: usize = 64;

impl Axes {
    /// The names of the axes, as flags, manifests and reports have them.
    pub const NAMES: [&str; 7] =
        ["cpus", "lsm", "lockdown", "cgroup", "capabilities", "unprivileged_bpf", "memlock"];

    /// The same environment with another value of one axis.
    ///
    /// # Errors
    /// There is no such axis, or it has no such value.
    pub fn with(mut self, name: &str, value: &str) -> Result<Self, AxisError> {
        let told = |text: &str| text.chars().take(TOLD_CHARS_MAX).collect::<String>();
        let takes = |axis, takes| AxisError::Value { axis, takes, value: told(value) };
        match name {
            "cpus" => {
                let digit = Some(value).filter(|value| value.len() == 1).and_then(|value| value.parse().ok());
                let cpus = digit.filter(|cpus| (1..=CPUS_MAX).contains(cpus));
                self.cpus = cpus.ok_or_else(|| takes("cpus", "1 to 8 processors"))?;
            }
            "lsm" => self.lsm = value.parse().map_err(|()| takes("lsm", SecurityModules::TAKES))?,
            "lockdown" => self.lockdown = value.parse().map_err(|()| takes("lockdown", Lockdown::TAKES))?,
            "cgroup" => self.cgroup = value.parse().map_err(|()| takes("cgroup", Cgroup::TAKES))?,
            "capabilities" => {
                self.capabilities = value.parse().map_err(|()| takes("capabilities", Capabilities::TAKES))?;
            }
            "unprivileged_bpf" => {
                self.unprivileged_bpf =
                    value.parse().map_err(|()| takes("unprivileged_bpf", UnprivilegedBpf::TAKES))?;
            }
            "memlock" => self.memlock = value.parse().map_err(|()| takes("memlock", Memlock::TAKES))?,
            other => return Err(AxisError::Name(told(other))),
        }
        Ok(self)
    }

    /// Every axis with its value as text, in the order of [`Axes::NAMES`].
    pub fn told(&self) -> [(&'static str, String); 7] {
        let values = [
            self.cpus.to_string(),
            self.lsm.to_string(),
            self.lockdown.to_string(),
            self.cgroup.to_string(),
            self.capabilities.to_string(),
            self.unprivileged_bpf.to_string(),
            self.memlock.to_string(),
        ];
        let mut names = Self::NAMES.into_iter();
        values.map(|value| (names.next().unwrap_or_default(), value))
    }

    /// The axes whose value is not the usual one, for people: `lockdown=integrity capabilities=bpf+perfmon`;
    /// empty for the usual environment.
    pub fn unusual(&self) -> String {
        let usual = Self::default().told();
        let others = self.told().into_iter().zip(usual).filter(|(own, usual)| own != usual);
        others.map(|((name, value), _)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_axis_is_read_back_as_it_is_told() {
        let unusual = [
            ("cpus", "4"),
            ("lsm", "lockdown+bpf"),
            ("lockdown", "confidentiality"),
            ("cgroup", "v1"),
            ("capabilities", "bpf+perfmon"),
            ("unprivileged_bpf", "allowed"),
            ("memlock", "65536"),
        ];
        let with = |axes: Axes, (name, value): (&str, &str)| axes.with(name, value).expect("a value");
        let all = unusual.into_iter().fold(Axes::default(), with);
        assert_eq!(all.told().map(|(name, _)| name), Axes::NAMES);
        assert_eq!(all.told().each_ref().map(|(name, value)| (*name, value.as_str())), unusual);
        assert_eq!(Axes::default().unusual(), "");
        assert_eq!(with(Axes::default(), ("cpus", "2")).unusual(), "cpus=2");
        let json = serde_json::to_string(&all).expect("plain data");
        assert_eq!(serde_json::from_str::<Axes>(&json).expect("read back"), all);
        let usual: Axes = serde_json::from_str(r#"{"cpus": 2}"#).expect("the rest is as usual");
        assert_eq!(usual, with(Axes::default(), ("cpus", "2")));
    }

    #[test]
    fn a_word_that_means_nothing_is_told_with_what_does() {
        for (name, value, says) in [
            ("cpu", "2", "`cpu` names no axis; there are cpus, lsm"),
            ("cpus", "0", "axis `cpus` takes 1 to 8 processors, not `0`"),
            ("cpus", "9", "takes 1 to 8"),
            ("cpus", "+4", "takes 1 to 8"),
            ("lockdown", "full", "takes none, integrity or confidentiality, not `full`"),
            ("capabilities", "cap_bpf", "not `cap_bpf`"),
            ("capabilities", "bpf+bpf", "not `bpf+bpf`"),
            ("lsm", "bpf,apparmor", "not `bpf,apparmor`"),
            ("memlock", "1T", "not `1T`"),
        ] {
            let refused = Axes::default().with(name, value).expect_err("means nothing").to_string();
            assert!(refused.contains(says), "{refused}");
        }
    }
}
