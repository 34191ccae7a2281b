//! `bpfcompat workers list|show`

use super::Context;
use crate::args::typed::Workers;
use crate::connection::Connection;
use crate::exit::{Exit, Failure};
use crate::local::Crew;
use crate::remote::{refusal, soon};
use crate::render::{list, worker};
use proto::wire;

/// Does what was asked of the controller's workers.
pub(super) async fn run(context: &Context, verb: &Workers) -> Result<Exit, Failure> {
    let status = context.status();
    let mut connection =
        Connection::open(&context.settings, Crew::Controller, &status, &context.stop).await?;
    status.clear();
    let answer = connection.services.workers.list_workers(soon(wire::ListWorkersRequest {})).await;
    connection.close().await?;
    let workers = answer.map_err(|status| refusal(&status))?.into_inner().workers;
    match verb {
        Workers::List => super::print(&list::workers(&workers, context.paint())),
        Workers::Show { worker } => {
            let found = find(&workers, worker).map_err(Failure::misuse)?;
            super::print(&worker::card(found, context.look(false)))
        }
    }
}

/// The worker with this name, or else the only one whose id begins so. Of sessions with one name
/// it is the one that is connected, or else was heard of last.
fn find<'a>(workers: &'a [wire::Worker], wanted: &str) -> Result<&'a wire::Worker, String> {
    let age = |worker: &&wire::Worker| {
        let seen = worker.last_seen_at.map_or((0, 0), |at| (at.seconds, at.nanos));
        (worker.state == "connected", seen)
    };
    if let Some(named) = workers.iter().filter(|worker| worker.name == wanted).max_by_key(age) {
        return Ok(named);
    }
    let mut alike = workers.iter().filter(|worker| worker.id.starts_with(wanted));
    match (alike.next(), alike.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(format!("`{wanted}` begins the ids of several workers; give more of it")),
        (None, _) => Err(format!("there is no worker `{wanted}`; `bpfcompat workers list` names them")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(id: &str, name: &str, state: &str, seconds: i64) -> wire::Worker {
        wire::Worker {
            id: id.to_owned(),
            name: name.to_owned(),
            state: state.to_owned(),
            last_seen_at: Some(prost_types::Timestamp { seconds, nanos: 0 }),
            ..wire::Worker::default()
        }
    }

    #[test]
    fn a_worker_is_found_by_its_name_or_the_start_of_its_id() {
        let workers = [
            worker("0a1", "rack", "gone", 9),
            worker("0a2", "rack", "connected", 5),
            worker("0b3", "shelf", "gone", 1),
            worker("0b4", "shelf", "gone", 2),
        ];
        for (wanted, id) in [("rack", "0a2"), ("shelf", "0b4"), ("0a1", "0a1"), ("0b3", "0b3")] {
            assert_eq!(find(&workers, wanted).expect(wanted).id, id);
        }
        for (wanted, says) in [("0a", "several"), ("attic", "no worker `attic`")] {
            assert!(find(&workers, wanted).expect_err(wanted).contains(says), "{wanted}");
        }
    }
}
