//! Local mode with the real Postgres and the real controller; no kernel is needed to look at
//! what is stored. Runs with kernels are tested from end to end in `tests/`.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

fn runs_list(data_dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bpfcompat"))
        .args(["runs", "list", "--data-dir"])
        .arg(data_dir)
        .output()
        .expect("the program starts")
}

#[test]
fn looking_at_runs_starts_what_it_needs_and_leaves_nothing_running() {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("permissions");
    for round in ["a cluster is made", "the cluster is started again"] {
        let output = runs_list(folder.path());
        assert!(output.status.success(), "{round}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout.starts_with(b"RUN"), "{round}");
        assert!(output.stderr.is_empty(), "{round}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(folder.path().join("postgres/PG_VERSION").exists(), "{round}");
        assert!(!folder.path().join("postgres/postmaster.pid").exists(), "{round}");
    }
}

#[test]
fn an_unknown_run_is_misuse_and_still_leaves_nothing_running() {
    let folder = tempfile::tempdir().expect("folder");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("permissions");
    let output = Command::new(env!("CARGO_BIN_EXE_bpfcompat"))
        .args(["runs", "show", "0198c5f2-7b1e-7cc0-8000-0123456789ab", "--data-dir"])
        .arg(folder.path())
        .output()
        .expect("the program starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(stderr.contains("0198c5f2-7b1e-7cc0-8000-0123456789ab"), "{stderr}");
    assert!(!folder.path().join("postgres/postmaster.pid").exists());
}
