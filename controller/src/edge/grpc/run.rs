//! `RunService`.

use super::status::{self, invalid};
use super::{Answers, message};
use crate::intake::upload::Upload;
use crate::notify::watch;
use crate::parts::Parts;
use crate::plan::submit::{self, Order};
use crate::queue::cancel;
use crate::store::blob::Kind;
use crate::store::{evidence, runs};
use domain::id::RunId;
use flate2::read::ZlibDecoder;
use proto::wire::run_service_server::RunService;
use proto::{PIECE_BYTES, wire};
use std::io::Read as _;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

/// Runs listed when the caller does not say how many, and at most.
const LISTED: u32 = 20;
const LISTED_MAX: u32 = 1_000;
/// Messages prepared ahead for a slow reader.
const AHEAD: usize = 4;

#[derive(Debug)]
pub(super) struct Runs(pub(super) Arc<Parts>);

fn run_id(field: &'static str, id: &str) -> Result<RunId, Status> {
    id.parse().map_err(|error| invalid(field, error))
}

#[tonic::async_trait]
impl RunService for Runs {
    async fn upload_object(
        &self,
        request: Request<Streaming<wire::UploadObjectRequest>>,
    ) -> Result<Response<wire::UploadObjectResponse>, Status> {
        let mut pieces = request.into_inner();
        let _permit = self.0.uploads.acquire().await.expect("the semaphore is never closed");
        let first = pieces.message().await?.ok_or_else(|| invalid("name", "the stream is empty"))?;
        let mut upload = Upload::begin(first.name, first.command).map_err(status::upload)?;
        upload.push(&first.data).map_err(status::upload)?;
        while let Some(piece) = pieces.message().await? {
            upload.push(&piece.data).map_err(status::upload)?;
        }
        let object = upload.finish(&self.0).await.map_err(status::upload)?;
        Ok(Response::new(wire::UploadObjectResponse { object: Some(message::object(object)) }))
    }

    async fn submit_run(
        &self,
        request: Request<wire::SubmitRunRequest>,
    ) -> Result<Response<wire::SubmitRunResponse>, Status> {
        let request = request.into_inner();
        let level = request.level();
        let optional = Some(request.optional_kernels.as_str()).filter(|text| !text.is_empty());
        let order = Order {
            objects: request
                .objects
                .iter()
                .map(|bytes| message::digest("objects", bytes))
                .collect::<Result<_, _>>()?,
            kernels: message::selector(&request.kernels)?,
            optional_kernels: optional.map(message::selector).transpose()?,
            level: level.into(),
            loaders: message::loaders(&request.loaders)?,
            environments: message::environments(request.axes)?,
            fresh: request.fresh,
            attended: request.attended,
            cell_timeout_ms: request.cell_timeout_ms,
            manifest: message::manifest(&request.manifest)?,
            try_remedies: request.try_remedies,
        };
        let run = submit::submit(&self.0, order).await.map_err(status::submit)?;
        Ok(Response::new(wire::SubmitRunResponse { run: Some(message::run(&run)) }))
    }

    async fn get_run(
        &self,
        request: Request<wire::GetRunRequest>,
    ) -> Result<Response<wire::GetRunResponse>, Status> {
        let id = run_id("id", &request.into_inner().id)?;
        let view = watch::view(&self.0, id).await.map_err(status::watch)?;
        let setting = watch::setting(&self.0, id).await.map_err(status::watch)?;
        Ok(Response::new(wire::GetRunResponse {
            run: Some(message::run(&view.run)),
            objects: setting.objects.into_iter().map(message::object).collect(),
            kernels: setting.kernels.iter().map(Into::into).collect(),
            cells: message::cells(&view),
            manifest: message::declared(&setting.manifest),
        }))
    }

    async fn list_runs(
        &self,
        request: Request<wire::ListRunsRequest>,
    ) -> Result<Response<wire::ListRunsResponse>, Status> {
        let request = request.into_inner();
        let limit = if request.limit == 0 { LISTED } else { request.limit.min(LISTED_MAX) };
        let before = Some(request.before).filter(|id| !id.is_empty());
        let before = before.map(|id| run_id("before", &id)).transpose()?;
        let runs = runs::list(&self.0.db, limit, before).await.map_err(status::database)?;
        Ok(Response::new(wire::ListRunsResponse { runs: runs.iter().map(message::run).collect() }))
    }

    type WatchRunStream = Answers<wire::WatchRunResponse>;

    async fn watch_run(
        &self,
        request: Request<wire::WatchRunRequest>,
    ) -> Result<Response<Self::WatchRunStream>, Status> {
        let wire::WatchRunRequest { id, attends } = request.into_inner();
        let id = run_id("id", &id)?;
        let mut setting = Some(watch::setting(&self.0, id).await.map_err(status::watch)?);
        let (told, views) = mpsc::channel(AHEAD);
        let parts = Arc::clone(&self.0);
        let (failed, failure) = mpsc::channel(1);
        self.0.tasks.spawn(async move {
            if let Err(error) = watch::watch(&parts, id, attends, told).await {
                // The watcher may have left meanwhile.
                failed.send(Err(status::watch(error))).await.ok();
            }
        });
        let changes = ReceiverStream::new(views).map(move |view| {
            let (objects, kernels, manifest) = match setting.take() {
                Some(setting) => (
                    setting.objects.into_iter().map(message::object).collect(),
                    setting.kernels.iter().map(Into::into).collect(),
                    message::declared(&setting.manifest),
                ),
                None => (Vec::new(), Vec::new(), Vec::new()),
            };
            Ok(wire::WatchRunResponse {
                run: Some(message::run(&view.run)),
                objects,
                kernels,
                cells: message::cells(&view),
                manifest,
            })
        });
        Ok(Response::new(Box::pin(changes.chain(ReceiverStream::new(failure)))))
    }

    async fn cancel_run(
        &self,
        request: Request<wire::CancelRunRequest>,
    ) -> Result<Response<wire::CancelRunResponse>, Status> {
        let id = run_id("id", &request.into_inner().id)?;
        cancel::cancel(&self.0, id).await.map_err(status::database)?;
        let view = watch::view(&self.0, id).await.map_err(status::watch)?;
        Ok(Response::new(wire::CancelRunResponse { run: Some(message::run(&view.run)) }))
    }

    type GetEvidenceStream = Answers<wire::GetEvidenceResponse>;

    async fn get_evidence(
        &self,
        request: Request<wire::GetEvidenceRequest>,
    ) -> Result<Response<Self::GetEvidenceStream>, Status> {
        let digest = message::digest("digest", &request.into_inner().digest)?;
        if !evidence::is_recorded(&self.0.db, digest).await.map_err(status::database)? {
            return Err(Status::not_found(format!("there is no evidence {digest}")));
        }
        let compressed = self.0.blobs.get(Kind::Evidence, digest).await.map_err(status::blob)?;
        let (told, pieces) = mpsc::channel(AHEAD);
        // Inflated piece by piece: evidence may be two hundred times its compressed size.
        tokio::task::spawn_blocking(move || {
            let mut inflated = ZlibDecoder::new(&compressed[..]);
            loop {
                let mut data = Vec::with_capacity(PIECE_BYTES);
                let piece = inflated.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut data);
                let piece = match piece {
                    Ok(0) => return,
                    Ok(_) => Ok(wire::GetEvidenceResponse { data }),
                    Err(error) => Err(Status::data_loss(format!("evidence {digest} is damaged: {error}"))),
                };
                let over = piece.is_err();
                if told.blocking_send(piece).is_err() || over {
                    return;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(pieces))))
    }
}
