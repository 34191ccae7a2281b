//! Fencing: only the lease that is held now may answer.

use crate::lab::{HANG, Lab, ask, kernel, patient};
use crate::worker::{Worker, deliver};
use controller::Timing;
use proto::wire;
use std::time::Duration;
use tonic::Code;

#[tokio::test]
async fn the_evidence_of_a_lost_lease_is_refused_and_the_new_one_counts() {
    let lab = Lab::start(patient()).await;
    let kernels = [kernel("6.1")];
    let mut first = Worker::connect(&lab, "first", &kernels).await;
    let object = lab.upload(1).await;
    let run = lab.submit(ask(&[object], "all")).await.expect("accepted");
    first.room(1).await;
    let lost = first.assigned().await;
    let late = first.evidence(&lost);
    drop(first);

    let mut second = Worker::connect(&lab, "second", &kernels).await;
    second.room(1).await;
    let held = second.assigned().await;
    let (old, new) = (lost.lease.clone().expect("a lease"), held.lease.clone().expect("a lease"));
    assert_eq!(old.cell_id, new.cell_id);
    assert!(old.fence < new.fence, "fences grow");

    let refused = deliver(&lab, lost.lease.clone(), &late).await.expect_err("the lease is lost");
    assert_eq!(refused.code(), Code::FailedPrecondition, "{refused}");
    deliver(&lab, held.lease.clone(), &second.evidence(&held)).await.expect("the lease is held");
    let again = deliver(&lab, held.lease.clone(), &second.evidence(&held)).await.expect_err("it is settled");
    assert_eq!(again.code(), Code::FailedPrecondition, "{again}");

    let answer = lab.finished(&run.id).await;
    assert_eq!(answer.cells[0].worker, "second");
    assert_eq!(answer.cells[0].attempts, 2, "the first worker's disappearance counts");
    // A heartbeat for the settled cell is answered with a revocation.
    second.heartbeat(&held).await;
    assert_eq!(second.revoked().await, new);
    lab.stop().await;
}

#[tokio::test]
async fn a_lease_that_is_not_renewed_runs_out() {
    let timing = Timing { reap: Duration::from_millis(20), ..patient() };
    let lab = Lab::start(timing).await;
    let kernels = [kernel("6.1")];
    let mut silent = Worker::connect(&lab, "silent", &kernels).await;
    let object = lab.upload(1).await;
    lab.submit(ask(&[object], "all")).await.expect("accepted");
    silent.room(1).await;
    let lost = silent.assigned().await;
    // Instead of waiting for an hour, the lease is made as old as if it had passed.
    sqlx::raw_sql("UPDATE leases SET expires_at = now() - interval '1 s'")
        .execute(&lab.db)
        .await
        .expect("done");

    let mut other = Worker::connect(&lab, "other", &kernels).await;
    other.room(1).await;
    let held = tokio::time::timeout(HANG, other.assigned()).await.expect("the cell comes back");
    assert_eq!(held.object, lost.object);
    silent.heartbeat(&lost).await;
    assert_eq!(Some(silent.revoked().await), lost.lease);
    lab.stop().await;
}

#[tokio::test]
async fn a_worker_whose_controller_died_is_taken_as_gone() {
    let timing = Timing { reap: Duration::from_millis(20), ..patient() };
    let lab = Lab::start(timing).await;
    let kernels = [kernel("6.1")];
    let mut orphan = Worker::connect(&lab, "orphan", &kernels).await;
    let object = lab.upload(1).await;
    lab.submit(ask(&[object], "all")).await.expect("accepted");
    orphan.room(1).await;
    let lost = orphan.assigned().await;
    let unheard = "UPDATE workers SET last_seen_at = now() - interval '2 h' WHERE name = 'orphan'";
    sqlx::raw_sql(unheard).execute(&lab.db).await.expect("done");

    let mut other = Worker::connect(&lab, "other", &kernels).await;
    other.room(1).await;
    assert_eq!(other.assigned().await.object, lost.object);
    orphan.heartbeat(&lost).await;
    assert_eq!(orphan.broken_off().await.code(), Code::DeadlineExceeded, "it has to connect again");
    lab.stop().await;
}

#[tokio::test]
async fn a_session_without_heartbeats_ends() {
    let lab = Lab::start(Timing { lease: Duration::from_millis(50), ..patient() }).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    assert_eq!(worker.broken_off().await.code(), Code::DeadlineExceeded);
    lab.stop().await;
}

#[tokio::test]
async fn a_controller_that_stops_gives_its_leases_back_without_counting_an_attempt() {
    let lab = Lab::start(patient()).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    let object = lab.upload(1).await;
    lab.submit(ask(&[object], "all")).await.expect("accepted");
    worker.room(1).await;
    worker.assigned().await;
    let db = lab.stop().await;
    let (state, attempts): (String, i16) =
        sqlx::query_as("SELECT state::text, attempts FROM cells").fetch_one(&db).await.expect("a cell");
    assert_eq!((state.as_str(), attempts), ("queued", 0));
    let leases: i64 =
        sqlx::query_scalar("SELECT count(*) FROM leases").fetch_one(&db).await.expect("a count");
    assert_eq!(leases, 0);
    assert!(worker.hear().await.is_none(), "the session ends");
}

#[tokio::test]
async fn nobody_gives_back_a_lease_of_somebody_else() {
    let lab = Lab::start(patient()).await;
    let kernels = [kernel("6.1")];
    let mut holder = Worker::connect(&lab, "holder", &kernels).await;
    let other = Worker::connect(&lab, "other", &kernels).await;
    let object = lab.upload(1).await;
    lab.submit(ask(&[object], "all")).await.expect("accepted");
    holder.room(1).await;
    let held = holder.assigned().await;
    other.give_back(&held, wire::FailureKind::Crashed, "not mine").await;
    // Both are heard in order, so the give-back was heard when this is answered.
    let lost = wire::Assignment {
        lease: Some(wire::Lease { fence: 0, ..held.lease.clone().expect("a lease") }),
        ..held.clone()
    };
    let mut other = other;
    other.heartbeat(&lost).await;
    other.revoked().await;
    deliver(&lab, held.lease.clone(), &holder.evidence(&held)).await.expect("the lease is still held");
    lab.stop().await;
}
