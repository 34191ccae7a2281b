//! What workers say of their budget and people see of it.

use crate::lab::{Lab, kernel, patient};
use crate::worker::Worker;
use proto::wire;
use proto::wire::worker_service_client::WorkerServiceClient;
use tonic::Code;
use wire::open_session_request::Message as Say;

/// Whether a worker of that name said something of its condition.
const SAID: &str = "SELECT count(*) = 1 FROM workers WHERE name = $1 AND condition IS NOT NULL";

fn budget() -> wire::Budget {
    wire::Budget {
        cells: 1,
        limited_by: "memory".to_owned(),
        in_flight: 1,
        available_bytes: 3 << 30,
        load_of_others: 0.25,
    }
}

fn counts(names: impl IntoIterator<Item = String>) -> Vec<wire::Count> {
    names.into_iter().map(|name| wire::Count { name, count: u64::MAX }).collect()
}

async fn only_worker(lab: &Lab) -> wire::Worker {
    let mut workers = WorkerServiceClient::new(lab.channel().await);
    let listed = workers.list_workers(wire::ListWorkersRequest {}).await.expect("a list").into_inner();
    let [worker] = &listed.workers[..] else { panic!("one worker: {listed:?}") };
    worker.clone()
}

#[tokio::test]
async fn the_last_budget_and_tally_of_a_worker_are_told() {
    let lab = Lab::start(patient()).await;
    let worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    let silent = only_worker(&lab).await;
    assert_eq!((silent.budget, silent.tally), (None, Vec::new()), "it has not said anything yet");

    let tally = counts(["clones", "cold_boots", "a_newer_worker_s"].map(str::to_owned));
    let heartbeat = wire::Heartbeat { leases: Vec::new(), budget: Some(budget()), tally: tally.clone() };
    worker.say(Say::Heartbeat(heartbeat)).await;
    lab.eventually(SAID, "w").await;
    // A heartbeat of an older worker has neither and takes nothing away.
    worker.say(Say::Heartbeat(wire::Heartbeat::default())).await;
    let changed = wire::Budget { cells: 2, limited_by: "cpus".to_owned(), ..budget() };
    let heartbeat =
        wire::Heartbeat { budget: Some(changed.clone()), tally: tally.clone(), ..Default::default() };
    worker.say(Say::Heartbeat(heartbeat)).await;
    lab.eventually("SELECT condition->>'limited_by' = 'cpus' FROM workers WHERE name = $1", "w").await;
    let told = only_worker(&lab).await;
    assert_eq!((told.budget, told.tally), (Some(changed), tally));
    lab.stop().await;
}

#[tokio::test]
async fn the_largest_condition_fits_and_a_larger_one_ends_the_session() {
    let lab = Lab::start(patient()).await;
    let name = |number: usize| format!("{}{number:03}", "n".repeat(61));
    let mut worker = Worker::connect(&lab, "large", &[kernel("6.1")]).await;
    let most =
        wire::Heartbeat { leases: Vec::new(), budget: Some(budget()), tally: counts((0..128).map(name)) };
    worker.say(Say::Heartbeat(most.clone())).await;
    lab.eventually(SAID, "large").await;
    let more = wire::Heartbeat { tally: counts((0..129).map(name)), ..most.clone() };
    worker.say(Say::Heartbeat(more)).await;
    assert_eq!(worker.broken_off().await.code(), Code::InvalidArgument);

    for wrong in [
        wire::Heartbeat { tally: counts(["\u{1b}[2J".to_owned()]), ..most.clone() },
        wire::Heartbeat { tally: counts([String::new()]), ..most.clone() },
        wire::Heartbeat { tally: counts(["n".repeat(65)]), ..most.clone() },
        wire::Heartbeat {
            budget: Some(wire::Budget { limited_by: "a lot".to_owned(), ..budget() }),
            ..most.clone()
        },
        wire::Heartbeat {
            budget: Some(wire::Budget { load_of_others: f64::NAN, ..budget() }),
            ..most.clone()
        },
    ] {
        let mut worker = Worker::connect(&lab, "wrong", &[kernel("6.1")]).await;
        worker.say(Say::Heartbeat(wrong.clone())).await;
        assert_eq!(worker.broken_off().await.code(), Code::InvalidArgument, "{wrong:?}");
    }
    lab.stop().await;
}
