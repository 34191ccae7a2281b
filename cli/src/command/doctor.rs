//! `bpfcompat doctor`: can `test` work here, and what is missing?
//!
//! Every check looks at the thing itself: programs are run, a folder is written to, the mirror
//! is read. A check that cannot be made yet says so and is no failure.

use super::Context;
use crate::args::typed;
use crate::exit::{Exit, Failure, chain};
use crate::local::Programs;
use crate::remote::{self, Services, refusal, soon};
use crate::render::paint::{Paint, Tone};
use crate::render::status::Status;
use crate::render::{bytes, printable};
use crate::settings::Settings;
use domain::evidence::Accelerator;
use nix::sys::statvfs::statvfs;
use proto::wire;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::process::Command;
use worker::accelerator;
use worker::config::Config;
use worker::jail::{Jail, Lack};
use worker::kernel::Library;
use worker::machine::{BootFiles, Proof, Qemu, host_memory_bytes, prove_accelerator};
use worker::slot::answer::GUEST_BYTES;
use worker::slot::budget::{Budget, Limit};
use worker::slot::capacity::Capacity;
use worker::tools::Tools;
use worker::validator::Validator;

/// Free space below which a download and a boot cannot be expected to fit.
const FREE_BYTES_MIN: u64 = 500_000_000;
/// Free space below which the default kernels and some answers may not fit.
const FREE_BYTES_EASY: u64 = 3_000_000_000;

/// Everything found, as `--json` prints it.
#[derive(Debug, Serialize)]
struct Findings {
    schema: &'static str,
    works: bool,
    checks: Vec<Check>,
}

/// One check.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    state: State,
    says: String,
    /// What to do; empty when nothing is.
    remedy: String,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Good,
    /// Works, but slower or less than it could.
    Limited,
    Bad,
}

/// Checks everything `test` needs: 0 when it can work here, else 2.
pub(super) async fn run(context: &Context, typed: &typed::Doctor) -> Result<Exit, Failure> {
    let status = context.status();
    let checks = match &context.settings.controller {
        Some(url) => vec![controller(url, context.settings.ca.as_deref()).await],
        None => tokio::select! {
            checks = local(&context.settings, &status) => checks,
            () = context.stop.cancelled() => return Err(Failure::environment("stopped by you")),
        },
    };
    status.clear();
    let works = checks.iter().all(|check| check.state != State::Bad);
    let text = if typed.json {
        let findings = Findings { schema: "bpfcompat.doctor/1", works, checks };
        serde_json::to_string_pretty(&findings).expect("texts and lists always encode")
            + "
"
    } else {
        shown(&checks, works, context.paint())
    };
    super::print(&text)?;
    Ok(if works { Exit::Works } else { Exit::CouldNotTell })
}

fn shown(checks: &[Check], works: bool, paint: Paint) -> String {
    let mut text = String::new();
    for check in checks {
        let (sign, tone) = match check.state {
            State::Good => ("✓", Tone::Good),
            State::Limited => ("!", Tone::Unsure),
            State::Bad => ("✗", Tone::Bad),
        };
        let says = printable(&check.says);
        text.push_str(&format!("{} {:<10} {says}\n", paint.paint(tone, sign), check.name));
        if !check.remedy.is_empty() {
            text.push_str(&format!("  {:<10} {}\n", "", paint.paint(Tone::Bold, &printable(&check.remedy))));
        }
    }
    let verdict =
        if works { "`bpfcompat test` can work here" } else { "`bpfcompat test` cannot work here yet" };
    text.push_str(&format!("\n{verdict}\n"));
    text
}

impl Check {
    fn new(name: &'static str, state: State, says: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, state, says: says.into(), remedy: remedy.into() }
    }

    fn good(name: &'static str, says: impl Into<String>) -> Self {
        Self::new(name, State::Good, says, "")
    }

    fn bad(name: &'static str, says: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(name, State::Bad, says, remedy)
    }

    /// Good with a text, or bad with the error, whose own message holds the remedy.
    fn of<E: std::error::Error>(name: &'static str, result: Result<String, E>) -> Self {
        match result {
            Ok(says) => Self::good(name, says),
            Err(error) => Self::bad(name, chain(&error), ""),
        }
    }
}

async fn local(settings: &Settings, status: &Status) -> Vec<Check> {
    status.say("looking at this machine");
    let qemu = Qemu::find(None, &Config::search_path()).await;
    let mut checks = vec![
        Check::of("qemu", qemu.as_ref().map(|qemu| format!("{} {}", qemu.program.display(), qemu.version))),
        Check::of("postgres", Programs::find().await.map(|found| format!("version {}", found.major))),
        validator(settings),
        keyring(&settings.sources.keyring),
        gpgv().await,
        shell(&Tools::read(None)),
        folder(&settings.data_dir),
        capacity(),
    ];
    checks.push(mirror(settings, status).await);
    if let Ok(qemu) = &qemu {
        let jail = Arc::new(Jail::probe(&qemu.program, Arc::default()));
        checks.extend(jailed(jail.lacks()));
        status.say("booting a guest");
        checks.push(kvm(settings, qemu, jail).await);
    }
    checks
}

/// What this host does not allow each QEMU to be deprived of, a line for each.
fn jailed(lacks: &[Lack]) -> Vec<Check> {
    let lack = |lack: &Lack| Check::new("jail", State::Limited, lack.to_string(), lack.degradation.remedy());
    match lacks {
        [] => vec![Check::good("jail", "a user, namespaces and a control group for each guest")],
        lacks => lacks.iter().map(lack).collect(),
    }
}

/// What runs guests here, proven by booting one: by an earlier run, or now if a kernel is on disk.
async fn kvm(settings: &Settings, qemu: &Qemu, jail: Arc<Jail>) -> Check {
    let slow = "guests run by translation, some ten times slower; the answers are the same";
    if let Err(error) = std::fs::OpenOptions::new().read(true).write(true).open("/dev/kvm") {
        return Check::new("kvm", State::Limited, format!("/dev/kvm: {error}"), slow);
    }
    let proof = match accelerator::recall(&settings.data_dir, qemu) {
        Some(proof) => Some(proof),
        None => prove(settings, qemu, jail).await,
    };
    match proof {
        Some(proof) if proof.accelerator == Accelerator::Kvm => Check::good("kvm", proof.reason),
        Some(proof) => Check::new("kvm", State::Limited, proof.reason, slow),
        None => {
            let says = "/dev/kvm is there; no kernel is on disk yet to prove it with";
            Check::new("kvm", State::Limited, says, "`bpfcompat kernels fetch newest` gets one")
        }
    }
}

/// Boots the newest kernel on disk. Whatever is missing for that has a check of its own.
async fn prove(settings: &Settings, qemu: &Qemu, jail: Arc<Jail>) -> Option<Proof> {
    let library = Library::open(&settings.data_dir.join("kernels"), settings.sources.clone()).ok()?;
    let kernels = library.known().ok()??.kernels;
    let bundle = kernels.iter().rev().find_map(|kernel| library.bundle_on_disk(&kernel.id))?;
    let validator = Validator::read(settings.validator.as_deref()).ok()?;
    let initramfs = bundle.initramfs(&validator.bytes, None).ok()?;
    let boot = BootFiles {
        series: bundle.kernel.series,
        vmlinuz: bundle.vmlinuz,
        initramfs: initramfs.path,
        modules: initramfs.modules,
    };
    let proof = prove_accelerator(qemu, jail, &boot).await.ok()?;
    accelerator::remember(&settings.data_dir, qemu, &proof);
    Some(proof)
}

fn validator(settings: &Settings) -> Check {
    let read = Validator::read(settings.validator.as_deref());
    Check::of("validator", read.map(|validator| format!("sha256 {}", validator.digest.short())))
}

/// What checks and commands need in a guest; objects are answered about without it.
fn shell(tools: &Tools) -> Check {
    match tools.bytes() {
        Ok(_) => Check::good("busybox", "guests have a shell for checks and commands"),
        Err(error) => {
            Check::new("busybox", State::Limited, error.to_string(), "only checks and commands need it")
        }
    }
}

fn keyring(path: &Path) -> Check {
    match std::fs::metadata(path) {
        Ok(_) => Check::good("keyring", path.display().to_string()),
        Err(error) => Check::bad(
            "keyring",
            format!("{}: {error}", path.display()),
            "apt-get install debian-archive-keyring, or name one in BPFCOMPAT_KEYRING",
        ),
    }
}

async fn gpgv() -> Check {
    let output = Command::new("gpgv").arg("--version").kill_on_drop(true).output().await;
    match output {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            Check::good("gpgv", text.lines().next().unwrap_or("found"))
        }
        Ok(output) => {
            Check::bad("gpgv", format!("`gpgv --version`: {}", output.status), "apt-get install gpgv")
        }
        Err(error) => Check::bad("gpgv", error.to_string(), "apt-get install gpgv"),
    }
}

/// Whether the data folder, or the folder it would be made in, can be written and has room.
fn folder(data_dir: &Path) -> Check {
    let existing: PathBuf =
        data_dir.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/")).into();
    let written = tempfile::Builder::new().prefix(".bpfcompat-").tempfile_in(&existing);
    if let Err(error) = written {
        let says = format!("{}: {error}", existing.display());
        return Check::bad("data", says, "choose a folder you can write to with --data-dir");
    }
    let free_bytes = match statvfs(&existing) {
        Ok(stat) => stat.blocks_available().saturating_mul(stat.fragment_size()),
        Err(error) => return Check::bad("data", format!("{}: {error}", existing.display()), ""),
    };
    let says = format!("{}, {} free", data_dir.display(), bytes(free_bytes));
    let remedy = "free some space or choose another disk with --data-dir";
    match free_bytes {
        0..FREE_BYTES_MIN => Check::bad("data", says, remedy),
        FREE_BYTES_MIN..FREE_BYTES_EASY => Check::new("data", State::Limited, says, remedy),
        _ => Check::good("data", says),
    }
}

fn capacity() -> Check {
    let capacity = Capacity::new(None);
    let (host, budget) = (capacity.seen(), capacity.budget());
    let memory = host.available_bytes.map_or("unknown".to_owned(), bytes);
    let plural = if budget.cells == 1 { "" } else { "s" };
    let says = format!("{} cores, {memory} free: {} guest{plural} at once", host.cpus, budget.cells);
    match budget {
        Budget { cells: 0, .. } => {
            let needs = bytes(host_memory_bytes(GUEST_BYTES));
            Check::bad("capacity", says, format!("free some memory: a guest needs {needs}"))
        }
        Budget { limited_by: Limit::Cpus, .. } => Check::good("capacity", says),
        Budget { limited_by, .. } => Check::good("capacity", format!("{says}, {}", limited_by.says())),
    }
}

/// Reads the list of kernels anew: mirror, signature and digests.
async fn mirror(settings: &Settings, status: &Status) -> Check {
    let library = match Library::open(&settings.data_dir.join("kernels"), settings.sources.clone()) {
        Ok(library) => library,
        Err(error) => return Check::bad("mirror", chain(&error), ""),
    };
    match library.sync(&|progress| status.tell(&progress)).await {
        Ok(catalogue) if catalogue.warnings.is_empty() => {
            Check::good("mirror", format!("{} kernels listed", catalogue.kernels.len()))
        }
        Ok(catalogue) => {
            let says =
                format!("{} kernels listed; {}", catalogue.kernels.len(), catalogue.warnings.join("; "));
            Check::new("mirror", State::Limited, says, "")
        }
        Err(error) => match library.known() {
            Ok(Some(known)) => {
                let says =
                    format!("{}; {} kernels are known from before", chain(&error), known.kernels.len());
                Check::new("mirror", State::Limited, says, "kernels that are not on disk cannot be fetched")
            }
            Ok(None) | Err(_) => Check::bad("mirror", chain(&error), ""),
        },
    }
}

/// A remote controller answers and has somebody to work for it.
async fn controller(url: &str, ca: Option<&Path>) -> Check {
    let asked = async {
        let channel = remote::connect(url, ca).await?;
        let answer =
            Services::new(&channel).kernels.list_kernels(soon(wire::ListKernelsRequest::default())).await;
        Ok::<_, Failure>(answer.map_err(|status| refusal(&status))?.into_inner().kernels.len())
    };
    match asked.await {
        Ok(0) => Check::bad("controller", format!("{url}: no worker is connected"), "start bpfcompat-worker"),
        Ok(kernels) => Check::good("controller", format!("{url}: {kernels} kernels")),
        Err(failure) => Check::bad("controller", failure.to_string(), ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use worker::jail::Degradation;

    #[test]
    fn every_degradation_has_a_line_with_its_remedy_and_none_is_a_failure() {
        let lacks = Degradation::ALL.map(|degradation| Lack { degradation, because: "EPERM".to_owned() });
        let checks = jailed(&lacks);
        assert_eq!(checks.len(), lacks.len());
        for (check, lack) in checks.iter().zip(&lacks) {
            assert!(check.says.starts_with(lack.degradation.name()), "{}", check.says);
            assert_eq!((check.state, check.remedy.as_str()), (State::Limited, lack.degradation.remedy()));
        }
        assert!(matches!(jailed(&[])[..], [Check { state: State::Good, .. }]));
    }

    #[test]
    fn without_a_shell_for_guests_less_works_and_it_says_what() {
        let check = shell(&Tools::read(Some(Path::new("/nowhere/busybox"))));
        assert!(check.state == State::Limited && check.says.contains("busybox-static"), "{}", check.says);
        assert_eq!(check.remedy, "only checks and commands need it");
    }
}
