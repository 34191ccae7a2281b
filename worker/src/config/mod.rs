//! Configuration of a worker: defaults < file < `BPFCOMPAT_WORKER_*` environment < flags.
//!
//! Unknown keys are refused. Nothing else in the crate reads the environment.

use crate::jail;
use crate::kernel;
use crate::machine::template;
use crate::metrics;
use crate::recheck::Share;
use proto::EndpointError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use settings::Problems;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Prefix of the environment variables; `__` separates levels.
pub const ENVIRONMENT_PREFIX: &str = "BPFCOMPAT_WORKER_";

/// Everything that can be set.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the controller listens for workers, for example `http://127.0.0.1:7400`.
    pub controller: String,
    /// Certificate in PEM of the authority that the controller's must be of; any that the host trusts when unset.
    pub controller_ca: Option<PathBuf>,
    /// How people recognise this worker; the host's name when empty.
    pub name: String,
    /// Where kernels are kept.
    pub data_dir: PathBuf,
    /// The static validator; beside the running program when unset.
    pub validator: Option<PathBuf>,
    /// The static busybox that guests get as shell and tools; the host's own when unset.
    pub busybox: Option<PathBuf>,
    /// Programs that speak the loader protocol, by the names under which they are asked for. The host's bpftool need
    /// not be named.
    pub external_loaders: BTreeMap<String, PathBuf>,
    /// The emulator; `qemu-system-x86_64` in `PATH` when unset.
    pub qemu: Option<PathBuf>,
    /// The most cells at once; as many as processors when unset. Memory and load may allow fewer.
    pub slots: Option<u16>,
    /// The share of clones whose answers are repeated in a booted guest, 0 to 1.
    #[schemars(with = "f64")]
    pub recheck_share: Share,
    /// Where kernels come from.
    pub kernels: kernel::Settings,
    /// How much of the host templates may take.
    pub templates: template::Settings,
    /// Where figures are served.
    pub metrics: metrics::Settings,
    /// Whether it may start where a part of the jail is missing.
    pub jail: jail::Settings,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            controller: "http://127.0.0.1:7400".to_owned(),
            controller_ca: None,
            name: String::new(),
            data_dir: PathBuf::from("/var/lib/bpfcompat"),
            validator: None,
            busybox: None,
            external_loaders: BTreeMap::new(),
            qemu: None,
            slots: None,
            recheck_share: Share::default(),
            kernels: kernel::Settings::default(),
            templates: template::Settings::default(),
            metrics: metrics::Settings::default(),
            jail: jail::Settings::default(),
        }
    }
}

impl Config {
    /// Where programs are looked for: `PATH`, or the usual places when it is not set.
    pub fn search_path() -> String {
        std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".to_owned())
    }

    /// Reads defaults, then `file` if given, then the environment, then `flags`.
    ///
    /// # Errors
    /// Every key that is unknown or has a value of the wrong kind, with the source it came from.
    pub fn read(file: Option<&Path>, flags: &Flags) -> Result<Self, Problems> {
        settings::read(file, ENVIRONMENT_PREFIX, flags)
    }

    /// The same without secrets.
    pub fn shown(&self) -> Self {
        let mut shown = self.clone();
        for url in [&mut shown.kernels.mirror, &mut shown.kernels.security_mirror].into_iter().flatten() {
            *url = settings::without_password(url);
        }
        shown
    }

    /// Whether a worker could start with it, as far as files tell.
    ///
    /// # Errors
    /// The address of the controller, or its authority, is none.
    pub fn check(&self) -> Result<(), EndpointError> {
        proto::endpoint(&self.controller, self.controller_ca.as_deref()).map(drop)
    }
}

/// Settings given on the command line; they win over everything else.
#[derive(Debug, Clone, Default, Serialize, clap::Args)]
pub struct Flags {
    /// Where the controller listens, for example http://127.0.0.1:7400
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub controller: Option<String>,
    /// How people recognise this worker
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where kernels are kept
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
    /// The most cells at once
    #[arg(long, value_name = "COUNT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slots: Option<u16>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        file
    }

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        let file = file("slots = 3\nname = \"rack 7\"\n[kernels]\nsuites = [\"trixie\"]\n");
        let flags = Flags { slots: Some(5), ..Flags::default() };
        let config = Config::read(Some(file.path()), &flags).expect("settings");
        assert_eq!((config.slots, config.name.as_str()), (Some(5), "rack 7"));
        assert_eq!(config.kernels.suites, ["trixie"]);
        assert_eq!(config.controller, Config::default().controller);
    }

    #[test]
    fn a_key_that_means_nothing_is_refused_at_every_depth() {
        for (text, key) in [("slot = 3", "slot"), ("[kernels]\nsuite = [\"trixie\"]", "suite")] {
            let error = Config::read(Some(file(text).path()), &Flags::default()).expect_err(text).to_string();
            assert!(error.contains(&format!("`{key}`")), "{error}");
        }
    }

    #[test]
    fn figures_are_served_to_this_host_or_not_at_all() {
        let read = |text: &str| Config::read(Some(file(text).path()), &Flags::default());
        assert!(read("[metrics]\nlisten = \"127.0.0.1:9464\"").expect("settings").metrics.listen.is_some());
        let error = read("[metrics]\nlisten = \"0.0.0.0:9464\"").expect_err("everybody").to_string();
        assert!(error.contains("0.0.0.0:9464 is not a loopback address"), "{error}");
        assert!(error.contains("metrics.listen"), "{error}");
    }
}
