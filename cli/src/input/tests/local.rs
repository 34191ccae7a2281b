//! Files, folders and patterns.

use super::{ACCESS, OTHER, assert_wrong, labels};
use std::fs;

#[tokio::test]
async fn a_folder_is_its_objects_and_says_what_it_passed_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    fs::create_dir_all(root.join("net/deep")).expect("folders");
    for (name, bytes) in [
        ("b.bpf.o", ACCESS),
        ("net/a.o", OTHER),
        ("net/deep/c.elf", ACCESS),
        ("host.o", b"\x7fELF"),
        ("notes.txt", b""),
        ("net/readme", ACCESS),
    ] {
        fs::write(root.join(name), bytes).expect("a file");
    }
    std::os::unix::fs::symlink(root, root.join("net/loop")).expect("a link");
    nix::unistd::mkfifo(&root.join("pipe.o"), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    let shown = root.display();
    let found = labels(&shown.to_string()).await.expect("objects");
    let skipped = |name: &str| format!("!{shown}/{name}");
    let expected = ["b.bpf.o", &skipped("host.o"), "net/a.o", "net/deep/c.elf", &skipped("pipe.o")];
    assert_eq!(found, expected);
    assert_wrong(&format!("{shown}/net/loop/net/loop/absent"), "cannot be read").await;
    fs::remove_dir_all(root.join("net")).expect("removed");
    fs::remove_file(root.join("b.bpf.o")).expect("removed");
    assert_wrong(&shown.to_string(), "host.o: the ELF file is truncated").await;
}

#[tokio::test]
async fn a_pattern_is_every_file_it_matches() {
    let folder = tempfile::tempdir().expect("a folder");
    let shown = folder.path().display();
    for (name, bytes) in [("b.bpf.o", ACCESS), ("a.bpf.o", OTHER), (".c.bpf.o", ACCESS), ("x.o", b"text")] {
        fs::write(folder.path().join(name), bytes).expect("a file");
    }
    fs::create_dir(folder.path().join("d.bpf.o")).expect("a folder");
    assert_eq!(labels(&format!("{shown}/*.bpf.o")).await.expect("objects"), ["a.bpf.o", "b.bpf.o"]);
    assert_wrong(&format!("{shown}/*.o"), "x.o: not an ELF file").await;
    assert_wrong(&format!("{shown}/*.elf"), "matches no file").await;
    assert_wrong(&format!("{shown}/***"), "is no pattern").await;
}
