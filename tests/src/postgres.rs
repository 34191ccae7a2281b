//! A throw-away Postgres cluster: made once per test process, a database per test.

use anyhow::{Context as _, bail, ensure};
use nix::unistd::{Uid, User, chown};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// A running cluster. Stopped, and its files removed, when dropped.
#[derive(Debug)]
pub struct Cluster {
    folder: TempDir,
    server: Child,
    databases: AtomicU32,
}

impl Cluster {
    /// Makes and starts a cluster that listens on a unix socket only.
    ///
    /// # Errors
    /// What `initdb` or `postgres` printed, or that neither is installed.
    pub fn start() -> anyhow::Result<Self> {
        let programs = programs()?;
        // Memory, where there is some: a test cluster has nothing to keep.
        let parent =
            if Path::new("/dev/shm").is_dir() { PathBuf::from("/dev/shm") } else { std::env::temp_dir() };
        let folder = tempfile::Builder::new().prefix("bpfcompat-test-").tempdir_in(parent)?;
        if let Some(user) = server_user()? {
            chown(folder.path(), Some(user.uid), Some(user.gid))?;
        }
        let data = folder.path().join("data");
        let made = as_server_user(&programs.join("initdb"))?
            .args([
                "--no-sync",
                "--no-locale",
                "--encoding=UTF8",
                "--auth=trust",
                "--username=postgres",
                "-D",
            ])
            .arg(&data)
            .output()?;
        ensure!(made.status.success(), "initdb failed: {}", String::from_utf8_lossy(&made.stderr));
        let server = as_server_user(&programs.join("postgres"))?
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off"])
            .args(["-c", "synchronous_commit=off", "-c", "max_connections=200"])
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.path().join("log"))?)
            .spawn()?;
        Ok(Self { folder, server, databases: AtomicU32::new(0) })
    }

    /// Connection options of the cluster, without a database.
    fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass().socket(self.folder.path()).username("postgres")
    }

    /// A new, empty database.
    ///
    /// # Errors
    /// The server did not come up, or refused.
    pub async fn database(&self) -> anyhow::Result<PgConnectOptions> {
        let mut admin = self.connect().await?;
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin).await?;
        admin.close().await?;
        Ok(self.options().database(&name))
    }

    /// A connection as soon as the server takes one.
    async fn connect(&self) -> anyhow::Result<PgConnection> {
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
        for _ in 0..1500 {
            ticks.tick().await;
            if let Ok(connection) = PgConnection::connect_with(&self.options().database("postgres")).await {
                return Ok(connection);
            }
        }
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        bail!("postgres did not come up within 30 s: {log}")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The data is thrown away, so the fastest end is the right one.
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

/// The newest installed Postgres programs.
fn programs() -> anyhow::Result<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .context("no Postgres programs below /usr/lib/postgresql; run `make deps`")?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|folder| folder.join("initdb").exists())
        .collect();
    folders.sort();
    folders.pop().context("no initdb below /usr/lib/postgresql; run `make deps`")
}

/// Postgres refuses to run as root, so root runs it as the distribution's user.
fn server_user() -> anyhow::Result<Option<User>> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    User::from_name("postgres")?.context("no user `postgres`; run `make deps`").map(Some)
}

/// A command that runs as the server's user and is told to stop when this process dies, however
/// it dies: a test that is killed leaves no server behind.
fn as_server_user(program: &Path) -> anyhow::Result<Command> {
    let mut command = Command::new("setpriv");
    if let Some(user) = server_user()? {
        command
            .arg(format!("--reuid={}", user.uid))
            .arg(format!("--regid={}", user.gid))
            .arg("--clear-groups");
    }
    command.arg("--pdeathsig=QUIT").arg(program).current_dir("/");
    Ok(command)
}
