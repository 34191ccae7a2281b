//! A JSON report of an earlier run, read back into what a controller would tell of it.
//!
//! What the report does not have (states, manifests, what the verifier counted) stays empty. Fields that a newer
//! version added are passed over, as the format promises.

mod form;

use super::file::{self, Expected, FileError};
use crate::render::json::SCHEMA;
use domain::errno::Errno;
use domain::verdict::Verdict;
use insight::compare::REPORT_BYTES_MAX;
use proto::wire;
use std::path::{Path, PathBuf};

const EXPECTED: Expected = Expected {
    what: "a report of --json, or a run of `bpfcompat runs list`",
    bytes_max: REPORT_BYTES_MAX,
    remedy: "ask in several runs",
};

/// Why a file is no report that can be explained.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReportError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is something else.
    #[error("{}: is no report of the format {SCHEMA}, which --json writes", .path.display())]
    Other {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    /// It is of another format.
    #[error("{}: has the format `{format}`; reports of {SCHEMA} can be explained", .path.display())]
    Format { path: PathBuf, format: String },
}

/// Reads one.
///
/// # Errors
/// `ReportError`.
pub(crate) fn read(path: &Path) -> Result<wire::GetRunResponse, ReportError> {
    let text = file::read(path, EXPECTED)?;
    let report: form::Report = serde_json::from_slice(&text)
        .map_err(|source| ReportError::Other { path: path.to_owned(), source })?;
    if report.schema != SCHEMA {
        return Err(ReportError::Format { path: path.to_owned(), format: report.schema });
    }
    Ok(told(report))
}

fn told(report: form::Report) -> wire::GetRunResponse {
    let objects: Vec<wire::Object> = report.objects.into_iter().map(object).collect();
    let mut kernels: Vec<wire::Kernel> = Vec::new();
    let mut cells = Vec::new();
    for told in report.cells {
        let digest = objects.iter().find(|object| object.name == told.object);
        let object = digest.map(|object| object.digest.clone()).unwrap_or_default();
        let kernel = kernel(&told.kernel);
        cells.push(cell(told, object, kernel.id.clone()));
        if !kernels.iter().any(|known| known.id == kernel.id) {
            kernels.push(kernel);
        }
    }
    let number = u32::try_from(cells.len()).unwrap_or(u32::MAX);
    let run = wire::Run { id: report.run.id, cells: number, settled: number, ..wire::Run::default() };
    wire::GetRunResponse { run: Some(run), objects, kernels, cells, ..wire::GetRunResponse::default() }
}

fn object(told: form::Object) -> wire::Object {
    wire::Object { digest: told.sha256.0, name: told.name, bytes: told.bytes, ..wire::Object::default() }
}

fn kernel(told: &form::Kernel) -> wire::Kernel {
    let form::Kernel { id, release, series, distro, flavour, arch } = told;
    let version = id.rsplit('@').next().unwrap_or_default();
    wire::Kernel {
        id: id.clone(),
        release: release.clone(),
        version: version.to_owned(),
        series: series.clone(),
        distro: distro.clone(),
        flavour: flavour.clone(),
        arch: arch.clone(),
        // Reports do not have it and nothing that is shown does; a kernel without one is none.
        digest: vec![0; 32],
        ..wire::Kernel::default()
    }
}

fn cell(told: form::Cell, object: Vec<u8>, kernel_id: String) -> wire::Cell {
    let form::Axes { cpus, lsm, lockdown, cgroup, capabilities, unprivileged_bpf, memlock } =
        told.axes.unwrap_or_default();
    let verdict = wire::CellVerdict {
        verdict: wire::Verdict::from(told.verdict).into(),
        cause: told.cause.map(cause),
        programs: told.programs.into_iter().map(program).collect(),
        maps: told.maps.into_iter().map(map).collect(),
        evidence: told.evidence.map(|digest| digest.0).unwrap_or_default(),
        excused: told.contract.excused,
        excused_until: told.contract.excused_until,
        ..wire::CellVerdict::default()
    };
    wire::Cell {
        object,
        kernel_id,
        loader: told.loader.name,
        axes: Some(wire::Axes { cpus, lsm, lockdown, cgroup, capabilities, unprivileged_bpf, memlock }),
        required: told.required || told.contract.excused,
        state: wire::CellState::Settled.into(),
        verdict: Some(verdict),
        ..wire::Cell::default()
    }
}

fn program(told: form::Program) -> wire::ProgramVerdict {
    wire::ProgramVerdict {
        name: told.name,
        section: told.section,
        required: told.required,
        verdict: wire::Verdict::from(told.verdict).into(),
        cause: told.cause.map(cause),
        ..wire::ProgramVerdict::default()
    }
}

fn map(told: form::Map) -> wire::MapVerdict {
    let verdict = wire::Verdict::from(told.verdict).into();
    wire::MapVerdict { name: told.name, kind: told.r#type, verdict, cause: told.cause.map(cause) }
}

fn cause(told: form::Cause) -> wire::Cause {
    let tried = |verdict: Verdict| wire::Verdict::from(verdict).into();
    wire::Cause {
        code: told.code,
        stage: told.stage,
        subject: told.subject,
        errno: told.errno.and_then(|name| Errno::from_name(&name)).map(|errno| errno.0),
        confidence: told.confidence,
        says: told.says,
        log_line: told.log_line,
        location: told.r#where.map(|place| wire::Location {
            instruction: place.insn,
            disassembly: place.disassembly,
            file: place.file,
            line: place.line,
            source: place.source,
        }),
        why: told.why,
        path: told.path,
        since: told.since.map(|since| wire::Since {
            version: since.version,
            commit: since.commit,
            standing: since.standing,
        }),
        remedy: told.remedy.map(|remedy| wire::Remedy {
            says: remedy.says,
            tried: remedy.tried.map(tried),
            change: remedy.change,
            evidence: remedy.evidence.map(|digest| digest.0).unwrap_or_default(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{json, sample};

    fn read_back(text: &str) -> Result<wire::GetRunResponse, ReportError> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("report.json");
        std::fs::write(&file, text).expect("a file");
        read(&file)
    }

    #[test]
    fn a_report_read_back_tells_the_same_causes() {
        for response in
            [sample::everything(), sample::two_loaders(), sample::all_excused(), sample::hostile()]
        {
            let written = json::report(&sample::matrix(&response), "local");
            let read = read_back(&written).expect("our own report");
            let again = json::report(&sample::matrix(&read), "local");
            let [written, again] = [written, again]
                .map(|text| -> serde_json::Value { serde_json::from_str(&text).expect("JSON") });
            assert_eq!(written["summary"], again["summary"]);
            for (written, again) in written["cells"]
                .as_array()
                .into_iter()
                .flatten()
                .zip(again["cells"].as_array().into_iter().flatten())
            {
                for part in
                    ["object", "kernel", "loader", "axes", "required", "verdict", "cause", "maps", "evidence"]
                {
                    if part != "loader" {
                        assert_eq!(written[part], again[part], "{part}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_no_report_is_refused_with_what_to_do() {
        for (text, says) in [
            ("{}", "--json writes"),
            ("ELF", "--json writes"),
            (
                r#"{"schema":"bpfcompat.report/9","run":{"id":""},"objects":[],"cells":[]}"#,
                "bpfcompat.report/9",
            ),
        ] {
            let refused = read_back(text).expect_err(text).to_string();
            assert!(refused.contains("report.json") && refused.contains(says), "{refused}");
        }
        let missing = read(Path::new("/no/such.json")).expect_err("missing").to_string();
        assert!(missing.contains("/no/such.json"), "{missing}");
    }
}
