//! Talking to a controller.

use crate::exit::Failure;
use proto::MESSAGE_BYTES_MAX;
use proto::wire::kernel_service_client::KernelServiceClient;
use proto::wire::run_service_client::RunServiceClient;
use proto::wire::worker_service_client::WorkerServiceClient;
use std::path::Path;
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

/// Longest wait for a connection.
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);
/// Longest wait for the answer to one call. Streams have none: a run takes as long as it takes.
const CALL_DEADLINE: Duration = Duration::from_secs(60);
/// How often a silent connection is proven to be alive.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// Nobody answers there.
#[derive(Debug, thiserror::Error)]
#[error("no controller answers at {url}; is it running, and is the address right?")]
struct Unreachable {
    url: String,
    #[source]
    source: tonic::transport::Error,
}

/// Connects to the controller at a URL, whose certificate must be of the authority in the file `ca` if one is named.
///
/// # Errors
/// Misuse for a URL or a file that is none, else the environment's.
pub(crate) async fn connect(url: &str, ca: Option<&Path>) -> Result<Channel, Failure> {
    let endpoint = proto::endpoint(url, ca).map_err(Failure::misuse)?;
    let endpoint = endpoint.connect_timeout(CONNECT_DEADLINE).http2_keep_alive_interval(KEEP_ALIVE);
    let unreachable = |source| Unreachable { url: url.to_owned(), source };
    endpoint.connect().await.map_err(|source| Failure::environment(unreachable(source)))
}

/// The services of one controller.
#[derive(Debug, Clone)]
pub(crate) struct Services {
    pub(crate) runs: RunServiceClient<Channel>,
    pub(crate) kernels: KernelServiceClient<Channel>,
    pub(crate) workers: WorkerServiceClient<Channel>,
}

impl Services {
    /// The services behind a channel.
    pub(crate) fn new(channel: &Channel) -> Self {
        Self {
            runs: RunServiceClient::new(channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX),
            kernels: KernelServiceClient::new(channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX),
            workers: WorkerServiceClient::new(channel.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX),
        }
    }
}

/// A call that must be answered soon.
pub(crate) fn soon<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(CALL_DEADLINE);
    request
}

/// A controller's refusal: whose turn it is. The only place that reads status codes.
pub(crate) fn refusal(status: &Status) -> Failure {
    let message = status.message();
    match status.code() {
        Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::Unauthenticated
        | Code::OutOfRange => Failure::misuse(message),
        // How a controller without workers answers; it says what to do.
        Code::FailedPrecondition => Failure::environment(message),
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::DeadlineExceeded
        | Code::ResourceExhausted
        | Code::Aborted
        | Code::Unimplemented
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss => Failure::environment(format!("the controller did not answer: {message}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn a_wrong_question_is_misuse_and_everything_else_is_not_the_callers_fault() {
        for (status, exit) in [
            (Status::invalid_argument("no kernel matches `9.9`"), Exit::Misuse),
            (Status::not_found("there is no run x"), Exit::Misuse),
            (Status::failed_precondition("no worker is connected"), Exit::CouldNotTell),
            (Status::unavailable("gone"), Exit::CouldNotTell),
            (Status::internal("broken"), Exit::CouldNotTell),
        ] {
            let failure = refusal(&status);
            assert_eq!(failure.exit(), exit, "{status}");
            assert!(failure.to_string().contains(status.message()), "{failure}");
        }
    }
}
