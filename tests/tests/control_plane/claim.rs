//! Claiming: every cell goes to exactly one worker that can boot its kernel.

use crate::lab::{Lab, ask, kernel, patient};
use crate::worker::{Worker, deliver};
use proto::wire;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_sessions_get_every_cell_exactly_once() {
    const WORKERS: usize = 6;
    const OBJECTS: usize = 20;
    let lab = Lab::start(patient()).await;
    let kernels = [kernel("6.1"), kernel("6.12"), kernel("7.0")];
    let mut workers = Vec::new();
    for number in 0..WORKERS {
        workers.push(Worker::connect(&lab, &format!("w{number}"), &kernels).await);
    }
    let mut objects = Vec::new();
    for number in 0..OBJECTS {
        objects.push(lab.upload(number).await);
    }
    let share = u32::try_from(OBJECTS * kernels.len() / WORKERS).expect("small");
    for worker in &workers {
        worker.room(share).await;
    }
    let run = lab.submit(ask(&objects, "all")).await.expect("accepted");

    let lab = Arc::new(lab);
    let mut working = JoinSet::new();
    for mut worker in workers {
        let lab = Arc::clone(&lab);
        working.spawn(async move {
            let mut answered = Vec::new();
            for _ in 0..share {
                let assignment = worker.assigned().await;
                let evidence = worker.evidence(&assignment);
                deliver(&lab, assignment.lease.clone(), &evidence).await.expect("the lease is held");
                answered.push(assignment.lease.expect("a lease").cell_id);
            }
            answered
        });
    }
    let answered: Vec<String> = working.join_all().await.into_iter().flatten().collect();
    let seen: BTreeSet<&String> = answered.iter().collect();
    assert_eq!(seen.len(), answered.len(), "a cell was assigned twice");
    assert_eq!(seen.len(), OBJECTS * kernels.len());
    let answer = lab.finished(&run.id).await;
    assert_eq!(answer.run.expect("a run").verdict(), wire::Verdict::Passes);
    assert!(answer.cells.iter().all(|cell| cell.attempts == 1 && !cell.cached));
    Arc::into_inner(lab).expect("every worker is done").stop().await;
}

#[tokio::test]
async fn a_worker_gets_only_kernels_it_can_boot_and_no_more_than_it_has_room_for() {
    let lab = Lab::start(patient()).await;
    let (old, new) = (kernel("6.1"), kernel("6.12"));
    let mut of_old = Worker::connect(&lab, "old", std::slice::from_ref(&old)).await;
    let mut of_new = Worker::connect(&lab, "new", std::slice::from_ref(&new)).await;
    let objects = [lab.upload(1).await, lab.upload(2).await];
    let run = lab.submit(ask(&objects, "all")).await.expect("accepted");
    of_old.room(1).await;
    of_new.room(2).await;
    assert_eq!(of_old.assigned().await.kernel_id, old.id.0);
    assert_eq!(of_new.assigned().await.kernel_id, new.id.0);
    assert_eq!(of_new.assigned().await.kernel_id, new.id.0);
    let states: Vec<_> = lab.run(&run.id).await.cells.iter().map(wire::Cell::state).collect();
    assert_eq!(states.iter().filter(|state| **state == wire::CellState::Leased).count(), 3);
    assert_eq!(states.iter().filter(|state| **state == wire::CellState::Queued).count(), 1);
    lab.stop().await;
}

#[tokio::test]
async fn the_object_that_is_fetched_is_the_one_that_was_uploaded() {
    let lab = Lab::start(patient()).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    let object = lab.upload(1).await;
    lab.submit(ask(std::slice::from_ref(&object), "all")).await.expect("accepted");
    worker.room(1).await;
    let assignment = worker.assigned().await;
    assert_eq!((&assignment.object, assignment.object_name.as_str()), (&object, "probe.bpf.o"));
    let request = wire::FetchObjectRequest { digest: object.clone() };
    let mut pieces = lab.fleet().await.fetch_object(request).await.expect("it is there").into_inner();
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.message().await.expect("a piece") {
        bytes.extend(piece.data);
    }
    assert_eq!(domain::digest::Digest::of(&bytes).0.to_vec(), object);
    lab.stop().await;
}

#[tokio::test]
async fn controllers_on_one_database_act_as_one() {
    let lab = Lab::start(patient()).await;
    let beside = Lab::beside(&lab, patient()).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.1")]).await;
    worker.room(1).await;
    // Nobody polls here, so all of this is heard across processes.
    let object = beside.upload(1).await;
    let run = beside.submit(ask(&[object], "all")).await.expect("accepted");
    let mut watch = beside.watch(&run.id).await;
    let assignment = worker.assigned().await;
    deliver(&beside, assignment.lease.clone(), &worker.evidence(&assignment))
        .await
        .expect("the lease is held");
    let mut last = None;
    while let Some(change) = watch.message().await.expect("the watch goes on") {
        last = change.run;
    }
    assert_eq!(last.expect("the end is told").verdict(), wire::Verdict::Passes);
    beside.stop().await;
    lab.stop().await;
}
