//! SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"), as code hosts and editors read it.
//!
//! A rule per cause code; a result per program or map and cause, with the kernels it was found on. What decides
//! and fails is an `error`, what decides and could not be told a `warning`, what does not decide a `note`; a failure
//! that is excused is suppressed. A result keeps its fingerprint while lines move and kernels come and go.

mod form;

use super::matrix::{Cell, Matrix, hex, words};
use super::reason::{self, At, BLOCKED, Part, remedy, since};
use domain::cause::CauseCode;
use domain::digest::Digest;
use domain::verdict::Verdict;
use form::{
    Artifact, CodeFlow, Driver, Invocation, Location, Log, Logical, Message, Physical, Properties, Region,
    Report, Result, Rule, Suppression, Tool,
};
use insight::explain::Explanation;
use proto::wire;
use std::collections::BTreeMap;

/// The name under which results have their fingerprints; another one when what it is made of changes.
const FINGERPRINT: &str = "bpfcompatCause/v1";

/// The whole document.
pub(crate) fn report(matrix: &Matrix<'_>) -> String {
    let driver = Driver {
        name: "bpfcompat",
        semantic_version: env!("CARGO_PKG_VERSION"),
        rules: CauseCode::ALL.iter().map(|code| rule(*code)).collect(),
    };
    let results = findings(matrix).iter().map(|finding| finding.result(matrix)).collect();
    // Without it, nothing found would read as nothing wrong.
    let told = matches!(matrix.verdict(), Verdict::Passes | Verdict::Fails);
    let invocations = [Invocation { execution_successful: told }];
    let log = Log {
        schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        version: "2.1.0",
        runs: [Report { tool: Tool { driver }, invocations, column_kind: "unicodeCodePoints", results }],
    };
    serde_json::to_string_pretty(&log).expect("texts, numbers and lists always encode") + "\n"
}

fn rule(code: CauseCode) -> Rule {
    let Explanation { means, change, .. } = insight::explain::of(code);
    let help = Message { text: format!("{means} {change}") };
    Rule { id: code.name(), short_description: Message { text: means.clone() }, help }
}

/// One cause at one program or map, on every kernel where it looks the same.
struct Finding<'a> {
    object: usize,
    part: Part<'a>,
    /// Whether it decides the run, or would if it were not excused.
    required: bool,
    excused_until: Option<&'a str>,
    cells: Vec<Cell<'a>>,
}

fn findings<'a>(matrix: &Matrix<'a>) -> Vec<Finding<'a>> {
    let mut findings: Vec<Finding<'a>> = Vec::new();
    for cell in &matrix.cells {
        let parts = reason::parts(cell);
        let first_causes = parts.iter().any(|part| part.cause.code != BLOCKED);
        for part in parts.into_iter().filter(|part| !first_causes || part.cause.code != BLOCKED) {
            let finding = Finding {
                object: cell.object,
                part,
                required: cell.wire.required && cell.verdict() != Verdict::Passes && part.at.decides(),
                excused_until: cell.excused_until(),
                cells: vec![*cell],
            };
            match findings.iter_mut().find(|known| known.is_like(&finding)) {
                Some(known) => known.cells.push(*cell),
                None => findings.push(finding),
            }
        }
    }
    findings
}

impl Finding<'_> {
    fn is_like(&self, other: &Self) -> bool {
        let line = |part: &Part<'_>| part.cause.location.as_ref().map(|at| (at.file.clone(), at.line));
        self.object == other.object
            && self.part.at.name() == other.part.at.name()
            && self.part.verdict == other.part.verdict
            && reason::is_same(self.part.cause, other.part.cause)
            && line(&self.part) == line(&other.part)
            && (self.required, self.excused_until) == (other.required, other.excused_until)
    }

    fn result(&self, matrix: &Matrix<'_>) -> Result {
        let cause = self.part.cause;
        let level = match (self.part.verdict, self.required) {
            (_, false) => "note",
            (Verdict::Fails, true) => "error",
            (Verdict::Passes | Verdict::NotAttempted | Verdict::Inconclusive, true) => "warning",
        };
        let justification = |day| format!("The failure is expected until {day}.");
        let digests = self.cells.iter().filter_map(|cell| cell.wire.verdict.as_ref());
        let path = cause.path.iter().map(|step| Message { text: step.clone() }).collect();
        Result {
            rule_id: cause.code.clone(),
            rule_index: CauseCode::ALL.iter().position(|code| code.name() == cause.code),
            level,
            message: Message { text: self.message(matrix) },
            locations: [Location {
                physical_location: cause.location.as_ref().and_then(physical),
                logical_locations: self.logical(matrix),
            }],
            code_flows: CodeFlow::of(path),
            partial_fingerprints: BTreeMap::from([(FINGERPRINT, self.fingerprint(matrix))]),
            suppressions: self
                .excused_until
                .map(|day| Suppression::external(justification(day)))
                .into_iter()
                .collect(),
            properties: Properties {
                kernels: self.cells.iter().map(|cell| matrix.kernels[cell.kernel].wire.id.clone()).collect(),
                evidence: digests
                    .filter(|verdict| !verdict.evidence.is_empty())
                    .map(|verdict| hex(&verdict.evidence))
                    .collect(),
                log_line: cause.log_line.clone(),
            },
        }
    }

    fn message(&self, matrix: &Matrix<'_>) -> String {
        let kernels: Vec<usize> = self.cells.iter().map(|cell| cell.kernel).collect();
        let at = self.part.at.says().map(|at| format!("{at} of ")).unwrap_or_default();
        let (object, verdict) = (&matrix.objects[self.object].label, words(self.part.verdict));
        let mut text = format!("{at}{object}: {verdict} on {}.", super::table::kernels(matrix, &kernels));
        let since = since(self.part.cause).map(|since| format!("It is there since {since}."));
        let said = [&self.part.cause.says, &self.part.cause.why].map(|said| Some(said.clone()));
        for sentence in said.into_iter().chain([since, remedy(self.part.cause)]).flatten() {
            if !sentence.is_empty() {
                text.push(' ');
                text.push_str(&sentence);
            }
        }
        text
    }

    fn logical(&self, matrix: &Matrix<'_>) -> Vec<Logical> {
        let object = &matrix.objects[self.object].label;
        let whole = Logical { name: object.clone(), fully_qualified_name: object.clone(), kind: "module" };
        let part = |kind| {
            let name = self.part.at.name()?.to_owned();
            Some(Logical { fully_qualified_name: format!("{object}/{name}"), name, kind })
        };
        let part = match self.part.at {
            At::Cell => None,
            At::Program(_) => part("function"),
            At::Map(_) => part("variable"),
        };
        part.into_iter().chain([whole]).collect()
    }

    /// What makes it the same finding in another run: neither kernels nor the line's number, which change around it.
    fn fingerprint(&self, matrix: &Matrix<'_>) -> String {
        let cause = self.part.cause;
        let place = cause.location.clone().unwrap_or_default();
        let errno = reason::errno(cause);
        let parts = [
            matrix.objects[self.object].label.as_str(),
            self.part.at.name().unwrap_or_default(),
            self.part.verdict.name(),
            &cause.code,
            &cause.subject,
            errno.as_deref().unwrap_or_default(),
            place.file.as_deref().unwrap_or_default(),
            place.source.as_deref().map(str::trim).unwrap_or_default(),
        ];
        Digest::of(parts.join("\0").as_bytes()).to_string()
    }
}

/// The source line, where its file is known.
fn physical(location: &wire::Location) -> Option<Physical> {
    let uri = relative(location.file.as_deref()?)?;
    let snippet = location.source.clone().map(|text| Message { text });
    // Line 0 is what the compiler added; SARIF counts from 1.
    let region = location.line.filter(|line| *line > 0).map(|start_line| Region { start_line, snippet });
    Some(Physical { artifact_location: Artifact { uri, uri_base_id: "%SRCROOT%" }, region })
}

/// A path as the compiler was given it, as a relative URI reference (RFC 3986): nobody knows where the sources of
/// an absolute one are now, and nothing may point out of them.
fn relative(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let mut uri = String::new();
    for byte in parts.join("/").bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(byte.into())
            }
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    (!uri.is_empty()).then_some(uri)
}

#[cfg(test)]
mod tests;
