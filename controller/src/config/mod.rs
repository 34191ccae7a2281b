//! What can be set.
//!
//! Comes in: defaults, a TOML file, the environment, flags (`settings`). Goes out: `Config`, the
//! checked values every other module uses. Local mode builds a `Config` without `settings`.
//! Deliberately absent: limits that protect the controller; those are constants beside what
//! they limit, because nobody can choose them better at run time.

mod settings;

pub use self::settings::{ENV_PREFIX, Flags, Settings};

use crate::edge::{self, listener::ListenerError};
use ipnet::IpNet;
use sqlx::postgres::PgConnectOptions;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Everything the controller needs to start.
#[derive(Clone)]
pub struct Config {
    /// Where Postgres is; a Unix socket works as well as a host.
    pub database: PgConnectOptions,
    /// Most connections held open to it, one of them for notifications.
    pub connections: u32,
    /// Folder of the object store.
    pub store: PathBuf,
    /// Who may connect, and over what.
    pub listener: Listener,
    /// Intervals and deadlines.
    pub timing: Timing,
}

impl Config {
    /// Whether a controller could start with it, as far as files tell.
    ///
    /// # Errors
    /// The certificate cannot be used.
    pub fn check(&self) -> Result<(), ListenerError> {
        edge::listener::Opened::new(self.listener.clone()).map(drop)
    }
}

/// Who may connect to the listening socket, and over what. By default this machine, in plain text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listener {
    /// What TLS is spoken with; plain text without.
    pub tls: Option<TlsFiles>,
    /// Where TLS ends before this process: who alone may speak plain text then.
    pub trusted_proxies: Vec<IpNet>,
}

impl Listener {
    /// Whether this is the address of a trusted proxy.
    pub(crate) fn is_proxy(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|net| net.contains(&address))
    }
}

/// A certificate with its chain and its key, each a file in PEM. Both are read again when they change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, then those that lead to its issuer.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Intervals and deadlines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How often workers say that they are alive.
    pub heartbeat: Duration,
    /// How long a lease, or a silent session, lasts without a heartbeat.
    pub lease: Duration,
    /// How often expired leases and unwatched runs are looked for.
    pub reap: Duration,
    /// How often sessions and watchers look without having been notified.
    pub poll: Duration,
    /// How long an attended run lives without a watcher.
    pub attended: Duration,
    /// How long a cell that was given back untried stays away from claims.
    pub give_back: Duration,
    /// How long a guest may take for a cell when the run does not say.
    pub cell_timeout: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(5),
            // Three heartbeats may be lost, and the fourth late, before work is taken away.
            lease: Duration::from_secs(20),
            reap: Duration::from_secs(5),
            poll: Duration::from_secs(5),
            attended: Duration::from_secs(30),
            give_back: Duration::from_secs(1),
            // An emulated guest needs some ten seconds for the largest known object.
            cell_timeout: Duration::from_secs(120),
        }
    }
}

impl fmt::Debug for Config {
    /// Without the database, whose options may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("connections", &self.connections)
            .field("store", &self.store)
            .field("listener", &self.listener)
            .field("timing", &self.timing)
            .finish_non_exhaustive()
    }
}
