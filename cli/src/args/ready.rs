//! The command line resolved: objects read, selectors parsed, outputs proven writable.

use super::archive::{self, CommandError};
use super::manifest::{self, ManifestFileError};
use super::object::ObjectFile;
use super::output::{Output, OutputError};
use super::typed;
use crate::exit::Failure;
use crate::input::{self, Found, How, Refusal};
use crate::settings::Settings;
use domain::axis::{self, Axes, AxisChoices, AxisError, Loader, LoaderError};
use domain::contract::Manifest;
use domain::level::Level;
use domain::selector::{Selector, SelectorError};
use insight::oci::PlatformError;
use std::path::PathBuf;
use std::time::Duration;

/// Objects in one run at most: more is a build tree by mistake, and each is held in memory.
pub(crate) const OBJECTS_MAX: usize = 256;

/// A run that can be asked for.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// The objects, in the order they were named; the same bytes only once.
    pub(crate) objects: Vec<ObjectFile>,
    /// What was passed over beside them, one line each.
    pub(crate) skipped: Vec<String>,
    /// Kernels that decide.
    pub(crate) kernels: Selector,
    /// Kernels that are shown.
    pub(crate) optional: Option<Selector>,
    /// What loads the objects, each once.
    pub(crate) loaders: Vec<Loader>,
    /// What they work in, each once.
    pub(crate) environments: Vec<Axes>,
    /// What is declared of the objects' loader.
    pub(crate) manifest: Manifest,
    /// How far programs are taken.
    pub(crate) level: Level,
    /// Whether stored answers are ignored.
    pub(crate) fresh: bool,
    /// How long a guest may take to answer; `None` is the controller's default.
    pub(crate) timeout: Option<Duration>,
    /// Whether what may help a refused object is tried in another guest.
    pub(crate) try_remedies: bool,
}

/// Where the reports of a run go.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    /// The JSON report.
    pub(crate) json: Option<Output>,
    /// The Markdown report.
    pub(crate) markdown: Option<Output>,
    /// The JUnit report.
    pub(crate) junit: Option<Output>,
    /// The SARIF report.
    pub(crate) sarif: Option<Output>,
    /// The page.
    pub(crate) html: Option<Output>,
    /// The badge.
    pub(crate) badge: Option<Output>,
}

/// Why there is nothing to ask.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotReady {
    /// Inputs that lead to no object, one line each.
    #[error("{}", .0.iter().map(|error| crate::exit::chain(error)).collect::<Vec<_>>().join("\n"))]
    Objects(Vec<Refusal>),
    /// More objects than one run takes.
    #[error("{0} objects were named and one run takes at most {OBJECTS_MAX}; ask in several runs")]
    TooMany(usize),
    /// A text that is no platform.
    #[error("--platform: {0}")]
    Platform(#[from] PlatformError),
    /// A selector that means nothing.
    #[error("{flag}: {source}")]
    Selector {
        flag: &'static str,
        #[source]
        source: SelectorError,
    },
    /// A word that names no loader.
    #[error("--loader: {0}")]
    Loader(#[from] LoaderError),
    /// A word that names no axis or no value of one.
    #[error("--axis: {0}")]
    Axis(#[from] AxisError),
    /// A word that is no axis with a value.
    #[error("--axis: `{0}` is not of the form AXIS=VALUE, such as cpus=1,4")]
    NoAxis(String),
    /// Nothing says how the objects should behave.
    #[error("--level behave: nothing says how; pass --manifest FILE with `checks:` in it")]
    NoChecks,
    /// A command that cannot be shipped.
    #[error(transparent)]
    Command(Box<CommandError>),
    /// A manifest that cannot be used, or that an object does not fit.
    #[error(transparent)]
    Manifest(#[from] ManifestFileError),
    /// A report that could not be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl Question {
    /// Every selector of kernels in it.
    pub(crate) fn selectors(&self) -> impl Iterator<Item = &Selector> {
        [Some(&self.kernels), self.optional.as_ref()].into_iter().flatten()
    }
}

/// Resolves what was typed.
///
/// # Errors
/// `NotReady`; nothing was started and nothing is left behind.
pub(crate) async fn question(typed: &typed::Test, settings: &Settings) -> Result<Question, NotReady> {
    let (found, skipped) = objects(&typed.objects, typed.platform.as_deref()).await?;
    let objects = distinct(found);
    let manifest = typed.manifest.as_ref().map(|path| manifest::read(path, &objects)).transpose()?;
    let mut manifest = manifest.unwrap_or_default();
    let by_flag = selector("--kernels", &typed.scope.kernels)?;
    let declared = selector("required_kernels", manifest.required_kernels.as_slice())?;
    let kernels = nearest([by_flag, declared]).unwrap_or_else(|| settings.kernels.clone());
    let by_flag = selector("--optional", &typed.scope.optional)?;
    let declared = selector("optional_kernels", manifest.optional_kernels.as_slice())?;
    let optional = nearest([by_flag, declared, settings.optional.clone()]);
    let loaders = match (typed.loader.as_slice(), manifest.loaders.as_slice()) {
        ([], []) => settings.loaders.clone(),
        ([], declared) => declared.to_vec(),
        (typed, _) => axis::loaders(typed.iter().map(String::as_str))?,
    };
    let environments = axes(&typed.scope.axes)?.or(&manifest.axes).combinations()?;
    let level = match typed.level {
        Some(typed::Level::Load) => Level::Load,
        Some(typed::Level::Attach) => Level::Attach,
        Some(typed::Level::Behave) if manifest.contract.checks.is_empty() => return Err(NotReady::NoChecks),
        Some(typed::Level::Behave) => Level::Behave,
        None if !manifest.contract.checks.is_empty() => Level::Behave,
        None => settings.level,
    };
    if typed.line_costs {
        manifest.contract.line_costs = true;
    }
    let seconds = typed.timeout.or(settings.timeout_seconds);
    Ok(Question {
        objects,
        skipped,
        kernels,
        optional,
        loaders,
        environments,
        manifest,
        level,
        fresh: typed.scope.fresh,
        timeout: seconds.map(|seconds| Duration::from_secs(seconds.into())),
        try_remedies: typed.try_remedies,
    })
}

/// Resolves a command that was typed.
///
/// # Errors
/// `NotReady`; nothing was started and nothing is left behind.
pub(crate) async fn command(typed: &typed::Command, settings: &Settings) -> Result<Question, NotReady> {
    let (beside, skipped) = objects(&typed.objects, typed.platform.as_deref()).await?;
    let (files, manifest) = archive::pack(typed, &beside)?;
    let kernels = selector("--kernels", &typed.scope.kernels)?.unwrap_or_else(|| settings.kernels.clone());
    let optional = nearest([selector("--optional", &typed.scope.optional)?, settings.optional.clone()]);
    Ok(Question {
        objects: vec![files],
        skipped,
        loaders: vec![Loader::default()],
        environments: axes(&typed.scope.axes)?.combinations()?,
        kernels,
        optional,
        manifest,
        level: Level::Behave,
        fresh: typed.scope.fresh,
        timeout: None,
        try_remedies: false,
    })
}

/// The values of axes that were typed, `AXIS=VALUE[,VALUE]` each.
fn axes(typed: &[String]) -> Result<AxisChoices, NotReady> {
    let mut choices = AxisChoices::default();
    for word in typed {
        let (name, values) = word.split_once('=').ok_or_else(|| NotReady::NoAxis(word.clone()))?;
        for value in values.split(',') {
            choices.choose(name.trim(), value.trim())?;
        }
    }
    Ok(choices)
}

impl Reports {
    /// The reports that were asked for.
    ///
    /// # Errors
    /// `OutputError` for the first that could not be written.
    pub(crate) fn check(typed: &typed::Reports) -> Result<Self, OutputError> {
        let check =
            |flag, path: &Option<PathBuf>| path.as_ref().map(|path| Output::check(flag, path)).transpose();
        let reports = Self {
            json: check("--json", &typed.json)?,
            markdown: check("--markdown", &typed.markdown)?,
            junit: check("--junit", &typed.junit)?,
            sarif: check("--sarif", &typed.sarif)?,
            html: check("--html", &typed.html)?,
            badge: check("--badge", &typed.badge)?,
        };
        if reports.on_stdout() > 1 { Err(OutputError::StdoutTwice) } else { Ok(reports) }
    }

    fn on_stdout(&self) -> usize {
        let all = [&self.json, &self.markdown, &self.junit, &self.sarif, &self.html, &self.badge];
        all.into_iter().filter(|output| **output == Some(Output::Stdout)).count()
    }

    /// Whether stdout belongs to a program, so that people's output goes to stderr.
    pub(crate) fn take_stdout(&self) -> bool {
        self.on_stdout() > 0
    }
}

/// Repeated flags are one selector: picks are united, filters all have to hold.
fn selector(flag: &'static str, given: &[String]) -> Result<Option<Selector>, NotReady> {
    if given.is_empty() {
        return Ok(None);
    }
    given.join(",").parse().map(Some).map_err(|source| NotReady::Selector { flag, source })
}

/// The first that is said: a flag is about this run, a manifest about these objects, settings about all.
fn nearest<const N: usize>(said: [Option<Selector>; N]) -> Option<Selector> {
    said.into_iter().flatten().next()
}

/// Every object that inputs lead to, and what was passed over.
async fn objects(
    inputs: &[PathBuf],
    platform: Option<&str>,
) -> Result<(Vec<ObjectFile>, Vec<String>), NotReady> {
    if inputs.len() > OBJECTS_MAX {
        return Err(NotReady::TooMany(inputs.len()));
    }
    let how = How::new(platform.map(str::parse).transpose()?);
    let (mut objects, mut skipped, mut errors) = (Vec::<ObjectFile>::new(), Vec::new(), Vec::new());
    for input in inputs {
        for found in input::resolve(input, &how).await.unwrap_or_else(|error| {
            errors.push(error);
            Vec::new()
        }) {
            match found {
                Found::Object(object) => objects.push(object),
                Found::Skipped { place, why } => skipped.push(format!("{place}: passed over: {why}")),
            }
        }
        if objects.len() > OBJECTS_MAX {
            return Err(NotReady::TooMany(objects.len()));
        }
    }
    if errors.is_empty() { Ok((objects, skipped)) } else { Err(NotReady::Objects(errors)) }
}

/// The same bytes once, shown by all their names.
fn distinct(found: Vec<ObjectFile>) -> Vec<ObjectFile> {
    let mut objects = Vec::<ObjectFile>::new();
    for object in found {
        match objects.iter_mut().find(|known| known.digest == object.digest) {
            Some(known) if known.label != object.label => {
                known.label = format!("{} = {}", known.label, object.label);
            }
            Some(_) => {}
            None => objects.push(object),
        }
    }
    objects
}

impl From<NotReady> for Failure {
    /// Nobody's mistake if every input that leads nowhere may be right.
    fn from(error: NotReady) -> Self {
        match &error {
            NotReady::Objects(refusals) if refusals.iter().all(Refusal::is_environment) => {
                Self::environment(error)
            }
            _ => Self::misuse(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::typed::{Typed, Verb};
    use crate::settings::{self, Surroundings};
    use clap::Parser as _;

    /// What is asked about an object with this manifest and these flags: kernels, optional ones, loaders, level.
    async fn asked(manifest: &str, flags: &[&str]) -> (String, Option<String>, Vec<Loader>, Level) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("m.yaml");
        std::fs::write(&file, format!("version: 1\n{manifest}")).expect("a file");
        let object = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/seeds/object/access.bpf.o");
        let words = ["bpfcompat", "test", object, "--manifest", file.to_str().expect("UTF-8")];
        let typed = Typed::try_parse_from(words.iter().chain(flags)).expect("it can be typed");
        let around = Surroundings { is_root: true, config_home: None, data_home: None, home: None };
        let settings = settings::read(&typed.global, &around).expect("defaults");
        let Verb::Test(test) = &typed.verb else { panic!("it is a test") };
        let Question { kernels, optional, loaders, level, .. } =
            question(test, &settings).await.expect("it fits");
        (kernels.to_string(), optional.map(|optional| optional.to_string()), loaders, level)
    }

    #[tokio::test]
    async fn a_flag_says_more_than_a_manifest_and_a_manifest_more_than_settings() {
        let some = |text: &str| Some(text.to_owned());
        let manifest = "required_kernels: 6.1\noptional_kernels: 5.10\nloaders: [aya, libbpf]\n\
                        checks: [{name: c, command: 'true'}]";
        let of_manifest = ("6.1".to_owned(), some("5.10"), vec![Loader::Aya, Loader::Libbpf], Level::Behave);
        assert_eq!(asked(manifest, &[]).await, of_manifest);
        let flags = ["--kernels", "6.6", "--optional", "6.12", "--loader", "libbpf", "--level", "load"];
        let of_flags = ("6.6".to_owned(), some("6.12"), vec![Loader::Libbpf], Level::Load);
        assert_eq!(asked(manifest, &flags).await, of_flags);
        let of_settings = ("lts,newest".to_owned(), None, vec![Loader::Libbpf], Level::Attach);
        assert_eq!(asked("name: nothing", &[]).await, of_settings);
    }
}
