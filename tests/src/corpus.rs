//! The known-answer corpus: objects of ours whose verdict is known per kernel.
//!
//! `tests/corpus/expected.toml` explains its own format; this reads it strictly and tells for a
//! verdict how it differs from what is written there.

use crate::system::repository;
use anyhow::{Context as _, ensure};
use domain::kernel::Kernel;
use domain::selector::Selector;
use proto::wire;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What must be answered about every object, by object name.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct Corpus(BTreeMap<String, Expectations>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectations {
    expect: Vec<Expectation>,
    #[serde(default)]
    programs: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    kernels: String,
    verdict: String,
    cause: Option<String>,
    subject: Option<String>,
    confidence: Option<String>,
    modules: Option<Vec<String>>,
}

impl Corpus {
    /// Reads the expectations and proves that every object has one and every one an object.
    ///
    /// # Errors
    /// An unknown key, an object without expectation, or an expectation without object.
    pub fn read() -> anyhow::Result<Self> {
        let folder = repository().join("tests/corpus");
        let text = std::fs::read_to_string(folder.join("expected.toml"))?;
        let corpus: Self = toml::from_str(&text)?;
        let mut sources: Vec<String> = std::fs::read_dir(folder.join("objects"))?
            .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.strip_suffix(".bpf.c")?.to_owned()))
            .collect();
        sources.sort();
        let expected: Vec<&String> = corpus.0.keys().collect();
        ensure!(
            expected == sources.iter().collect::<Vec<_>>(),
            "expected.toml and objects/ name different objects"
        );
        Ok(corpus)
    }

    /// The compiled objects, by file name.
    ///
    /// # Errors
    /// An object that `make corpus` has not compiled.
    pub fn objects(&self) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
        self.0.keys().map(|name| object(name)).collect()
    }

    /// How the answer about `object` on `kernel` differs from what is expected; empty if it does not.
    ///
    /// # Errors
    /// The corpus says nothing, or two things, about this kernel.
    pub fn differences(
        &self,
        object: &str,
        kernel: &Kernel,
        answer: &wire::CellVerdict,
    ) -> anyhow::Result<Vec<String>> {
        let expectations = self.0.get(object).with_context(|| format!("{object} is not in the corpus"))?;
        let mut applying = Vec::new();
        for expectation in &expectations.expect {
            let selector: Selector = expectation.kernels.parse()?;
            if selector.select(std::slice::from_ref(kernel)).is_ok() {
                applying.push(expectation);
            }
        }
        ensure!(applying.len() == 1, "{} expectations apply to {object} on {}", applying.len(), kernel.id);
        let cause = answer.cause.as_ref();
        let mut differences = Vec::new();
        let mut compare = |what: String, expected: Option<&str>, got: Option<&str>| {
            if expected != got {
                differences.push(format!("{what}: expected {expected:?}, got {got:?}"));
            }
        };
        let expected = applying[0];
        compare("verdict".to_owned(), Some(&expected.verdict), name(answer.verdict()));
        compare("cause".to_owned(), expected.cause.as_deref(), cause.map(|cause| cause.code.as_str()));
        if let Some(subject) = &expected.subject {
            compare("subject".to_owned(), Some(subject), cause.map(|cause| cause.subject.as_str()));
        }
        if let Some(confidence) = &expected.confidence {
            let got = cause.map(|cause| cause.confidence.as_str());
            compare("confidence".to_owned(), Some(confidence), got);
        }
        if let Some(modules) = &expected.modules {
            compare("modules".to_owned(), Some(&modules.join(",")), Some(&answer.modules.join(",")));
        }
        for (program, verdict) in &expectations.programs {
            let got =
                answer.programs.iter().find(|got| got.name == *program).and_then(|got| name(got.verdict()));
            compare(format!("program {program}"), Some(verdict), got);
        }
        if let Some(cause) = cause.filter(|_| !differences.is_empty()) {
            differences.push(format!("it says: {} [{}]", cause.says, cause.log_line));
        }
        Ok(differences)
    }
}

/// One compiled object of the corpus, with its file name.
///
/// # Errors
/// `make corpus` has not compiled it.
pub fn object(name: &str) -> anyhow::Result<(String, Vec<u8>)> {
    let file = format!("{name}.bpf.o");
    let path = repository().join("target/corpus").join(&file);
    let bytes = std::fs::read(&path).with_context(|| format!("{}: run `make corpus`", path.display()))?;
    Ok((file, bytes))
}

fn name(verdict: wire::Verdict) -> Option<&'static str> {
    verdict.to_domain().map(domain::verdict::Verdict::name)
}
