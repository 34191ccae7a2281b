//! `bpfcompat workers list`

use super::Context;
use crate::connection::Connection;
use crate::exit::{Exit, Failure};
use crate::local::Crew;
use crate::remote::{refusal, soon};
use crate::render::list;
use proto::wire;

/// Lists the controller's workers.
pub(super) async fn run(context: &Context) -> Result<Exit, Failure> {
    let status = context.status();
    let mut connection =
        Connection::open(&context.settings, Crew::Controller, &status, &context.stop).await?;
    let answer = connection.services.workers.list_workers(soon(wire::ListWorkersRequest {})).await;
    connection.close().await?;
    let workers = answer.map_err(|status| refusal(&status))?.into_inner().workers;
    super::print(&list::workers(&workers, context.paint()))
}
