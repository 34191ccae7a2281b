//! Domain values as messages. Nothing here can fail.

use crate::wire;
use domain::axis::Axes;
use domain::cause::{Cause, Location, Remedy, Since};
use domain::cell::{CellState, FailureKind};
use domain::check::{CommandEnd, CommandRun, Output};
use domain::command::{CommandEvidence, Found};
use domain::digest::Digest;
use domain::evidence::{Environment, Evidence, Guest, KernelFacts, LineCost, Loaded, Splat, Start};
use domain::kernel::Kernel;
use domain::level::Level;
use domain::offers::{Offer, Offers, Support};
use domain::run::RunState;
use domain::verdict::{CellVerdict, CheckVerdict, MapVerdict, ProgramVerdict, Verdict, Verification};

impl From<&Kernel> for wire::Kernel {
    fn from(kernel: &Kernel) -> Self {
        Self {
            id: kernel.id.to_string(),
            release: kernel.release.clone(),
            version: kernel.version.clone(),
            series: kernel.series.to_string(),
            distro: kernel.distro.clone(),
            suites: kernel.suites.clone(),
            flavour: kernel.flavour.clone(),
            arch: kernel.arch.clone(),
            digest: kernel.digest.0.to_vec(),
            download_bytes: kernel.download_bytes,
        }
    }
}

impl From<&Offers> for wire::Offers {
    fn from(offers: &Offers) -> Self {
        let names =
            |names: &Option<Vec<String>>| names.as_ref().map(|names| wire::Names { names: names.clone() });
        let options = offers.options.as_ref();
        Self {
            program_types: offers.program_types.iter().map(Into::into).collect(),
            map_types: offers.map_types.iter().map(Into::into).collect(),
            attach_types: names(&offers.attach_types),
            helpers: names(&offers.helpers),
            kfuncs: names(&offers.kfuncs),
            lsm_hooks: names(&offers.lsm_hooks),
            iterators: names(&offers.iterators),
            struct_ops: names(&offers.struct_ops),
            options: options.map(|options| wire::Options { values: options.clone().into_iter().collect() }),
        }
    }
}

impl From<&Offer> for wire::Offer {
    fn from(offer: &Offer) -> Self {
        let support = match offer.support {
            Support::Supported => wire::Support::Supported,
            Support::Unsupported => wire::Support::Unsupported,
            Support::Named => wire::Support::Named,
        };
        Self { name: offer.name.clone(), support: support.into() }
    }
}

impl From<Verdict> for wire::Verdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Passes => Self::Passes,
            Verdict::Fails => Self::Fails,
            Verdict::NotAttempted => Self::NotAttempted,
            Verdict::Inconclusive => Self::Inconclusive,
        }
    }
}

impl From<Level> for wire::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Load => Self::Load,
            Level::Attach => Self::Attach,
            Level::Behave => Self::Behave,
        }
    }
}

impl From<RunState> for wire::RunState {
    fn from(state: RunState) -> Self {
        match state {
            RunState::Queued => Self::Queued,
            RunState::Running => Self::Running,
            RunState::Finished => Self::Finished,
            RunState::Cancelled => Self::Cancelled,
        }
    }
}

impl From<CellState> for wire::CellState {
    fn from(state: CellState) -> Self {
        match state {
            CellState::Queued => Self::Queued,
            CellState::Leased => Self::Leased,
            CellState::Settled => Self::Settled,
            CellState::Cancelled => Self::Cancelled,
        }
    }
}

impl From<FailureKind> for wire::FailureKind {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Transient => Self::Transient,
            FailureKind::Crashed => Self::Crashed,
        }
    }
}

impl From<&Location> for wire::Location {
    fn from(location: &Location) -> Self {
        Self {
            instruction: location.instruction,
            disassembly: location.disassembly.clone(),
            file: location.file.clone(),
            line: location.line,
            source: location.source.clone(),
        }
    }
}

impl From<&Cause> for wire::Cause {
    fn from(cause: &Cause) -> Self {
        Self {
            code: cause.code.name().to_owned(),
            stage: cause.stage.name().to_owned(),
            subject: cause.subject.clone(),
            errno: cause.errno.map(|errno| errno.0),
            confidence: cause.confidence.name().to_owned(),
            says: cause.says.clone(),
            log_line: cause.log_line.clone(),
            location: cause.location.as_ref().map(Into::into),
            why: cause.why.clone(),
            path: cause.path.clone(),
            since: cause.since.as_ref().map(Into::into),
            remedy: cause.remedy.as_ref().map(Into::into),
        }
    }
}

impl From<&Since> for wire::Since {
    fn from(since: &Since) -> Self {
        Self {
            version: since.version.clone(),
            commit: since.commit.clone(),
            standing: since.standing.name().to_owned(),
        }
    }
}

impl From<&Remedy> for wire::Remedy {
    fn from(remedy: &Remedy) -> Self {
        Self {
            says: remedy.says.clone(),
            tried: None,
            change: remedy.change.as_ref().map(ToString::to_string).unwrap_or_default(),
            evidence: Vec::new(),
        }
    }
}

impl From<&Loaded> for wire::Stats {
    fn from(loaded: &Loaded) -> Self {
        Self {
            verified_instructions: loaded.verified_instructions,
            translated_bytes: loaded.translated_bytes,
            jited_bytes: loaded.jited_bytes,
        }
    }
}

impl From<&Verification> for wire::Verification {
    fn from(verification: &Verification) -> Self {
        Self {
            took_us: verification.took_us,
            processed: verification.processed,
            processed_max: verification.processed_max,
            states_per_instruction: verification.states_per_instruction,
            total_states: verification.total_states,
            peak_states: verification.peak_states,
            mark_read: verification.mark_read,
            stack_bytes: verification.stack_bytes.clone(),
            deepest_stack_bytes: verification.deepest_stack_bytes,
            memory_peak_bytes: verification.memory_peak_bytes,
        }
    }
}

impl From<&LineCost> for wire::LineCost {
    fn from(cost: &LineCost) -> Self {
        Self { file: cost.file.clone(), line: cost.line, text: cost.text.clone(), walked: cost.walked }
    }
}

impl From<&ProgramVerdict> for wire::ProgramVerdict {
    fn from(program: &ProgramVerdict) -> Self {
        Self {
            name: program.name.clone(),
            section: program.section.clone(),
            kind: program.kind.clone(),
            required: program.required,
            asked: wire::Level::from(program.asked).into(),
            reached: program.reached.name().to_owned(),
            verdict: wire::Verdict::from(program.verdict).into(),
            hook: program.hook.clone(),
            how: program.how.clone(),
            cause: program.cause.as_ref().map(Into::into),
            stats: program.stats.as_ref().map(Into::into),
            verification: program.verification.as_ref().map(Into::into),
            line_costs: program.line_costs.iter().map(Into::into).collect(),
            terms: program.terms.clone(),
        }
    }
}

impl From<&MapVerdict> for wire::MapVerdict {
    fn from(map: &MapVerdict) -> Self {
        Self {
            name: map.name.clone(),
            kind: map.kind.clone(),
            verdict: wire::Verdict::from(map.verdict).into(),
            cause: map.cause.as_ref().map(Into::into),
        }
    }
}

impl From<&Output> for wire::Output {
    fn from(output: &Output) -> Self {
        Self { text: output.text.clone(), bytes: output.bytes }
    }
}

impl From<&CommandRun> for wire::CommandRun {
    fn from(run: &CommandRun) -> Self {
        let (end, number) = match run.end {
            CommandEnd::Exited(status) => ("exited", status.into()),
            CommandEnd::Signalled(signal) => ("signalled", signal.unsigned_abs()),
            CommandEnd::TimedOut => ("timed_out", 0),
            CommandEnd::NotStarted(errno) => ("not_started", errno.0.unsigned_abs()),
        };
        Self {
            end: end.to_owned(),
            number,
            took_ms: run.took_ms,
            stdout: Some((&run.stdout).into()),
            stderr: Some((&run.stderr).into()),
        }
    }
}

impl From<&Found> for wire::Found {
    fn from(found: &Found) -> Self {
        Self { what: found.what.clone(), name: found.name.clone(), kind: found.kind.clone() }
    }
}

impl From<&CommandEvidence> for wire::CommandOutcome {
    fn from(command: &CommandEvidence) -> Self {
        Self {
            run: Some((&command.run).into()),
            loaded: command.loaded.iter().map(Into::into).collect(),
            left: command.left.iter().map(Into::into).collect(),
            unlisted: command.unlisted,
        }
    }
}

impl From<&CheckVerdict> for wire::CheckVerdict {
    fn from(check: &CheckVerdict) -> Self {
        Self {
            name: check.name.clone(),
            required: check.required,
            verdict: wire::Verdict::from(check.verdict).into(),
            cause: check.cause.as_ref().map(Into::into),
            command: check.command.as_ref().map(Into::into),
        }
    }
}

impl From<&Splat> for wire::Splat {
    fn from(splat: &Splat) -> Self {
        Self { kind: splat.kind.clone(), excerpt: splat.excerpt.clone() }
    }
}

/// The guest that answered, with what its validator saw of the kernel.
pub fn guest(guest: &Guest, kernel: Option<&KernelFacts>) -> wire::Guest {
    let kernel = kernel.cloned().unwrap_or_default();
    wire::Guest {
        start: match guest.start {
            Start::Cold => "cold",
            Start::Clone => "clone",
        }
        .to_owned(),
        accelerator: guest.accelerator.name().to_owned(),
        qemu: guest.qemu.clone(),
        memory_bytes: guest.memory_bytes,
        cpus: guest.cpus.into(),
        nonce_ok: guest.nonce_ok,
        boot_ms: guest.boot_ms,
        answer_ms: guest.answer_ms,
        validator: guest.validator.0.to_vec(),
        initramfs: guest.initramfs.0.to_vec(),
        loader_version: match guest.loader_version.as_str() {
            "" => kernel.libbpf,
            version => version.to_owned(),
        },
        lsm: kernel.lsm,
        environment: guest.environment.as_ref().map(|found| environment(found, kernel.cpus)),
    }
}

fn environment(found: &Environment, cpus: u32) -> wire::Environment {
    wire::Environment {
        lockdown: found.lockdown.clone(),
        cgroups: found.cgroups.clone(),
        capabilities: found.capabilities.clone(),
        user_namespace: found.user_namespace,
        unprivileged_bpf_disabled: found.unprivileged_bpf_disabled.map(Into::into),
        memlock_bytes: found.memlock_bytes,
        cpus,
    }
}

impl From<&Axes> for wire::Axes {
    fn from(axes: &Axes) -> Self {
        Self {
            cpus: axes.cpus.into(),
            lsm: axes.lsm.to_string(),
            lockdown: axes.lockdown.to_string(),
            cgroup: axes.cgroup.to_string(),
            capabilities: axes.capabilities.to_string(),
            unprivileged_bpf: axes.unprivileged_bpf.to_string(),
            memlock: axes.memlock.to_string(),
        }
    }
}

/// A cell's verdict with the guest that led to it. Without evidence (given up before a guest
/// started) the guest and the digest are absent.
pub fn cell_verdict(verdict: &CellVerdict, evidence: Option<(&Evidence, Digest)>) -> wire::CellVerdict {
    wire::CellVerdict {
        verdict: wire::Verdict::from(verdict.verdict).into(),
        cause: verdict.cause.as_ref().map(Into::into),
        programs: verdict.programs.iter().map(Into::into).collect(),
        maps: verdict.maps.iter().map(Into::into).collect(),
        inferred: verdict.inferred.clone(),
        declared: verdict.declared.clone(),
        chosen: verdict.chosen.clone(),
        expectations: verdict.expectations.clone(),
        excused: verdict.excused,
        excused_until: verdict.excused_until.map(|day| day.to_string()).unwrap_or_default(),
        modules: verdict.modules.clone(),
        may_miss: verdict.may_miss.clone(),
        splats: verdict.splats.iter().map(Into::into).collect(),
        checks: verdict.checks.iter().map(Into::into).collect(),
        command: verdict.command.as_deref().map(Into::into),
        guest: evidence.map(|(evidence, _)| guest(&evidence.guest, evidence.kernel.as_ref())),
        evidence: evidence.map(|(_, digest)| digest.0.to_vec()).unwrap_or_default(),
    }
}
