//! The verdict of each map.

use super::classify::{self, Finding};
use super::refusal::map::Refusal;
use super::{cause, cell, change, environment, since, terms};
use crate::log::libbpf;
use domain::cause::{Cause, CauseCode, Stage};
use domain::errno::Errno;
use domain::evidence::{Evidence, LogSubject, MapFact};
use domain::verdict::{MapVerdict, Verdict};

/// Maps in the object's order; none when the object did not open.
pub(super) fn verdicts(evidence: &Evidence) -> Vec<MapVerdict> {
    let maps = evidence.open.as_ref().map(|open| open.maps.as_slice()).unwrap_or_default();
    maps.iter()
        .map(|map| {
            let cause = not_created(evidence, map).map(|cause| since::of_map(evidence, map, cause));
            let verdict = cause.as_ref().map_or(Verdict::Passes, |cause| cause.code.verdict());
            MapVerdict { name: map.name.clone(), kind: map.kind.clone(), verdict, cause }
        })
        .collect()
}

/// Every load creates every map, so one that worked proves them all. Else what counts is the map
/// alone, and then libbpf's word for the first one that failed. A struct_ops map is made from
/// types that libbpf looks up while loading, so alone it says nothing.
fn not_created(evidence: &Evidence, map: &MapFact) -> Option<Cause> {
    if evidence.loads.iter().any(|load| load.succeeded() || !load.loaded.is_empty()) {
        return None;
    }
    let is_struct_ops = map.kind == "struct_ops";
    let alone = evidence.maps.iter().find(|created| created.map == map.name).filter(|_| !is_struct_ops);
    if let Some(created) = alone {
        return created.errno.map(|errno| refused(evidence, map, errno));
    }
    let log = evidence.log(&LogSubject::LoadWhole);
    if let Some((_, errno, _)) = libbpf::failed_map(log).filter(|(name, _, _)| *name == map.name) {
        return Some(refused(evidence, map, Errno(errno)));
    }
    if is_struct_ops && libbpf::missing_struct_ops(log).is_some() {
        return Some(refused(evidence, map, Errno::ESRCH));
    }
    Some(cell::broken_off(evidence).unwrap_or_else(|| {
        let says = format!("Map `{}` was not tried: an earlier step failed.", map.name);
        cause(Stage::Map, None, Finding::certain(CauseCode::Blocked, &map.name, says), None)
    }))
}

fn refused(evidence: &Evidence, map: &MapFact, errno: Errno) -> Cause {
    let inferred = evidence.open.as_ref().map(|open| open.inferred.clone()).unwrap_or_default();
    let inferred = &[inferred, terms::declared(evidence)].concat();
    let alone = evidence.log(&LogSubject::Map(map.name.clone()));
    let log = if alone.is_empty() { evidence.log(&LogSubject::LoadWhole) } else { alone };
    let without_flags = change::without_flags(evidence, map);
    let refusal = Refusal { map, errno, facts: evidence.kernel.as_ref(), inferred, without_flags, log };
    let of_environment = environment::of_map(evidence, map, errno);
    let mut finding = of_environment.unwrap_or_else(|| classify::map(&refusal));
    if finding.line.is_empty() {
        let line = libbpf::line_that_begins(log, &format!("map '{}': failed to create", map.name));
        line.unwrap_or_default().clone_into(&mut finding.line);
    }
    cause(Stage::Map, Some(errno), finding, None)
}
