//! The same question is answered once.

use crate::lab::{Lab, ask, kernel, patient};
use crate::worker::{Worker, deliver};
use domain::contract::{Contract, ExpectedFailure, Manifest, ProgramTerms};
use domain::digest::Digest;
use domain::errno::Errno;
use domain::evidence::{AttachOutcome, Evidence};
use proto::wire;
use time::macros::date;

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
        wire::SubmitRunRequest { loaders: vec!["aya".to_owned()], ..question.clone() },
        wire::SubmitRunRequest { level: wire::Level::Load.into(), ..question.clone() },
        wire::SubmitRunRequest { manifest: required("probe"), ..question.clone() },
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

/// A manifest that says of one program what holds anyway.
fn required(program: &str) -> Vec<u8> {
    let terms = ProgramTerms { required: Some(true), ..ProgramTerms::default() };
    let contract = Contract { programs: [(program.to_owned(), terms)].into(), ..Contract::default() };
    serde_json::to_vec(&Manifest { contract, ..Manifest::default() }).expect("plain data")
}

/// A failure that was expected stays one, and the run goes by the others.
#[tokio::test]
async fn a_cell_that_fails_as_expected_does_not_decide_its_run() {
    let lab = Lab::start(patient()).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.1"), kernel("6.12")]).await;
    let object = lab.upload(1).await;
    let manifest = r#"{"contract": {"expected_failures": [{"program": null, "kernels": "6.1", "cause": null,
                       "reason": "known", "until": "2099-12-31"}]}}"#;
    let question = wire::SubmitRunRequest { manifest: manifest.into(), ..ask(&[object], "all") };
    let run = lab.submit(question.clone()).await.expect("accepted");
    worker.room(2).await;
    for _ in 0..2 {
        let assignment = worker.assigned().await;
        let mut evidence = worker.evidence(&assignment);
        if assignment.kernel_id.contains("6.1.") {
            evidence.attaches[0].outcome = AttachOutcome::Failed(Errno::ENOENT);
        }
        deliver(&lab, assignment.lease.clone(), &evidence).await.expect("the lease is held");
    }
    let answered =
        [lab.finished(&run.id).await, lab.run(&lab.submit(question).await.expect("accepted").id).await];
    for run in answered {
        assert_eq!(run.run.expect("a run").verdict(), wire::Verdict::Passes);
        for cell in run.cells {
            let (fails, verdict) = (cell.kernel_id.contains("6.1."), cell.verdict.expect("a verdict"));
            assert_eq!(verdict.verdict() == wire::Verdict::Fails, fails, "what was seen is told");
            assert_eq!((verdict.excused, cell.required), (fails, true));
            assert_eq!(verdict.excused_until, if fails { "2099-12-31" } else { "" });
        }
    }
    lab.stop().await;
}

/// A run of nothing but failures that were expected holds, as a suite of expected failures does.
#[tokio::test]
async fn a_run_of_nothing_but_expected_failures_holds() {
    let lab = Lab::start(patient()).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    let object = lab.upload(1).await;
    for (until, holds) in [("2099-12-31", wire::Verdict::Passes), ("2020-12-31", wire::Verdict::Fails)] {
        let manifest = format!(
            r#"{{"contract": {{"expected_failures": [{{"program": null, "kernels": "all", "cause": null,
                "reason": "known", "until": "{until}"}}]}}}}"#
        );
        let question =
            wire::SubmitRunRequest { manifest: manifest.into(), ..ask(std::slice::from_ref(&object), "all") };
        let run = lab.submit(question).await.expect("accepted");
        worker.room(1).await;
        let assignment = worker.assigned().await;
        let mut evidence = worker.evidence(&assignment);
        evidence.attaches[0].outcome = AttachOutcome::Failed(Errno::ENOENT);
        deliver(&lab, assignment.lease, &evidence).await.expect("the lease is held");
        let answered = lab.finished(&run.id).await;
        assert_eq!(answered.run.expect("a run").verdict(), holds, "{until}");
        assert_eq!(answered.cells[0].verdict.as_ref().expect("a verdict").verdict(), wire::Verdict::Fails);
    }
    lab.stop().await;
}

/// What does not concern a kernel, and what only people read, asks nothing new.
#[tokio::test]
async fn a_question_is_the_same_whatever_is_declared_about_other_kernels() {
    let lab = Lab::start(patient()).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.1"), kernel("6.12")]).await;
    let object = lab.upload(1).await;
    let question = ask(&[object], "6.1");
    let first = lab.submit(question.clone()).await.expect("accepted");
    worker.room(1).await;
    let assignment = worker.assigned().await;
    assert!(assignment.contract.is_empty(), "nothing was declared");
    deliver(&lab, assignment.lease.clone(), &worker.evidence(&assignment)).await.expect("the lease is held");
    lab.finished(&first.id).await;
    let declared = |kernels: &str| {
        let expected = ExpectedFailure {
            program: Some("probe".to_owned()),
            kernels: kernels.to_owned(),
            cause: None,
            reason: "known".to_owned(),
            until: date!(2099 - 12 - 31),
        };
        let contract = Contract { expected_failures: vec![expected], ..Contract::default() };
        let manifest = Manifest { name: "a name".to_owned(), contract, ..Manifest::default() };
        let manifest = serde_json::to_vec(&manifest).expect("plain data");
        wire::SubmitRunRequest { manifest, ..question.clone() }
    };
    let elsewhere = lab.submit(declared(">=6.12")).await.expect("accepted");
    assert_eq!(elsewhere.state(), wire::RunState::Finished, "nothing of it concerns 6.1");
    let here = lab.submit(declared("6.1")).await.expect("accepted");
    assert_eq!(here.settled, 0);
    worker.room(1).await;
    let assignment = worker.assigned().await;
    let mut evidence = worker.evidence(&assignment);
    assert_eq!(evidence.contract.expected_failures.len(), 1, "the worker is told");
    let contract = std::mem::take(&mut evidence.contract);
    let refused = deliver(&lab, assignment.lease.clone(), &evidence).await.expect_err("another contract");
    assert!(refused.message().contains("another contract"), "{refused}");
    worker.room(1).await;
    let assignment = worker.assigned().await;
    let evidence = Evidence { contract, ..worker.evidence(&assignment) };
    deliver(&lab, assignment.lease.clone(), &evidence).await.expect("the lease is held");
    let run = lab.finished(&here.id).await;
    let verdict = run.cells[0].verdict.as_ref().expect("a verdict");
    assert!(verdict.expectations[0].contains("take the expectation away"), "{:?}", verdict.expectations);
    assert!(!run.manifest.is_empty(), "what was submitted is kept");
    lab.stop().await;
}

/// A program may be named by its section; whoever exercises it is told its function.
#[tokio::test]
async fn a_section_of_a_manifest_is_asked_about_as_the_function_in_it() {
    let lab = Lab::start(patient()).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    let object = lab.upload(1).await;
    let question = wire::SubmitRunRequest {
        manifest: required("tracepoint/syscalls/sys_enter_openat"),
        ..ask(&[object], "all")
    };
    lab.submit(question).await.expect("the object has one program there");
    worker.room(1).await;
    let assignment = worker.assigned().await;
    let contract = worker.evidence(&assignment).contract;
    assert_eq!(contract.programs.into_keys().collect::<Vec<_>>(), ["probe"]);
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
