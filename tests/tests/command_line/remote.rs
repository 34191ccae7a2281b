//! Controller and worker as daemons.

use crate::processes::{eventually, soon};
use crate::report;
use crate::scene::{Daemon, Scene, argument, ended, object, program};
use nix::sys::signal::Signal;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tests::postgres;

/// Starts a controller on a free port and returns its URL.
async fn controller(scene: &Scene, database: &PgConnectOptions) -> (Daemon, String) {
    let socket = database.get_socket().expect("the cluster has a socket").display().to_string();
    let (user, name) = (database.get_username(), database.get_database().expect("a database"));
    let mut command = program("bpfcompat-controller");
    command.args(["--listen", "127.0.0.1:0", "--database-url"]);
    command.arg(format!("postgres:///{name}?host={socket}&user={user}"));
    command.arg("--store").arg(scene.path("store"));
    let mut daemon = Daemon::start(command);
    let line = daemon.says("the controller is up").await;
    let address = line.split_once("listen=").expect("where it listens").1.trim();
    (daemon, format!("http://{address}"))
}

/// Starts a worker with one slot and returns when the controller knows it.
async fn worker(scene: &Scene, url: &str) -> Daemon {
    let mut command = program("bpfcompat-worker");
    command.env("BPFCOMPAT_WORKER_CONTROLLER", url).env("BPFCOMPAT_WORKER_SLOTS", "1");
    command.env("BPFCOMPAT_WORKER_DATA_DIR", scene.data());
    let mut daemon = Daemon::start(command);
    daemon.says("session open").await;
    daemon
}

/// How a worker calls itself that was given no name.
fn host_name() -> String {
    nix::unistd::gethostname().expect("a host has a name").into_string().expect("in UTF-8")
}

#[tokio::test]
async fn a_run_survives_the_death_of_its_worker() {
    let scene = Scene::new();
    let database = postgres::database().await;
    let (controller, url) = controller(&scene, &database).await;
    let (good, bad, json) = (object("xdp_pass"), object("null_unchecked"), argument(&scene.path("r.json")));
    let ask = ["test", &good, &bad, "--kernels", "5.10", "--controller", &url, "--json", &json];
    let early = scene.run(&ask).await;
    assert_eq!(early.exit, Some(2), "{}", early.stderr);
    assert!(early.stderr.contains("no worker"), "{}", early.stderr);

    let first = worker(&scene, &url).await;
    let asking = scene.run_with_a_guest(&ask).await;
    first.signal(Signal::SIGKILL);
    assert_eq!(first.ended().await.code(), None);
    eventually("the end of the guest", || scene.guests().is_empty()).await;
    let second = worker(&scene, &url).await;
    let answered = ended(asking).await;
    assert_eq!(answered.exit, Some(1), "{}", answered.stderr);
    let told = report::read(json.as_ref());
    let expected = [("xdp_pass.bpf.o", "5.10", "passes"), ("null_unchecked.bpf.o", "5.10", "fails")];
    assert_eq!(report::verdicts(&told), expected);
    assert_eq!(told["run"]["controller"], url.as_str());
    let db = PgPool::connect_with(database).await.expect("the database is there");
    let answers = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM verdicts").fetch_one(&db).await;
    assert_eq!(answers.expect("an answer"), 2, "each cell is answered once");
    // It has a template since then, and says so beside its answers.
    soon("what the kernel offers", async {
        let told = || sqlx::query_scalar::<_, bool>("SELECT count(*) > 0 FROM kernel_offers").fetch_one(&db);
        while !told().await.expect("an answer") {}
    })
    .await;
    db.close().await;
    let kernel = scene.run(&["kernels", "show", "5.10", "--controller", &url]).await;
    assert_eq!(kernel.exit, Some(0), "{}{}", kernel.stdout, kernel.stderr);
    assert!(kernel.stdout.contains("supported: hash array"), "{}", kernel.stdout);
    let untried = scene.run(&["kernels", "show", "6.1", "--controller", &url]).await;
    assert_eq!(untried.exit, Some(2), "{}", untried.stdout);
    let untold = untried.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(untold.contains("not known: no worker has a template of this kernel yet"), "{untold}");

    let shown = scene.run(&["workers", "show", &host_name(), "--controller", &url]).await;
    assert_eq!(shown.exit, Some(0), "{}", shown.stderr);
    // Its first heartbeat was said with its first word.
    assert!(shown.stdout.contains(" of 1 cells: "), "{}", shown.stdout);
    assert!(shown.stdout.contains("  clones "), "{}", shown.stdout);
    let unknown = scene.run(&["workers", "show", "nobody", "--controller", &url]).await;
    assert_eq!(unknown.exit, Some(3), "{}", unknown.stdout);
    assert!(unknown.stderr.contains("there is no worker `nobody`"), "{}", unknown.stderr);

    for daemon in [second, controller] {
        daemon.signal(Signal::SIGTERM);
        assert_eq!(daemon.ended().await.code(), Some(0));
    }
    scene.assert_nothing_left().await;
}
