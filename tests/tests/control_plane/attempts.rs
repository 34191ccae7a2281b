//! Tries that end without an answer.

use crate::lab::{Lab, ask, kernel, patient};
use crate::worker::{Worker, deliver, deliver_bytes};
use domain::cell::ATTEMPTS_MAX;
use proto::wire;
use tonic::Code;

/// The only cell of the finished run.
async fn outcome(lab: &Lab, run: &wire::Run) -> wire::Cell {
    let answer = lab.finished(&run.id).await;
    assert_eq!(answer.run.expect("a run").verdict(), wire::Verdict::Inconclusive);
    assert_eq!(answer.cells.len(), 1);
    answer.cells.into_iter().next().expect("a cell")
}

fn cause(cell: &wire::Cell) -> wire::Cause {
    cell.verdict.clone().and_then(|verdict| verdict.cause).expect("a cause")
}

#[tokio::test]
async fn a_cell_that_crashes_its_worker_every_time_ends_as_inconclusive() {
    let lab = Lab::start(patient()).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    let object = lab.upload(1).await;
    let run = lab.submit(ask(&[object], "all")).await.expect("accepted");
    for _ in 0..ATTEMPTS_MAX {
        worker.room(1).await;
        let assignment = worker.assigned().await;
        worker.give_back(&assignment, wire::FailureKind::Crashed, "QEMU was killed").await;
    }
    let cell = outcome(&lab, &run).await;
    assert_eq!(cell.attempts, u32::from(ATTEMPTS_MAX));
    let cause = cause(&cell);
    assert_eq!((cause.code.as_str(), cause.says.as_str()), ("infrastructure", "QEMU was killed"));
    assert!(cell.verdict.expect("a verdict").guest.is_none());
    lab.stop().await;
}

#[tokio::test]
async fn a_guest_that_dies_every_time_ends_as_inconclusive_with_the_last_evidence() {
    let lab = Lab::start(patient()).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    let object = lab.upload(1).await;
    let run = lab.submit(ask(std::slice::from_ref(&object), "all")).await.expect("accepted");
    for _ in 0..ATTEMPTS_MAX {
        worker.room(1).await;
        let assignment = worker.assigned().await;
        deliver(&lab, assignment.lease.clone(), &worker.death(&assignment)).await.expect("the lease is held");
    }
    let cell = outcome(&lab, &run).await;
    assert_eq!(cause(&cell).code, "guest_died");
    assert!(!cell.verdict.expect("a verdict").evidence.is_empty());
    let recorded: i64 =
        sqlx::query_scalar("SELECT count(*) FROM evidence").fetch_one(&lab.db).await.expect("a count");
    assert_eq!(recorded, i64::from(ATTEMPTS_MAX), "no evidence is thrown away");

    // What could not be told is asked again.
    let again = lab.submit(ask(&[object], "all")).await.expect("accepted");
    assert_eq!(again.settled, 0);
    lab.stop().await;
}

#[tokio::test]
async fn a_transient_failure_costs_no_attempt_but_does_not_go_on_for_ever() {
    let lab = Lab::start(patient()).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    let object = lab.upload(1).await;
    let run = lab.submit(ask(&[object], "all")).await.expect("accepted");
    for _ in 0..=20 {
        worker.room(1).await;
        let assignment = worker.assigned().await;
        assert_eq!(lab.run(&run.id).await.cells[0].attempts, 0);
        worker.give_back(&assignment, wire::FailureKind::Transient, "the mirror is down").await;
    }
    assert_eq!(cause(&outcome(&lab, &run).await).says, "the mirror is down");
    lab.stop().await;
}

#[tokio::test]
async fn evidence_that_is_not_about_the_question_is_a_crash_and_no_answer() {
    let lab = Lab::start(patient()).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    let object = lab.upload(1).await;
    let run = lab.submit(ask(&[object], "all")).await.expect("accepted");

    worker.room(1).await;
    let assignment = worker.assigned().await;
    let refused = deliver_bytes(&lab, assignment.lease, b"neither zlib nor evidence").await;
    assert_eq!(refused.expect_err("it is garbage").code(), Code::InvalidArgument);

    worker.room(1).await;
    let assignment = worker.assigned().await;
    let mut evidence = worker.evidence(&assignment);
    evidence.guest.validator = domain::digest::Digest::of(b"another validator");
    let refused = deliver(&lab, assignment.lease, &evidence).await;
    assert_eq!(refused.expect_err("another validator").code(), Code::InvalidArgument);

    worker.room(1).await;
    let assignment = worker.assigned().await;
    let mut evidence = worker.evidence(&assignment);
    evidence.kernel.as_mut().expect("facts").release = "5.4.0-generic".to_owned();
    let refused = deliver(&lab, assignment.lease, &evidence).await;
    assert_eq!(refused.expect_err("another kernel").code(), Code::InvalidArgument);

    let cause = cause(&outcome(&lab, &run).await);
    assert_eq!(cause.code, "infrastructure");
    assert!(cause.says.contains("5.4.0-generic"), "{}", cause.says);
    lab.stop().await;
}
