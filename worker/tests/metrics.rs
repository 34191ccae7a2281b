//! Figures of a worker, read by a real HTTP client.

use reqwest::{Client, StatusCode};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use worker::metrics::{Loopback, Metrics};
use worker::slot::capacity::Capacity;
use worker::tally::{Event, Tally};

/// Ends a test that hangs.
const HANG: Duration = Duration::from_secs(60);

struct Served {
    address: SocketAddr,
    shutdown: CancellationToken,
    serving: JoinHandle<()>,
}

async fn served(tally: &Arc<Tally>, capacity: &Arc<Capacity>) -> Served {
    let any = Loopback::try_from(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a loopback address");
    let metrics = Metrics::bind(any, Arc::clone(tally), Arc::clone(capacity)).await.expect("a free port");
    let address = metrics.address().expect("an address");
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    let serving = tokio::spawn(async move { metrics.serve(&stop).await });
    Served { address, shutdown, serving }
}

impl Served {
    async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(HANG, self.serving).await.expect("it ends").expect("it does not panic");
    }
}

/// The value of one metric, which has its help and its type on the lines above.
fn value<'a>(text: &'a str, name: &str, kind: &str) -> &'a str {
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|line| line.starts_with(&format!("{name} "))).expect(name);
    assert!(lines[at - 2].starts_with(&format!("# HELP {name} ")), "{}", lines[at - 2]);
    assert_eq!(lines[at - 1], format!("# TYPE {name} {kind}"));
    &lines[at][name.len() + 1..]
}

#[tokio::test]
async fn a_monitoring_system_reads_tally_and_budget() {
    let (tally, capacity) = (Arc::new(Tally::default()), Arc::new(Capacity::new(Some(1))));
    let served = served(&tally, &capacity).await;
    let url = format!("http://{}/metrics", served.address);
    let client = Client::builder().timeout(HANG).no_proxy().build().expect("a client");
    tally.count(Event::Clone);
    tally.count(Event::Clone);
    let admission = capacity.admit(1, 1 << 20).await.expect("a mebibyte");

    let answer = client.get(&url).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let text = answer.text().await.expect("text");
    for event in Event::ALL {
        let expected = if *event == Event::Clone { "2" } else { "0" };
        assert_eq!(value(&text, &format!("bpfcompat_worker_{}_total", event.name()), "counter"), expected);
    }
    assert_eq!(value(&text, "bpfcompat_worker_slots", "gauge"), "1");
    assert_eq!(value(&text, "bpfcompat_worker_cells_in_flight", "gauge"), "1");
    let available: u64 = value(&text, "bpfcompat_worker_available_bytes", "gauge").parse().expect("a number");
    assert!(available > 0);

    drop(admission);
    let text = client.get(&url).send().await.expect("an answer").text().await.expect("text");
    assert_eq!(value(&text, "bpfcompat_worker_cells_in_flight", "gauge"), "0");
    let elsewhere = client.get(format!("http://{}/", served.address)).send().await.expect("an answer");
    assert_eq!(elsewhere.status(), StatusCode::NOT_FOUND);
    assert_eq!(client.post(&url).send().await.expect("an answer").status(), StatusCode::METHOD_NOT_ALLOWED);
    served.stop().await;
}

#[tokio::test]
async fn nonsense_and_silent_readers_keep_nobody_waiting() {
    let served = served(&Arc::default(), &Arc::new(Capacity::new(None))).await;
    let mut silent = TcpStream::connect(served.address).await.expect("a connection");
    let mut endless = TcpStream::connect(served.address).await.expect("a connection");
    // The server hangs up before all of it is written, or says that it is too much.
    endless.write_all(&[b'x'; 1 << 20]).await.ok();
    let mut said = Vec::new();
    tokio::time::timeout(HANG, endless.read_to_end(&mut said)).await.expect("it hangs up").ok();
    assert!(!said.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&said));
    let client = Client::builder().timeout(HANG).no_proxy().build().expect("a client");
    let url = format!("http://{}/metrics", served.address);
    assert_eq!(client.get(url).send().await.expect("an answer").status(), StatusCode::OK);
    let ended = tokio::time::timeout(HANG, silent.read_to_end(&mut said));
    ended.await.expect("the silent one is hung up on").ok();
    served.stop().await;
}
