//! `KernelService`.

use super::{message, status};
use crate::parts::Parts;
use crate::store::{kernels, offers};
use proto::wire;
use proto::wire::kernel_service_server::KernelService;
use std::sync::Arc;
use tonic::{Request, Response, Status};

#[derive(Debug)]
pub(super) struct Kernels(pub(super) Arc<Parts>);

#[tonic::async_trait]
impl KernelService for Kernels {
    async fn list_kernels(
        &self,
        request: Request<wire::ListKernelsRequest>,
    ) -> Result<Response<wire::ListKernelsResponse>, Status> {
        let wanted = request.into_inner().selector;
        let known = kernels::bootable(&self.0.db).await.map_err(status::database)?;
        let kernels = if wanted.is_empty() {
            known.iter().map(Into::into).collect()
        } else {
            let chosen =
                message::selector(&wanted)?.select(&known).map_err(|error| status::selector(&error))?;
            chosen.into_iter().map(Into::into).collect()
        };
        Ok(Response::new(wire::ListKernelsResponse { kernels }))
    }

    async fn get_kernel(
        &self,
        request: Request<wire::GetKernelRequest>,
    ) -> Result<Response<wire::GetKernelResponse>, Status> {
        let wanted = message::selector(&request.into_inner().kernel)?;
        let known = kernels::bootable(&self.0.db).await.map_err(status::database)?;
        let kernel = wanted.only(&known).map_err(|error| status::selector(&error))?;
        let told = offers::newest(&self.0.db, kernel.digest).await.map_err(status::database)?;
        let mut answer =
            wire::GetKernelResponse { kernel: Some(kernel.into()), ..wire::GetKernelResponse::default() };
        if let Some(told) = told {
            answer.offers = Some((&told.offers).into());
            answer.told_at = Some(message::timestamp(told.told_at));
            answer.validator = told.validator.0.to_vec();
        }
        Ok(Response::new(answer))
    }
}
