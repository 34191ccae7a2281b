//! The gRPC services on one connection, with health and reflection.
//!
//! Comes in: connections. Goes out: calls to the modules below, one file per service. `message`
//! translates rows, `status` chooses the status of every error.

mod fleet;
mod kernel;
mod message;
mod run;
mod status;
mod trial;
mod worker;

use crate::ServeError;
use crate::parts::Parts;
use proto::wire::fleet_service_server::FleetServiceServer;
use proto::wire::kernel_service_server::KernelServiceServer;
use proto::wire::run_service_server::RunServiceServer;
use proto::wire::worker_service_server::WorkerServiceServer;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_stream::Stream;
use tonic::Status;
use tonic::transport::Server;
use tonic::transport::server::Connected;
use tonic_reflection::server::Builder;

/// Largest message accepted. Pieces are 256 KB; the largest other message, a worker's Hello with
/// a thousand kernels, has some 300 KB.
const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Calls at once on one connection: a person has a few, a worker one per slot and its session.
const STREAMS_MAX: u32 = 512;
/// A call has to be answered, or a stream begun, within this time. The slowest is an upload of
/// the largest object over a line of 5 Mbit/s.
const CALL_DEADLINE: Duration = Duration::from_secs(60);
/// How often a quiet connection is asked whether it is alive, and how long it may take to say so.
const KEEPALIVE: Duration = Duration::from_secs(10);

/// What a streaming call answers with.
type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Serves all services until shutdown.
pub(crate) async fn serve<I, IO, E>(parts: &Arc<Parts>, incoming: I) -> Result<(), ServeError>
where
    I: Stream<Item = Result<IO, E>>,
    IO: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    IO::ConnectInfo: Clone + Send + Sync + 'static,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<RunServiceServer<run::Runs>>().await;
    health.set_serving::<FleetServiceServer<fleet::Fleet>>().await;
    let descriptors = || {
        Builder::configure()
            .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    Server::builder()
        .timeout(CALL_DEADLINE)
        .max_concurrent_streams(STREAMS_MAX)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE))
        .add_service(health_service)
        .add_service(descriptors().build_v1().map_err(ServeError::Describe)?)
        // Older clients know only this version.
        .add_service(descriptors().build_v1alpha().map_err(ServeError::Describe)?)
        .add_service(
            RunServiceServer::new(run::Runs(Arc::clone(parts))).max_decoding_message_size(MESSAGE_BYTES_MAX),
        )
        .add_service(
            KernelServiceServer::new(kernel::Kernels(Arc::clone(parts)))
                .max_decoding_message_size(MESSAGE_BYTES_MAX),
        )
        .add_service(
            WorkerServiceServer::new(worker::Workers(Arc::clone(parts)))
                .max_decoding_message_size(MESSAGE_BYTES_MAX),
        )
        .add_service(
            FleetServiceServer::new(fleet::Fleet(Arc::clone(parts)))
                .max_decoding_message_size(MESSAGE_BYTES_MAX),
        )
        .serve_with_incoming_shutdown(incoming, parts.shutdown.clone().cancelled_owned())
        .await
        .map_err(ServeError::Transport)
}
