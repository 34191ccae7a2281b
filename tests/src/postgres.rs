//! A throw-away Postgres cluster for the tests of one binary, with a database for each test.
//!
//! The cluster listens on a Unix socket only, keeps its data in memory where it can, and runs as
//! the user `postgres` when the tests run as root, because Postgres refuses root. A shell owns
//! it: when the test process ends, however it ends, the shell's standard input closes, and it
//! stops the server and removes the folder.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Executor as _};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

const SCRIPT: &str = r#"
set -e
trap '' INT
as=''
if [ "$(id -u)" = 0 ]; then
    as='setpriv --reuid=postgres --regid=postgres --clear-groups --'
    chown postgres "$1"
fi
programs=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
cd "$1"
$as "$programs/initdb" -D "$1/data" -U postgres -A trust --no-sync --no-locale -E UTF8 >"$1/log" 2>&1
cat >>"$1/data/postgresql.conf" <<END
listen_addresses = ''
unix_socket_directories = '$1'
max_connections = 400
fsync = off
synchronous_commit = off
full_page_writes = off
END
$as "$programs/pg_ctl" -w -D "$1/data" -l "$1/data/log" start >>"$1/log" 2>&1
echo ready
read -r _ || true
$as "$programs/pg_ctl" -D "$1/data" -m immediate stop >>"$1/log" 2>&1
rm -rf "$1"
"#;

struct Cluster {
    socket: PathBuf,
    next: AtomicU32,
    /// Holds the shell's standard input open for as long as the process lives.
    _shell: Child,
}

fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let parent = ["/dev/shm", "/tmp"].into_iter().find(|folder| PathBuf::from(folder).is_dir());
        let socket = tempfile::Builder::new()
            .prefix("bpfcompat-test.")
            .tempdir_in(parent.expect("a folder for the cluster"))
            .expect("a folder for the cluster")
            .keep();
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT, "postgres"])
            .arg(&socket)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut line = String::new();
        BufReader::new(shell.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let log = std::fs::read_to_string(socket.join("log")).unwrap_or_default();
        assert_eq!(line.trim(), "ready", "Postgres did not start: {log}");
        Cluster { socket, next: AtomicU32::new(0), _shell: shell }
    })
}

/// How to connect to an empty database that nobody else uses. Panics, with the server's own words,
/// when no cluster can be had: no test can go on then.
pub async fn database() -> PgConnectOptions {
    let cluster = cluster();
    let name = format!("test_{}", cluster.next.fetch_add(1, Ordering::Relaxed));
    let options = PgConnectOptions::new().socket(&cluster.socket).username("postgres");
    let postgres = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(options.clone().database("postgres"))
        .await
        .expect("the cluster accepts connections");
    postgres
        .execute(AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE template0")))
        .await
        .expect("a database");
    postgres.close().await;
    options.database(&name)
}
