//! Postgres' own programs, and the unprivileged user they run as.

use nix::unistd::{User, geteuid};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;

/// Where Debian and its derivatives put server programs, one folder per major version.
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";

/// The programs of one installation.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    bin: PathBuf,
    /// Major version, for example `15`.
    pub(crate) major: String,
    /// Who runs them; `None` means the caller.
    pub(crate) user: Option<User>,
}

/// Why no cluster can be started here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoPrograms {
    /// Nothing installed.
    #[error(
        "Postgres' server programs (initdb, pg_ctl, postgres) are not in {}; install them \
         with `apt-get install postgresql`, or name their folder in PG_BIN, or use --controller URL",
        looked.display()
    )]
    Missing { looked: PathBuf },
    /// A program that does not run.
    #[error("{} does not run: {says}; reinstall Postgres or name another folder in PG_BIN", path.display())]
    Broken { path: PathBuf, says: String },
    /// Root, and nobody to be instead.
    #[error("Postgres refuses to run as root and this machine has neither a user `postgres` nor `nobody`")]
    NoUser,
}

impl Programs {
    /// Finds the programs: in `$PG_BIN` if it is set, else the newest of Debian's, else in `PATH`.
    ///
    /// # Errors
    /// `NoPrograms` with what was looked at.
    pub(crate) async fn find() -> Result<Self, NoPrograms> {
        let (found, looked) = match std::env::var_os("PG_BIN").filter(|bin| !bin.is_empty()) {
            Some(bin) => (Some(PathBuf::from(&bin)).filter(|bin| is_complete(bin)), PathBuf::from(bin)),
            None => (debian().or_else(in_path), PathBuf::from(DEBIAN_FOLDER)),
        };
        let bin = found.ok_or(NoPrograms::Missing { looked })?;
        let major = major(&bin.join("postgres")).await?;
        Ok(Self { bin, major, user: unprivileged()? })
    }

    /// A command for one of the programs, as the right user, from a folder it may be in, with
    /// messages in English because they end up in ours.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        command.current_dir("/").env("LC_ALL", "C").stdin(Stdio::null()).kill_on_drop(true);
        if let Some(user) = &self.user {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }
}

/// Root may not run Postgres, so it becomes somebody who owns nothing else.
fn unprivileged() -> Result<Option<User>, NoPrograms> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let user = |name| User::from_name(name).ok().flatten();
    user("postgres").or_else(|| user("nobody")).map(Some).ok_or(NoPrograms::NoUser)
}

fn is_complete(bin: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"].iter().all(|program| bin.join(program).is_file())
}

fn debian() -> Option<PathBuf> {
    let entries = std::fs::read_dir(DEBIAN_FOLDER).ok()?;
    let version = |name: &OsStr| name.to_str()?.parse::<u32>().ok();
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| Some((version(&entry.file_name())?, entry.path().join("bin"))))
        .filter(|(_, bin)| is_complete(bin))
        .max_by_key(|(version, _)| *version)
        .map(|(_, bin)| bin)
}

/// The folder of `PATH` that has the programs. Postgres finds its other files from the place of
/// its real binary, so links are followed.
fn in_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let pg_ctl =
        std::env::split_paths(&path).map(|folder| folder.join("pg_ctl")).find(|file| file.is_file())?;
    let bin = pg_ctl.canonicalize().ok()?.parent()?.to_owned();
    is_complete(&bin).then_some(bin)
}

/// The major version: the first number of `postgres (PostgreSQL) 15.18 (Debian …)`.
async fn major(postgres: &Path) -> Result<String, NoPrograms> {
    let broken = |says: String| NoPrograms::Broken { path: postgres.to_owned(), says };
    let output = Command::new(postgres).arg("--version").stdin(Stdio::null()).output().await;
    let output = output.map_err(|error| broken(error.to_string()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let digits = |word: &str| word.chars().take_while(char::is_ascii_digit).collect::<String>();
    let major = text.split_whitespace().map(digits).find(|digits| !digits.is_empty());
    major.ok_or_else(|| broken(format!("`--version` printed `{}`", text.trim())))
}
