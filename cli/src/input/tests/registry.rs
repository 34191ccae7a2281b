//! Images in a real registry.

use super::layout::{LAYER, gzip, skopeo, tar};
use super::server::Server;
use super::{ACCESS, Layout, OTHER, assert_broken, assert_wrong, how, labels, refused};
use crate::input::{Found, How, resolve};
use domain::digest::Digest;
use insight::oci::Platform;
use serde_json::json;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

fn push(layout: &Layout, tag: &str, server: &Server, more: &[&str]) {
    let from = format!("oci:{}:{tag}", layout.path().display());
    let to = format!("docker://{}/project/probe:{tag}", server.host);
    let mut arguments = vec!["--all", "--preserve-digests", "--dest-tls-verify=false", &from, &to];
    arguments.extend(more);
    skopeo(&arguments);
}

async fn digests(input: &str, how: &How) -> Vec<Digest> {
    let found = resolve(input, how).await.expect(input);
    let digest = |found: &Found| match found {
        Found::Object(object) => Some(object.digest),
        Found::Skipped { .. } => None,
    };
    found.iter().filter_map(digest).collect()
}

#[tokio::test]
async fn an_image_by_its_tag_and_by_its_digest() {
    let server = Server::open();
    let layout = Layout::of_files(&[("a.bpf.o", ACCESS), ("d/b.bpf.o", OTHER)]);
    push(&layout, "v1", &server, &[]);
    let input = format!("oci://{}/project/probe", server.host);
    let expected = ["probe/a.bpf.o", "probe/d/b.bpf.o"];
    assert_eq!(labels(&format!("{input}:v1")).await.expect("objects"), expected);
    let found = resolve(format!("{input}:v1"), &how(Vec::new())).await.expect("objects");
    let Found::Object(object) = &found[0] else { panic!("an object") };
    let source = object.source.as_ref().expect("a source");
    assert_eq!(source.reference, format!("{input}:v1"));
    let pinned = format!("{input}@{}", source.digest);
    assert_eq!(labels(&pinned).await.expect("objects"), expected);
    assert_eq!(labels(&format!("{input}:v1@{}", source.digest)).await.expect("objects"), expected);
    assert_wrong(&format!("{input}@sha256:{}", "0".repeat(64)), "no such image").await;
    assert_wrong(&format!("{input}:v2"), "no such image").await;
    assert_wrong(&input, "no such image").await;
    assert_wrong(&input["oci://".len()..], "cannot be read").await;
}

#[tokio::test]
async fn the_image_of_a_platform() {
    let server = Server::open();
    let mut layout = Layout::new();
    let of = |bytes| layout.image(&json!({}), &[(LAYER, &gzip(&tar(&[("x.o", bytes)])))]);
    let (amd64, arm64) = (of(ACCESS), of(OTHER));
    let index = layout.index(&[("linux/amd64", amd64), ("linux/arm64", arm64)]);
    layout.tag("v1", index);
    push(&layout, "v1", &server, &[]);
    let input = format!("oci://{}/project/probe:v1", server.host);
    let on = |arch| How { platform: Platform::linux(arch), credentials: Vec::new() };
    assert_eq!(digests(&input, &on("x86_64")).await, [Digest::of(ACCESS)]);
    assert_eq!(digests(&input, &on("aarch64")).await, [Digest::of(OTHER)]);
    let (told, wrong) = refused(&input, &on("riscv64")).await;
    assert!(wrong && told.contains("linux/amd64, linux/arm64") && told.contains("--platform"), "{told}");
    let kept = format!("oci-layout:{}", layout.path().display());
    assert_eq!(digests(&kept, &on("aarch64")).await, [Digest::of(OTHER)]);
}

#[tokio::test]
async fn images_of_inspektor_gadget_and_of_bpfman() {
    let server = Server::open();
    let mut layout = Layout::new();
    let gadget = "application/vnd.gadget.ebpf.program.v1+binary";
    let image = layout.image(&json!({}), &[(gadget, ACCESS), (LAYER, &gzip(&tar(&[("x.o", OTHER)])))]);
    layout.tag("gadget", image);
    let labels = json!({"io.ebpf.filename": "pass.bpf.o", "io.ebpf.program_name": "pass"});
    let files = gzip(&tar(&[("other.o", OTHER), ("pass.bpf.o", ACCESS)]));
    let image = layout.image(&labels, &[(LAYER, &files)]);
    layout.tag("bpfman", image);
    for tag in ["gadget", "bpfman"] {
        push(&layout, tag, &server, &[]);
        let input = format!("oci://{}/project/probe:{tag}", server.host);
        assert_eq!(digests(&input, &how(Vec::new())).await, [Digest::of(ACCESS)], "{tag}");
    }
}

/// A file as `docker login` writes it.
fn login(folder: &TempDir, host: &str, pair: &str) -> PathBuf {
    use base64::Engine as _;
    let auth = base64::engine::general_purpose::STANDARD.encode(pair);
    let path = folder.path().join("config.json");
    fs::write(&path, json!({"auths": {host: {"auth": auth}}}).to_string()).expect("a file");
    path
}

#[tokio::test]
async fn a_registry_that_wants_to_know_who_asks() {
    let server = Server::guarded();
    let layout = Layout::of_files(&[("a.bpf.o", ACCESS)]);
    push(&layout, "v1", &server, &["--dest-creds", "me:pass-word"]);
    let input = format!("oci://{}/project/probe:v1", server.host);
    let folder = tempfile::tempdir().expect("a folder");
    let (told, wrong) = refused(&input, &how(Vec::new())).await;
    assert!(wrong && told.contains("none are known") && told.contains("docker login"), "{told}");
    let known = how(vec![login(&folder, &server.host, "me:wrong-word")]);
    let (told, wrong) = refused(&input, &known).await;
    assert!(wrong && told.contains("refuses the credentials") && !told.contains("wrong-word"), "{told}");
    let known = how(vec![login(&folder, &server.host, "me:pass-word")]);
    assert_eq!(digests(&input, &known).await, [Digest::of(ACCESS)]);
}

#[tokio::test]
async fn a_registry_that_is_not_there() {
    assert_broken("oci://127.0.0.1:1/project/probe:v1", "cannot be reached").await;
}
