//! Runs that nobody wants any more.

use crate::lab::{HANG, Lab, ask, kernel, patient};
use crate::worker::{Worker, deliver};
use controller::Timing;
use proto::wire;
use std::time::Duration;
use tonic::Code;

#[tokio::test]
async fn cancelling_keeps_verdicts_and_takes_the_rest_away_from_workers() {
    let lab = Lab::start(patient()).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    let objects = [lab.upload(1).await, lab.upload(2).await, lab.upload(3).await];
    let run = lab.submit(ask(&objects, "all")).await.expect("accepted");
    worker.room(2).await;
    let (answered, running) = (worker.assigned().await, worker.assigned().await);
    deliver(&lab, answered.lease.clone(), &worker.evidence(&answered)).await.expect("the lease is held");

    let request = wire::CancelRunRequest { id: run.id.clone() };
    let cancelled = lab.runs().await.cancel_run(request.clone()).await.expect("it is there").into_inner();
    let cancelled = cancelled.run.expect("a run");
    assert_eq!(cancelled.state(), wire::RunState::Cancelled);
    assert_eq!(cancelled.verdict(), wire::Verdict::Inconclusive);
    assert_eq!(Some(worker.revoked().await), running.lease, "the worker is told without a heartbeat");
    let late = deliver(&lab, running.lease.clone(), &worker.evidence(&running)).await;
    assert_eq!(late.expect_err("nobody wants it").code(), Code::FailedPrecondition);

    let mut states: Vec<_> = lab.run(&run.id).await.cells.iter().map(wire::Cell::state).collect();
    states.sort_unstable();
    assert_eq!(states, [wire::CellState::Settled, wire::CellState::Cancelled, wire::CellState::Cancelled]);
    let again = lab.runs().await.cancel_run(request).await.expect("it changes nothing").into_inner();
    assert_eq!(again.run, Some(cancelled));
    lab.stop().await;
}

#[tokio::test]
async fn an_attended_run_lives_while_it_is_watched_and_ends_when_it_is_not() {
    let timing = Timing { reap: Duration::from_millis(20), ..patient() };
    let lab = Lab::start(timing).await;
    let _worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    let object = lab.upload(1).await;
    let attended = wire::SubmitRunRequest { attended: true, ..ask(std::slice::from_ref(&object), "all") };
    let (watched, left) = (lab.submit(attended.clone()).await, lab.submit(attended).await);
    let (watched, left) = (watched.expect("accepted").id, left.expect("accepted").id);
    let unattended = lab.submit(ask(&[object], "all")).await.expect("accepted").id;

    // As if much time had passed. Watching puts the end off again.
    let nearly = "UPDATE runs SET attended_until = now() + interval '1 min' WHERE id = $1::text::uuid";
    sqlx::query(nearly).bind(&watched).execute(&lab.db).await.expect("done");
    let _watch = lab.watch(&watched).await;
    let put_off = "SELECT attended_until > now() + interval '30 min' FROM runs WHERE id = $1::text::uuid";
    lab.eventually(put_off, &watched).await;
    let request = wire::WatchRunRequest { id: left.clone(), attends: false };
    let mut looking_on = lab.runs().await.watch_run(request).await.expect("the run is there").into_inner();
    looking_on.message().await.expect("the run as it is");
    let passed = "UPDATE runs SET attended_until = now() - interval '1 s' WHERE id = $1::text::uuid";
    sqlx::query(passed).bind(&left).execute(&lab.db).await.expect("done");
    let over = async { while looking_on.message().await.expect("the watch goes on").is_some() {} };
    tokio::time::timeout(HANG, over).await.expect("who only looks on does not keep it alive");
    assert_eq!(lab.run(&left).await.run.expect("a run").state(), wire::RunState::Cancelled);
    for alive in [&watched, &unattended] {
        assert_eq!(lab.run(alive).await.run.expect("a run").state(), wire::RunState::Queued);
    }
    lab.stop().await;
}
