//! A registry that means harm, which no package has: it sends whatever a test wants.

use super::{ACCESS, assert_broken, assert_wrong, labels};
use domain::digest::Digest;
use serde_json::json;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

/// Answers every request with what `answer` makes of its path and its `Authorization`, until the test is over.
/// Returns its host.
fn serve(answer: impl Fn(&str, &str, &str) -> Vec<u8> + Send + 'static) -> String {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
    let host = socket.local_addr().expect("an address").to_string();
    let own = host.clone();
    std::thread::spawn(move || {
        for stream in socket.incoming().map_while(Result::ok) {
            // Whoever asks may go away in the middle, as from what never ends.
            drop(converse(stream, &own, &answer));
        }
    });
    host
}

fn converse(
    mut stream: TcpStream,
    host: &str,
    answer: &impl Fn(&str, &str, &str) -> Vec<u8>,
) -> std::io::Result<()> {
    let mut first = [0];
    if stream.peek(&mut first)? == 0 || first == [0x16] {
        // TLS is not spoken here.
        return Ok(());
    }
    let lines = BufReader::new(stream.try_clone()?).lines().map_while(Result::ok);
    let lines: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let path = lines.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    let sent = lines.iter().find_map(|line| line.strip_prefix("authorization: ")).unwrap_or_default();
    stream.write_all(&answer(host, path, sent))?;
    stream.shutdown(std::net::Shutdown::Write)?;
    stream.take(1024).read_to_end(&mut Vec::new()).map(drop)
}

fn ok(body: &[u8]) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    answer
}

fn head(status: &str, header: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{header}\r\ncontent-length: 0\r\n\r\n").into_bytes()
}

fn manifest(layer: &[u8]) -> Vec<u8> {
    let descriptor =
        |bytes: &[u8]| json!({"digest": format!("sha256:{}", Digest::of(bytes)), "size": bytes.len()});
    json!({"config": descriptor(b"{}"), "layers": [descriptor(layer)]}).to_string().into_bytes()
}

#[tokio::test]
async fn what_never_ends_is_cut_off() {
    let host = serve(|_, _, _| {
        let mut answer = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        answer.resize(6_000_000, b' ');
        answer
    });
    assert_wrong(&format!("oci://{host}/a/b:v1"), "sends more than the 4194304 bytes").await;
    let host = serve(|_, _, _| b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n".to_vec());
    assert_wrong(&format!("oci://{host}/a/b:v1"), "sends more than").await;
}

#[tokio::test]
async fn redirects_end_and_stay_on_https() {
    let host = serve(|_, path, _| head("307 Temporary Redirect", &format!("location: {path}x")));
    assert_broken(&format!("oci://{host}/a/b:v1"), "too many redirects").await;
    let host = serve(|_, _, _| head("302 Found", "location: http://registry.example/v2/"));
    assert_broken(&format!("oci://{host}/a/b:v1"), "leads away from HTTPS").await;
}

#[tokio::test]
async fn what_has_another_digest_is_not_used() {
    let host = serve(|_, path, _| match path {
        "/v2/a/b/manifests/v1" => ok(&manifest(ACCESS)),
        path if path.ends_with(&Digest::of(b"{}").to_string()) => ok(b"{}"),
        _ => ok(&ACCESS[1..]),
    });
    assert_broken(&format!("oci://{host}/a/b:v1"), "sends a layer with the digest").await;
    let host = serve(|_, _, _| ok(&manifest(ACCESS)));
    assert_broken(&format!("oci://{host}/a/b@sha256:{}", "0".repeat(64)), "sends a manifest with").await;
}

#[tokio::test]
async fn a_layer_larger_than_it_is_said_to_be() {
    let host = serve(|_, path, _| match path {
        "/v2/a/b/manifests/v1" => ok(&manifest(ACCESS)),
        path if path.ends_with(&Digest::of(b"{}").to_string()) => ok(b"{}"),
        _ => ok(&ACCESS.repeat(2)),
    });
    let says = format!("sends more than the {} bytes", ACCESS.len());
    assert_wrong(&format!("oci://{host}/a/b:v1"), &says).await;
}

#[tokio::test]
async fn a_token_is_fetched_where_the_registry_says() {
    let host = serve(|host, path, sent| match (path, sent) {
        ("/token?scope=repository%3Aa%2Fb%3Apull&service=tests", "") => ok(br#"{"token": "abc"}"#),
        (_, "Bearer abc") if path == "/v2/a/b/manifests/v1" => ok(&manifest(ACCESS)),
        (_, "Bearer abc") if path.ends_with(&Digest::of(b"{}").to_string()) => ok(b"{}"),
        (_, "Bearer abc") => ok(ACCESS),
        _ => {
            let says = format!("www-authenticate: Bearer realm=\"http://{host}/token\",service=\"tests\"");
            head("401 Unauthorized", &says)
        }
    });
    assert_eq!(labels(&format!("oci://{host}/a/b:v1")).await.expect("an object"), ["b/layer-0.o"]);
}

#[tokio::test]
async fn no_token_is_fetched_without_https() {
    let says = "www-authenticate: Bearer realm=\"http://registry.example/token\"";
    let host = serve(move |_, _, _| head("401 Unauthorized", says));
    assert_broken(&format!("oci://{host}/a/b:v1"), "address without HTTPS").await;
}

#[tokio::test]
async fn a_registry_that_is_busy_is_asked_again_and_then_left() {
    let host = serve(|_, _, _| head("503 Service Unavailable", "retry-after: 1"));
    assert_broken(&format!("oci://{host}/a/b:v1"), "503 Service Unavailable: ask again").await;
}
