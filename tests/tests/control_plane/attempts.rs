//! Tries that end without an answer.

use crate::lab::{Lab, ask, kernel, patient};
use crate::worker::{Worker, deliver, deliver_bytes};
use domain::cell::{ATTEMPTS_MAX, LARGE_GUEST_BYTES};
use domain::errno::Errno;
use domain::evidence::{Evidence, Splat};
use proto::wire;
use tonic::Code;

/// The only cell of the finished run, which is inconclusive.
async fn outcome(lab: &Lab, run: &wire::Run) -> wire::Cell {
    outcome_is(lab, run, wire::Verdict::Inconclusive).await
}

/// The only cell of the finished run, which has this verdict.
async fn outcome_is(lab: &Lab, run: &wire::Run, verdict: wire::Verdict) -> wire::Cell {
    let answer = lab.finished(&run.id).await;
    assert_eq!(answer.run.expect("a run").verdict(), verdict);
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

/// What a guest would show in which memory did not suffice.
fn out_of_memory(worker: &Worker, assignment: &wire::Assignment) -> Evidence {
    let mut evidence = worker.evidence(assignment);
    evidence.guest.memory_bytes =
        if assignment.memory_bytes == 0 { 1 << 30 } else { assignment.memory_bytes };
    evidence.loads[0].errno = Some(Errno::ENOMEM);
    evidence.loads[0].loaded.clear();
    evidence.attaches.clear();
    evidence
}

#[tokio::test]
async fn too_little_memory_is_tried_once_more_in_a_large_guest() {
    let lab = Lab::start(patient()).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    for (number, suffices) in [(1, true), (2, false)] {
        let object = lab.upload(number).await;
        let run = lab.submit(ask(&[object], "all")).await.expect("accepted");
        worker.room(1).await;
        let small = worker.assigned().await;
        assert_eq!((small.memory_bytes, small.cold), (0, false));
        let evidence = out_of_memory(&worker, &small);
        deliver(&lab, small.lease, &evidence).await.expect("the lease is held");
        worker.room(1).await;
        let large = worker.assigned().await;
        assert_eq!((large.memory_bytes, large.cold), (LARGE_GUEST_BYTES, true));
        let mut evidence = out_of_memory(&worker, &large);
        if suffices {
            let guest = evidence.guest;
            evidence = Evidence { guest, ..worker.evidence(&large) };
        }
        deliver(&lab, large.lease, &evidence).await.expect("the lease is held");
        let expected = if suffices { wire::Verdict::Passes } else { wire::Verdict::Inconclusive };
        let cell = outcome_is(&lab, &run, expected).await;
        assert_eq!(cell.attempts, 2);
        if !suffices {
            let cause = cause(&cell);
            assert_eq!(cause.code, "guest_memory");
            assert!(cause.says.ends_with("It had 4096 MiB."), "{}", cause.says);
        }
    }
    lab.stop().await;
}

#[tokio::test]
async fn a_large_guest_that_was_not_to_be_had_hides_no_lack_of_memory() {
    let lab = Lab::start(patient()).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    for number in [1, 2] {
        let object = lab.upload(number).await;
        let run = lab.submit(ask(&[object], "all")).await.expect("accepted");
        worker.room(1).await;
        let small = worker.assigned().await;
        let evidence = out_of_memory(&worker, &small);
        deliver(&lab, small.lease, &evidence).await.expect("the lease is held");
        let (kind, times) = match number {
            1 => (wire::FailureKind::Crashed, 2),
            _ => (wire::FailureKind::Transient, 21),
        };
        for _ in 0..times {
            worker.room(1).await;
            let large = worker.assigned().await;
            assert_eq!(large.memory_bytes, LARGE_GUEST_BYTES);
            worker.give_back(&large, kind, "the host lacks memory").await;
        }
        let cause = cause(&outcome(&lab, &run).await);
        assert_eq!(cause.code, "guest_memory");
        assert!(cause.says.ends_with("It had 1024 MiB. No later guest answered."), "{}", cause.says);
    }

    let object = lab.upload(3).await;
    lab.submit(ask(&[object], "all")).await.expect("accepted");
    worker.room(1).await;
    let small = worker.assigned().await;
    let evidence = out_of_memory(&worker, &small);
    deliver(&lab, small.lease, &evidence).await.expect("the lease is held");
    worker.room(1).await;
    let large = worker.assigned().await;
    let evidence = worker.evidence(&large);
    let refused = deliver(&lab, large.lease, &evidence).await.expect_err("the guest was not large");
    assert_eq!(refused.code(), Code::InvalidArgument);
    lab.stop().await;
}

#[tokio::test]
async fn a_panic_in_two_guests_is_a_failure_and_in_one_a_note() {
    let lab = Lab::start(patient()).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    for (number, again) in [(1, true), (2, false)] {
        let object = lab.upload(number).await;
        let run = lab.submit(ask(&[object], "all")).await.expect("accepted");
        for (is_retry, panics) in [(false, true), (true, again)] {
            worker.room(1).await;
            let assignment = worker.assigned().await;
            assert_eq!(assignment.cold, is_retry, "a template is not asked twice");
            let mut evidence = worker.evidence(&assignment);
            if panics {
                evidence = worker.death(&assignment);
                // A guest may print anything.
                let excerpt = "Kernel panic - not syncing: Fatal exception\0".to_owned();
                evidence.splats = vec![Splat { kind: "panic".to_owned(), excerpt }];
            }
            deliver(&lab, assignment.lease, &evidence).await.expect("the lease is held");
        }
        let expected = if again { wire::Verdict::Fails } else { wire::Verdict::Passes };
        let cell = outcome_is(&lab, &run, expected).await;
        let verdict = cell.verdict.clone().expect("a verdict");
        assert_eq!(verdict.splats.len(), if again { 2 } else { 1 });
        assert!(verdict.splats.iter().all(|splat| splat.excerpt.ends_with("Fatal exception")), "{verdict:?}");
        if again {
            let cause = cause(&cell);
            assert_eq!(cause.code, "kernel_panic");
            assert!(cause.says.ends_with("It happened in two guests."), "{}", cause.says);
        }
    }
    lab.stop().await;
}
