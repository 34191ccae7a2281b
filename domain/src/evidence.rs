//! Evidence: what was observed in a guest. Facts only; what they mean is a verdict.
//!
//! Evidence is never changed once stored. A verdict can be computed from it again at any time,
//! so everything a judgement needs is here and nothing in here is a judgement.

mod guest;

pub use guest::{
    Accelerator, Environment, Guest, KernelFacts, LeftModule, ModuleLoad, Modules, Sought, Start, Symbol,
};

use crate::axis::{Axes, Loader};
use crate::check::CheckRun;
use crate::command::CommandEvidence;
use crate::contract::Contract;
use crate::errno::Errno;
use serde::{Deserialize, Serialize};

/// One program that was refused to a loader without all capabilities, loaded alone with all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivilegedLoad {
    /// Function name.
    pub program: String,
    /// `None` when the kernel took it.
    pub errno: Option<Errno>,
    /// Then the fewest capabilities that were enough beside those its loader has.
    pub lacked: Vec<String>,
}

/// One program as libbpf found it in the object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramFact {
    /// Function name.
    pub name: String,
    /// ELF section name, without libbpf's leading `?`.
    pub section: String,
    /// libbpf's name of the program type, for example `tracepoint`.
    pub kind: String,
    /// Whether a plain load would load it (`SEC("?…")` says no).
    pub autoload: bool,
}

/// One map as libbpf found it in the object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapFact {
    /// Map name; libbpf's internal maps are `.rodata`, `.bss`, ….
    pub name: String,
    /// libbpf's name of the map type, for example `ringbuf`.
    pub kind: String,
    /// Number of the map type in the kernel's `enum bpf_map_type`.
    pub number: u32,
    /// Bytes of a key.
    pub key_bytes: u32,
    /// Bytes of a value.
    pub value_bytes: u32,
    /// Entries, or bytes for ring buffers; after inference.
    pub max_entries: u32,
    /// Flags it is created with.
    #[serde(default)]
    pub flags: u32,
}

/// Why a loader gave up by itself: the kernel did not refuse, or was not asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unable {
    /// The loader's own words.
    pub says: String,
    /// What it looked for in the kernel's types and did not find.
    pub missing: Option<String>,
}

/// What opening the object showed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Open {
    /// `None` when it opened.
    pub errno: Option<Errno>,
    /// Programs in the object's order.
    pub programs: Vec<ProgramFact>,
    /// Maps in the object's order.
    pub maps: Vec<MapFact>,
    /// What was filled in because its own loader would set it at run time, one sentence each.
    pub inferred: Vec<String>,
    /// What the contract declares and was set, one sentence each.
    #[serde(default)]
    pub applied: Vec<String>,
    /// What the contract declares and could not be set on this kernel.
    #[serde(default)]
    pub not_applied: Vec<NotApplied>,
    /// What was chosen of the contract's groups of alternatives.
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// Why its loader cannot open it, if that is no error number.
    #[serde(default)]
    pub unable: Option<Unable>,
}

/// A declaration that libbpf or the kernel refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotApplied {
    /// The program or map.
    pub subject: String,
    /// What should have been set, as the contract says it.
    pub setting: String,
    /// The refusal.
    pub errno: Errno,
}

/// What was chosen of one group of alternatives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The group's name.
    pub group: String,
    /// The program that is kept; `None` when no candidate's requirement holds.
    pub kept: Option<String>,
    /// The candidates before it, each with what was missing.
    pub passed_over: Vec<PassedOver>,
}

/// A candidate whose requirement does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedOver {
    /// Function name.
    pub program: String,
    /// What it requires.
    pub requires: String,
    /// The refusal of a trial load.
    pub errno: Option<Errno>,
}

/// One map created alone, without any program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapCreate {
    /// Map name.
    pub map: String,
    /// `None` when the kernel created it.
    pub errno: Option<Errno>,
    /// Flags of the map without which the kernel creates it.
    #[serde(default)]
    pub without_flags: Option<u32>,
}

/// What was loaded together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoadScope {
    /// The object as a plain loader would load it.
    Whole,
    /// This program alone, with every map and no other program.
    Alone(String),
}

/// What the kernel said of one program it accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loaded {
    /// Function name.
    pub program: String,
    /// Instructions the verifier walked (kernels from 5.16), else 0.
    pub verified_instructions: u32,
    /// Bytes after the verifier's rewriting.
    pub translated_bytes: u32,
    /// Bytes of machine code, 0 when the JIT is off.
    pub jited_bytes: u32,
}

/// What the verifier counted while it looked at one program, accepted or refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Function name.
    pub program: String,
    /// The kernel's own lines, which differ from series to series.
    pub text: String,
    /// Bytes that were in use during the load and not before, at most; in steps of up to 256 KiB. `None` where the
    /// kernel does not count what its verifier takes.
    #[serde(default)]
    pub memory_peak_bytes: Option<u64>,
}

/// How much of its walk through a program the verifier spent on one source line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineCost {
    /// The file as the compiler was given it.
    pub file: String,
    /// Its number; 0 and an empty text for what the compiler added.
    pub line: u32,
    /// Its text, without the space around it.
    pub text: String,
    /// Instructions walked that belong to it, over all paths.
    pub walked: u32,
}

/// The walk through one program, by source line.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LineCosts {
    /// Function name.
    pub program: String,
    /// Instructions counted; fewer than the verifier processed if its log did not fit.
    pub walked: u32,
    /// The dearest lines, dearest first.
    pub lines: Vec<LineCost>,
}

/// Where an instruction of a program comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcePlace {
    /// Its index.
    pub instruction: u32,
    /// The file as the compiler was given it.
    pub file: String,
    /// The line's number.
    pub line: u32,
    /// Its text, without the space around it.
    pub text: String,
}

/// One load of the object or of a program in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// What was loaded.
    pub scope: LoadScope,
    /// `None` when it loaded.
    pub errno: Option<Errno>,
    /// Programs the kernel accepted in this load.
    pub loaded: Vec<Loaded>,
    /// What the verifier counted, for each program it came to.
    #[serde(default)]
    pub counts: Vec<Counts>,
    /// Microseconds on the guest's monotonic clock.
    pub took_us: u64,
    /// Why its loader gave up, if that is no error number.
    #[serde(default)]
    pub unable: Option<Unable>,
    /// The source of the last instruction that the verifier showed before it refused, where its log does not say it.
    #[serde(default)]
    pub refused_at: Option<SourcePlace>,
}

impl Load {
    /// Whether neither the kernel nor the loader refused.
    pub fn succeeded(&self) -> bool {
        self.errno.is_none() && self.unable.is_none()
    }
}

/// What came of attaching a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttachOutcome {
    /// The kernel reported success.
    Attached,
    /// The kernel or libbpf refused.
    Failed(Errno),
    /// The validator did not try; the text says why. Never a pass and never a failure.
    NotAttempted(String),
}

/// One attempt to attach one program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attach {
    /// Function name.
    pub program: String,
    /// What it was attached to, for example `syscalls:sys_enter_openat` or `lo ingress`.
    pub hook: String,
    /// The way of attachment, for example `link`, `perf event` or `clsact filter`.
    pub how: String,
    /// What came of it.
    pub outcome: AttachOutcome,
}

/// What the programs of an object did together.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Behaviour {
    /// Programs that were attached at once while the checks ran.
    pub live: Vec<String>,
    /// The checks that were run, in their order.
    pub checks: Vec<CheckRun>,
    /// Why none could be run in this guest.
    pub hindered: Option<String>,
}

/// What a log belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LogSubject {
    /// Opening the object.
    Open,
    /// Creating this map alone.
    Map(String),
    /// Loading the whole object.
    LoadWhole,
    /// Loading this program alone.
    LoadAlone(String),
    /// Attaching this program.
    Attach(String),
    /// Trying this candidate of a group of alternatives.
    Trial(String),
    /// Running this check.
    Check(String),
    /// Kernel messages from `READY` to the end of the job.
    Kernel,
}

/// One whole log: libbpf's output at its most talkative level with the verifier's log inside,
/// or kernel messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// What it belongs to.
    pub subject: LogSubject,
    /// The text; bytes that are not UTF-8 are replaced.
    pub text: String,
    /// Bytes the log had in the guest.
    pub raw_bytes: u64,
    /// Whether the middle was dropped in the guest.
    pub cut: bool,
}

/// A sign of kernel trouble on the console: a warning, an oops, a stall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Splat {
    /// The policy entry that matched, for example `warning` or `oops`.
    pub kind: String,
    /// The first matching line and what followed it, bounded.
    pub excerpt: String,
}

/// How the conversation with the guest ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// The validator said everything and its nonces were right.
    Finished,
    /// The guest went away before it finished; the text says how.
    Died(String),
    /// A deadline passed at this step.
    Deadline(String),
    /// The guest broke the frame protocol, sent too much or returned a wrong nonce.
    Misbehaved(String),
    /// The validator refused the job.
    Refused(String),
}

/// Everything observed for one cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The machine.
    pub guest: Guest,
    /// The kernel, if the guest got far enough to look.
    pub kernel: Option<KernelFacts>,
    /// What was asked to load the object.
    #[serde(default)]
    pub loader: Loader,
    /// The environment that was asked for.
    #[serde(default)]
    pub axes: Axes,
    /// Why this kernel cannot give the environment that was asked for; then nothing was exercised.
    #[serde(default)]
    pub unavailable: Option<String>,
    /// What was declared of the object's loader, as far as it concerns this kernel.
    #[serde(default)]
    pub contract: Contract,
    /// Modules loaded for the object.
    #[serde(default)]
    pub modules: Modules,
    /// Opening the object.
    pub open: Option<Open>,
    /// Functions its programs hook that their names alone do not tell.
    #[serde(default)]
    pub symbols: Vec<Symbol>,
    /// Maps created alone; only done when a load failed.
    pub maps: Vec<MapCreate>,
    /// Loads, in the order they were done.
    pub loads: Vec<Load>,
    /// What was refused to a loader without all capabilities, tried with all of them.
    #[serde(default)]
    pub privileged: Vec<PrivilegedLoad>,
    /// Attach attempts, in the order they were done.
    pub attaches: Vec<Attach>,
    /// Walks by source line, if they were asked for.
    #[serde(default)]
    pub line_costs: Vec<LineCosts>,
    /// The command, if one was to be run.
    #[serde(default)]
    pub command: Option<Box<CommandEvidence>>,
    /// Checks, if some were to be run.
    #[serde(default)]
    pub behaviour: Option<Behaviour>,
    /// Logs.
    pub logs: Vec<Log>,
    /// Kernel trouble found by the worker's splat policy.
    pub splats: Vec<Splat>,
    /// The serial console, whole up to the worker's limit.
    pub console: String,
    /// How it ended.
    pub end: End,
}

impl Evidence {
    /// The log of one subject, or an empty text.
    pub fn log(&self, subject: &LogSubject) -> &str {
        self.logs.iter().find(|log| log.subject == *subject).map_or("", |log| log.text.as_str())
    }

    /// The attach attempt of one program, if there was one.
    pub fn attach(&self, program: &str) -> Option<&Attach> {
        self.attaches.iter().find(|attach| attach.program == program)
    }
}
