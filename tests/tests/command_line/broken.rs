//! Machines on which something is missing, closed or full: one message that names what and
//! where, exit 2, and nothing left running. What is found before the data folder is looked at is
//! tried in `cli/tests/misuse.rs`.

use crate::scene::{Scene, ended, object};
use nix::unistd::geteuid;
use std::fs;
use std::process::Stdio;
use tests::system::data_dir;
use tokio::process::Command;

/// What the program does when it cannot tell: it names everything in `says`, once.
async fn assert_cannot_tell(scene: &Scene, command: &mut Command, says: &[&str]) {
    let ended = ended(command.spawn().expect("the program starts")).await;
    scene.assert_nothing_left().await;
    assert_eq!((ended.exit, ended.stdout.as_str()), (Some(2), ""), "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("bpfcompat: ").count(), 1, "{}", ended.stderr);
    for word in says {
        assert!(ended.stderr.contains(word), "`{word}` is not in: {}", ended.stderr);
    }
}

/// The names in the data folder.
fn files(scene: &Scene) -> Vec<String> {
    let entries = fs::read_dir(scene.data()).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

/// `bpfcompat test` whose data folder is a disk of its own with only the kernels on it, after
/// the shell ran `before`. Nobody else sees the disk, and it goes when the program ends.
fn on_a_disk(scene: &Scene, mebibytes: u32, before: &str) -> Command {
    let script = format!(
        "mount -t tmpfs -o size={mebibytes}m,mode=755 none \"$BPFCOMPAT_DATA_DIR\" || exit 9
        ln -s '{}' \"$BPFCOMPAT_DATA_DIR/kernels\"
        {before}
        exec \"$@\"",
        data_dir().join("kernels").display()
    );
    let test = scene.bpfcompat(&["test", &object("xdp_pass"), "--kernels", "5.10"]);
    let mut unshare = Command::new("unshare");
    unshare.arg("--mount").kill_on_drop(true);
    if !geteuid().is_root() {
        unshare.args(["--map-current-user", "--keep-caps"]);
    }
    unshare.args(["sh", "-c", &script, "sh"]).arg(test.as_std().get_program()).args(test.as_std().get_args());
    unshare.env("BPFCOMPAT_DATA_DIR", scene.data());
    unshare.stdout(Stdio::piped()).stderr(Stdio::piped());
    unshare
}

#[tokio::test]
async fn without_qemu_nothing_is_started() {
    let scene = Scene::new();
    let mut test = scene.bpfcompat(&["test", &object("xdp_pass")]);
    let says = ["no qemu-system-", "in /nowhere", "install the package"];
    assert_cannot_tell(&scene, test.env("PATH", "/nowhere"), &says).await;
    assert_eq!(files(&scene), ["kernels"]);
}

#[tokio::test]
async fn without_keyring_or_mirror_no_kernel_is_trusted_or_had() {
    let scene = Scene::without_kernels();
    let test = || scene.bpfcompat(&["test", &object("xdp_pass")]);
    let says = ["keyring /nowhere/keyring.gpg cannot be read", "install"];
    assert_cannot_tell(&scene, test().env("BPFCOMPAT_KEYRING", "/nowhere/keyring.gpg"), &says).await;
    let mirror = "http://127.0.0.1:1/debian";
    let mut test = test();
    test.env("BPFCOMPAT_MIRROR", mirror).env("BPFCOMPAT_SECURITY_MIRROR", mirror);
    assert_cannot_tell(&scene, &mut test, &[mirror, "Connection refused", "`mirror`"]).await;
    assert_eq!(files(&scene), ["kernels"], "no database is made before kernels are known");
}

#[tokio::test]
async fn a_read_only_data_folder_is_named() {
    let scene = Scene::new();
    let mut test = on_a_disk(&scene, 1, "mount -o remount,ro \"$BPFCOMPAT_DATA_DIR\"");
    let data = scene.data().display().to_string();
    assert_cannot_tell(&scene, &mut test, &[&data, "Read-only file system", "--data-dir"]).await;
}

#[tokio::test]
async fn a_disk_without_room_for_the_database_is_named() {
    let scene = Scene::new();
    let data = scene.data().display().to_string();
    let says = [data.as_str(), "No space left on device", "disk is full", "--data-dir"];
    assert_cannot_tell(&scene, &mut on_a_disk(&scene, 8, ""), &says).await;
}

#[tokio::test]
async fn a_disk_that_filled_up_is_named() {
    let scene = Scene::new();
    let data = scene.data().display().to_string();
    let fill = "\"$1\" runs list >/dev/null; cat /dev/zero 2>/dev/null >\"$BPFCOMPAT_DATA_DIR/other\"";
    let mut test = on_a_disk(&scene, 80, fill);
    assert_cannot_tell(&scene, &mut test, &[&data, "disk is full", "--data-dir"]).await;
}
