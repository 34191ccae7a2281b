//! Where settings come from: defaults, then a file, then the environment, then flags.

use super::{Config, Listener, Timing, TlsFiles};
use crate::plan::submit::CELL_TIMEOUT_MS_MAX;
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use settings::{Problems, ShowError};
use sqlx::postgres::PgConnectOptions;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Environment variables are the keys in capitals after this.
pub const ENV_PREFIX: &str = "BPFCOMPAT_CONTROLLER_";

/// The keys of the file, as they are written there.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `postgres://user@host/name`, or `postgres:///name?host=/run/postgresql` for a socket.
    pub database_url: String,
    /// Most connections to the database.
    pub database_connections: u32,
    /// Address and port to listen on; a loopback address.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// File in PEM with the certificate to speak TLS with, and its chain.
    pub tls_certificate: Option<PathBuf>,
    /// File in PEM with its private key.
    pub tls_key: Option<PathBuf>,
    /// Addresses of proxies that end TLS before this process, such as 10.0.0.0/8: who alone may speak plain text.
    #[schemars(with = "Vec<String>")]
    pub trusted_proxies: Vec<IpNet>,
    /// Folder of the object store.
    pub store: PathBuf,
    /// How often workers say that they are alive.
    pub heartbeat_ms: u64,
    /// How long a lease, or a silent session, lasts without a heartbeat; at least two heartbeats.
    pub lease_ms: u64,
    /// How often expired leases and unwatched runs are looked for.
    pub reap_ms: u64,
    /// How often sessions and watchers look without having been notified.
    pub poll_ms: u64,
    /// How long an attended run lives without a watcher.
    pub attended_ms: u64,
    /// How long a cell that was given back untried stays away from claims.
    pub give_back_ms: u64,
    /// How long a guest may take for a cell when the run does not say.
    pub cell_timeout_ms: u64,
}

/// Settings given on the command line; they win over everything else.
#[derive(Debug, Clone, Default, Serialize, clap::Args)]
pub struct Flags {
    /// Where Postgres is, for example postgres:///bpfcompat?host=/run/postgresql
    #[arg(long, value_name = "URL", global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<String>,
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS", global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    /// Folder for objects and evidence
    #[arg(long, value_name = "FOLDER", global = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        let timing = Timing::default();
        let ms = |duration: Duration| u64::try_from(duration.as_millis()).expect("the defaults are short");
        Self {
            database_url: "postgres:///bpfcompat?host=/run/postgresql".to_owned(),
            database_connections: 20,
            listen: SocketAddr::from(([127, 0, 0, 1], 7400)),
            tls_certificate: None,
            tls_key: None,
            trusted_proxies: Vec::new(),
            store: PathBuf::from("/var/lib/bpfcompat/store"),
            heartbeat_ms: ms(timing.heartbeat),
            lease_ms: ms(timing.lease),
            reap_ms: ms(timing.reap),
            poll_ms: ms(timing.poll),
            attended_ms: ms(timing.attended),
            give_back_ms: ms(timing.give_back),
            cell_timeout_ms: ms(timing.cell_timeout),
        }
    }
}

impl Settings {
    /// Reads the settings from all sources.
    ///
    /// # Errors
    /// Every key that is unknown or has a value of the wrong kind, with the source it came from.
    pub fn read(file: Option<&Path>, flags: &Flags) -> Result<Self, Problems> {
        settings::read(file, ENV_PREFIX, flags)
    }

    /// The settings as values the controller can start with.
    ///
    /// # Errors
    /// Every value that makes no sense, alone or beside another.
    pub fn config(&self) -> Result<Config, Problems> {
        let mut problems = Vec::new();
        let database = self.database_url.parse::<PgConnectOptions>();
        if let Err(error) = &database {
            let forms = "postgres://user@host/name, or postgres:///name?host=FOLDER for a socket";
            problems.push(format!("database_url: {error}; use {forms}"));
        }
        // One connection listens for notifications, one reaps, and work needs at least one.
        if self.database_connections < 3 {
            problems.push(format!(
                "database_connections: {} is too few; use 3 or more",
                self.database_connections
            ));
        }
        if !self.listen.ip().is_loopback() {
            problems.push(format!(
                "listen: {} can be reached by others, and callers are not authenticated; use a loopback address",
                self.listen
            ));
        }
        for (key, has, other) in [
            ("tls_certificate", self.tls_certificate.is_some(), self.tls_key.is_some()),
            ("tls_key", self.tls_key.is_some(), self.tls_certificate.is_some()),
        ] {
            if other && !has {
                problems
                    .push(format!("{key}: TLS needs a certificate and its key; name both files or neither"));
            }
        }
        for (key, ms) in [
            ("heartbeat_ms", self.heartbeat_ms),
            ("reap_ms", self.reap_ms),
            ("poll_ms", self.poll_ms),
            ("attended_ms", self.attended_ms),
            ("cell_timeout_ms", self.cell_timeout_ms),
        ] {
            if ms == 0 {
                problems.push(format!("{key}: 0 would never end; use a number of milliseconds"));
            }
        }
        if self.lease_ms < self.heartbeat_ms.saturating_mul(2) {
            problems.push(format!(
                "lease_ms: {} must be at least twice heartbeat_ms ({}), or live workers lose their work",
                self.lease_ms, self.heartbeat_ms
            ));
        }
        if self.cell_timeout_ms > u64::from(CELL_TIMEOUT_MS_MAX) {
            problems.push(format!(
                "cell_timeout_ms: {} is more than {CELL_TIMEOUT_MS_MAX}",
                self.cell_timeout_ms
            ));
        }
        match database {
            Ok(database) if problems.is_empty() => Ok(Config {
                database,
                connections: self.database_connections,
                store: self.store.clone(),
                listener: self.listener(),
                timing: self.timing(),
            }),
            Ok(_) | Err(_) => Err(Problems(problems)),
        }
    }

    fn listener(&self) -> Listener {
        let files = self.tls_certificate.clone().zip(self.tls_key.clone());
        Listener {
            tls: files.map(|(certificate, key)| TlsFiles { certificate, key }),
            trusted_proxies: self.trusted_proxies.clone(),
        }
    }

    fn timing(&self) -> Timing {
        Timing {
            heartbeat: Duration::from_millis(self.heartbeat_ms),
            lease: Duration::from_millis(self.lease_ms),
            reap: Duration::from_millis(self.reap_ms),
            poll: Duration::from_millis(self.poll_ms),
            attended: Duration::from_millis(self.attended_ms),
            give_back: Duration::from_millis(self.give_back_ms),
            cell_timeout: Duration::from_millis(self.cell_timeout_ms),
        }
    }

    /// The effective settings as a file, with the database's password left out.
    ///
    /// # Errors
    /// A value that no file can hold.
    pub fn show(&self) -> Result<String, ShowError> {
        let shown = Self { database_url: settings::without_password(&self.database_url), ..self.clone() };
        settings::show(&shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text.as_bytes()).expect("it is written");
        file
    }

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        let file = file("lease_ms = 60000\nlisten = \"127.0.0.1:1\"");
        let flags = Flags { listen: Some(SocketAddr::from(([127, 0, 0, 1], 2))), ..Flags::default() };
        let settings = Settings::read(Some(file.path()), &flags).expect("sound");
        assert_eq!((settings.lease_ms, settings.listen.port(), settings.reap_ms), (60_000, 2, 5_000));
        assert_eq!(settings.config().expect("sound").timing.lease, Duration::from_secs(60));
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let file = file("lease_ms = \"long\"\nleese_ms = 1\nlisten = \"nowhere\"");
        let problems = Settings::read(Some(file.path()), &Flags::default()).expect_err("broken").to_string();
        for key in ["lease_ms: ", "leese_ms: ", "listen: "] {
            assert!(problems.contains(key), "{key}: {problems}");
        }
        let settings = Settings {
            database_url: "nonsense".to_owned(),
            database_connections: 1,
            poll_ms: 0,
            lease_ms: 1,
            cell_timeout_ms: 3_600_000,
            listen: SocketAddr::from(([0, 0, 0, 0], 7400)),
            tls_key: Some(PathBuf::from("tls.key")),
            ..Settings::default()
        };
        let problems = settings.config().expect_err("broken").to_string();
        for key in [
            "database_url: ",
            "database_connections: ",
            "listen: ",
            "tls_certificate: ",
            "poll_ms: ",
            "lease_ms: ",
            "cell_timeout_ms: ",
        ] {
            assert!(problems.contains(key), "{key}: {problems}");
        }
    }

    #[test]
    fn a_missing_file_is_a_problem() {
        let problems = Settings::read(Some(Path::new("/nowhere.toml")), &Flags::default());
        assert!(problems.expect_err("it is missing").to_string().contains("/nowhere.toml"));
    }

    #[test]
    fn what_is_shown_can_be_read_again() {
        let file = file(&Settings::default().show().expect("a file"));
        let again = Settings::read(Some(file.path()), &Flags::default()).expect("sound");
        assert_eq!(again.show().expect("a file"), Settings::default().show().expect("a file"));
    }
}
