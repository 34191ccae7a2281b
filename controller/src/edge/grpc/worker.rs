//! `WorkerService`.

use super::{message, status};
use crate::parts::Parts;
use crate::store::workers;
use proto::wire;
use proto::wire::worker_service_server::WorkerService;
use std::sync::Arc;
use tonic::{Request, Response, Status};

#[derive(Debug)]
pub(super) struct Workers(pub(super) Arc<Parts>);

#[tonic::async_trait]
impl WorkerService for Workers {
    async fn list_workers(
        &self,
        _: Request<wire::ListWorkersRequest>,
    ) -> Result<Response<wire::ListWorkersResponse>, Status> {
        let workers = workers::list(&self.0.db).await.map_err(status::database)?;
        let workers = workers.into_iter().map(message::worker).collect();
        Ok(Response::new(wire::ListWorkersResponse { workers }))
    }
}
