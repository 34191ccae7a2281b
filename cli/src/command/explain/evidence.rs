//! The evidence that an explanation rests on: as JSON for programs, and its logs for people.

use crate::exit::Failure;
use crate::remote::{Services, refusal};
use crate::render::matrix::{Cell, Matrix, hex};
use crate::render::paint::Tone;
use crate::render::printable;
use crate::render::table::Look;
use domain::evidence::{Evidence, LogSubject};
use insight::collect::EVIDENCE_BYTES_MAX;
use proto::wire;
use serde::Deserialize as _;
use serde_json::Value;
use std::collections::BTreeMap;

/// Bytes of evidence held at once, as JSON: as many as one cell may have, which are a multiple of that once read.
const BYTES_MAX: usize = EVIDENCE_BYTES_MAX;

/// Evidence of one cell.
#[derive(Debug)]
pub(super) struct Fetched<'m, 'a> {
    cell: &'m Cell<'a>,
    json: Value,
}

/// The evidence of these cells.
///
/// # Errors
/// Misuse for cells with too much evidence or none; else the controller's.
pub(super) async fn of<'m, 'a>(
    services: &mut Services,
    cells: &[&'m Cell<'a>],
) -> Result<Vec<Fetched<'m, 'a>>, Failure> {
    let digest = |cell: &Cell<'_>| cell.wire.verdict.as_ref().map(|verdict| verdict.evidence.clone());
    let with =
        cells.iter().filter_map(|cell| Some((*cell, digest(cell).filter(|digest| !digest.is_empty())?)));
    let with: Vec<_> = with.collect();
    if with.is_empty() {
        return Err(Failure::misuse("none of these cells has evidence: no guest answered about them"));
    }
    let (mut all, mut room) = (Vec::new(), BYTES_MAX);
    for (cell, digest) in with {
        all.push(Fetched { cell, json: fetch(services, digest, &mut room).await? });
    }
    Ok(all)
}

async fn fetch(services: &mut Services, digest: Vec<u8>, room: &mut usize) -> Result<Value, Failure> {
    let name = hex(&digest);
    let request = wire::GetEvidenceRequest { digest };
    let answer = services.runs.get_evidence(request).await.map_err(|status| refusal(&status))?;
    let mut pieces = answer.into_inner();
    let mut json = Vec::new();
    while let Some(piece) = pieces.message().await.map_err(|status| refusal(&status))? {
        let Some(left) = room.checked_sub(piece.data.len()) else {
            let says = format!(
                "these cells have more than {BYTES_MAX} bytes of evidence; choose some with --object and --kernel"
            );
            return Err(Failure::misuse(says));
        };
        *room = left;
        json.extend_from_slice(&piece.data);
    }
    serde_json::from_slice(&json)
        .map_err(|error| Failure::environment(format!("evidence {name} is damaged: {error}")))
}

/// All of it, each by the digest that reports name.
pub(super) fn json(all: &[Fetched<'_, '_>]) -> String {
    let digest =
        |fetched: &Fetched<'_, '_>| fetched.cell.wire.verdict.as_ref().map(|verdict| hex(&verdict.evidence));
    let by_digest: BTreeMap<String, &Value> =
        all.iter().filter_map(|fetched| Some((digest(fetched)?, &fetched.json))).collect();
    serde_json::to_string_pretty(&by_digest).expect("values always encode") + "\n"
}

/// What was said in full, under a heading for each step; of one program only its own, or that of the object it was
/// loaded with.
pub(super) fn logs(
    matrix: &Matrix<'_>,
    all: &[Fetched<'_, '_>],
    program: Option<&str>,
    look: Look,
) -> String {
    let mut text = String::new();
    for Fetched { cell, json } in all {
        let (object, kernel) = (&matrix.objects[cell.object].label, &matrix.kernels[cell.kernel].label);
        let Ok(evidence) = Evidence::deserialize(json) else {
            let says = format!("== {object} on {kernel}: of another version; --evidence has what was logged");
            text += &printable(&says);
            text.push('\n');
            continue;
        };
        for log in evidence
            .logs
            .iter()
            .filter(|log| !log.text.trim().is_empty() && concerns(&evidence, &log.subject, program))
        {
            let cut = if log.cut { ", shortened" } else { "" };
            let heading = format!("== {object} on {kernel}: {}{cut}", step(&log.subject));
            text += &look.paint.paint(Tone::Bold, &printable(&heading));
            text.push('\n');
            for line in log.text.lines() {
                text += &printable(line);
                text.push('\n');
            }
        }
    }
    if text.is_empty() { "Nothing was logged of it.\n".to_owned() } else { text }
}

/// Whether a log is about the program or map that is asked about, if one is.
fn concerns(evidence: &Evidence, subject: &LogSubject, asked: Option<&str>) -> bool {
    let Some(asked) = asked else { return true };
    match subject {
        LogSubject::Map(name)
        | LogSubject::LoadAlone(name)
        | LogSubject::Attach(name)
        | LogSubject::Trial(name) => name == asked,
        // Programs that load with all others are not loaded alone.
        LogSubject::LoadWhole => evidence.log(&LogSubject::LoadAlone(asked.to_owned())).is_empty(),
        LogSubject::Open | LogSubject::Check(_) | LogSubject::Kernel => false,
    }
}

fn step(subject: &LogSubject) -> String {
    match subject {
        LogSubject::Open => "opening the object".to_owned(),
        LogSubject::Map(name) => format!("creating map {name}"),
        LogSubject::LoadWhole => "loading the whole object".to_owned(),
        LogSubject::LoadAlone(name) => format!("loading {name} alone"),
        LogSubject::Attach(name) => format!("attaching {name}"),
        LogSubject::Trial(name) => format!("trying candidate {name}"),
        LogSubject::Check(name) => format!("check {name}"),
        LogSubject::Kernel => "kernel messages".to_owned(),
    }
}
