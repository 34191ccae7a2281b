//! The same question is answered once.

use crate::lab::{Lab, ask, kernel, patient};
use crate::worker::{Worker, deliver};
use domain::digest::Digest;
use proto::wire;

#[tokio::test]
async fn a_repeated_question_is_served_from_the_store_unless_it_must_be_fresh() {
    let mut lab = Lab::start(patient()).await;
    let kernels = [kernel("6.1"), kernel("6.12")];
    let mut worker = Worker::connect(&lab, "w", &kernels).await;
    let object = lab.upload(1).await;
    let question = ask(&[object], "6.1");
    let first = lab.submit(question.clone()).await.expect("accepted");
    worker.room(1).await;
    let assignment = worker.assigned().await;
    deliver(&lab, assignment.lease.clone(), &worker.evidence(&assignment)).await.expect("the lease is held");
    let first = lab.finished(&first.id).await;

    let again = lab.submit(question.clone()).await.expect("accepted");
    assert_eq!(again.state(), wire::RunState::Finished, "no worker is needed");
    assert_eq!(again.verdict(), wire::Verdict::Passes);
    let again = lab.run(&again.id).await;
    assert!(again.cells[0].cached && !first.cells[0].cached);
    assert_eq!(again.cells[0].verdict, first.cells[0].verdict);
    let guest = again.cells[0].verdict.clone().and_then(|verdict| verdict.guest).expect("the guest is told");
    assert_eq!((guest.accelerator.as_str(), guest.boot_ms, guest.nonce_ok), ("tcg", 1_000, true));

    // Half of a wider question is known.
    let wider = wire::SubmitRunRequest { kernels: "all".to_owned(), ..question.clone() };
    let wider = lab.submit(wider).await.expect("accepted");
    assert_eq!((wider.cells, wider.settled, wider.state()), (2, 1, wire::RunState::Queued));

    for other in [
        wire::SubmitRunRequest { fresh: true, ..question.clone() },
        wire::SubmitRunRequest { level: wire::Level::Load.into(), ..question.clone() },
    ] {
        assert_eq!(lab.submit(other).await.expect("accepted").settled, 0);
    }

    // A validator that nobody runs any more answers nothing.
    drop(worker);
    lab.validator = Digest::of(b"a newer validator");
    let _newer = Worker::connect(&lab, "w", &kernels).await;
    let left = "SELECT count(*) = 1 FROM workers WHERE state = 'connected' AND name = $1";
    lab.eventually(left, "w").await;
    assert_eq!(lab.submit(question).await.expect("accepted").settled, 0);
    lab.stop().await;
}

#[tokio::test]
async fn the_evidence_behind_a_verdict_can_be_read_as_it_was_delivered() {
    let lab = Lab::start(patient()).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    let object = lab.upload(1).await;
    let run = lab.submit(ask(&[object], "all")).await.expect("accepted");
    worker.room(1).await;
    let assignment = worker.assigned().await;
    let mut evidence = worker.evidence(&assignment);
    // Longer than one piece.
    evidence.console = "x".repeat(3 * proto::PIECE_BYTES);
    deliver(&lab, assignment.lease, &evidence).await.expect("the lease is held");
    let verdict = lab.finished(&run.id).await.cells[0].verdict.clone().expect("a verdict");

    let request = wire::GetEvidenceRequest { digest: verdict.evidence.clone() };
    let mut pieces = lab.runs().await.get_evidence(request).await.expect("it is there").into_inner();
    let mut json = Vec::new();
    while let Some(piece) = pieces.message().await.expect("a piece") {
        json.extend(piece.data);
    }
    assert_eq!(Digest::of(&json).0.to_vec(), verdict.evidence);
    assert_eq!(json, serde_json::to_vec(&evidence).expect("it encodes"));
    lab.stop().await;
}
