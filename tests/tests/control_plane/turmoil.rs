//! Everything at once: whatever workers do and people cancel, every run ends and the books agree.

use crate::lab::{HANG, Lab, ask, kernel, patient};
use crate::worker::{Worker, deliver};
use proto::wire;
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::Code;
use wire::open_session_response::Message as Hear;

/// Answers most cells, lets some guests die, gives some back and now and then vanishes.
async fn work(lab: Arc<Lab>, name: String, done: CancellationToken) {
    let kernels = [kernel("6.1"), kernel("6.12")];
    let mut worker = Worker::connect(&lab, &name, &kernels).await;
    worker.room(2).await;
    let mut turn = 0;
    loop {
        let heard = tokio::select! {
            () = done.cancelled() => return,
            heard = worker.hear() => heard.expect("the session goes on"),
        };
        let Hear::Assignment(assignment) = heard else { continue };
        turn += 1;
        let evidence = match turn % 7 {
            0 => {
                worker = Worker::connect(&lab, &name, &kernels).await;
                worker.room(2).await;
                continue;
            }
            1 => {
                worker.give_back(&assignment, wire::FailureKind::Transient, "not now").await;
                worker.room(1).await;
                continue;
            }
            2 => worker.death(&assignment),
            3 | 4 => worker.refusal(&assignment),
            _ => worker.evidence(&assignment),
        };
        worker.heartbeat(&assignment).await;
        if let Err(refused) = deliver(&lab, assignment.lease, &evidence).await {
            assert_eq!(refused.code(), Code::FailedPrecondition, "only a lost lease is refused: {refused}");
        }
        worker.room(1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_run_ends_and_the_books_agree() {
    const OBJECTS: usize = 10;
    let lab = Arc::new(Lab::start(patient()).await);
    let done = CancellationToken::new();
    let mut working = JoinSet::new();
    let _always = Worker::connect(&lab, "idle", &[kernel("6.1"), kernel("6.12")]).await;
    let mut objects = Vec::new();
    for number in 0..OBJECTS {
        objects.push(lab.upload(number).await);
    }
    let fresh = wire::SubmitRunRequest { fresh: true, try_remedies: true, ..ask(&objects, "all") };
    let mut runs = Vec::new();
    for _ in 0..6 {
        runs.push(lab.submit(fresh.clone()).await.expect("accepted").id);
    }
    for number in 0..4 {
        working.spawn(work(Arc::clone(&lab), format!("w{number}"), done.clone()));
    }
    let mut client = lab.runs().await;
    for id in runs.iter().skip(1).step_by(2) {
        client.cancel_run(wire::CancelRunRequest { id: id.clone() }).await.expect("it is cancelled");
    }
    for (number, id) in runs.iter().enumerate() {
        let run = lab.finished(id).await.run.expect("a run");
        let finished = number % 2 == 0;
        let expected = if finished { wire::RunState::Finished } else { wire::RunState::Cancelled };
        assert_eq!(run.state(), expected);
        assert_eq!(run.settled + run.trials_settled == run.cells + run.trials, finished);
    }
    done.cancel();
    tokio::time::timeout(HANG, working.join_all()).await.expect("every worker stops");

    let (open, leases, wrong): (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM cells WHERE state IN ('queued', 'leased')),
                (SELECT count(*) FROM leases),
                (SELECT count(*) FROM runs WHERE settled <>
                    (SELECT count(*) FROM cells WHERE run_id = runs.id AND state = 'settled'))",
    )
    .fetch_one(&lab.db)
    .await
    .expect("counts");
    assert_eq!((open, leases, wrong), (0, 0, 0));
    Arc::into_inner(lab).expect("every worker is done").stop().await;
}
