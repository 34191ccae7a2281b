//! Starting, sharing and stopping the cluster.

use super::lock::{Lock, Mode};
use super::programs::Programs;
use domain::digest::Digest;
use nix::unistd::chown;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest `initdb`: under a second on an idle disk, tens of seconds on the slowest seen.
const INITDB_DEADLINE: Duration = Duration::from_secs(120);
/// Longest start, with recovery after a crash.
const START_DEADLINE: Duration = Duration::from_secs(60);
/// Times a start is tried.
const START_ATTEMPTS: u32 = 3;
/// Pause between them.
const START_PAUSE: Duration = Duration::from_secs(1);
/// How often a server that starts or stops is looked at; it tells nobody but its file.
const STATUS_POLL: Duration = Duration::from_millis(50);
/// Longest fast shutdown; it only waits for the last checkpoint.
const STOP_DEADLINE: Duration = Duration::from_secs(30);
/// Longest wait for others who start or stop the cluster.
const GATE_DEADLINE: Duration = Duration::from_secs(180);
/// Longest path of a unix socket: `sun_path` of `sockaddr_un` has 108 bytes with the final zero.
const SOCKET_PATH_BYTES_MAX: usize = 107;
/// The port, which only names the socket.
pub(crate) const PORT: u16 = 5432;
/// The socket's file name, which Postgres makes from its port.
const SOCKET_NAME: &str = ".s.PGSQL.5432";
/// The database role of everything in local mode.
pub(crate) const ROLE: &str = "bpfcompat";
/// Lines of a failed program's output that are shown.
const LINES_SHOWN: usize = 6;

/// A running server that this process uses.
#[derive(Debug)]
pub(crate) struct Cluster {
    programs: Programs,
    places: Places,
    users: Lock,
}

/// Why the cluster does not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClusterError {
    /// A file or folder cannot be made.
    #[error("{}: cannot be {what}; the data folder must be writable, see --data-dir", path.display())]
    Place {
        path: PathBuf,
        what: &'static str,
        #[source]
        source: io::Error,
    },
    /// No short enough path for the socket.
    #[error(
        "{}: too long for a unix socket (at most {SOCKET_PATH_BYTES_MAX} bytes with /{SOCKET_NAME}); \
         choose a shorter --data-dir or set XDG_RUNTIME_DIR", path.display()
    )]
    SocketPath { path: PathBuf },
    /// A folder above the cluster keeps its user out.
    #[error(
        "{}: closed to the user `{user}` that Postgres runs as; open it with `chmod o+x` or choose \
         another --data-dir", path.display()
    )]
    Closed { path: PathBuf, user: String },
    /// The cluster was made by another Postgres.
    #[error(
        "{}: made by Postgres {found} and the programs here are version {here}; install postgresql-{found}, \
         name its programs in PG_BIN, or move the folder away (stored answers go with it)", path.display()
    )]
    Version { path: PathBuf, found: String, here: String },
    /// Others are busy with it for too long.
    #[error("{}: another bpfcompat has been starting or stopping Postgres for minutes; is it stuck?", path.display())]
    Gate { path: PathBuf },
    /// A program failed.
    #[error(
        "`{program}` failed for {}; if its disk is full or its files are damaged, choose another \
         --data-dir or move it away: {says}", path.display()
    )]
    Program { program: &'static str, path: PathBuf, says: String },
}

/// Where everything of one cluster is.
#[derive(Debug)]
struct Places {
    data: PathBuf,
    run: PathBuf,
    gate: PathBuf,
    users: PathBuf,
}

impl Cluster {
    /// Checks what can be known before anything is made: another user can only use a folder when
    /// every folder above lets it through.
    ///
    /// # Errors
    /// `SocketPath` or `Closed`.
    pub(crate) fn check(folder: &Path, programs: &Programs) -> Result<(), ClusterError> {
        let places = Places::of(folder)?;
        let Some(user) = &programs.user else { return Ok(()) };
        for folder in [&places.data, &places.run] {
            for above in folder.ancestors().skip(1) {
                let metadata = fs::metadata(above).map_err(|source| place(above, "read", source))?;
                if metadata.permissions().mode() & 0o001 == 0 {
                    return Err(ClusterError::Closed { path: above.to_owned(), user: user.name.clone() });
                }
            }
        }
        Ok(())
    }

    /// Joins the running cluster of a data folder, or makes and starts it.
    ///
    /// # Errors
    /// `ClusterError`; what was begun is undone or picked up by the next start.
    pub(crate) async fn start(folder: &Path, programs: Programs) -> Result<Self, ClusterError> {
        let places = Places::of(folder)?;
        let gate = places.gate().await?;
        let users = Lock::take(&places.users, Mode::Shared, GATE_DEADLINE).await;
        let users = users.map_err(|source| place(&places.users, "locked", source))?;
        let cluster = Self { programs, places, users };
        cluster.prepare(&gate).await?;
        if !cluster.is_running().await? {
            cluster.launch(&gate).await?;
        }
        Ok(cluster)
    }

    /// The folder of the socket, for connecting.
    pub(crate) fn socket_dir(&self) -> &Path {
        &self.places.run
    }

    /// Leaves; the last one out stops the server.
    ///
    /// # Errors
    /// When the server does not stop.
    pub(crate) async fn stop(self) -> Result<(), ClusterError> {
        let gate = self.places.gate().await?;
        drop(self.users);
        let alone = Lock::try_take(&self.places.users, Mode::Exclusive);
        let alone = alone.map_err(|source| place(&self.places.users, "locked", source))?;
        if alone.is_none() {
            return Ok(());
        }
        let mut stop = self.programs.command("pg_ctl");
        stop.args(["stop", "-w", "-m", "fast", "-t", &STOP_DEADLINE.as_secs().to_string(), "-D"]);
        stop.arg(&self.places.data);
        run("pg_ctl stop", stop, &gate, &self.places.data, STOP_DEADLINE).await
    }

    /// Folders with the right owner, and a cluster of the right version in them.
    async fn prepare(&self, gate: &Lock) -> Result<(), ClusterError> {
        self.own(&self.places.run)?;
        if !self.places.data.join("PG_VERSION").exists() {
            self.initialise(gate).await?;
        }
        let version = fs::read_to_string(self.places.data.join("PG_VERSION"));
        let version = version.map_err(|source| place(&self.places.data, "read", source))?;
        if version.trim() != self.programs.major {
            return Err(ClusterError::Version {
                path: self.places.data.clone(),
                found: version.trim().to_owned(),
                here: self.programs.major.clone(),
            });
        }
        Ok(())
    }

    /// Makes the cluster beside its place and renames it, so that a half-made one is never used.
    async fn initialise(&self, gate: &Lock) -> Result<(), ClusterError> {
        let unfinished = self.places.data.with_extension("unfinished");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).map_err(|source| place(&unfinished, "removed", source))?;
        }
        self.own(&unfinished)?;
        let mut initdb = self.programs.command("initdb");
        initdb.args(["--no-locale", "-E", "UTF8", "-A", "trust", "-U", ROLE, "-D"]).arg(&unfinished);
        run("initdb", initdb, gate, &unfinished, INITDB_DEADLINE).await?;
        fs::rename(&unfinished, &self.places.data).map_err(|source| place(&self.places.data, "made", source))
    }

    /// Makes a folder that only the server's user may enter. Access needs no password because
    /// the socket is in such a folder.
    fn own(&self, path: &Path) -> Result<(), ClusterError> {
        match fs::DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(place(path, "made", error));
            }
            Ok(()) | Err(_) => {}
        }
        if let Some(user) = &self.programs.user {
            let owned = chown(path, Some(user.uid), Some(user.gid));
            owned.map_err(|errno| place(path, "given to its user", errno.into()))?;
        }
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))
            .map_err(|source| place(path, "closed to others", source))
    }

    async fn launch(&self, gate: &Lock) -> Result<(), ClusterError> {
        // Whatever `postmaster.pid` says, no server of ours is alive: a number in it that is
        // alive again belongs to somebody else and would keep Postgres from starting for ever.
        forget(&self.places.data.join("postmaster.pid"))?;
        let settings = self.places.data.join("postgresql.conf");
        fs::write(&settings, self.settings()).map_err(|source| place(&settings, "written", source))?;
        // Processes of a server that was killed keep its memory until they notice.
        for _ in 1..START_ATTEMPTS {
            if let Ok(()) = self.launch_once(gate).await {
                return Ok(());
            }
            tokio::time::sleep(START_PAUSE).await;
        }
        self.launch_once(gate).await
    }

    async fn launch_once(&self, gate: &Lock) -> Result<(), ClusterError> {
        let log = self.places.run.join("server.log");
        forget(&log)?;
        let mut start = self.programs.command("pg_ctl");
        start.args(["start", "-w", "-s", "-t", &START_DEADLINE.as_secs().to_string(), "-D"]);
        start.arg(&self.places.data).arg("-l").arg(&log);
        match run("pg_ctl start", start, gate, &self.places.data, START_DEADLINE).await {
            Err(ClusterError::Program { program, path, says }) => {
                let log = fs::read_to_string(&log).map(|log| tail(&log)).unwrap_or_default();
                Err(ClusterError::Program { program, path, says: format!("{says}\n{log}") })
            }
            started => started,
        }
    }

    /// The whole configuration, written anew at every start because the folder may have moved.
    fn settings(&self) -> String {
        let run = self.places.run.display().to_string().replace('\\', "\\\\").replace('\'', "''");
        // A lost last second of answers is asked again, so commits need not wait for the disk.
        format!(
            "listen_addresses = ''\n\
             unix_socket_directories = '{run}'\n\
             port = {PORT}\n\
             max_connections = 64\n\
             shared_buffers = '32MB'\n\
             synchronous_commit = off\n\
             log_min_messages = warning\n\
             timezone = 'UTC'\n"
        )
    }

    /// Whether a server of ours is ready. One that is still starting or stopping, because its
    /// bpfcompat was killed, is waited for.
    async fn is_running(&self) -> Result<bool, ClusterError> {
        let settled = tokio::time::timeout(START_DEADLINE, async {
            loop {
                match self.status().as_deref() {
                    None => return false,
                    Some("ready") => return true,
                    Some(_) => tokio::time::sleep(STATUS_POLL).await,
                }
            }
        });
        let says = format!("neither ready nor gone after {} s", START_DEADLINE.as_secs());
        let path = self.places.data.clone();
        settled.await.map_err(|_| ClusterError::Program { program: "postgres", path, says })
    }

    /// What the server says of itself, if the process named in `postmaster.pid` lives in our
    /// folder: its first line is the process id and its eighth `starting`, `ready` or `stopping`.
    fn status(&self) -> Option<String> {
        let file = fs::read_to_string(self.places.data.join("postmaster.pid")).ok()?;
        let pid: u32 = file.lines().next()?.trim().parse().ok()?;
        let home = fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
        let is_ours = home == self.places.data.canonicalize().ok()?;
        is_ours.then(|| file.lines().nth(7).unwrap_or("starting").trim().to_owned())
    }
}

impl Places {
    fn of(folder: &Path) -> Result<Self, ClusterError> {
        Ok(Self {
            data: folder.join("postgres"),
            run: run_dir(folder)?,
            gate: folder.join("postgres.gate"),
            users: folder.join("postgres.users"),
        })
    }

    async fn gate(&self) -> Result<Lock, ClusterError> {
        Lock::take(&self.gate, Mode::Exclusive, GATE_DEADLINE).await.map_err(|source| {
            if source.kind() == io::ErrorKind::TimedOut {
                ClusterError::Gate { path: self.gate.clone() }
            } else {
                place(&self.gate, "locked", source)
            }
        })
    }
}

/// The folder of the socket: in the data folder, or somewhere shorter when that is too deep.
fn run_dir(folder: &Path) -> Result<PathBuf, ClusterError> {
    let fits = |run: &PathBuf| run.join(SOCKET_NAME).as_os_str().len() <= SOCKET_PATH_BYTES_MAX;
    let beside = folder.join("postgres-run");
    let name = format!("bpfcompat-{}", Digest::of(folder.as_os_str().as_bytes()).short());
    // Root's runtime folder is closed to the user that Postgres runs as, /run is not.
    let runtime = match std::env::var_os("XDG_RUNTIME_DIR").filter(|dir| !dir.is_empty()) {
        _ if nix::unistd::geteuid().is_root() => Some(PathBuf::from("/run")),
        dir => dir.map(PathBuf::from),
    };
    let short = runtime.map(|runtime| runtime.join(name)).filter(fits);
    let chosen = Some(beside.clone()).filter(fits).or(short);
    chosen.ok_or(ClusterError::SocketPath { path: beside })
}

fn forget(path: &Path) -> Result<(), ClusterError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(place(path, "removed", error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn place(path: &Path, what: &'static str, source: io::Error) -> ClusterError {
    ClusterError::Place { path: path.to_owned(), what, source }
}

/// Runs a program that holds the gate as we do: if we are killed, the next bpfcompat waits for its
/// end instead of working on the same files.
async fn run(
    program: &'static str,
    mut command: tokio::process::Command,
    gate: &Lock,
    path: &Path,
    deadline: Duration,
) -> Result<(), ClusterError> {
    let failed = |says: String| ClusterError::Program { program, path: path.to_owned(), says };
    command.stdin(gate.shared_with_child().map_err(|error| failed(error.to_string()))?);
    // pg_ctl has the same deadline and a better message, so it goes first.
    let ended = tokio::time::timeout(deadline + Duration::from_secs(5), command.output()).await;
    let output = ended.map_err(|_| failed(format!("no end after {} s", deadline.as_secs())))?;
    let output = output.map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Err(failed(format!("{}\n{}", output.status, tail(&said.concat()))))
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LINES_SHOWN)..].join("\n")
}

#[cfg(test)]
mod tests;
