//! What runs guests on this host, remembered until the host or QEMU changes.
//!
//! Proving it boots a guest, and on a host whose `/dev/kvm` cannot run one that takes seconds.
//! The proof is kept beside the kernels with the boot id of the host and the version of QEMU it
//! was made with; a proof that cannot be read or written is made again.

use crate::machine::{Proof, Qemu};
use domain::evidence::Accelerator;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// Changes with every boot of the host.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

#[derive(Serialize, Deserialize)]
struct Remembered {
    host_boot: String,
    qemu: String,
    accelerator: Accelerator,
    reason: String,
}

fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("accelerator.json")
}

fn host_boot() -> String {
    fs::read_to_string(BOOT_ID).unwrap_or_default()
}

/// The proof made earlier on this boot of the host with this QEMU.
pub fn recall(data_dir: &Path, qemu: &Qemu) -> Option<Proof> {
    let text = fs::read_to_string(file(data_dir)).ok()?;
    let remembered: Remembered = serde_json::from_str(&text).ok()?;
    let holds = remembered.host_boot == host_boot() && remembered.qemu == qemu.version;
    holds.then_some(Proof { accelerator: remembered.accelerator, reason: remembered.reason })
}

/// Keeps a proof for the next start. A host that cannot keep it proves again.
pub fn remember(data_dir: &Path, qemu: &Qemu, proof: &Proof) {
    let remembered = Remembered {
        host_boot: host_boot(),
        qemu: qemu.version.clone(),
        accelerator: proof.accelerator,
        reason: proof.reason.clone(),
    };
    let written = serde_json::to_string(&remembered).map_err(std::io::Error::from).and_then(|text| {
        let unfinished = tempfile::NamedTempFile::new_in(data_dir)?;
        fs::write(unfinished.path(), text)?;
        unfinished.persist(file(data_dir)).map_err(|error| error.error)
    });
    if let Err(error) = written {
        tracing::warn!(%error, "the proof of the accelerator could not be kept, the next start repeats it");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_holds_for_the_qemu_it_was_made_with() {
        let folder = tempfile::tempdir().expect("a folder");
        let qemu = |version: &str| Qemu { program: "qemu".into(), version: version.to_owned() };
        let proof = Proof { accelerator: Accelerator::Kvm, reason: "ready after 80 ms".to_owned() };
        assert_eq!(recall(folder.path(), &qemu("7.2")), None);
        remember(folder.path(), &qemu("7.2"), &proof);
        assert_eq!(recall(folder.path(), &qemu("7.2")), Some(proof));
        assert_eq!(recall(folder.path(), &qemu("10.0")), None);
    }
}
