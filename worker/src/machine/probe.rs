//! Finding QEMU, and proving what it can do by doing it.

use super::{Hypervisor, Order, Step};
use crate::guest::watchdog::Limits;
use crate::jail::Jail;
use domain::evidence::{Accelerator, Start};
use domain::kernel::Series;
use domain::level::Level;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::process::Command;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const PROGRAM: &str = "qemu-system-x86_64";

/// How long `--version` may take; it takes 40 ms on an idle machine.
const VERSION_MAX: Duration = Duration::from_secs(20);

/// How long a guest may take to `Ready` for KVM to be believed: ten times what hardware needs,
/// and less than an emulated boot on a busy machine.
const KVM_READY_MAX: Duration = Duration::from_secs(5);

/// Memory of the guest that proves the accelerator.
const PROOF_MEMORY_BYTES: u64 = 512 * 1024 * 1024;

/// Why there is no QEMU to use.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// No such program.
    #[error("no {PROGRAM} in {looked}; install the package qemu-system-x86 or add its folder to PATH")]
    FindQemu {
        /// Where it was looked for.
        looked: String,
    },
    /// It could not be started.
    #[error("cannot run {program}; check that it is executable or reinstall qemu-system-x86")]
    RunQemu {
        /// What was run.
        program: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// It did not answer.
    #[error("{program} --version did not answer within {VERSION_MAX:?}; is the machine overloaded?")]
    AwaitVersion {
        /// What was run.
        program: PathBuf,
    },
    /// It answered something else.
    #[error("{program} --version said `{said}`, which is not QEMU; install qemu-system-x86")]
    ReadVersion {
        /// What was run.
        program: PathBuf,
        /// The first line it printed.
        said: String,
    },
}

/// A QEMU that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qemu {
    /// Its path.
    pub program: PathBuf,
    /// Its version, for example `7.2.22`.
    pub version: String,
}

impl Qemu {
    /// Finds QEMU at `setting`, or in the directories of `search_path` (the value of `PATH`).
    ///
    /// # Errors
    /// It is not there, or what is there is not QEMU; the message names the remedy.
    pub async fn find(setting: Option<&Path>, search_path: &str) -> Result<Self, ProbeError> {
        let program = match setting {
            Some(setting) => setting.to_owned(),
            None => std::env::split_paths(search_path)
                .map(|directory| directory.join(PROGRAM))
                .find(|candidate| candidate.is_file())
                .ok_or_else(|| ProbeError::FindQemu { looked: search_path.to_owned() })?,
        };
        if !program.is_file() {
            return Err(ProbeError::FindQemu { looked: program.display().to_string() });
        }
        let asked = Command::new(&program)
            .arg("--version")
            .env_clear()
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(VERSION_MAX, asked)
            .await
            .map_err(|_| ProbeError::AwaitVersion { program: program.clone() })?
            .map_err(|source| ProbeError::RunQemu { program: program.clone(), source })?;
        let said = String::from_utf8_lossy(&output.stdout);
        match version_in(&said) {
            Some(version) => Ok(Self { program, version: version.to_owned() }),
            None => {
                let said = said.lines().next().unwrap_or_default().chars().take(200).collect();
                Err(ProbeError::ReadVersion { program, said })
            }
        }
    }
}

/// The version in `QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)`.
fn version_in(said: &str) -> Option<&str> {
    let version = said.strip_prefix("QEMU emulator version ")?.split_whitespace().next()?;
    version.starts_with(|first: char| first.is_ascii_digit()).then_some(version)
}

/// A kernel and an initramfs to prove the accelerator with.
#[derive(Debug, Clone)]
pub struct BootFiles {
    /// The kernel's series.
    pub series: Series,
    /// The kernel image.
    pub vmlinuz: PathBuf,
    /// The initramfs with the validator.
    pub initramfs: PathBuf,
    /// Paths of modules inside the initramfs, in load order.
    pub modules: Vec<String>,
}

/// What is known about the accelerator, and from what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The one to use.
    pub accelerator: Accelerator,
    /// Why, for people.
    pub reason: String,
}

/// Decides between KVM and emulation by booting a guest. That `/dev/kvm` exists proves nothing:
/// a nested or confined host has it and cannot run a guest.
///
/// # Errors
/// The operating system refused a thread.
pub async fn prove_accelerator(qemu: &Qemu, jail: Arc<Jail>, boot: &BootFiles) -> io::Result<Proof> {
    if !Path::new("/dev/kvm").exists() {
        return Ok(Proof { accelerator: Accelerator::Tcg, reason: "there is no /dev/kvm".to_owned() });
    }
    let hypervisor = Hypervisor::new(qemu.clone(), Accelerator::Kvm, jail)?;
    let limits = Limits { boot: KVM_READY_MAX, silence: KVM_READY_MAX, job: KVM_READY_MAX };
    let (steps, _) = watch::channel(Step::Boot);
    let asked = hypervisor.ask(&order(boot), limits, &steps, &CancellationToken::new()).await;
    let failure = match asked {
        Ok(evidence) if evidence.kernel.is_some() => {
            let reason = format!("a guest was ready after {} ms with KVM", evidence.guest.boot_ms);
            return Ok(Proof { accelerator: Accelerator::Kvm, reason });
        }
        Ok(evidence) => format!("{:?}", evidence.end),
        Err(error) => error.to_string(),
    };
    let reason = format!("/dev/kvm exists but booting a guest with it failed: {failure}");
    tracing::warn!(reason, "guests are emulated");
    Ok(Proof { accelerator: Accelerator::Tcg, reason })
}

/// A job that is nothing: the guest is only booted.
fn order(boot: &BootFiles) -> Order {
    let order = Order::of(boot.clone(), PROOF_MEMORY_BYTES, KVM_READY_MAX);
    Order { object_name: "nothing".to_owned(), level: Level::Load, start: Start::Cold, ..order }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_qemu_has_a_version() {
        assert_eq!(version_in("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)\nCopy"), Some("7.2.22"));
        assert_eq!(version_in("QEMU emulator version "), None);
        assert_eq!(version_in("GNU bash, version 5.2"), None);
    }

    #[tokio::test]
    async fn what_is_missing_or_something_else_is_named_with_the_remedy() {
        let missing = Qemu::find(None, "/nonexistent:/proc").await.unwrap_err();
        assert!(matches!(missing, ProbeError::FindQemu { .. }));
        assert!(missing.to_string().contains("qemu-system-x86"), "{missing}");
        let missing = Qemu::find(Some(Path::new("/nonexistent/qemu")), "").await.unwrap_err();
        assert!(missing.to_string().contains("/nonexistent/qemu"), "{missing}");
        let other = Qemu::find(Some(Path::new("/bin/echo")), "").await.unwrap_err();
        assert!(matches!(&other, ProbeError::ReadVersion { said, .. } if said.contains("echo")), "{other}");
        let other = Qemu::find(Some(Path::new("/etc/passwd")), "").await.unwrap_err();
        assert!(matches!(other, ProbeError::RunQemu { .. }), "{other}");
    }
}
