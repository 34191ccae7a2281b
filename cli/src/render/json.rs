//! The JSON report, `bpfcompat.report/1`: fields never change meaning, new ones may be added.
//! `docs/schema/report-1.json` describes it and a test holds both together.

mod check;
mod command;
mod environment;

use super::disagreement;
use super::matrix::{self, Matrix, hex};
use super::reason;
use crate::args::object;
use crate::exit::Exit;
use check::Check;
use command::Outcome;
use domain::contract;
use domain::level::Level;
use domain::verdict::{INSTRUCTION_BYTES, STACK_BYTES_MAX, Verdict};
use environment::{Axes, Environment};
use proto::wire;
use serde::Serialize;
use std::collections::BTreeMap;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The name of the format, first in every report.
pub(crate) const SCHEMA: &str = "bpfcompat.report/1";

/// The report of a run. `controller` is how the caller reached it: a URL, or `local`.
pub(crate) fn report(matrix: &Matrix<'_>, controller: &str) -> String {
    let text = serde_json::to_string_pretty(&of(matrix, controller));
    text.expect("texts, numbers and lists always encode") + "\n"
}

/// The report as data.
pub(super) fn of<'a>(matrix: &'a Matrix<'_>, controller: &'a str) -> impl Serialize + use<'a> {
    Report {
        schema: SCHEMA,
        run: Run {
            id: &matrix.run.id,
            started_at: when(matrix.run.started_at.as_ref().or(matrix.run.created_at.as_ref())),
            finished_at: when(matrix.run.finished_at.as_ref()),
            controller,
            manifest: Manifest::of(matrix.manifest),
            cached: !matrix.cells.is_empty() && matrix.cells.iter().all(|cell| cell.wire.cached),
        },
        objects: objects(matrix),
        cells: matrix.cells.iter().map(|cell| Cell::of(matrix, cell)).collect(),
        disagreements: disagreement::all(matrix).iter().map(|one| Disagreement::of(matrix, one)).collect(),
        summary: Summary::of(matrix),
    }
}

#[derive(Serialize)]
struct Report<'a> {
    schema: &'a str,
    run: Run<'a>,
    objects: Vec<Object<'a>>,
    cells: Vec<Cell<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    disagreements: Vec<Disagreement<'a>>,
    summary: Summary<'a>,
}

/// Each object once, however many loaders load it.
fn objects<'a>(matrix: &'a Matrix<'_>) -> Vec<Object<'a>> {
    let mut rows: Vec<&matrix::Object<'_>> = matrix.objects.iter().collect();
    rows.dedup_by_key(|row| &row.name);
    rows.into_iter().map(|row| Object::of(row, matrix.source(row.wire))).collect()
}

/// What loaders do not agree on.
#[derive(Serialize)]
struct Disagreement<'a> {
    object: &'a str,
    kernel: &'a str,
    environment: &'a str,
    program: Option<&'a str>,
    loaders: Vec<Stand<'a>>,
}

#[derive(Serialize)]
struct Stand<'a> {
    loader: &'a str,
    verdict: &'static str,
    reached: &'static str,
    cause: Option<&'a str>,
    says: Option<&'a str>,
}

impl<'a> Disagreement<'a> {
    fn of(matrix: &'a Matrix<'_>, found: &disagreement::Found<'a>) -> Self {
        let said = |text: &'a str| Some(text).filter(|text| !text.is_empty());
        let stand = |(loader, stand): &(&'a str, insight::loaders::Stand<'a>)| Stand {
            loader,
            verdict: stand.verdict.name(),
            reached: stand.reached.name(),
            cause: said(stand.cause),
            says: said(stand.says),
        };
        Self {
            object: &matrix.objects[found.object].name,
            kernel: &matrix.kernels[found.kernel].wire.id,
            environment: &matrix.objects[found.object].environment,
            program: found.on.program,
            loaders: found.on.stands.iter().map(stand).collect(),
        }
    }
}

#[derive(Serialize)]
struct Run<'a> {
    id: &'a str,
    started_at: Option<String>,
    finished_at: Option<String>,
    controller: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<Manifest>,
    cached: bool,
}

/// What was declared for the run, by whom; the cells say what became of it.
#[derive(Serialize)]
struct Manifest {
    file: String,
    name: String,
    metadata: BTreeMap<String, String>,
}

impl Manifest {
    /// None where flags declared everything.
    fn of(json: &[u8]) -> Option<Self> {
        let contract::Manifest { file, name, metadata, .. } = serde_json::from_slice(json).ok()?;
        (!file.is_empty()).then_some(Self { file, name, metadata })
    }
}

#[derive(Serialize)]
struct Object<'a> {
    name: &'a str,
    sha256: String,
    bytes: u64,
    programs: &'a [String],
    maps: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Source<'a>>,
}

/// Where an object came from.
#[derive(Serialize)]
struct Source<'a> {
    reference: &'a str,
    digest: &'a str,
}

impl<'a> Object<'a> {
    fn of(object: &'a matrix::Object<'_>, source: Option<&'a object::Source>) -> Self {
        let source = source.map(|object::Source { reference, digest }| Source { reference, digest });
        Self {
            source,
            name: &object.name,
            sha256: hex(&object.wire.digest),
            bytes: object.wire.bytes,
            programs: &object.wire.programs,
            maps: &object.wire.maps,
        }
    }
}

#[derive(Serialize)]
struct Cell<'a> {
    object: &'a str,
    kernel: Kernel<'a>,
    loader: Loader<'a>,
    axes: Option<Axes<'a>>,
    environment: Option<Environment<'a>>,
    required: bool,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Cause<'a>>,
    guest: Option<Guest<'a>>,
    queue_ms: u64,
    boot_ms: Option<u64>,
    answer_ms: Option<u64>,
    cached: bool,
    programs: Vec<Program<'a>>,
    maps: Vec<Map<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checks: Vec<Check<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<Outcome<'a>>,
    modules: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    may_miss: &'a [String],
    splats: Vec<Splat<'a>>,
    contract: Contract<'a>,
    evidence: Option<String>,
}

#[derive(Serialize)]
struct Kernel<'a> {
    id: &'a str,
    release: &'a str,
    series: &'a str,
    distro: &'a str,
    flavour: &'a str,
    arch: &'a str,
}

#[derive(Serialize)]
struct Loader<'a> {
    name: &'a str,
    version: Option<&'a str>,
}

#[derive(Serialize)]
struct Guest<'a> {
    start: &'a str,
    accelerator: &'a str,
    nonce_ok: bool,
}

/// What the object was exercised under, one sentence each.
#[derive(Serialize, Default)]
struct Contract<'a> {
    declared: &'a [String],
    inferred: &'a [String],
    chosen: &'a [String],
    expectations: &'a [String],
    excused: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    excused_until: &'a str,
}

impl<'a> Contract<'a> {
    fn of(verdict: &'a wire::CellVerdict) -> Self {
        Self {
            declared: &verdict.declared,
            inferred: &verdict.inferred,
            chosen: &verdict.chosen,
            expectations: &verdict.expectations,
            excused: verdict.excused,
            excused_until: &verdict.excused_until,
        }
    }
}

#[derive(Serialize)]
struct Splat<'a> {
    kind: &'a str,
    excerpt: &'a str,
}

impl<'a> Cell<'a> {
    fn of(matrix: &'a Matrix<'_>, cell: &'a matrix::Cell<'_>) -> Self {
        let kernel = matrix.kernels[cell.kernel].wire;
        let verdict = cell.wire.verdict.as_ref();
        let guest = verdict.and_then(|verdict| verdict.guest.as_ref());
        Self {
            object: &matrix.objects[cell.object].name,
            kernel: Kernel {
                id: &kernel.id,
                release: &kernel.release,
                series: &kernel.series,
                distro: &kernel.distro,
                flavour: &kernel.flavour,
                arch: &kernel.arch,
            },
            loader: Loader {
                name: &cell.wire.loader,
                version: guest.map(|guest| guest.loader_version.as_str()),
            },
            axes: cell.wire.axes.as_ref().map(Axes::of),
            environment: guest.and_then(Environment::of),
            required: cell.decides(),
            verdict: cell.verdict().name(),
            cause: verdict.and_then(|verdict| verdict.cause.as_ref()).map(Cause::of),
            guest: guest.map(|guest| Guest {
                start: &guest.start,
                accelerator: &guest.accelerator,
                nonce_ok: guest.nonce_ok,
            }),
            queue_ms: cell.wire.queue_ms,
            boot_ms: guest.map(|guest| guest.boot_ms),
            answer_ms: guest.map(|guest| guest.answer_ms),
            cached: cell.wire.cached,
            programs: verdict.iter().flat_map(|verdict| &verdict.programs).map(Program::of).collect(),
            maps: verdict.iter().flat_map(|verdict| &verdict.maps).map(Map::of).collect(),
            checks: verdict.iter().flat_map(|verdict| &verdict.checks).map(Check::of).collect(),
            command: verdict.and_then(|verdict| verdict.command.as_ref()).map(Outcome::of),
            modules: verdict.map(|verdict| verdict.modules.as_slice()).unwrap_or_default(),
            may_miss: verdict.map(|verdict| verdict.may_miss.as_slice()).unwrap_or_default(),
            splats: verdict
                .iter()
                .flat_map(|verdict| &verdict.splats)
                .map(|splat| Splat { kind: &splat.kind, excerpt: &splat.excerpt })
                .collect(),
            contract: verdict.map(Contract::of).unwrap_or_default(),
            evidence: verdict
                .filter(|verdict| !verdict.evidence.is_empty())
                .map(|verdict| hex(&verdict.evidence)),
        }
    }
}

#[derive(Serialize)]
struct Program<'a> {
    name: &'a str,
    section: &'a str,
    r#type: &'a str,
    required: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    terms: &'a str,
    asked: &'static str,
    reached: &'a str,
    verdict: &'static str,
    attach: Option<Attach<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Cause<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stats: Option<Stats>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verification: Option<Verification<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    line_costs: Vec<LineCost<'a>>,
}

#[derive(Serialize)]
struct LineCost<'a> {
    file: &'a str,
    line: u32,
    text: &'a str,
    walked: u32,
}

impl<'a> LineCost<'a> {
    fn of(cost: &'a wire::LineCost) -> Self {
        Self { file: &cost.file, line: cost.line, text: &cost.text, walked: cost.walked }
    }
}

#[derive(Serialize)]
struct Attach<'a> {
    hook: &'a str,
    how: &'a str,
    errno: Option<String>,
}

#[derive(Serialize)]
struct Stats {
    verified_instructions: u32,
    translated_bytes: u32,
    translated_instructions: u32,
    jited_bytes: u32,
}

#[derive(Serialize)]
struct Verification<'a> {
    took_us: Option<u32>,
    processed: u32,
    processed_max: u32,
    states_per_instruction: Option<u32>,
    total_states: Option<u32>,
    peak_states: Option<u32>,
    mark_read: Option<u32>,
    stack_bytes: &'a [u32],
    deepest_stack_bytes: Option<u32>,
    deepest_stack_bytes_max: u32,
    memory_peak_bytes: Option<u64>,
}

impl<'a> Verification<'a> {
    fn of(verification: &'a wire::Verification) -> Self {
        Self {
            took_us: verification.took_us,
            processed: verification.processed,
            processed_max: verification.processed_max,
            states_per_instruction: verification.states_per_instruction,
            total_states: verification.total_states,
            peak_states: verification.peak_states,
            mark_read: verification.mark_read,
            stack_bytes: &verification.stack_bytes,
            deepest_stack_bytes: verification.deepest_stack_bytes,
            deepest_stack_bytes_max: STACK_BYTES_MAX,
            memory_peak_bytes: verification.memory_peak_bytes,
        }
    }
}

impl<'a> Program<'a> {
    fn of(program: &'a wire::ProgramVerdict) -> Self {
        let errno = program.cause.as_ref().filter(|cause| cause.stage == "attach").and_then(reason::errno);
        let tried = errno.is_some() || !program.hook.is_empty() || !program.how.is_empty();
        Self {
            name: &program.name,
            section: &program.section,
            r#type: &program.kind,
            required: program.required,
            terms: &program.terms,
            asked: Level::from(program.asked()).name(),
            reached: &program.reached,
            verdict: verdict(program.verdict()),
            attach: tried.then_some(Attach { hook: &program.hook, how: &program.how, errno }),
            cause: program.cause.as_ref().map(Cause::of),
            stats: program.stats.as_ref().map(|stats| Stats {
                verified_instructions: stats.verified_instructions,
                translated_bytes: stats.translated_bytes,
                translated_instructions: stats.translated_bytes / INSTRUCTION_BYTES,
                jited_bytes: stats.jited_bytes,
            }),
            verification: program.verification.as_ref().map(Verification::of),
            line_costs: program.line_costs.iter().map(LineCost::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct Map<'a> {
    name: &'a str,
    r#type: &'a str,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Cause<'a>>,
}

impl<'a> Map<'a> {
    fn of(map: &'a wire::MapVerdict) -> Self {
        let cause = map.cause.as_ref().map(Cause::of);
        Self { name: &map.name, r#type: &map.kind, verdict: verdict(map.verdict()), cause }
    }
}

#[derive(Serialize)]
struct Cause<'a> {
    code: &'a str,
    stage: &'a str,
    subject: &'a str,
    errno: Option<String>,
    confidence: &'a str,
    says: &'a str,
    log_line: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#where: Option<Where<'a>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    why: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    path: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Since<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<Remedy<'a>>,
}

#[derive(Serialize)]
struct Since<'a> {
    version: &'a str,
    commit: Option<&'a str>,
    standing: &'a str,
}

#[derive(Serialize)]
struct Remedy<'a> {
    says: &'a str,
    tried: Option<&'static str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    change: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<String>,
}

#[derive(Serialize)]
struct Where<'a> {
    file: Option<&'a str>,
    line: Option<u32>,
    source: Option<&'a str>,
    insn: Option<u32>,
    disassembly: Option<&'a str>,
}

impl<'a> Cause<'a> {
    fn of(cause: &'a wire::Cause) -> Self {
        Self {
            code: &cause.code,
            stage: &cause.stage,
            subject: &cause.subject,
            errno: reason::errno(cause),
            confidence: &cause.confidence,
            says: &cause.says,
            log_line: &cause.log_line,
            r#where: cause.location.as_ref().map(|location| Where {
                file: location.file.as_deref(),
                line: location.line,
                source: location.source.as_deref(),
                insn: location.instruction,
                disassembly: location.disassembly.as_deref(),
            }),
            why: &cause.why,
            path: &cause.path,
            since: cause.since.as_ref().map(|since| Since {
                version: &since.version,
                commit: since.commit.as_deref(),
                standing: &since.standing,
            }),
            remedy: cause.remedy.as_ref().map(|remedy| Remedy {
                says: &remedy.says,
                tried: remedy.tried.is_some().then(|| verdict(remedy.tried())),
                change: &remedy.change,
                evidence: Some(&remedy.evidence)
                    .filter(|digest| !digest.is_empty())
                    .map(|digest| hex(digest)),
            }),
        }
    }
}

/// How many cells ended how, and what the shell is told. Optional cells are counted and do not
/// decide; excused ones are counted among those that fail and once more apart.
#[derive(Serialize)]
struct Summary<'a> {
    works: bool,
    exit_code: u8,
    passes: usize,
    fails: usize,
    not_attempted: usize,
    inconclusive: usize,
    excused: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    excused_until: Option<&'a str>,
}

impl<'a> Summary<'a> {
    fn of(matrix: &Matrix<'a>) -> Self {
        let count = |verdict| matrix.cells.iter().filter(|cell| cell.verdict() == verdict).count();
        let exit = Exit::of_run(matrix.verdict());
        let excused = matrix.excused();
        Self {
            works: exit == Exit::Works,
            exit_code: exit.code(),
            passes: count(Verdict::Passes),
            fails: count(Verdict::Fails),
            not_attempted: count(Verdict::NotAttempted),
            inconclusive: count(Verdict::Inconclusive),
            excused: excused.map_or(0, |excused| excused.cells),
            excused_until: excused.map(|excused| excused.first),
        }
    }
}

fn verdict(verdict: wire::Verdict) -> &'static str {
    verdict.to_domain().unwrap_or(Verdict::Inconclusive).name()
}

/// RFC 3339 in UTC, or null for a moment that has not come.
fn when(timestamp: Option<&prost_types::Timestamp>) -> Option<String> {
    let moment = OffsetDateTime::from_unix_timestamp(timestamp?.seconds).ok()?;
    moment.format(&Rfc3339).ok()
}

#[cfg(test)]
pub(super) mod tests;
