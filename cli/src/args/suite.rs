//! A suite as a file: read once, and each of its cases made a question, before anything is started.

use super::file::{self, Expected, FileError};
use super::object::ObjectFile;
use super::ready::{self, NotReady, Question};
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
    /// A baseline is read again, so it is a file.
    #[error("--baseline: `-` is no file; name one")]
    NoFile,
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
    let (mut questions, mut wrong, mut bytes) = (Vec::new(), Vec::new(), 0_usize);
    let mut mistakes = false;
    for case in &mut suite.cases {
        let terms = case.terms.or(&suite.defaults);
        let terms = Terms { fresh: Some(typed.fresh || terms.fresh == Some(true)), ..terms };
        match question(case, &terms, folder, settings).await {
            Ok(question) => {
                let question = Question { try_remedies: typed.try_remedies, ..question };
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
    if path.as_os_str() == "-" {
        return Err(SuiteFileError::NoFile);
    }
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
        Subject::Command(asked) => {
            let command = command(asked, scope, folder).map_err(Failure::misuse)?;
            Ok(ready::command(&command, settings).await?)
        }
        Subject::Object(asked) => {
            // Not as a flag has it: with checks it is behave, whatever is said.
            let settings = Settings { level: terms.level.unwrap_or(settings.level), ..settings.clone() };
            let typed = typed::Test {
                objects: vec![input(folder, &asked.input).map_err(Failure::misuse)?],
                platform: None,
                scope,
                loader: terms.loaders.iter().map(ToString::to_string).collect(),
                level: None,
                manifest: asked.manifest.as_ref().map(|path| folder.join(path)),
                reports: typed::Reports::default(),
                stats: false,
                line_costs: false,
                try_remedies: false,
                timeout: terms.timeout,
            };
            let question = ready::question(&typed, &settings).await?;
            one_name_each(&question.objects).map_err(Failure::misuse)?;
            Ok(with_checks(question, asked)?)
        }
    }
}

/// What is known of an object is found again by what it is called in reports.
fn one_name_each(objects: &[ObjectFile]) -> Result<(), String> {
    for (at, object) in objects.iter().enumerate() {
        if objects[..at].iter().any(|other| other.label == object.label) {
            return Err(format!("two objects are called `{}`; give each a case of its own", object.label));
        }
    }
    Ok(())
}

/// Adds the checks that stand in the suite; together with those of the manifest they still have to fit.
fn with_checks(mut question: Question, asked: &Object) -> Result<Question, NotReady> {
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
    question.level = Level::Behave;
    Ok(question)
}

fn command(asked: &Command, scope: typed::Scope, folder: &Path) -> Result<typed::Command, String> {
    let (expect_exit, expect_running) = match asked.expect {
        Ending::Exit(status) => (status, false),
        Ending::Running => (0, true),
    };
    let objects = asked.objects.iter().map(|object| input(folder, object));
    Ok(typed::Command {
        bin: if asked.dir.is_some() { PathBuf::from(&asked.bin) } else { folder.join(&asked.bin) },
        dir: asked.dir.as_ref().map(|dir| folder.join(dir)),
        objects: objects.collect::<Result<_, _>>()?,
        platform: None,
        scope,
        runtime: asked.runtime,
        expect_exit,
        expect_running,
        reports: typed::Reports::default(),
        arguments: asked.arguments.clone(),
    })
}

/// What `bpfcompat test` would be given for an object: paths and patterns are meant from the suite's folder.
fn input(folder: &Path, text: &str) -> Result<PathBuf, String> {
    if text == "-" {
        return Err("`-` is stdin, which a suite does not read: name a file".to_owned());
    }
    if text.contains("://") {
        return Ok(PathBuf::from(text));
    }
    for scheme in ["oci-layout:", "oci-archive:"] {
        if let Some(path) = text.strip_prefix(scheme) {
            return Ok(PathBuf::from(format!("{scheme}{}", folder.join(path).display())));
        }
    }
    let path = folder.join(text);
    if !text.contains(['*', '?', '[']) || path.exists() {
        return Ok(path);
    }
    let folder = folder.to_str().ok_or("the suite's folder has a name that is no UTF-8; name each object")?;
    Ok(Path::new(&glob::Pattern::escape(folder)).join(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::typed::TIMEOUT_SECONDS_MAX;

    #[test]
    fn paths_and_patterns_are_meant_from_the_suites_folder() {
        let folder = tempfile::Builder::new().prefix("a[b]").tempdir().expect("a folder");
        std::fs::write(folder.path().join("x[1].o"), "").expect("a file");
        let of = |text: &str| input(folder.path(), text);
        let inside = |name: &str| Ok(folder.path().join(name));
        assert_eq!((of("none.o"), of("x[1].o")), (inside("none.o"), inside("x[1].o")));
        let pattern = of("**/*.o").expect("a pattern");
        let pattern = glob::Pattern::new(pattern.to_str().expect("UTF-8")).expect("a pattern");
        assert!(pattern.matches_path(&folder.path().join("deep/a.o")) && !pattern.matches("/ab/deep/a.o"));
        let archive = format!("oci-archive:{}", folder.path().join("i.tar:v1").display());
        assert_eq!(of("oci-archive:i.tar:v1"), Ok(PathBuf::from(archive)));
        let reference = "oci://host/probe@sha256:00";
        assert_eq!(of(reference), Ok(PathBuf::from(reference)));
        assert!(of("-").is_err_and(|says| says.contains("stdin")));
    }

    #[test]
    fn suites_and_flags_have_the_same_longest_timeout() {
        assert_eq!(i64::from(insight::suite::TIMEOUT_SECONDS_MAX), TIMEOUT_SECONDS_MAX);
    }
}
