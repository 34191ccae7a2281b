//! Configuration of a worker: defaults < file < `BPFCOMPAT_WORKER_*` environment < flags.
//!
//! Unknown keys are refused. Nothing else in the crate reads the environment.

use crate::kernel;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Prefix of the environment variables; `__` separates levels.
pub const ENVIRONMENT_PREFIX: &str = "BPFCOMPAT_WORKER_";

/// Everything that can be set.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the controller listens for workers, for example `http://127.0.0.1:7400`.
    pub controller: String,
    /// How people recognise this worker; the host's name when empty.
    pub name: String,
    /// Where kernels are kept.
    pub data_dir: PathBuf,
    /// The static validator; beside the running program when unset.
    pub validator: Option<PathBuf>,
    /// The emulator; `qemu-system-x86_64` in `PATH` when unset.
    pub qemu: Option<PathBuf>,
    /// Cells at once; follows processors and memory when unset.
    pub slots: Option<u16>,
    /// Where kernels come from.
    pub kernels: kernel::Settings,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            controller: "http://127.0.0.1:7400".to_owned(),
            name: String::new(),
            data_dir: PathBuf::from("/var/lib/bpfcompat"),
            validator: None,
            qemu: None,
            slots: None,
            kernels: kernel::Settings::default(),
        }
    }
}

impl Config {
    /// Where programs are looked for: `PATH`, or the usual places when it is not set.
    pub fn search_path() -> String {
        std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".to_owned())
    }

    /// Reads defaults, then `file` if given, then the environment.
    ///
    /// # Errors
    /// Every key that is unknown or has the wrong type, named with its source.
    pub fn read(file: Option<&Path>) -> Result<Self, Box<figment::Error>> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            figment = figment.merge(Toml::file_exact(file));
        }
        figment.merge(Env::prefixed(ENVIRONMENT_PREFIX).split("__")).extract().map_err(Box::new)
    }
}
