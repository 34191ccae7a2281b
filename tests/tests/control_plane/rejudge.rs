//! Stored evidence judged again.

use crate::lab::{Lab, ask, kernel, patient};
use crate::worker::{Worker, deliver};
use controller::{Order, Rejudged, rejudge};
use domain::digest::Digest;
use proto::wire;
use sqlx::AssertSqlSafe;
use time::macros::date;

/// Judges again and yields what came of it and what was told.
async fn again(lab: &Lab, order: Order) -> (Rejudged, String) {
    let mut told = Vec::new();
    let rejudged = rejudge(lab.config(), order, &mut told).await.expect("the database is there");
    (rejudged, String::from_utf8(told).expect("it is text"))
}

const APPLY: Order = Order { since: None, apply: true };

async fn execute(lab: &Lab, statement: &str) {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&lab.db).await.expect(statement);
}

/// Makes every verdict one that other rules came to, who found that the object fails.
async fn judged_by_others(lab: &Lab) {
    let answer =
        "jsonb_set(jsonb_set(answer, '{verdict}', '\"fails\"'), '{programs,0,verdict}', '\"fails\"')";
    execute(
        lab,
        &format!("UPDATE verdicts SET rules = sha256('other'), verdict = 'fails', answer = {answer}"),
    )
    .await;
    execute(lab, "UPDATE runs SET verdict = 'fails' WHERE state = 'finished'").await;
}

async fn count(lab: &Lab, what: &'static str) -> i64 {
    sqlx::query_scalar(what).fetch_one(&lab.db).await.expect(what)
}

/// A question about one object and the id of its finished run, which passes.
async fn answered(lab: &Lab, worker: &mut Worker, number: usize) -> (wire::SubmitRunRequest, String) {
    let question = ask(&[lab.upload(number).await], "all");
    let run = lab.submit(question.clone()).await.expect("accepted");
    worker.room(1).await;
    let assignment = worker.assigned().await;
    deliver(lab, assignment.lease.clone(), &worker.evidence(&assignment)).await.expect("the lease is held");
    lab.finished(&run.id).await;
    (question, run.id)
}

#[tokio::test]
async fn a_verdict_of_other_rules_is_found_told_and_replaced_where_that_is_asked_for() {
    let lab = Lab::start(patient()).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    let (question, first) = answered(&lab, &mut worker, 1).await;
    // Another run that was answered from the store shares the verdict.
    let shared = lab.submit(question.clone()).await.expect("accepted");
    judged_by_others(&lab).await;
    assert_eq!(lab.run(&shared.id).await.run.expect("a run").verdict(), wire::Verdict::Fails);

    let (rejudged, told) = again(&lab, Order::default()).await;
    assert_eq!(rejudged, Rejudged { seen: 1, changed: 1, ..Rejudged::default() });
    for says in [
        "probe.bpf.o on debian/6.1.0-1-cloud-amd64@6.1.1-1, run ",
        ": fails -> passes; first `fails`",
        "--apply",
    ] {
        assert!(told.contains(says), "`{says}` is not in: {told}");
    }
    assert_eq!(
        count(&lab, "SELECT count(*) FROM verdicts").await,
        1,
        "nothing is stored unless it is asked for"
    );
    let since = Order { since: Some(date!(2999 - 01 - 01)), ..APPLY };
    assert_eq!(again(&lab, since).await.0, Rejudged::default());

    let (rejudged, told) = again(&lab, APPLY).await;
    assert_eq!((rejudged.changed, told.contains("they were stored")), (1, true), "{told}");
    assert_eq!(
        count(&lab, "SELECT count(*) FROM verdicts WHERE verdict = 'fails'").await,
        1,
        "the old one stays"
    );
    assert_eq!(count(&lab, "SELECT count(*) FROM evidence").await, 1);
    for id in [first, shared.id] {
        let run = lab.run(&id).await;
        assert_eq!(run.run.expect("a run").verdict(), wire::Verdict::Passes);
        let verdict = run.cells[0].verdict.clone().expect("a verdict");
        assert_eq!((verdict.verdict(), verdict.guest.is_some()), (wire::Verdict::Passes, true));
    }
    assert_eq!(again(&lab, APPLY).await.0, Rejudged::default(), "nothing is left to be judged again");
    let served = lab.submit(question).await.expect("accepted");
    assert_eq!((served.state(), served.verdict()), (wire::RunState::Finished, wire::Verdict::Passes));
    lab.stop().await;
}

#[tokio::test]
async fn evidence_that_means_the_same_changes_nothing() {
    let lab = Lab::start(patient()).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    answered(&lab, &mut worker, 1).await;
    assert_eq!(again(&lab, APPLY).await.0, Rejudged::default(), "today's own rules are not looked at");
    execute(&lab, "UPDATE verdicts SET rules = NULL").await;
    let cell = "SELECT verdict_id::text FROM cells";
    let before: String = sqlx::query_scalar(cell).fetch_one(&lab.db).await.expect("a verdict");
    let (rejudged, told) = again(&lab, APPLY).await;
    assert_eq!(rejudged, Rejudged { seen: 1, ..Rejudged::default() });
    assert_eq!(told.lines().count(), 1, "{told}");
    let after: String = sqlx::query_scalar(cell).fetch_one(&lab.db).await.expect("a verdict");
    assert_eq!((before, count(&lab, "SELECT count(*) FROM verdicts").await), (after, 1));
    lab.stop().await;
}

#[tokio::test]
async fn missing_and_damaged_evidence_is_told_and_the_rest_is_judged() {
    let lab = Lab::start(patient()).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    for number in 1..=3 {
        answered(&lab, &mut worker, number).await;
    }
    judged_by_others(&lab).await;
    let digests = "SELECT digest FROM evidence ORDER BY recorded_at LIMIT 2";
    let digests: Vec<Vec<u8>> = sqlx::query_scalar(digests).fetch_all(&lab.db).await.expect("evidence");
    let path = |digest: &Vec<u8>| {
        let digest = Digest::try_from(digest.as_slice()).expect("a digest");
        lab.config().store.join("evidence").join(digest.to_string())
    };
    std::fs::remove_file(path(&digests[0])).expect("it was there");
    std::fs::write(path(&digests[1]), b"no evidence").expect("it can be written");
    let (rejudged, told) = again(&lab, APPLY).await;
    assert_eq!(rejudged, Rejudged { seen: 3, changed: 1, unknown: 2, ..Rejudged::default() });
    assert_eq!(told.matches("cannot be judged again: evidence").count(), 2, "{told}");
    lab.stop().await;
}

#[tokio::test]
async fn tries_are_judged_again_together() {
    let lab = Lab::start(patient()).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    let run = lab.submit(ask(&[lab.upload(1).await], "all")).await.expect("accepted");
    worker.room(1).await;
    let crashed = worker.assigned().await;
    worker.give_back(&crashed, wire::FailureKind::Crashed, "QEMU was killed").await;
    for _ in 0..2 {
        worker.room(1).await;
        let assignment = worker.assigned().await;
        deliver(&lab, assignment.lease.clone(), &worker.death(&assignment)).await.expect("the lease is held");
    }
    lab.finished(&run.id).await;
    execute(&lab, "UPDATE verdicts SET rules = NULL").await;
    let (rejudged, told) = again(&lab, APPLY).await;
    assert_eq!(rejudged, Rejudged { seen: 1, ..Rejudged::default() }, "{told}");
    lab.stop().await;
}
