//! What people and tools see of runs and workers.

use crate::lab::{Lab, ask, kernel, patient};
use crate::worker::{Worker, deliver};
use proto::wire;
use proto::wire::kernel_service_client::KernelServiceClient;
use proto::wire::worker_service_client::WorkerServiceClient;
use std::collections::HashMap;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use wire::open_session_request::Message as Say;

#[tokio::test]
async fn a_watch_begins_with_everything_then_tells_changes_and_ends_with_the_run() {
    let lab = Lab::start(patient()).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.1"), kernel("6.12")]).await;
    let object = lab.upload(1).await;
    let question = wire::SubmitRunRequest { optional_kernels: "all".to_owned(), ..ask(&[object], "6.1") };
    let run = lab.submit(question).await.expect("accepted");
    let mut watch = lab.watch(&run.id).await;
    let first = watch.message().await.expect("the watch goes on").expect("the run as it is");
    assert_eq!((first.objects.len(), first.kernels.len(), first.cells.len()), (1, 2, 2));
    assert_eq!(first.objects[0].programs, ["probe"]);
    assert_eq!(first.cells.iter().filter(|cell| cell.required).count(), 1, "6.1 is in both selectors");

    worker.room(1).await;
    let assignment = worker.assigned().await;
    let progress =
        wire::Progress { lease: assignment.lease.clone(), stage: "booting".to_owned(), percent: 40 };
    worker.say(Say::Progress(progress)).await;
    let booting = loop {
        let change = watch.message().await.expect("the watch goes on").expect("the run is not over");
        assert!(change.objects.is_empty() && change.kernels.is_empty());
        assert!(change.cells.len() <= 1, "the other cell did not change");
        if let Some(cell) = change.cells.into_iter().find(|cell| !cell.stage.is_empty()) {
            break cell;
        }
    };
    assert_eq!((booting.stage.as_str(), booting.percent, booting.worker.as_str()), ("booting", 40, "w"));

    deliver(&lab, assignment.lease.clone(), &worker.evidence(&assignment)).await.expect("the lease is held");
    worker.room(1).await;
    let optional = worker.assigned().await;
    let mut refused = worker.evidence(&optional);
    refused.loads[0].errno = Some(domain::errno::Errno::EINVAL);
    refused.loads[0].loaded.clear();
    refused.attaches.clear();
    deliver(&lab, optional.lease, &refused).await.expect("the lease is held");
    let mut cells: HashMap<String, wire::Cell> = HashMap::new();
    let mut last = None;
    while let Some(change) = watch.message().await.expect("the watch goes on") {
        cells.extend(change.cells.into_iter().map(|cell| (cell.id.clone(), cell)));
        last = change.run;
    }
    let last = last.expect("the end is told");
    assert_eq!((last.state(), last.settled), (wire::RunState::Finished, 2));
    assert_eq!(last.verdict(), wire::Verdict::Passes, "an optional cell never decides");
    let answer = lab.run(&run.id).await;
    assert!(answer.cells.iter().all(|cell| cells[&cell.id].verdict == cell.verdict));
    lab.stop().await;
}

#[tokio::test]
async fn runs_workers_and_kernels_are_listed() {
    let lab = Lab::start(patient()).await;
    let mut worker = Worker::connect(&lab, "w", &[kernel("6.12"), kernel("6.1")]).await;
    let objects = [lab.upload(1).await, lab.upload(2).await];
    let mut ids = Vec::new();
    for object in &objects {
        ids.push(lab.submit(ask(std::slice::from_ref(object), "6.1")).await.expect("accepted").id);
    }
    let list = wire::ListRunsRequest { limit: 1, before: String::new() };
    let newest = lab.runs().await.list_runs(list.clone()).await.expect("a list").into_inner().runs;
    assert_eq!(newest.iter().map(|run| &run.id).collect::<Vec<_>>(), [&ids[1]]);
    let list = wire::ListRunsRequest { before: ids[1].clone(), ..list };
    let older = lab.runs().await.list_runs(list).await.expect("a list").into_inner().runs;
    assert_eq!(older.iter().map(|run| &run.id).collect::<Vec<_>>(), [&ids[0]]);

    worker.room(1).await;
    worker.assigned().await;
    let mut workers = WorkerServiceClient::new(lab.channel().await);
    let listed = workers.list_workers(wire::ListWorkersRequest {}).await.expect("a list").into_inner();
    assert_eq!(listed.workers.len(), 1);
    assert_eq!((listed.workers[0].state.as_str(), listed.workers[0].leases), ("connected", 1));

    let mut kernels = KernelServiceClient::new(lab.channel().await);
    for (selector, expected) in [("", vec!["6.1", "6.12"]), ("newest", vec!["6.12"])] {
        let request = wire::ListKernelsRequest { selector: selector.to_owned() };
        let listed = kernels.list_kernels(request).await.expect("a list").into_inner().kernels;
        assert_eq!(listed.iter().map(|kernel| kernel.series.as_str()).collect::<Vec<_>>(), expected);
    }
    lab.stop().await;
}

#[tokio::test]
async fn health_and_reflection_answer() {
    let lab = Lab::start(patient()).await;
    let mut health = HealthClient::new(lab.channel().await);
    for service in ["", "bpfcompat.v1.RunService", "bpfcompat.v1.FleetService"] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let answer = health.check(request).await.expect("it is known").into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service}");
    }
    let list = || MessageRequest::ListServices(String::new());
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(list()) };
    let mut reflection = ServerReflectionClient::new(lab.channel().await);
    let answers = reflection.server_reflection_info(tokio_stream::iter([request])).await;
    let answer = answers.expect("it answers").into_inner().message().await.expect("a message");
    let Some(MessageResponse::ListServicesResponse(listed)) =
        answer.and_then(|answer| answer.message_response)
    else {
        panic!("a list of services was due");
    };
    let names: Vec<_> = listed.service.iter().map(|service| service.name.as_str()).collect();
    for service in ["RunService", "KernelService", "WorkerService", "FleetService"] {
        assert!(names.contains(&format!("bpfcompat.v1.{service}").as_str()), "{names:?}");
    }
    assert!(names.contains(&"grpc.health.v1.Health"), "{names:?}");
    lab.stop().await;
}
