//! Several programs on one data folder.

use crate::scene::{Scene, ended, object};

#[tokio::test]
async fn two_programs_make_one_cluster_and_the_last_one_stops_it() {
    let scene = Scene::new();
    let ask = |name: &str| scene.bpfcompat(&["test", &object(name), "--kernels", "5.10"]);
    let good = ask("xdp_pass").spawn().expect("the program starts");
    let bad = ask("null_unchecked").spawn().expect("the program starts");
    let (good, bad) = tokio::join!(ended(good), ended(bad));
    assert_eq!(good.exit, Some(0), "{}", good.stderr);
    assert!(good.stdout.contains("xdp_pass") && !good.stdout.contains("null_unchecked"), "{}", good.stdout);
    assert_eq!(bad.exit, Some(1), "{}", bad.stderr);
    assert!(bad.stdout.contains("verifier_null: count_unchecked"), "{}", bad.stdout);
    scene.assert_nothing_left().await;

    let list = scene.run(&["runs", "list"]).await;
    assert_eq!(list.stdout.matches(" finished ").count(), 2, "{}", list.stdout);
    scene.assert_nothing_left().await;
}
