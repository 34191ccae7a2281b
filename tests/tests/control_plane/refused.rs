//! What is refused, and in which words.

use crate::lab::{Lab, ask, kernel, patient};
use crate::worker::{Worker, hello};
use domain::OBJECT_BYTES_MAX;
use proto::wire;
use tonic::{Code, Status};
use wire::open_session_request::Message as Say;

fn assert_refused(refused: Status, code: Code, says: &str) {
    assert_eq!(refused.code(), code, "{refused}");
    assert!(refused.message().contains(says), "{refused}");
}

/// A manifest with a name no object has, as a peer that did not look would send it.
fn misnamed() -> Vec<u8> {
    let manifest = r#"{"file": "m.yaml", "places": {"programs.prboe": {"line": 3, "column": 2}},
                       "contract": {"programs": {"prboe": {"autoload": true}}}}"#;
    manifest.as_bytes().to_vec()
}

#[tokio::test]
async fn questions_that_make_no_sense_are_refused_with_a_reason() {
    let lab = Lab::start(patient()).await;
    let object = lab.upload(1).await;
    let question = ask(std::slice::from_ref(&object), "all");
    let nobody = lab.submit(question.clone()).await.expect_err("no worker");
    assert_refused(nobody, Code::FailedPrecondition, "no worker is connected");

    let _worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    for (wrong, code, says) in [
        (
            wire::SubmitRunRequest { kernels: "9.9".to_owned(), ..question.clone() },
            Code::InvalidArgument,
            "`9.9`",
        ),
        (
            wire::SubmitRunRequest { kernels: "?".to_owned(), ..question.clone() },
            Code::InvalidArgument,
            "`?`",
        ),
        (
            wire::SubmitRunRequest { optional_kernels: "8.8".to_owned(), ..question.clone() },
            Code::InvalidArgument,
            "`8.8`",
        ),
        (wire::SubmitRunRequest { objects: vec![], ..question.clone() }, Code::InvalidArgument, "1 to 1000"),
        (
            wire::SubmitRunRequest { objects: vec![vec![1]], ..question.clone() },
            Code::InvalidArgument,
            "`objects`",
        ),
        (
            wire::SubmitRunRequest { objects: vec![vec![1; 32]], ..question.clone() },
            Code::NotFound,
            "upload it",
        ),
        (
            wire::SubmitRunRequest { cell_timeout_ms: u32::MAX, ..question.clone() },
            Code::InvalidArgument,
            "at most",
        ),
        (
            wire::SubmitRunRequest { manifest: misnamed(), ..question.clone() },
            Code::InvalidArgument,
            "m.yaml:3:2: probe.bpf.o has no program `prboe`; did you mean `probe`?",
        ),
        (
            wire::SubmitRunRequest { manifest: br#"{"contract":{"tests":[]}}"#.to_vec(), ..question.clone() },
            Code::InvalidArgument,
            "`manifest`: unknown field `tests`",
        ),
    ] {
        assert_refused(lab.submit(wrong).await.expect_err(says), code, says);
    }
    let runs: i64 =
        sqlx::query_scalar("SELECT count(*) FROM runs").fetch_one(&lab.db).await.expect("a count");
    assert_eq!(runs, 0, "a refused question leaves nothing behind");
    lab.stop().await;
}

/// An archive with one script in it, and the manifest that runs it.
fn command() -> (Vec<u8>, Vec<u8>) {
    let mut header = tar::Header::new_gnu();
    header.set_size(10);
    header.set_mode(0o755);
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, "run.sh", &b"#!/bin/sh\n"[..]).expect("an archive");
    let manifest = r#"{"contract": {"command": {"program": "run.sh", "object": null, "arguments": [],
                       "timeout_ms": 1000, "expect": {"exit": 0}}}}"#;
    (archive.into_inner().expect("an archive"), manifest.as_bytes().to_vec())
}

#[tokio::test]
async fn objects_and_archives_are_not_asked_about_as_each_other() {
    let lab = Lab::start(patient()).await;
    let _worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    let object = lab.upload(1).await;
    let (archive, manifest) = command();
    let archive = lab.upload_as("run.sh", &archive, true).await.expect("an archive").digest;
    let behave = |objects: &[Vec<u8>]| wire::SubmitRunRequest {
        manifest: manifest.clone(),
        level: wire::Level::Behave.into(),
        ..ask(objects, "all")
    };
    lab.submit(behave(std::slice::from_ref(&archive))).await.expect("what it is for");
    let attach = wire::SubmitRunRequest { level: 0, ..behave(std::slice::from_ref(&archive)) };
    for wrong in [
        behave(std::slice::from_ref(&object)),
        behave(&[object.clone(), archive.clone()]),
        ask(&[archive], "all"),
        attach,
    ] {
        let refused = lab.submit(wrong).await.expect_err("one is the other");
        assert_refused(refused, Code::InvalidArgument, "a run has objects or commands, not both");
    }
    lab.stop().await;
}

/// What the reader of manifests promises holds for peers that did not read one.
#[tokio::test]
async fn a_manifest_of_a_peer_is_held_to_the_rules_of_the_file() {
    let lab = Lab::start(patient()).await;
    let object = lab.upload(1).await;
    let _worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    let helper = r#"{"program": "probe", "requires": {"helper": "loop"}}"#;
    let nothing = r#"{"program": "probe", "requires": "nothing"}"#;
    let check = |name: &str| {
        format!(
            r#"{{"name": "{name}", "command": "true", "timeout_ms": 240000, "required": true, "exit": 0, "expect": []}}"#
        )
    };
    let checks: Vec<String> = (0..7).map(|at| check(&at.to_string())).collect();
    for (contract, says) in [
        (
            format!(r#"{{"variants": {{"a": [{helper}], "b": [{nothing}]}}}}"#),
            "`probe` is a candidate of group `a`",
        ),
        (r#"{"variants": {"a": []}}"#.to_owned(), "group `a` needs candidates"),
        (format!(r#"{{"variants": {{"a": [{nothing}, {helper}]}}}}"#), "requires nothing is always kept"),
        (
            format!(r#"{{"checks": [{}]}}"#, checks.join(",")),
            "the checks may take 1680 s together, and at most 1500 s may be",
        ),
    ] {
        let manifest = format!(r#"{{"contract": {contract}}}"#).into_bytes();
        let level = wire::Level::Behave.into();
        let checked = wire::SubmitRunRequest { manifest, level, ..ask(std::slice::from_ref(&object), "all") };
        let behaves = says.starts_with("the checks");
        let question = if behaves { checked } else { wire::SubmitRunRequest { level: 0, ..checked } };
        let refused = lab.submit(question).await.expect_err(says);
        assert_refused(refused, Code::InvalidArgument, says);
    }
    lab.stop().await;
}

#[tokio::test]
async fn a_run_has_five_thousand_cells_and_not_one_more() {
    let lab = Lab::start(patient()).await;
    let kernels = ["5.10", "5.15", "6.1", "6.6", "6.12", "6.18"].map(kernel);
    let _worker = Worker::connect(&lab, "w", &kernels).await;
    let insert = "INSERT INTO objects (digest, name, bytes, programs, maps)
                  SELECT sha256(number::text::bytea), 'o', 1, '{}', '{}' FROM generate_series(1, 1000) AS number
                  RETURNING digest";
    let objects: Vec<Vec<u8>> = sqlx::query_scalar(insert).fetch_all(&lab.db).await.expect("objects");
    let refused = lab.submit(ask(&objects, "all")).await.expect_err("6,000 cells");
    assert_refused(refused, Code::InvalidArgument, "1000 objects on 6 kernels");
    let run = lab.submit(ask(&objects, "all,<6.18")).await.expect("5,000 cells");
    let mut watch = lab.watch(&run.id).await;
    let first = watch.message().await.expect("it fits a message").expect("the run as it is");
    assert_eq!((first.cells.len(), first.objects.len()), (5_000, 1_000));
    lab.stop().await;
}

#[tokio::test]
async fn uploads_that_are_no_objects_are_refused() {
    let lab = Lab::start(patient()).await;
    for (name, bytes, says) in [
        ("", b"x".to_vec(), "file name"),
        ("../probe.bpf.o", b"x".to_vec(), "file name"),
        ("probe.bpf.o", b"not an ELF".to_vec(), "`probe.bpf.o`"),
        ("probe.bpf.o", Vec::new(), "empty"),
        ("probe.bpf.o", vec![0; OBJECT_BYTES_MAX + 1], "more than"),
    ] {
        let refused = lab.upload_bytes(name, &bytes).await.expect_err(says);
        assert_refused(refused, Code::InvalidArgument, says);
    }
    lab.stop().await;
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let lab = Lab::start(patient()).await;
    let id = domain::id::RunId::new().to_string();
    let mut runs = lab.runs().await;
    let request = wire::GetRunRequest { id: id.clone() };
    assert_refused(runs.get_run(request).await.expect_err("no run"), Code::NotFound, &id);
    let request = wire::WatchRunRequest { id: id.clone(), attends: true };
    let mut watch = runs.watch_run(request).await.expect("a stream").into_inner();
    assert_refused(watch.message().await.expect_err("no run"), Code::NotFound, &id);
    let request = wire::CancelRunRequest { id: id.clone() };
    assert_refused(runs.cancel_run(request).await.expect_err("no run"), Code::NotFound, &id);
    let request = wire::GetEvidenceRequest { digest: vec![7; 32] };
    assert_refused(runs.get_evidence(request).await.expect_err("none"), Code::NotFound, "evidence");
    let request = wire::FetchObjectRequest { digest: vec![7; 32] };
    assert_refused(
        lab.fleet().await.fetch_object(request).await.expect_err("none"),
        Code::NotFound,
        "object",
    );
    lab.stop().await;
}

#[tokio::test]
async fn a_session_begins_with_a_sound_hello() {
    let lab = Lab::start(patient()).await;
    let sound = hello("w", lab.validator, &[kernel("6.1")]);
    let mut renamed: wire::Kernel = (&kernel("6.1")).into();
    renamed.id = "debian/other@1".to_owned();
    for (first, says) in [
        (Say::Room(wire::Room { cells: 1 }), "Hello"),
        (Say::Hello(wire::Hello { name: String::new(), ..sound.clone() }), "`name`"),
        (Say::Hello(wire::Hello { validator: vec![1], ..sound.clone() }), "`validator`"),
        (Say::Hello(wire::Hello { accelerator: "magic".to_owned(), ..sound.clone() }), "`accelerator`"),
        (Say::Hello(wire::Hello { slots: 0, ..sound.clone() }), "`slots`"),
        (Say::Hello(wire::Hello { kernels: vec![renamed], ..sound.clone() }), "debian/other@1"),
    ] {
        let first = wire::OpenSessionRequest { message: Some(first) };
        let said = tokio_stream::iter([first]);
        let mut heard = lab.fleet().await.open_session(said).await.expect("a stream").into_inner();
        assert_refused(heard.message().await.expect_err(says), Code::InvalidArgument, says);
    }
    lab.stop().await;
}
