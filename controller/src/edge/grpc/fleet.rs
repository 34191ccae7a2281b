//! `FleetService`: what workers say.

use super::status::{self, invalid};
use super::{Answers, message};
use crate::dispatch::session::{self, Said, SessionError, Told};
use crate::intake::upload::NAME_BYTES_MAX;
use crate::parts::Parts;
use crate::store::blob::Kind;
use crate::store::objects;
use crate::store::workers::{Condition, NewWorker};
use crate::verdict::receive::{DELIVERY_BYTES_MAX, ReceiveError, receive};
use domain::axis::Loader;
use domain::digest::Digest;
use domain::evidence::Accelerator;
use domain::id::WorkerId;
use domain::kernel::Kernel;
use proto::wire::fleet_service_server::FleetService;
use proto::{NotUnderstood, PIECE_BYTES, wire};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{StreamExt as _, iter};
use tonic::{Request, Response, Status, Streaming};
use wire::open_session_request::Message as From;
use wire::open_session_response::Message as To;

/// How long a new session may take to say Hello.
const HELLO_DEADLINE: Duration = Duration::from_secs(10);
/// Kernels one worker may offer. All of a distribution's live suites have some two hundred.
const KERNELS_MAX: usize = 2_000;
/// Loaders one worker may bring; its settings allow eight, and its host's bpftool.
const LOADERS_MAX: usize = 16;
/// Leases in one heartbeat, above what any worker is given.
const LEASES_MAX: usize = 1_000;
/// Names in a tally; a worker has some twenty.
const TALLY_MAX: usize = 128;
/// Bytes of a name in a tally, and of the word for what limits a budget.
const WORD_BYTES_MAX: usize = 64;
/// Bytes kept of a stage's name, and of a reason given for people.
const STAGE_BYTES_MAX: usize = 64;
const SAYS_BYTES_MAX: usize = 2_000;
/// Messages prepared ahead for a worker.
const AHEAD: usize = 64;

#[derive(Debug)]
pub(super) struct Fleet(pub(super) Arc<Parts>);

#[tonic::async_trait]
impl FleetService for Fleet {
    type OpenSessionStream = Answers<wire::OpenSessionResponse>;

    async fn open_session(
        &self,
        request: Request<Streaming<wire::OpenSessionRequest>>,
    ) -> Result<Response<Self::OpenSessionStream>, Status> {
        let mut said = request.into_inner();
        let parts = Arc::clone(&self.0);
        let (told, telling) = mpsc::channel(AHEAD);
        let (failed, failure) = mpsc::channel(1);
        // The stream is answered before Hello came: a worker may wait for that before it speaks.
        self.0.tasks.spawn(async move {
            let served = async {
                let (worker, kernels) = hello(&mut said).await?;
                let said = said.map(|said| said.map_err(broken).and_then(heard));
                session::run(&parts, worker, kernels, said, told).await.map_err(status::session)
            };
            if let Err(status) = served.await {
                tracing::warn!(%status, "a session ended badly");
                failed.send(Err(status)).await.ok();
            }
        });
        let timing = self.0.timing;
        let answers = ReceiverStream::new(telling).map(move |told| {
            let message = match told {
                Told::Welcome(worker) => To::Welcome(wire::Welcome {
                    worker_id: worker.to_string(),
                    heartbeat_ms: millis(timing.heartbeat),
                    lease_ms: millis(timing.lease),
                }),
                Told::Assigned(claimed) => To::Assignment(message::assignment(*claimed)),
                Told::Revoke(lease) => To::Revoke(wire::Revoke {
                    lease: Some(wire::Lease { cell_id: lease.cell.to_string(), fence: lease.fence }),
                }),
            };
            Ok(wire::OpenSessionResponse { message: Some(message) })
        });
        Ok(Response::new(Box::pin(answers.chain(ReceiverStream::new(failure)))))
    }

    type FetchObjectStream = Answers<wire::FetchObjectResponse>;

    async fn fetch_object(
        &self,
        request: Request<wire::FetchObjectRequest>,
    ) -> Result<Response<Self::FetchObjectStream>, Status> {
        let digest = message::digest("digest", &request.into_inner().digest)?;
        if objects::by_digest(&self.0.db, &[digest]).await.map_err(status::database)?.is_empty() {
            return Err(Status::not_found(format!("there is no object {digest}")));
        }
        let bytes = self.0.blobs.get(Kind::Object, digest).await.map_err(status::blob)?;
        let pieces: Vec<_> = bytes
            .chunks(PIECE_BYTES)
            .map(|piece| Ok(wire::FetchObjectResponse { data: piece.to_vec() }))
            .collect();
        Ok(Response::new(Box::pin(iter(pieces))))
    }

    async fn deliver_evidence(
        &self,
        request: Request<Streaming<wire::DeliverEvidenceRequest>>,
    ) -> Result<Response<wire::DeliverEvidenceResponse>, Status> {
        let mut pieces = request.into_inner();
        let _permit = self.0.deliveries.acquire().await.expect("the semaphore is never closed");
        let first = pieces.message().await?.ok_or_else(|| invalid("lease", "the stream is empty"))?;
        let lease = message::lease(first.lease)?;
        let mut delivery = first.data;
        while let Some(piece) = pieces.message().await? {
            if piece.data.len() > DELIVERY_BYTES_MAX.saturating_sub(delivery.len()) {
                return Err(status::receive(ReceiveError::TooLarge));
            }
            delivery.extend_from_slice(&piece.data);
        }
        receive(&self.0, lease, delivery.into()).await.map_err(status::receive)?;
        Ok(Response::new(wire::DeliverEvidenceResponse {}))
    }
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

fn broken(status: Status) -> SessionError {
    SessionError::Broken(status.message().to_owned())
}

/// The worker and the kernels it offers, from its first message.
async fn hello(said: &mut Streaming<wire::OpenSessionRequest>) -> Result<(NewWorker, Vec<Kernel>), Status> {
    let first = timeout(HELLO_DEADLINE, said.message())
        .await
        .map_err(|_| Status::deadline_exceeded("no Hello came"))??;
    let Some(wire::OpenSessionRequest { message: Some(From::Hello(hello)) }) = first else {
        return Err(invalid("message", "a session begins with Hello"));
    };
    if hello.kernels.len() > KERNELS_MAX {
        return Err(invalid("kernels", format!("a worker offers at most {KERNELS_MAX} kernels")));
    }
    if hello.name.is_empty() || hello.name.len() > NAME_BYTES_MAX {
        return Err(invalid("name", format!("a worker's name has 1 to {NAME_BYTES_MAX} bytes")));
    }
    let positive = |field, number: u32| match i32::try_from(number) {
        Ok(number) if number > 0 => Ok(number),
        Ok(_) | Err(_) => Err(invalid(field, format!("{number} makes no sense"))),
    };
    if hello.external_loaders.len() > LOADERS_MAX {
        return Err(invalid("external_loaders", format!("a worker brings at most {LOADERS_MAX}")));
    }
    let worker = NewWorker {
        id: WorkerId::new(),
        name: hello.name,
        version: cut(hello.version, NAME_BYTES_MAX),
        validator: message::digest("validator", &hello.validator)?,
        cpus: positive("cpus", hello.cpus)?,
        memory_bytes: hello.memory_bytes,
        accelerator: [Accelerator::Tcg, Accelerator::Kvm]
            .into_iter()
            .find(|accelerator| accelerator.name() == hello.accelerator)
            .ok_or_else(|| invalid("accelerator", "use tcg or kvm"))?,
        qemu: cut(hello.qemu, NAME_BYTES_MAX),
        slots: positive("slots", hello.slots)?,
        external_loaders: hello.external_loaders.into_iter().map(brought).collect::<Result<_, _>>()?,
    };
    let kernels = hello.kernels.into_iter().map(Kernel::try_from).collect::<Result<_, _>>();
    Ok((worker, kernels.map_err(|error| status::not_understood(&error))?))
}

fn brought(loader: wire::ExternalLoader) -> Result<(String, Digest), Status> {
    match loader.name.parse() {
        Ok(Loader::External(name)) => Ok((name, message::digest("external_loaders", &loader.program)?)),
        Ok(Loader::Libbpf | Loader::Aya) => {
            Err(invalid("external_loaders", format!("`{}` is inside the validator", loader.name)))
        }
        Err(error) => Err(invalid("external_loaders", error)),
    }
}

/// What a worker said after its Hello.
fn heard(said: wire::OpenSessionRequest) -> Result<Said, SessionError> {
    let lease = |lease| message::lease(lease).map_err(|status| refused("lease", &status));
    match said.message {
        Some(From::Room(room)) => Ok(Said::Room(room.cells)),
        Some(From::Heartbeat(heartbeat)) => {
            if heartbeat.leases.len() > LEASES_MAX {
                return Err(NotUnderstood::new("leases", format!("more than {LEASES_MAX}")).into());
            }
            let leases = heartbeat.leases.into_iter().map(|held| lease(Some(held)));
            let held = leases.collect::<Result<_, _>>()?;
            let tally = heartbeat.tally;
            let condition = heartbeat.budget.map(|budget| condition(budget, tally)).transpose()?;
            Ok(Said::Heartbeat { held, condition })
        }
        Some(From::Progress(progress)) => Ok(Said::Progress {
            lease: lease(progress.lease)?,
            stage: cut(progress.stage, STAGE_BYTES_MAX),
            percent: i16::try_from(progress.percent.min(100)).expect("100 fits"),
        }),
        Some(From::GiveBack(back)) => Ok(Said::GiveBack {
            kind: back.kind().into(),
            lease: lease(back.lease)?,
            says: cut(back.says, SAYS_BYTES_MAX),
        }),
        Some(From::KernelOffers(told)) => Ok(Said::Offers {
            kernel: message::digest("kernel", &told.kernel).map_err(|status| refused("kernel", &status))?,
            offers: Box::new(told.offers.ok_or(NotUnderstood::new("offers", "missing"))?.try_into()?),
        }),
        Some(From::Hello(_)) => Err(NotUnderstood::new("message", "Hello was said already").into()),
        None => Err(NotUnderstood::new("message", "it is empty, or newer than this controller").into()),
    }
}

/// A worker's budget and tally, within their limits. Its words may be newer than this controller.
fn condition(budget: wire::Budget, tally: Vec<wire::Count>) -> Result<Condition, NotUnderstood> {
    if tally.len() > TALLY_MAX {
        return Err(NotUnderstood::new("tally", format!("more than {TALLY_MAX} names")));
    }
    if !(budget.load_of_others.is_finite() && budget.load_of_others >= 0.0) {
        return Err(NotUnderstood::new("load_of_others", format!("{} is no load", budget.load_of_others)));
    }
    let count = |count: wire::Count| Ok((word("tally", count.name)?, count.count));
    Ok(Condition {
        cells: budget.cells,
        limited_by: word("limited_by", budget.limited_by)?,
        in_flight: budget.in_flight,
        available_bytes: budget.available_bytes,
        load_of_others: budget.load_of_others,
        tally: tally.into_iter().map(count).collect::<Result<_, _>>()?,
    })
}

fn word(field: &'static str, text: String) -> Result<String, NotUnderstood> {
    let is_plain = |letter: u8| matches!(letter, b'a'..=b'z' | b'0'..=b'9' | b'_');
    if (1..=WORD_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_plain) {
        return Ok(text);
    }
    let says = format!("a name has 1 to {WORD_BYTES_MAX} lower case letters, digits and underscores");
    Err(NotUnderstood::new(field, says))
}

fn refused(field: &'static str, status: &Status) -> SessionError {
    NotUnderstood::new(field, status.message()).into()
}

/// The text without what is beyond the limit. Postgres refuses NUL in texts, so it goes too.
fn cut(mut text: String, bytes_max: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes_max));
    text.retain(|letter| letter != '\0');
    text
}
