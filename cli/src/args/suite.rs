//! A suite as a file: read once, and each of its cases made a question, before anything is started.

use super::file::{self, Expected, FileError};
use super::object::ObjectFile;
use super::ready::{self, NotReady, OBJECTS_MAX, Question};
use super::typed;
use crate::exit::{Exit, Failure};
use crate::settings::Settings;
use domain::command::Ending;
use domain::contract::Place;
use domain::level::Level;
use insight::manifest::{ManifestError, fit};
use insight::suite::baseline::{BASELINE_BYTES_MAX, Baseline, BaselineError};
use insight::suite::{Case, Command, Object, SUITE_BYTES_MAX, Subject, Suite, Terms, parse};
use std::path::{Path, PathBuf};

/// Bytes of all objects of a suite together: they are held in memory until the last case was asked.
const OBJECT_BYTES_MAX: usize = 1 << 30;

const SUITE: Expected =
    Expected { what: "a suite in YAML", bytes_max: SUITE_BYTES_MAX, remedy: "split it into several suites" };
const BASELINE: Expected = Expected {
    what: "a baseline that --update-baseline wrote",
    bytes_max: BASELINE_BYTES_MAX,
    remedy: "split the suite it belongs to",
};

/// A suite that can be asked.
#[derive(Debug)]
pub(crate) struct SuiteFile {
    /// What it says.
    pub(crate) suite: Suite,
    /// A question for each case, in their order.
    pub(crate) questions: Vec<Question>,
    /// Where its baseline is, or would be.
    pub(crate) baseline_path: PathBuf,
    /// The failures that are known; none where there is no such file.
    pub(crate) baseline: Baseline,
}

/// Why a suite cannot be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SuiteFileError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is not text.
    #[error("{}: is not UTF-8 text", .0.display())]
    NotText(PathBuf),
    /// What it says is wrong.
    #[error(transparent)]
    Suite(#[from] ManifestError),
    /// Cases that cannot be asked, a line for each mistake.
    #[error("{}", .0.join("\n"))]
    Cases(Vec<String>),
    /// Cases whose objects could not be fetched, a line for each, and nothing else.
    #[error("{}", .0.join("\n"))]
    Unreachable(Vec<String>),
    /// The baseline cannot be used.
    #[error("{}: {source}", path.display())]
    Baseline {
        path: PathBuf,
        #[source]
        source: BaselineError,
    },
    /// Somebody named a baseline that is not there.
    #[error("{}: there is no such baseline; --update-baseline writes it", .0.display())]
    NoBaseline(PathBuf),
}

impl From<SuiteFileError> for Failure {
    /// Nobody's mistake if nothing is wrong but what could not be fetched.
    fn from(error: SuiteFileError) -> Self {
        match &error {
            SuiteFileError::Unreachable(_) => Self::environment(error),
            _ => Self::misuse(error),
        }
    }
}

/// Reads a suite, its baseline, and everything its cases name.
///
/// # Errors
/// `SuiteFileError`; nothing was started and nothing is left behind.
pub(crate) async fn read(typed: &typed::Suite, settings: &Settings) -> Result<SuiteFile, SuiteFileError> {
    let name = typed.file.display().to_string();
    let mut suite = parse(&name, &text(&typed.file, SUITE)?)?;
    let (baseline_path, baseline) = baseline(typed, &suite.name)?;
    let folder = typed.file.parent().unwrap_or(Path::new(""));
    let settings = Settings { level: suite.defaults.level.unwrap_or(settings.level), ..settings.clone() };
    let (mut questions, mut wrong, mut bytes) = (Vec::new(), Vec::new(), 0_usize);
    let mut mistakes = false;
    for case in &mut suite.cases {
        let terms = case.terms.or(&suite.defaults);
        let terms = Terms { fresh: Some(typed.fresh || terms.fresh == Some(true)), ..terms };
        match question(case, &terms, folder, &settings).await {
            Ok(question) => {
                bytes += question.objects.iter().map(|object| object.bytes.len()).sum::<usize>();
                case.accepted.extend(question.manifest.contract.expected_failures.iter().cloned());
                questions.push(question);
            }
            Err(failure) => {
                mistakes |= failure.exit() == Exit::Misuse;
                let says = failure.to_string();
                wrong.extend(says.lines().map(|line| at(&name, case.place, &case.name, line)));
            }
        }
        if bytes > OBJECT_BYTES_MAX {
            let says =
                format!("the objects up to here have more than {OBJECT_BYTES_MAX} bytes; split the suite");
            wrong.push(at(&name, case.place, &case.name, &says));
            mistakes = true;
            break;
        }
    }
    match (wrong.is_empty(), mistakes) {
        (true, _) => Ok(SuiteFile { suite, questions, baseline_path, baseline }),
        (false, true) => Err(SuiteFileError::Cases(wrong)),
        (false, false) => Err(SuiteFileError::Unreachable(wrong)),
    }
}

fn at(file: &str, place: Place, case: &str, says: &str) -> String {
    format!("{file}:{place}: case `{case}`: {says}")
}

fn text(path: &Path, expected: Expected) -> Result<String, SuiteFileError> {
    let bytes = file::read(path, expected)?;
    String::from_utf8(bytes).map_err(|_| SuiteFileError::NotText(path.to_owned()))
}

/// The baseline that was named, or the one beside the suite: `probes.baseline.json` for `probes.yaml`.
fn baseline(typed: &typed::Suite, suite: &str) -> Result<(PathBuf, Baseline), SuiteFileError> {
    let path = typed.baseline.clone().unwrap_or_else(|| typed.file.with_extension("baseline.json"));
    if !path.exists() {
        if typed.baseline.is_some() && !typed.update_baseline {
            return Err(SuiteFileError::NoBaseline(path));
        }
        return Ok((path, Baseline::default()));
    }
    match Baseline::parse(suite, &text(&path, BASELINE)?) {
        Ok(baseline) => Ok((path, baseline)),
        Err(source) => Err(SuiteFileError::Baseline { path, source }),
    }
}

async fn question(
    case: &Case,
    terms: &Terms,
    folder: &Path,
    settings: &Settings,
) -> Result<Question, Failure> {
    let scope = typed::Scope {
        kernels: terms.kernels.iter().cloned().collect(),
        optional: terms.optional.iter().cloned().collect(),
        axes: terms.axes.typed(),
        fresh: terms.fresh == Some(true),
    };
    match &case.subject {
        Subject::Command(asked) => Ok(ready::command(&command(asked, scope, folder), settings).await?),
        Subject::Object(asked) => {
            let level = case.terms.level.map(|level| match level {
                Level::Load => typed::Level::Load,
                Level::Attach | Level::Behave => typed::Level::Attach,
            });
            let typed = typed::Test {
                objects: objects(folder, &asked.input).map_err(Failure::misuse)?,
                platform: None,
                scope,
                loader: terms.loaders.iter().map(ToString::to_string).collect(),
                level,
                manifest: asked.manifest.as_ref().map(|path| folder.join(path)),
                reports: typed::Reports::default(),
                stats: false,
                line_costs: false,
                timeout: terms.timeout,
            };
            let question = ready::question(&typed, settings).await?;
            one_name_each(&question.objects).map_err(Failure::misuse)?;
            Ok(with_checks(question, asked, case.terms.level)?)
        }
    }
}

/// What is known of an object is found again by its name.
fn one_name_each(objects: &[ObjectFile]) -> Result<(), String> {
    for (at, object) in objects.iter().enumerate() {
        if objects[..at].iter().any(|other| other.name == object.name) {
            return Err(format!("two objects are called `{}`; give each a case of its own", object.name));
        }
    }
    Ok(())
}

/// Adds the checks that stand in the suite; together with those of the manifest they still have to fit.
fn with_checks(mut question: Question, asked: &Object, level: Option<Level>) -> Result<Question, NotReady> {
    let Object { declared, .. } = asked;
    if declared.contract.checks.is_empty() {
        return Ok(question);
    }
    let fits = |manifest, objects: &[ObjectFile]| {
        objects.iter().try_for_each(|object| fit(manifest, None, &object.label, &object.bytes).map(|_| ()))
    };
    let unfit = |error| NotReady::Manifest(super::manifest::ManifestFileError::Manifest(error));
    fits(declared, &question.objects).map_err(unfit)?;
    question.manifest.contract.checks.extend(declared.contract.checks.iter().cloned());
    if question.manifest.file.is_empty() {
        question.manifest.file.clone_from(&declared.file);
        question.manifest.places.clone_from(&declared.places);
    }
    fits(&question.manifest, &question.objects).map_err(unfit)?;
    question.level = level.unwrap_or(Level::Behave);
    Ok(question)
}

fn command(asked: &Command, scope: typed::Scope, folder: &Path) -> typed::Command {
    let (expect_exit, expect_running) = match asked.expect {
        Ending::Exit(status) => (status, false),
        Ending::Running => (0, true),
    };
    typed::Command {
        bin: if asked.dir.is_some() { PathBuf::from(&asked.bin) } else { folder.join(&asked.bin) },
        dir: asked.dir.as_ref().map(|dir| folder.join(dir)),
        objects: asked.objects.iter().map(|object| folder.join(object)).collect(),
        platform: None,
        scope,
        runtime: asked.runtime,
        expect_exit,
        expect_running,
        reports: typed::Reports::default(),
        arguments: asked.arguments.clone(),
    }
}

/// What `bpfcompat test` would be given: a reference as it is, a path from the suite's folder, or the files that a
/// pattern names, by name.
fn objects(folder: &Path, input: &str) -> Result<Vec<PathBuf>, String> {
    if input.contains("://") {
        return Ok(vec![PathBuf::from(input)]);
    }
    for scheme in ["oci-layout:", "oci-archive:"] {
        if let Some(path) = input.strip_prefix(scheme) {
            return Ok(vec![PathBuf::from(format!("{scheme}{}", folder.join(path).display()))]);
        }
    }
    let path = folder.join(input);
    if !input.contains(['*', '?', '[']) || path.exists() {
        return Ok(vec![path]);
    }
    if input.contains("**") {
        return Err(format!("{input}: `**` is not accepted; name the folders"));
    }
    let folder = folder.to_str().ok_or("the suite's folder has a name that is no UTF-8; name each object")?;
    let pattern = Path::new(&glob::Pattern::escape(folder)).join(input);
    let found = glob::glob(&pattern.to_string_lossy()).map_err(|error| format!("{input}: {error}"))?;
    // One more than a run takes, so that too many are told as such.
    let found: Result<Vec<PathBuf>, _> = found.take(OBJECTS_MAX + 1).collect();
    match found {
        Ok(found) if found.is_empty() => Err(format!("{input}: no file has such a name")),
        Ok(found) => Ok(found),
        Err(error) => Err(format!("{}: cannot be read ({})", error.path().display(), error.error())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::typed::TIMEOUT_SECONDS_MAX;

    #[test]
    fn inputs_are_references_paths_or_patterns() {
        let folder = tempfile::Builder::new().prefix("a[b]").tempdir().expect("a folder");
        for name in ["b.bpf.o", "a.bpf.o", "c.txt", "x[1].o"] {
            std::fs::write(folder.path().join(name), "").expect("a file");
        }
        let names = |input: &str| -> Result<Vec<String>, String> {
            let found = objects(folder.path(), input)?;
            let name = |path: &PathBuf| path.file_name().expect("a name").to_string_lossy().into_owned();
            Ok(found.iter().map(name).collect())
        };
        assert_eq!(names("*.bpf.o"), Ok(vec!["a.bpf.o".to_owned(), "b.bpf.o".to_owned()]));
        assert_eq!(names("x[1].o"), Ok(vec!["x[1].o".to_owned()]), "a file of that very name");
        assert_eq!(names("none.o"), Ok(vec!["none.o".to_owned()]), "whoever reads it says what it is");
        assert!(names("*.none").is_err() && names("**/a.bpf.o").is_err() && names("[.o").is_err());
        let reference = "oci://host/probe@sha256:00";
        assert_eq!(objects(folder.path(), reference), Ok(vec![PathBuf::from(reference)]));
    }

    #[test]
    fn suites_and_flags_have_the_same_longest_timeout() {
        assert_eq!(i64::from(insight::suite::TIMEOUT_SECONDS_MAX), TIMEOUT_SECONDS_MAX);
    }
}
