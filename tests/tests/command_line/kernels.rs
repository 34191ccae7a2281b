//! Looking at kernels.

use crate::scene::Scene;
use std::os::unix::fs::MetadataExt as _;

#[tokio::test]
async fn a_kernel_is_booted_once_to_show_what_it_offers() {
    let scene = Scene::new();
    let mut frozen = Vec::new();
    for _ in 0..2 {
        let shown = scene.run(&["kernels", "show", "5.10"]).await;
        assert_eq!(shown.exit, Some(0), "{}", shown.stderr);
        for says in ["supported: hash array", "task_storage", "kfuncs         not told", "BPF_JIT"] {
            assert!(shown.stdout.contains(says), "{says}: {}", shown.stdout);
        }
        assert!(shown.stdout.lines().all(|line| line.len() <= 80), "{}", shown.stdout);
        scene.assert_nothing_left().await;
        let templates = std::fs::read_dir(scene.data().join("templates")).expect("templates");
        // A template that is made again has another file of its memory.
        frozen.push(
            templates
                .map(|folder| {
                    let file = folder.expect("a folder").path().join("memory");
                    let facts = std::fs::metadata(file).expect("a template");
                    (facts.ino(), facts.modified().expect("a time"))
                })
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(frozen[0].len(), 1);
    assert_eq!(frozen[0], frozen[1], "the second time it was read");
    let several = scene.run(&["kernels", "show", "5.10,6.1"]).await;
    assert_eq!(several.exit, Some(3), "{}", several.stdout);
    assert!(several.stderr.contains("names 2 kernels"), "{}", several.stderr);
}

#[tokio::test]
async fn a_kernel_that_cannot_be_booted_is_shown_and_the_rest_is_not_known() {
    let scene = Scene::new();
    let mut show = scene.bpfcompat(&["kernels", "show", "5.10"]);
    let shown = crate::scene::ended(show.env("PATH", "/nowhere").spawn().expect("the program starts")).await;
    assert_eq!(shown.exit, Some(2), "{}", shown.stderr);
    assert!(shown.stdout.contains("offers         not known: "), "{}{}", shown.stdout, shown.stderr);
}
