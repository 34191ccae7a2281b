//! The session: the one stream between a worker and its controller.
//!
//! ```text
//!   connect ──► Hello ──► Welcome ──► Room ⇄ Assignment … ──► shutdown: give everything back
//!      ▲                                │
//!      └──── pause, longer each time ◄──┘ the stream broke: guests are stopped, leases are lost
//! ```
//!
//! One task owns the session and all it knows; slots report to it by channel. The worker says
//! how much room it has and gets no more than that. When the stream breaks, the controller
//! hands the cells to others at once, so the guests are stopped here: an answer nobody waits
//! for is refused anyway.

mod assignment;
mod conversation;

pub use assignment::{Assignment, Lease};

use crate::Worker;
use crate::slot::answer::Slot;
use conversation::Conversation;
use proto::wire::fleet_service_client::FleetServiceClient;
use proto::{EndpointError, wire};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::Streaming;
use tonic::transport::Channel;

/// Messages that may wait to be sent; the sender waits when it is full.
const OUTGOING_MAX: usize = 64;
/// Longest answer the controller may send in one message; assignments are under a kilobyte.
const MESSAGE_BYTES_MAX: usize = 1024 * 1024;
/// Longest wait for a connection.
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);
/// How often a silent connection is proven to be alive: a controller whose host vanished says
/// nothing, and guests would go on answering it.
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// Pause before the first attempt to reconnect; doubled up to the longest.
const PAUSE_FIRST: Duration = Duration::from_millis(200);
/// Longest pause between attempts to reconnect: a restarted controller has its fleet back soon.
const PAUSE_LONGEST: Duration = Duration::from_secs(10);

/// Why a session ended although nobody asked it to.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The controller refused or the connection broke.
    #[error("the session with the controller ended: {0}")]
    Ended(#[source] Box<tonic::Status>),
    /// The controller closed the stream.
    #[error("the controller closed the session")]
    Closed,
    /// The controller did not begin as the protocol says.
    #[error("the controller sent {got} where Welcome was expected")]
    NoWelcome {
        /// What came.
        got: String,
    },
}

impl From<tonic::Status> for SessionError {
    fn from(status: tonic::Status) -> Self {
        Self::Ended(Box::new(status))
    }
}

/// A channel to the controller at this address, connected at its first call. Its certificate must be of the authority
/// in the file `ca` if one is named.
///
/// # Errors
/// The text is no address, or the file no certificate.
pub fn channel(controller: &str, ca: Option<&Path>) -> Result<Channel, EndpointError> {
    let endpoint = proto::endpoint(controller, ca)?;
    let endpoint = endpoint.connect_timeout(CONNECT_DEADLINE).http2_keep_alive_interval(KEEP_ALIVE);
    Ok(endpoint.connect_lazy())
}

/// Serves one controller until `shutdown`, reconnecting when the stream breaks.
pub async fn run(worker: Arc<Worker>, channel: Channel, shutdown: CancellationToken) {
    let mut pause = PAUSE_FIRST;
    while !shutdown.is_cancelled() {
        let opened = tokio::select! {
            opened = open(&worker, channel.clone()) => opened,
            () = shutdown.cancelled() => return,
        };
        let ended = match opened {
            Ok((conversation, incoming)) => {
                pause = PAUSE_FIRST;
                conversation.hold(incoming, &shutdown).await
            }
            Err(error) => Err(error),
        };
        match ended {
            Ok(()) => return,
            Err(error) => {
                tracing::warn!(error = %error, pause_ms = pause.as_millis(), "session lost, reconnecting");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shutdown.cancelled() => {}
        }
        pause = (pause * 2).min(PAUSE_LONGEST);
    }
}

/// From Hello to Welcome: a session that is open, and what the controller will say on it.
async fn open(
    worker: &Arc<Worker>,
    channel: Channel,
) -> Result<(Conversation, Streaming<wire::OpenSessionResponse>), SessionError> {
    let mut client = FleetServiceClient::new(channel).max_decoding_message_size(MESSAGE_BYTES_MAX);
    let (outgoing, messages) = mpsc::channel(OUTGOING_MAX);
    outgoing
        .send(say(wire::open_session_request::Message::Hello(worker.hello())))
        .await
        .map_err(|_| SessionError::Closed)?;
    let mut incoming = client.open_session(ReceiverStream::new(messages)).await?.into_inner();
    let welcome = match incoming.message().await?.and_then(|response| response.message) {
        Some(wire::open_session_response::Message::Welcome(welcome)) => welcome,
        other => return Err(SessionError::NoWelcome { got: format!("{other:?}") }),
    };
    tracing::info!(worker.id = %welcome.worker_id, slots = worker.capacity.slots(), "session open");
    let slot = Slot::new(Arc::clone(worker), client);
    Ok((Conversation::new(slot, outgoing, &welcome), incoming))
}

fn say(message: wire::open_session_request::Message) -> wire::OpenSessionRequest {
    wire::OpenSessionRequest { message: Some(message) }
}
