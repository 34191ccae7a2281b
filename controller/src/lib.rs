//! The controller: remembers questions, gives them to workers, judges and serves the answers.
//!
//! ```text
//! edge ─► intake ─► plan ─► queue ─► dispatch ─► verdict ─► notify
//!                        store is under all of them
//! ```
//!
//! Bytes arrive in `edge`. `intake` turns uploads into objects, `plan` turns a question into
//! cells, `queue` keeps them until `dispatch` gives them to a worker's session, `verdict` turns
//! what comes back into answers and `notify` shows changes to whoever watches. A module calls
//! those to its right, never those to its left. `rejudge` stands beside them: it judges again what is
//! stored. Postgres is the only coordinator: any number of these processes may run on one database.

mod config;
mod dispatch;
mod edge;
mod intake;
mod notify;
mod parts;
mod plan;
mod queue;
mod rejudge;
mod shutdown;
mod store;
mod verdict;

pub use config::{Config, ENV_PREFIX, Flags, Listener, Settings, Timing, TlsFiles};
pub use edge::listener::ListenerError;
pub use rejudge::{Order, RejudgeError, Rejudged, rejudge};
pub use shutdown::on_signals;

use parts::Parts;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::blob::Blobs;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::transport::server::Connected;

/// How long a request waits for a database connection before it is refused.
const ACQUIRE_DEADLINE: Duration = Duration::from_secs(10);
/// How long clients may take to let go of their calls at shutdown, and sessions to give back.
/// Longer than a session waits for a worker that does not read.
const STOP_DEADLINE: Duration = Duration::from_secs(15);
/// Uploads in memory at once. Each holds at most an object.
const UPLOADS_MAX: usize = 8;
/// Deliveries in memory at once. Each holds at most some 320 MB and usually one.
const DELIVERIES_MAX: usize = 8;

/// A started controller: connected, migrated, background tasks running.
#[derive(Debug)]
pub struct Controller {
    parts: Arc<Parts>,
    listener: edge::listener::Opened,
}

/// Why a controller did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Nobody could come in.
    #[error(transparent)]
    Listener(#[from] ListenerError),
    /// Postgres cannot be reached.
    #[error("cannot connect to Postgres; check database_url and that the server runs")]
    Connect(#[source] sqlx::Error),
    /// The schema cannot be brought up to date.
    #[error("cannot migrate the database; it may belong to a newer version")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// The object store cannot be used.
    #[error(transparent)]
    Store(Box<dyn std::error::Error + Send + Sync>),
}

/// Why serving ended early.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The descriptors for reflection are broken.
    #[error("cannot describe the services")]
    Describe(#[source] tonic_reflection::server::Error),
    /// The transport failed.
    #[error("cannot serve")]
    Transport(#[source] tonic::transport::Error),
}

/// Connects to the database as it is, and opens the object store.
async fn open(
    database: PgConnectOptions,
    connections: u32,
    store: &Path,
) -> Result<(PgPool, Blobs), StartError> {
    let blobs = Blobs::open(store).map_err(|error| StartError::Store(Box::new(error)))?;
    let db = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_DEADLINE)
        .connect_with(database)
        .await
        .map_err(StartError::Connect)?;
    Ok((db, blobs))
}

impl Controller {
    /// Connects, migrates and starts the background tasks. They and `serve` end when `shutdown`
    /// is cancelled.
    ///
    /// # Errors
    /// When the certificate, the database or the object store cannot be used.
    pub async fn start(config: Config, shutdown: CancellationToken) -> Result<Self, StartError> {
        let opened = edge::listener::Opened::new(config.listener)?;
        let (db, blobs) = open(config.database, config.connections, &config.store).await?;
        store::MIGRATIONS.run(&db).await.map_err(StartError::Migrate)?;
        let listener = store::channel::listen(&db).await.map_err(StartError::Connect)?;
        let parts = Arc::new(Parts {
            db,
            blobs,
            wake: queue::wake::Wake::new(),
            timing: config.timing,
            uploads: Semaphore::new(UPLOADS_MAX),
            deliveries: Semaphore::new(DELIVERIES_MAX),
            shutdown,
            tasks: TaskTracker::new(),
        });
        parts.tasks.spawn(queue::wake::listen(Arc::clone(&parts), listener));
        parts.tasks.spawn(queue::reap::run(Arc::clone(&parts)));
        Ok(Self { parts, listener: opened })
    }

    /// Serves gRPC on a listening socket, to those whom the settings let in; see [`Controller::serve`].
    ///
    /// # Errors
    /// When the transport fails.
    pub async fn listen(self, socket: TcpListener) -> Result<(), ServeError> {
        match self.listener.secured() {
            Some(tls) => {
                let incoming = tls.connections(socket, &self.parts);
                self.serve(incoming).await
            }
            None => {
                let incoming = self.listener.plain(socket);
                self.serve(incoming).await
            }
        }
    }

    /// Serves gRPC on the connections that come in, until shutdown; then waits until every
    /// session has given back its leases.
    ///
    /// # Errors
    /// When the transport fails.
    pub async fn serve<I, IO, E>(self, incoming: I) -> Result<(), ServeError>
    where
        I: Stream<Item = Result<IO, E>>,
        IO: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
        IO::ConnectInfo: Clone + Send + Sync + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let Parts { shutdown, tasks, .. } = &*self.parts;
        let stuck = async {
            shutdown.cancelled().await;
            sleep(STOP_DEADLINE).await;
        };
        let served = tokio::select! {
            served = edge::grpc::serve(&self.parts, incoming) => served,
            () = stuck => Ok(()),
        };
        shutdown.cancel();
        tasks.close();
        if timeout(STOP_DEADLINE, tasks.wait()).await.is_err() {
            tracing::warn!("somebody does not read what they are told; they are left behind");
        }
        self.parts.db.close().await;
        served
    }
}
