//! Rows as messages, and the few message fields that more than one service reads.

use super::status::invalid;
use super::trial;
use crate::notify::watch::View;
use crate::store::cells::StoredCell;
use crate::store::leases::{Claimed, Lease};
use crate::store::objects::StoredObject;
use crate::store::runs::StoredRun;
use crate::store::verdicts::StoredVerdict;
use crate::store::workers::{Condition, WorkerRow};
use domain::axis::{Axes, COMBINATIONS_MAX, Loader};
use domain::contract::{MANIFEST_BYTES_MAX, Manifest};
use domain::digest::Digest;
use domain::level::Level;
use domain::selector::Selector;
use proto::{NotUnderstood, wire};
use serde::Serialize;
use std::collections::HashMap;
use time::OffsetDateTime;
use tonic::Status;

pub(super) fn digest(field: &'static str, bytes: &[u8]) -> Result<Digest, Status> {
    Digest::try_from(bytes).map_err(|error| invalid(field, error))
}

pub(super) fn selector(text: &str) -> Result<Selector, Status> {
    text.parse().map_err(|error| super::status::selector(&error))
}

pub(super) fn lease(lease: Option<wire::Lease>) -> Result<Lease, Status> {
    let lease = lease.ok_or_else(|| invalid("lease", "it is missing"))?;
    let cell = lease.cell_id.parse().map_err(|error| invalid("cell_id", error))?;
    Ok(Lease { cell, fence: lease.fence })
}

pub(super) fn timestamp(at: OffsetDateTime) -> prost_types::Timestamp {
    let nanos = i32::try_from(at.nanosecond()).expect("a second has fewer than 2^31 nanoseconds");
    prost_types::Timestamp { seconds: at.unix_timestamp(), nanos }
}

pub(super) fn run(run: &StoredRun) -> wire::Run {
    wire::Run {
        id: run.id.to_string(),
        state: wire::RunState::from(run.state).into(),
        level: wire::Level::from(run.level).into(),
        kernels: run.kernels.clone(),
        optional_kernels: run.optional_kernels.clone(),
        created_at: Some(timestamp(run.created_at)),
        started_at: run.started_at.map(timestamp),
        finished_at: run.finished_at.map(timestamp),
        cells: run.cells - run.trials,
        settled: run.settled - run.trials_settled,
        trials: run.trials,
        trials_settled: run.trials_settled,
        verdict: run.verdict.map_or(wire::Verdict::Unspecified, Into::into).into(),
    }
}

pub(super) fn object(object: StoredObject) -> wire::Object {
    wire::Object {
        digest: object.digest.0.to_vec(),
        name: object.name,
        bytes: object.bytes,
        programs: object.programs,
        maps: object.maps,
        command: object.is_command,
    }
}

/// The cells of a view, each with its verdict and what came of its trial.
pub(super) fn cells(view: &View) -> Vec<wire::Cell> {
    let stored = |cell: &StoredCell| view.verdicts.get(&cell.verdict_id?);
    let trials =
        view.cells.iter().filter_map(|cell| Some((cell.trial_of?, (&cell.changes.0, stored(cell)?))));
    let trials: HashMap<_, _> = trials.collect();
    let asked = view.cells.iter().filter(|cell| cell.trial_of.is_none());
    let told = |cell: &StoredCell| {
        let mut verdict = stored(cell).map(verdict);
        if let (Some(verdict), Some((changes, trial))) = (&mut verdict, trials.get(&cell.id.0)) {
            trial::tell(verdict, (changes, trial));
        }
        self::cell(cell, verdict)
    };
    asked.map(told).collect()
}

fn cell(cell: &StoredCell, verdict: Option<wire::CellVerdict>) -> wire::Cell {
    wire::Cell {
        id: cell.id.to_string(),
        object: cell.object.clone(),
        kernel_id: cell.kernel_id.clone(),
        loader: cell.loader.clone(),
        axes: Some((&cell.axes.0).into()),
        required: cell.required,
        state: wire::CellState::from(cell.state).into(),
        stage: cell.stage.clone(),
        percent: cell.percent,
        worker: cell.worker.clone(),
        attempts: cell.attempts,
        cached: cell.cached,
        queue_ms: cell.queue_ms,
        verdict,
    }
}

fn verdict(stored: &StoredVerdict) -> wire::CellVerdict {
    wire::CellVerdict {
        guest: stored.guest.as_ref().map(|guest| proto::guest(guest, stored.kernel.as_ref())),
        evidence: stored.evidence.map(|digest| digest.0.to_vec()).unwrap_or_default(),
        ..proto::cell_verdict(&stored.answer, None)
    }
}

pub(super) fn worker(worker: WorkerRow) -> wire::Worker {
    let (budget, tally) = worker.condition.map(|condition| self::condition(condition.0)).unzip();
    wire::Worker {
        id: worker.id.to_string(),
        name: worker.name,
        state: worker.state,
        version: worker.version,
        accelerator: worker.accelerator,
        qemu: worker.qemu,
        cpus: worker.cpus.unsigned_abs(),
        memory_bytes: worker.memory_bytes.unsigned_abs(),
        slots: worker.slots.unsigned_abs(),
        leases: u32::try_from(worker.leases).unwrap_or(u32::MAX),
        last_seen_at: Some(timestamp(worker.last_seen_at)),
        budget,
        tally: tally.unwrap_or_default(),
        external_loaders: worker.external_loaders,
    }
}

fn condition(condition: Condition) -> (wire::Budget, Vec<wire::Count>) {
    let budget = wire::Budget {
        cells: condition.cells,
        limited_by: condition.limited_by,
        in_flight: condition.in_flight,
        available_bytes: condition.available_bytes,
        load_of_others: condition.load_of_others,
    };
    let tally = condition.tally.into_iter().map(|(name, count)| wire::Count { name, count }).collect();
    (budget, tally)
}

/// A manifest as it was submitted; empty bytes declare nothing.
pub(super) fn manifest(bytes: &[u8]) -> Result<Manifest, Status> {
    if bytes.is_empty() {
        return Ok(Manifest::default());
    }
    // As text, a value may take several times the bytes it has in the file.
    if bytes.len() > 4 * MANIFEST_BYTES_MAX {
        return Err(invalid("manifest", format!("it has more than {} bytes", 4 * MANIFEST_BYTES_MAX)));
    }
    serde_json::from_slice(bytes).map_err(|error| invalid("manifest", error))
}

/// What loads the objects; nothing said is libbpf.
pub(super) fn loaders(names: &[String]) -> Result<Vec<Loader>, Status> {
    if names.is_empty() {
        return Ok(vec![Loader::default()]);
    }
    domain::axis::loaders(names.iter().map(String::as_str)).map_err(|error| invalid("loaders", error))
}

/// What the loaders work in, each once; nothing said is the usual environment.
pub(super) fn environments(said: Vec<wire::Axes>) -> Result<Vec<Axes>, Status> {
    if said.len() > COMBINATIONS_MAX {
        return Err(invalid("axes", format!("more than {COMBINATIONS_MAX} environments")));
    }
    let mut environments: Vec<Axes> = Vec::new();
    for axes in said {
        let axes = axes.try_into().map_err(|error: NotUnderstood| invalid(error.field, error.says))?;
        if !environments.contains(&axes) {
            environments.push(axes);
        }
    }
    if environments.is_empty() {
        environments.push(Axes::default());
    }
    Ok(environments)
}

/// What is declared, as JSON; empty for nothing.
pub(super) fn declared<T: Default + PartialEq + Serialize>(declared: &T) -> Vec<u8> {
    if *declared == T::default() {
        return Vec::new();
    }
    serde_json::to_vec(declared).expect("plain data always encodes")
}

pub(super) fn assignment(claimed: Claimed) -> wire::Assignment {
    // Rows are checked when they are written; a level that is unknown here means the default.
    let level = claimed.level.parse::<Level>().map_or(wire::Level::Unspecified, Into::into);
    wire::Assignment {
        lease: Some(wire::Lease { cell_id: claimed.cell_id.to_string(), fence: claimed.fence }),
        object: claimed.object,
        object_name: claimed.object_name,
        object_bytes: claimed.object_bytes.unsigned_abs(),
        kernel_id: claimed.kernel_id,
        kernel_digest: claimed.kernel_digest,
        level: level.into(),
        loader: claimed.loader,
        axes: Some((&claimed.axes.0).into()),
        cell_timeout_ms: claimed.cell_timeout_ms.unsigned_abs(),
        memory_bytes: claimed.memory_bytes.unsigned_abs(),
        cold: claimed.is_retry,
        contract: declared(&claimed.manifest.contract),
    }
}
