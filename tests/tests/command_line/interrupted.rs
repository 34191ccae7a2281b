//! Runs that are stopped half-way, politely and not.

use crate::processes::eventually;
use crate::report;
use crate::scene::{Scene, argument, ended, object, signal};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use std::fs;

#[tokio::test]
async fn an_interrupt_cancels_the_run_and_leaves_nothing_running() {
    let scene = Scene::new();
    let good = object("xdp_pass");
    let program = scene.run_with_a_guest(&["test", &good, "--kernels", "5.10"]).await;
    signal(&program, Signal::SIGINT);
    let ended = ended(program).await;
    scene.assert_nothing_left().await;
    assert_eq!((ended.exit, ended.stdout.as_str()), (Some(2), ""), "{}", ended.stderr);
    let said = ended.stderr.split_once("stopped by you; run ").expect("what became of the run").1;
    let (run, outcome) = said.split_once(' ').expect("an id");
    assert_eq!(outcome.trim_end(), "was cancelled");

    let json = argument(&scene.path("r.json"));
    let shown = scene.run(&["runs", "show", run, "--json", &json]).await;
    assert_eq!(shown.exit, Some(0), "{}", shown.stderr);
    assert!(shown.stdout.contains("cancelled"), "{}", shown.stdout);
    assert_eq!(report::verdicts(&report::read(json.as_ref())), [("xdp_pass.bpf.o", "5.10", "inconclusive")]);
}

#[tokio::test]
async fn a_killed_program_takes_its_guests_along_and_the_next_one_recovers() {
    let scene = Scene::new();
    let good = object("xdp_pass");
    let ask = ["test", &good, "--kernels", "5.10"];
    let program = scene.run_with_a_guest(&ask).await;
    signal(&program, Signal::SIGKILL);
    assert_eq!(ended(program).await.exit, None);
    eventually("the end of the guest", || scene.guests().is_empty()).await;
    assert!(!scene.postgres().is_empty(), "Postgres serves others and outlives a killed program");
    nobody_came_back(&scene).await;

    let next = scene.run(&ask).await;
    scene.assert_nothing_left().await;
    assert_eq!(next.exit, Some(0), "{}", next.stderr);
    let list = scene.run(&["runs", "list"]).await.stdout;
    let states = [" finished ", " cancelled "].map(|state| list.matches(state).count());
    assert_eq!(states, [1, 1], "the orphan is not worked on for ever: {list}");

    // Many cells, because one clone is over before it can be noticed.
    let many = ["tracepoint_hash", "raw_tracepoint", "tp_btf", "kprobe_kretprobe", "ringbuf", "core_read"]
        .map(object);
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let program = scene.run_with_a_guest(&[&ask[..], &many, &["--fresh"]].concat()).await;
    signal(&program, Signal::SIGKILL);
    let lock = fs::read_to_string(scene.data().join("postgres/postmaster.pid")).expect("a running server");
    let server = lock.lines().next().and_then(|pid| pid.parse().ok()).expect("its number");
    kill(Pid::from_raw(server), Signal::SIGKILL).expect("it runs");
    assert_eq!(ended(program).await.exit, None);
    let next = scene.run(&ask).await;
    scene.assert_nothing_left().await;
    assert_eq!(next.exit, Some(0), "{}", next.stderr);
    assert!(next.stdout.contains("✓ passes *"), "what was stored is still there: {}", next.stdout);
}

/// Takes away the half minute that a run waits for whoever watched it to come back.
async fn nobody_came_back(scene: &Scene) {
    let server = PgConnectOptions::new_without_pgpass().socket(scene.data().join("postgres-run"));
    let server = PgPool::connect_with(server.port(5432).username("bpfcompat").database("postgres")).await;
    let server = server.expect("the server of the killed program");
    let waiting = sqlx::query("UPDATE runs SET attended_until = now()").execute(&server).await;
    assert_eq!(waiting.expect("an update").rows_affected(), 1);
    server.close().await;
}

#[tokio::test]
async fn a_program_killed_while_it_makes_the_database_does_not_spoil_the_next_one() {
    let scene = Scene::new();
    let program = scene.bpfcompat(&["runs", "list"]).spawn().expect("the program starts");
    let sign = scene.data().join("postgres.unfinished/pg_wal");
    eventually("a database in the making", || sign.exists()).await;
    signal(&program, Signal::SIGKILL);
    assert_eq!(ended(program).await.exit, None);
    let next = scene.run(&["runs", "list"]).await;
    assert_eq!(next.exit, Some(0), "{}", next.stderr);
    scene.assert_nothing_left().await;
}
