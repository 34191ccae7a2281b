//! A data folder, and the programs started on it.

use crate::processes::{self, eventually, soon};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use tempfile::TempDir;
use tests::system::{data_dir, repository};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

/// A folder for reports with a data folder in it.
pub(crate) struct Scene {
    folder: TempDir,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) exit: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A daemon whose log is read.
pub(crate) struct Daemon {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
}

impl Scene {
    /// A data folder with the kernels of this machine.
    pub(crate) fn new() -> Self {
        let scene = Self::without_kernels();
        let kernels = data_dir().join("kernels");
        fs::create_dir_all(&kernels).expect("the folder of kernels");
        symlink(kernels, scene.data().join("kernels")).expect("a link");
        scene
    }

    /// An empty data folder. It is open to the user that Postgres runs as when root tests.
    pub(crate) fn without_kernels() -> Self {
        let open = Permissions::from_mode(0o755);
        let folder = tempfile::Builder::new().permissions(open).tempdir().expect("a folder");
        let scene = Self { folder };
        fs::create_dir(scene.data()).expect("a data folder");
        scene
    }

    /// The data folder. Its path is in no command line but those of guests and Postgres.
    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// A file beside the data folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `bpfcompat` on this data folder, with no settings but the defaults and where to find kernels.
    pub(crate) fn bpfcompat<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = program("bpfcompat");
        command.args(arguments).env("BPFCOMPAT_DATA_DIR", self.data());
        command.env("XDG_CONFIG_HOME", self.folder.path());
        for key in [
            "CONTROLLER",
            "KERNELS",
            "OPTIONAL",
            "LEVEL",
            "TIMEOUT_SECONDS",
            "VALIDATOR",
            "LOADERS",
            "EXTERNAL_LOADERS",
        ] {
            command.env_remove(format!("BPFCOMPAT_{key}"));
        }
        command
    }

    /// Runs `bpfcompat` to its end.
    pub(crate) async fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Ended {
        ended(self.bpfcompat(arguments).spawn().expect("the program starts")).await
    }

    /// Starts `bpfcompat test` and returns when it has a guest.
    pub(crate) async fn run_with_a_guest(&self, arguments: &[&str]) -> Child {
        let mut child = self.bpfcompat(arguments).spawn().expect("the program starts");
        eventually("a guest", || {
            assert_eq!(child.try_wait().expect("a child"), None, "it ended without a guest");
            !self.guests().is_empty()
        })
        .await;
        child
    }

    /// Processes that run a guest of this data folder.
    pub(crate) fn guests(&self) -> Vec<Pid> {
        processes::of(&self.data(), "qemu-system")
    }

    /// Processes of this data folder's Postgres.
    pub(crate) fn postgres(&self) -> Vec<Pid> {
        processes::of(&self.data(), "postgres")
    }

    /// Proves that nothing runs and nothing listens any more. Postgres takes its lock away as its
    /// last deed, and who waited for that may be faster than the end of its process.
    pub(crate) async fn assert_nothing_left(&self) {
        assert_eq!(self.guests(), [], "guests");
        eventually("the end of every process", || processes::of(&self.data(), "").is_empty()).await;
        assert!(!self.data().join("postgres/postmaster.pid").exists());
        assert!(!self.data().join("postgres-run/.s.PGSQL.5432").exists());
    }
}

impl Drop for Scene {
    /// A test that failed half-way leaves no servers behind either.
    fn drop(&mut self) {
        for pid in processes::of(&self.data(), "") {
            // It may be gone already, and that is all that is wanted.
            kill(pid, Signal::SIGKILL).ok();
        }
    }
}

impl Daemon {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the daemon starts");
        let log = BufReader::new(child.stderr.take().expect("piped")).lines();
        Self { child, log }
    }

    /// Reads the log up to the line that has these words.
    pub(crate) async fn says(&mut self, words: &str) -> String {
        let found = async {
            let mut said = Vec::new();
            while let Some(line) = self.log.next_line().await.expect("text") {
                if line.contains(words) {
                    return line;
                }
                said.push(line);
            }
            panic!("the daemon ended without saying `{words}`, but:\n{}", said.join("\n"));
        };
        soon(words, found).await
    }

    pub(crate) fn signal(&self, what: Signal) {
        signal(&self.child, what);
    }

    /// Reads the log to its end and waits for the process.
    pub(crate) async fn ended(mut self) -> ExitStatus {
        soon("the end of a daemon", async {
            while self.log.next_line().await.expect("text").is_some() {}
            self.child.wait().await.expect("a child")
        })
        .await
    }
}

/// One of the programs that `make build-debug` builds.
pub(crate) fn program(name: &str) -> Command {
    let path = repository().join("target/debug").join(name);
    assert!(path.exists(), "{}: run `make build-debug`", path.display());
    let mut command = Command::new(path);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Waits for the program's end.
pub(crate) async fn ended(child: Child) -> Ended {
    let output = soon("the end of the program", child.wait_with_output()).await.expect("a child");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Ended { exit: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Sends a signal to a running child.
pub(crate) fn signal(child: &Child, signal: Signal) {
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).expect("it runs");
    kill(Pid::from_raw(pid), signal).expect("it runs");
}

/// The path of an object of the corpus, as an argument.
pub(crate) fn object(name: &str) -> String {
    let path = repository().join("target/corpus").join(format!("{name}.bpf.o"));
    assert!(path.exists(), "{}: run `make corpus`", path.display());
    argument(&path)
}

/// A path as an argument.
pub(crate) fn argument(path: &Path) -> String {
    path.to_str().expect("a path in UTF-8").to_owned()
}
