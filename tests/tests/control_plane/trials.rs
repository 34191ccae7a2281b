//! Cells in which what may help a refused one is tried.

use crate::lab::{HANG, Lab, ask, kernel, patient};
use crate::worker::{Worker, deliver};
use domain::contract::Contract;
use proto::wire;
use std::time::Duration;

fn question(object: Vec<u8>) -> wire::SubmitRunRequest {
    wire::SubmitRunRequest { try_remedies: true, ..ask(&[object], "all") }
}

/// What was changed and what came of it.
fn tried(response: &wire::GetRunResponse) -> (String, Option<wire::Verdict>, usize) {
    let cause = response.cells[0].verdict.as_ref().and_then(|verdict| verdict.cause.clone());
    let remedy = cause.and_then(|cause| cause.remedy).expect("a remedy");
    let came = remedy.tried.map(|_| remedy.tried());
    (remedy.change, came, remedy.evidence.len())
}

#[tokio::test]
async fn a_run_is_over_when_what_may_help_was_tried_and_tells_it_with_the_cell() {
    let lab = Lab::start(patient()).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    let object = lab.upload(1).await;
    let run = lab.submit(question(object.clone())).await.expect("accepted");
    worker.room(2).await;
    let asked = worker.assigned().await;
    deliver(&lab, asked.lease.clone(), &worker.refusal(&asked)).await.expect("the lease is held");
    let trial = worker.assigned().await;
    let contract: Contract = serde_json::from_slice(&trial.contract).expect("a contract");
    assert_eq!(contract.programs["bad"].autoload, Some(false));

    let during = lab.run(&run.id).await;
    let counts = |response: &wire::GetRunResponse| {
        let run = response.run.clone().expect("a run");
        (run.state(), [run.cells, run.settled, run.trials, run.trials_settled])
    };
    assert_eq!(counts(&during), (wire::RunState::Running, [1, 1, 1, 0]));
    let change = "without `bad` (autoload off)".to_owned();
    assert_eq!((during.cells.len(), tried(&during)), (1, (change.clone(), None, 0)));

    deliver(&lab, trial.lease.clone(), &worker.refusal(&trial)).await.expect("the lease is held");
    let over = lab.finished(&run.id).await;
    assert_eq!(counts(&over), (wire::RunState::Finished, [1, 1, 1, 1]));
    assert_eq!((over.cells.len(), tried(&over)), (1, (change, Some(wire::Verdict::Passes), 32)));
    assert_eq!(over.run.as_ref().map(wire::Run::verdict), Some(wire::Verdict::Fails), "it decides nothing");

    let again = lab.submit(question(object.clone())).await.expect("accepted");
    assert_eq!(again.state(), wire::RunState::Finished, "both are answered from the store");
    assert_eq!(tried(&lab.run(&again.id).await), tried(&over));
    // Rules of another day may offer something else than was tried.
    let renamed =
        "UPDATE cells SET changes = replace(changes::text, 'bad', 'worse')::jsonb WHERE trial_of IS NOT NULL";
    sqlx::query(renamed).execute(&lab.db).await.expect("done");
    assert_eq!(tried(&lab.run(&again.id).await).1, None);

    let plain = lab.submit(ask(&[object], "all")).await.expect("accepted");
    assert_eq!(plain.trials, 0, "only where it is asked for");
    lab.stop().await;
}

#[tokio::test]
async fn a_trial_that_is_queued_while_its_run_is_cancelled_is_cancelled_too() {
    let lab = Lab::start(patient()).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    let run = lab.submit(question(lab.upload(1).await)).await.expect("accepted");
    worker.room(1).await;
    let asked = worker.assigned().await;

    // As whoever settles the cell would, between locking it and the end of the transaction.
    let mut settling = lab.db.begin().await.expect("a transaction");
    let cell = asked.lease.as_ref().expect("a lease").cell_id.clone();
    let lock = "SELECT id FROM cells WHERE id = $1::text::uuid FOR UPDATE";
    sqlx::query(lock).bind(&cell).execute(&mut *settling).await.expect("it is locked");
    let mut client = lab.runs().await;
    let request = wire::CancelRunRequest { id: run.id.clone() };
    let mut cancelling = tokio::spawn(async move { client.cancel_run(request).await });
    let waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND $1 <> '')";
    lab.eventually(waits, &cell).await;
    let trial = "INSERT INTO cells (id, run_id, object, kernel_id, loader, required, trial_of, changes)
                 SELECT gen_random_uuid(), run_id, object, kernel_id, loader, false, id, '[\"memlock\"]'
                 FROM cells WHERE id = $1::text::uuid";
    sqlx::query(trial).bind(&cell).execute(&mut *settling).await.expect("it is queued");
    let early = tokio::time::timeout(Duration::from_millis(10), &mut cancelling).await;
    assert!(early.is_err(), "cancelling waits for who settles");
    settling.commit().await.expect("it is done");
    let done = tokio::time::timeout(HANG, cancelling).await.expect("it ends").expect("no panic");
    done.expect("it is cancelled");

    let open = "SELECT count(*) FROM cells WHERE state IN ('queued', 'leased')";
    let open: i64 = sqlx::query_scalar(open).fetch_one(&lab.db).await.expect("a count");
    assert_eq!(open, 0);
    lab.stop().await;
}
