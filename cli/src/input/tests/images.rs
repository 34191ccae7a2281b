//! Images in folders and archives.

use super::layout::{LAYER, gzip, skopeo, tar};
use super::{ACCESS, Layout, OTHER, assert_wrong, labels};
use crate::input::{Found, resolve};
use domain::digest::Digest;
use serde_json::json;
use std::fs;

fn name(layout: &Layout) -> String {
    layout.path().file_name().expect("a name").to_string_lossy().into_owned()
}

#[tokio::test]
async fn a_folder_in_the_layout_of_images() {
    let mut layout = Layout::of_files(&[("a.bpf.o", ACCESS), ("d/b.bpf.o", OTHER), ("etc/x", b"text")]);
    let (path, name) = (layout.path().display().to_string(), name(&layout));
    let expected = [format!("{name}/a.bpf.o"), format!("{name}/d/b.bpf.o")];
    assert_eq!(labels(&format!("oci-layout:{path}")).await.expect("objects"), expected);
    assert_eq!(labels(&format!("oci-layout:{path}:v1")).await.expect("objects"), expected);
    let plain = layout.image(&json!({}), &[(LAYER, &tar(&[("c.o", OTHER)]))]);
    layout.tag("v2", plain);
    assert_eq!(labels(&format!("oci-layout:{path}:v2")).await.expect("objects"), [format!("{name}/c.o")]);
    assert_wrong(&format!("oci-layout:{path}"), "there are v1, v2: name one").await;
    assert_wrong(&format!("oci-layout:{path}:v3"), "no image `v3`").await;
    let empty = layout.image(&json!({}), &[(LAYER, &gzip(&tar(&[("x", b"text")])))]);
    layout.tag("v4", empty);
    assert_wrong(&format!("oci-layout:{path}:v4"), "no compiled eBPF object").await;
    assert_wrong("oci-layout:/no/such", "index.json: cannot be read").await;
}

#[tokio::test]
async fn what_is_kept_under_a_digest_must_have_it() {
    let layout = Layout::of_files(&[("a.bpf.o", ACCESS)]);
    for blob in fs::read_dir(layout.path().join("blobs/sha256")).expect("blobs") {
        let path = blob.expect("a blob").path();
        let bytes = fs::read(&path).expect("bytes");
        let mut changed = bytes.clone();
        let last = changed.last_mut().expect("not empty");
        *last ^= 1;
        fs::write(&path, &changed).expect("written");
        assert_wrong(&format!("oci-layout:{}", layout.path().display()), "has the digest").await;
        fs::write(&path, &bytes).expect("written");
    }
}

#[tokio::test]
async fn archives_that_others_wrote() {
    let layout = Layout::of_files(&[("a.bpf.o", ACCESS)]);
    let from = format!("oci:{}:v1", layout.path().display());
    let folder = tempfile::tempdir().expect("a folder");
    let (oci, saved) = (folder.path().join("oci.tar"), folder.path().join("saved.tar"));
    let (oci, saved) = (oci.display(), saved.display());
    skopeo(&[&from, &format!("oci-archive:{oci}:x/probe:v1")]);
    assert_eq!(labels(&format!("oci-archive:{oci}")).await.expect("objects"), ["oci.tar/a.bpf.o"]);
    assert_eq!(labels(&format!("oci-archive:{oci}:x/probe:v1")).await.expect("objects"), ["oci.tar/a.bpf.o"]);
    skopeo(&[&from, &format!("docker-archive:{saved}:x/probe:v1")]);
    assert_eq!(labels(&format!("oci-archive:{saved}:v1")).await.expect("objects"), ["saved.tar/a.bpf.o"]);
    assert_wrong(&format!("oci-archive:{saved}:v2"), "there are docker.io/x/probe:v1").await;
    let packed = folder.path().join("saved.tar.gz");
    fs::write(&packed, gzip(&fs::read(saved.to_string()).expect("bytes"))).expect("written");
    let packed = format!("oci-archive:{}", packed.display());
    assert_eq!(labels(&packed).await.expect("objects"), ["saved.tar.gz/a.bpf.o"]);
}

#[tokio::test]
async fn archives_of_strangers() {
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = |path: &str| format!(r#"[{{"Config":"c.json","Layers":["{path}"]}}]"#);
    let outside = manifest("../../etc/passwd");
    let links = manifest("l.tar");
    let mut linked = tar(&[("manifest.json", links.as_bytes()), ("c.json", b"{}")]);
    // Without the two empty blocks that end it.
    linked.truncate(linked.len() - 1024);
    let mut linked = tar::Builder::new(linked);
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    linked.append_link(&mut header, "l.tar", "/etc/passwd").expect("in memory");
    for (bytes, says) in [
        (tar(&[("manifest.json", outside.as_bytes()), ("c.json", b"{}")]), "passwd: is not in the archive"),
        (linked.into_inner().expect("in memory"), "l.tar: is not in the archive"),
        (tar(&[("index.json", b"{}")]), "index.json: neither"),
        (tar(&[("index.json", b"[[[")]), "index.json: not a manifest"),
        (tar(&[("x", b"")]), "neither an OCI image nor"),
        (b"\x1f\x8bgarbage".to_vec(), "cannot be read"),
        (b"garbage".repeat(100), "is no tar file"),
    ] {
        let path = folder.path().join("image.tar");
        fs::write(&path, bytes).expect("written");
        assert_wrong(&format!("oci-archive:{}", path.display()), says).await;
    }
    assert_wrong(&format!("oci-archive:{}", folder.path().display()), "oci-layout:FOLDER").await;
}

#[tokio::test]
async fn a_bomb_ends_at_its_limit() {
    let mut layout = Layout::new();
    let mut header = tar::Header::new_gnu();
    header.set_path("zeros").expect("a path");
    header.set_size(2 * 1024 * 1024 * 1024);
    header.set_cksum();
    let mut bomb = gzip(header.as_bytes());
    let zeros = gzip(&vec![0; 32 * 1024 * 1024]);
    (0..64).for_each(|_| bomb.extend_from_slice(&zeros));
    let image = layout.image(&json!({}), &[(LAYER, &bomb)]);
    layout.tag("v1", image);
    assert_wrong(&format!("oci-layout:{}", layout.path().display()), "bytes once decompressed").await;
}

#[tokio::test]
async fn the_report_can_tell_where_an_object_came_from() {
    let layout = Layout::of_files(&[("a.bpf.o", ACCESS)]);
    let input = format!("oci-layout:{}:v1", layout.path().display());
    let found = resolve(&input, &super::how(Vec::new())).await.expect("objects");
    let [Found::Object(object)] = found.as_slice() else { panic!("one object") };
    let source = object.source.as_ref().expect("a source");
    let index = fs::read_to_string(layout.path().join("index.json")).expect("an index");
    assert_eq!((object.name.as_str(), object.digest), ("a.bpf.o", Digest::of(ACCESS)));
    assert_eq!(source.reference, input);
    assert!(index.contains(&source.digest), "{index}");
}
