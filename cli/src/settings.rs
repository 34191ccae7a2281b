//! Settings: defaults < configuration file < `BPFCOMPAT_*` environment < flags.
//!
//! In: the file's text, the environment and the global flags. Out: [`Settings`], every value
//! checked, and for each key where its value came from. Every problem is reported at once.
//! Unknown keys in the file are refused; unknown `BPFCOMPAT_*` variables are not ours to judge,
//! because the controller and the worker read variables of the same prefix.

#[cfg(test)]
mod reference;

use crate::args::typed::{Global, TIMEOUT_SECONDS_MAX};
use domain::axis::{self, Loader};
use domain::level::Level;
use domain::selector::Selector;
use figment::providers::{Format as _, Serialized, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The keys as they are written in the file; in the environment in capitals after `BPFCOMPAT_`.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Written {
    /// Address of the controller to ask, such as `https://kernels.example:7400`; this machine when unset.
    controller: Option<String>,
    /// File in PEM with the authority that the controller's certificate must be of; any that this machine trusts when
    /// unset.
    ca: Option<PathBuf>,
    /// Where local mode keeps kernels, answers and its database; `/var/lib/bpfcompat` for root, else
    /// `~/.local/share/bpfcompat`, when unset.
    data_dir: Option<PathBuf>,
    /// Kernels that decide, unless `--kernels` or a manifest says otherwise.
    kernels: String,
    /// Kernels that are only shown.
    optional: Option<String>,
    /// What loads the objects, unless `--loader` or a manifest says otherwise; in the environment with commas between.
    loaders: Vec<String>,
    /// Programs of this machine that local mode brings along as loaders, by name; in the environment
    /// `NAME=PROGRAM,NAME=PROGRAM`.
    external_loaders: BTreeMap<String, PathBuf>,
    /// How far programs are taken: `load` or `attach`.
    level: String,
    /// Seconds a guest may take to answer; the controller's default when unset.
    timeout_seconds: Option<u32>,
    /// The static validator of local mode; beside the running program when unset.
    validator: Option<PathBuf>,
    /// URL of the archive that local mode fetches kernels from; the host's own when unset.
    mirror: Option<String>,
    /// URL of the security archive; the host's own when unset.
    security_mirror: Option<String>,
    /// Suites whose kernels local mode knows; in the environment with commas between.
    suites: Option<Vec<String>>,
    /// The distribution's public keys, as `gpgv` reads them.
    keyring: Option<PathBuf>,
}

/// Every key, in the order of `config show`.
pub(crate) const KEYS: &[&str] = &[
    "controller",
    "ca",
    "data_dir",
    "kernels",
    "optional",
    "loaders",
    "external_loaders",
    "level",
    "timeout_seconds",
    "validator",
    "mirror",
    "security_mirror",
    "suites",
    "keyring",
];

impl Default for Written {
    fn default() -> Self {
        Self {
            controller: None,
            ca: None,
            data_dir: None,
            kernels: "lts,newest".to_owned(),
            optional: None,
            loaders: vec![Loader::default().to_string()],
            external_loaders: BTreeMap::new(),
            level: Level::Attach.name().to_owned(),
            timeout_seconds: None,
            validator: None,
            mirror: None,
            security_mirror: None,
            suites: None,
            keyring: None,
        }
    }
}

/// What is in effect.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The controller to ask; `None` means this machine.
    pub(crate) controller: Option<String>,
    /// Certificate of the authority that its certificate must be of; any that this machine trusts without one.
    pub(crate) ca: Option<PathBuf>,
    /// Where local mode keeps its data.
    pub(crate) data_dir: PathBuf,
    /// Kernels that decide, unless `--kernels` says otherwise.
    pub(crate) kernels: Selector,
    /// Kernels that are only shown.
    pub(crate) optional: Option<Selector>,
    /// What loads the objects, unless `--loader` or a manifest says otherwise.
    pub(crate) loaders: Vec<Loader>,
    /// Programs of this machine that local mode's worker brings along as loaders, by their names.
    pub(crate) external_loaders: BTreeMap<String, PathBuf>,
    /// How far programs are taken.
    pub(crate) level: Level,
    /// Seconds a guest may take to answer; `None` is the controller's default.
    pub(crate) timeout_seconds: Option<u32>,
    /// The validator binary, if it is not beside this one.
    pub(crate) validator: Option<PathBuf>,
    /// Where kernels come from.
    pub(crate) sources: worker::kernel::Settings,
    /// Key, value as text, where it came from.
    pub(crate) shown: Vec<Shown>,
}

/// One line of `config show`.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) key: &'static str,
    pub(crate) value: String,
    pub(crate) source: String,
}

/// Settings that cannot be used; the text has one line per problem.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// The file or a variable has the wrong shape.
    #[error("settings cannot be read: {0}; `bpfcompat config show` prints what is in effect")]
    Shape(String),
    /// Values that mean nothing.
    #[error("{}", .0.join("\n"))]
    Values(Vec<String>),
}

/// The environment as far as settings depend on it.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    /// Whether the caller is root.
    pub(crate) is_root: bool,
    /// `XDG_CONFIG_HOME`, if set and not empty.
    pub(crate) config_home: Option<PathBuf>,
    /// `XDG_DATA_HOME`, if set and not empty.
    pub(crate) data_home: Option<PathBuf>,
    /// `HOME`, if set and not empty.
    pub(crate) home: Option<PathBuf>,
}

impl Surroundings {
    /// Those of this process.
    pub(crate) fn of_process() -> Self {
        let folder = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self {
            is_root: nix::unistd::geteuid().is_root(),
            config_home: folder("XDG_CONFIG_HOME"),
            data_home: folder("XDG_DATA_HOME"),
            home: folder("HOME"),
        }
    }

    /// The configuration file, which need not exist.
    pub(crate) fn config_file(&self) -> Option<PathBuf> {
        let home = || self.home.as_ref().map(|home| home.join(".config"));
        self.config_home.clone().or_else(home).map(|folder| folder.join("bpfcompat/config.toml"))
    }

    /// The data folder when nobody named one. Root's is not in its home: /root is closed to the
    /// unprivileged user that Postgres runs as, which has files in the data folder.
    fn data_dir(&self) -> PathBuf {
        let home = || self.home.as_ref().filter(|_| !self.is_root).map(|home| home.join(".local/share"));
        self.data_home.clone().or_else(home).unwrap_or_else(|| PathBuf::from("/var/lib")).join("bpfcompat")
    }
}

/// The `BPFCOMPAT_*` variables as a source of settings. Values stay the text they are: `6.1` is
/// a kernel series and no number.
struct Environment;

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("environment")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut values = Dict::new();
        for key in KEYS {
            let text = std::env::var(variable(key)).unwrap_or_default();
            let value = match *key {
                // An empty variable is how scripts and CI systems unset one.
                _ if text.is_empty() => continue,
                "suites" | "loaders" => text.split(',').map(str::trim).collect::<Vec<_>>().into(),
                "external_loaders" => pairs(&text),
                "timeout_seconds" => text.parse::<u32>().map_or_else(|_| text.into(), Value::from),
                _ => text.into(),
            };
            values.insert((*key).to_owned(), value);
        }
        Ok(Profile::Default.collect(values))
    }
}

/// `NAME=PROGRAM,NAME=PROGRAM` as a table; a text that is none stays one and is refused as that.
fn pairs(text: &str) -> Value {
    let pairs: Option<BTreeMap<&str, &str>> =
        text.split(',').map(|pair| pair.trim().split_once('=')).collect();
    pairs.map_or_else(|| text.into(), Value::from)
}

/// The variable of a key.
fn variable(key: &str) -> String {
    format!("BPFCOMPAT_{}", key.to_uppercase())
}

/// The global flags as a source of settings.
struct Flags<'a>(&'a Global);

impl Provider for Flags<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named("flag")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut values = Dict::new();
        if let Some(controller) = &self.0.controller {
            values.insert("controller".to_owned(), controller.clone().into());
        }
        if let Some(data_dir) = &self.0.data_dir {
            values.insert("data_dir".to_owned(), data_dir.to_string_lossy().into_owned().into());
        }
        Ok(Profile::Default.collect(values))
    }
}

/// The settings in effect.
///
/// # Errors
/// `SettingsError` with everything that is wrong.
pub(crate) fn read(global: &Global, around: &Surroundings) -> Result<Settings, SettingsError> {
    let mut figment = Figment::from(Serialized::defaults(Written::default()));
    if let Some(file) = around.config_file().filter(|file| file.exists()) {
        figment = figment.merge(Toml::file_exact(file));
    }
    let figment = figment.merge(Environment).merge(Flags(global));
    let written: Written = figment.extract().map_err(|error| {
        let problems: Vec<String> = error.into_iter().map(|problem| problem.to_string()).collect();
        SettingsError::Shape(problems.join("\n"))
    })?;
    check(written, around, |key| source(&figment, key))
}

fn check(
    written: Written,
    around: &Surroundings,
    source: impl Fn(&str) -> String,
) -> Result<Settings, SettingsError> {
    let mut problems = Vec::new();
    let sources = worker::kernel::Settings::default();
    let data_dir = written.data_dir.clone().unwrap_or_else(|| around.data_dir());
    let shown = shown(&written, &data_dir, &source);
    let mut wrong = |key: &str, says: String| problems.push(format!("{key} (from {}): {says}", source(key)));

    let kernels =
        written.kernels.parse::<Selector>().map_err(|error| wrong("kernels", error.to_string())).ok();
    let optional = written.optional.as_deref().map(str::parse::<Selector>).transpose();
    let optional = optional.map_err(|error| wrong("optional", error.to_string())).ok();
    let loaders = axis::loaders(written.loaders.iter().map(String::as_str));
    let loaders = loaders.map_err(|error| wrong("loaders", error.to_string())).ok();
    let level = written.level.parse::<Level>().map_err(|error| wrong("level", error.to_string())).ok();
    let too_long = |seconds: &u32| !(1..=TIMEOUT_SECONDS_MAX).contains(&i64::from(*seconds));
    if written.timeout_seconds.as_ref().is_some_and(too_long) {
        wrong("timeout_seconds", format!("must be between 1 and {TIMEOUT_SECONDS_MAX}"));
    }
    let data_dir = std::path::absolute(&data_dir).map_err(|error| wrong("data_dir", error.to_string())).ok();
    match (kernels, optional, loaders, level, data_dir) {
        (Some(kernels), Some(optional), Some(loaders), Some(level), Some(data_dir))
            if problems.is_empty() =>
        {
            Ok(Settings {
                controller: written.controller,
                ca: written.ca,
                data_dir,
                kernels,
                optional,
                loaders,
                external_loaders: written.external_loaders,
                level,
                timeout_seconds: written.timeout_seconds,
                validator: written.validator,
                sources: worker::kernel::Settings {
                    mirror: written.mirror,
                    security_mirror: written.security_mirror,
                    suites: written.suites.unwrap_or(sources.suites),
                    keyring: written.keyring.unwrap_or(sources.keyring),
                    ..worker::kernel::Settings::default()
                },
                shown,
            })
        }
        _ => Err(SettingsError::Values(problems)),
    }
}

fn shown(written: &Written, data_dir: &Path, source: impl Fn(&str) -> String) -> Vec<Shown> {
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let value = |key: &str| match key {
        "controller" => written.controller.as_deref().map(settings::without_password),
        "ca" => path(&written.ca),
        "data_dir" => Some(data_dir.display().to_string()),
        "kernels" => Some(written.kernels.clone()),
        "optional" => written.optional.clone(),
        "loaders" => Some(written.loaders.join(",")),
        "external_loaders" => {
            let pairs = written.external_loaders.iter();
            let pairs: Vec<String> =
                pairs.map(|(name, program)| format!("{name}={}", program.display())).collect();
            Some(pairs.join(",")).filter(|pairs| !pairs.is_empty())
        }
        "level" => Some(written.level.clone()),
        "timeout_seconds" => written.timeout_seconds.map(|seconds| seconds.to_string()),
        "validator" => path(&written.validator),
        "mirror" => written.mirror.as_deref().map(settings::without_password),
        "security_mirror" => written.security_mirror.as_deref().map(settings::without_password),
        "suites" => written.suites.as_ref().map(|suites| suites.join(",")),
        "keyring" => path(&written.keyring),
        other => unreachable!("`{other}` is not in KEYS"),
    };
    let line = |key: &&'static str| Shown {
        key,
        value: value(key).unwrap_or_else(|| "-".to_owned()),
        source: source(key),
    };
    KEYS.iter().map(line).collect()
}

fn source(figment: &Figment, key: &str) -> String {
    let Some(metadata) = figment.find_metadata(key) else { return "default".to_owned() };
    match (metadata.name.as_ref(), &metadata.source) {
        ("environment", _) => variable(key),
        ("flag", _) => format!("--{}", key.replace('_', "-")),
        (_, Some(figment::Source::File(path))) => path.display().to_string(),
        (_, _) => "default".to_owned(),
    }
}
