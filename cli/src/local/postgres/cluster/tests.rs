//! With the real Postgres: a machine without it cannot run the project's tests at all.

use super::*;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// A folder under /tmp that the server's user may pass through.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("permissions");
    folder
}

async fn start(folder: &TempDir) -> Cluster {
    let programs = Programs::find().await.expect("Postgres is installed");
    Cluster::start(folder.path(), programs).await.expect("the cluster starts")
}

fn postmaster(folder: &TempDir) -> Option<i32> {
    let file = fs::read_to_string(folder.path().join("postgres/postmaster.pid")).ok()?;
    file.lines().next()?.parse().ok()
}

#[tokio::test]
async fn two_users_share_one_server_and_the_last_one_stops_it() {
    let folder = folder();
    let (first, second) = tokio::join!(start(&folder), start(&folder));
    let pid = postmaster(&folder).expect("a server runs");
    first.stop().await.expect("leave");
    assert_eq!(postmaster(&folder), Some(pid));
    assert_eq!(second.status().as_deref(), Some("ready"));
    second.stop().await.expect("leave");
    assert_eq!(postmaster(&folder), None);
}

#[tokio::test]
async fn a_server_that_outlived_its_user_is_used_again() {
    let folder = folder();
    let first = start(&folder).await;
    let pid = postmaster(&folder);
    // What a killed process leaves: no lock, and a server that nobody stopped.
    drop(first);
    let second = start(&folder).await;
    assert_eq!(postmaster(&folder), pid);
    second.stop().await.expect("stop");
}

#[tokio::test]
async fn a_killed_server_is_recovered_although_its_number_is_alive_again() {
    let folder = folder();
    let first = start(&folder).await;
    let pid = postmaster(&folder).expect("a server runs");
    kill(Pid::from_raw(pid), Signal::SIGKILL).expect("kill");
    drop(first);
    // The number now names a process that is no server: this one.
    let file = folder.path().join("postgres/postmaster.pid");
    let stale = fs::read_to_string(&file).expect("stale file");
    let lines: Vec<String> = stale
        .lines()
        .enumerate()
        .map(|(at, line)| if at == 0 { std::process::id().to_string() } else { line.to_owned() })
        .collect();
    fs::write(&file, lines.join("\n")).expect("write");
    let second = start(&folder).await;
    assert_eq!(second.status().as_deref(), Some("ready"));
    assert_ne!(postmaster(&folder), Some(pid));
    second.stop().await.expect("stop");
}

#[tokio::test]
async fn a_cluster_of_another_version_is_left_alone() {
    let folder = folder();
    start(&folder).await.stop().await.expect("stop");
    fs::write(folder.path().join("postgres/PG_VERSION"), "9\n").expect("write");
    let programs = Programs::find().await.expect("Postgres is installed");
    let error = Cluster::start(folder.path(), programs).await.expect_err("refused").to_string();
    assert!(error.contains("made by Postgres 9") && error.contains("postgresql-9"), "{error}");
}

#[tokio::test]
async fn a_deep_data_folder_still_gets_a_socket_or_a_reason() {
    let folder = folder();
    let deep = folder.path().join("x".repeat(120));
    match run_dir(&deep) {
        Ok(run) => assert!(run.join(SOCKET_NAME).as_os_str().len() <= SOCKET_PATH_BYTES_MAX, "{run:?}"),
        Err(error) => assert!(error.to_string().contains("too long for a unix socket"), "{error}"),
    }
}
