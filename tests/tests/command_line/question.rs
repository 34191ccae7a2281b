//! Questions and their answers: matrix, reasons, reports, exit codes.

use crate::report;
use crate::scene::{Ended, Scene, argument, ended, object};
use serde_json::Value;
use std::fs;

/// The lines that say how far a run got; on a machine without kernels, downloads are said too.
fn progress(ended: &Ended) -> Vec<&str> {
    ended.stderr.lines().filter(|line| line.starts_with('[')).collect()
}

#[tokio::test]
async fn a_question_is_answered_by_guests_then_from_the_store_then_by_guests_again() {
    let scene = Scene::new();
    let (good, split) = (object("xdp_pass"), object("bloom_filter"));
    let [json, junit, markdown] = ["r.json", "r.xml", "r.md"].map(|name| argument(&scene.path(name)));
    let mut ask = vec!["test", &good, &split, "--kernels", "5.10,newest"];
    ask.extend(["--json", &json, "--junit", &junit, "--markdown", &markdown]);
    let first = scene.run(&ask).await;
    scene.assert_nothing_left().await;
    assert_eq!(first.exit, Some(1), "{}", first.stderr);
    for text in [&first.stdout, &first.stderr] {
        assert!(!text.contains(['\x1b', '\r']), "{text}");
    }
    let row = |name: &str| first.stdout.lines().find(|line| line.starts_with(name)).expect("a row");
    assert_eq!(row("xdp_pass.bpf.o").matches("✓ passes").count(), 2, "{}", first.stdout);
    let split_row = row("bloom_filter.bpf.o");
    assert!(split_row.contains("✗ fails") && split_row.contains("✓ passes"), "{split_row}");
    for says in
        ["✗ bloom_filter.bpf.o fails on 5.10", "map_type_unknown: seen", "works on 1 of 2 kernels; exit 1"]
    {
        assert!(first.stdout.contains(says), "`{says}` is not in: {}", first.stdout);
    }
    assert_eq!(progress(&first).len(), 4, "{}", first.stderr);

    let told = report::read(json.as_ref());
    let newest = report::verdicts(&told)[1].1;
    let expected = [
        ("xdp_pass.bpf.o", "5.10", "passes"),
        ("xdp_pass.bpf.o", newest, "passes"),
        ("bloom_filter.bpf.o", "5.10", "fails"),
        ("bloom_filter.bpf.o", newest, "passes"),
    ];
    assert_eq!(report::verdicts(&told), expected);
    assert_eq!(
        (&told["run"]["cached"], &told["summary"]["exit_code"]),
        (&Value::from(false), &Value::from(1))
    );
    assert!(report::cells(&told).all(|cell| cell["guest"]["nonce_ok"] == true), "{told}");
    let junit = fs::read_to_string(&junit).expect("a report");
    assert_eq!((junit.matches("<testcase ").count(), junit.matches("<failure ").count()), (4, 1), "{junit}");
    assert!(fs::read_to_string(&markdown).expect("a report").contains("exit 1"));

    let again = scene.run(&ask).await;
    assert_eq!(again.exit, Some(1), "{}", again.stderr);
    let stored = report::read(json.as_ref());
    assert_eq!(stored["run"]["cached"], true);
    assert_eq!(report::evidence(&stored), report::evidence(&told), "the same guests said it");

    let full = scene.run(&["test", &good, "--kernels", "5.10", "--json", "/dev/full"]).await;
    assert_eq!(full.exit, Some(2), "{}", full.stderr);
    assert!(
        full.stderr.contains("/dev/full: writing the report failed; is the disk full?"),
        "{}",
        full.stderr
    );

    let fresh = scene.run(&["test", &good, "--kernels", "5.10", "--fresh", "--json", &json]).await;
    assert_eq!(fresh.exit, Some(0), "{}", fresh.stderr);
    let booted = report::read(json.as_ref());
    assert_eq!(booted["run"]["cached"], false);
    assert_ne!(report::evidence(&booted)[0], report::evidence(&told)[0], "another guest said it");
    scene.assert_nothing_left().await;
}

#[tokio::test]
async fn only_required_kernels_decide_and_nothing_exercised_is_no_pass() {
    let scene = Scene::new();
    let split = object("bloom_filter");
    let optional = scene.run(&["test", &split, "--kernels", "newest", "--optional", "5.10"]).await;
    assert_eq!(optional.exit, Some(0), "{}", optional.stderr);
    let says = "works on 1 of 1 kernel, 0 of 1 optional; exit 0";
    assert!(optional.stdout.contains(says), "{}", optional.stdout);

    let untried = scene.run(&["test", &object("uprobe_absent_file"), "--kernels", "5.10"]).await;
    assert_eq!(untried.exit, Some(2), "{}", untried.stderr);
    assert!(
        untried.stdout.contains("uprobe_absent_file.bpf.o was not attempted on 5.10"),
        "{}",
        untried.stdout
    );
    scene.assert_nothing_left().await;
}

#[tokio::test]
async fn what_a_manifest_says_of_a_run_takes_effect() {
    let scene = Scene::new();
    let [manifest, json, markdown] = ["m.yaml", "r.json", "r.md"].map(|name| argument(&scene.path(name)));
    let says = "version: 1
name: blooms
metadata: {team: storage, year: 2026}
required_kernels: 5.10
optional_kernels: newest
expected_failures:
  - {kernels: <5.16, cause: map_type_unknown, reason: Bloom filters came with 5.16, until: 2099-12-31}
";
    fs::write(&manifest, says).expect("a file");
    let object = object("bloom_filter");
    let ask = ["test", &object, "--manifest", &manifest, "--json", &json, "--markdown", &markdown];
    let ended = scene.run(&ask).await;
    scene.assert_nothing_left().await;
    assert_eq!(ended.exit, Some(0), "{}{}", ended.stdout, ended.stderr);
    let last = "works on 0 of 1 kernel, 1 of 1 optional, 1 failure excused until 2099-12-31; exit 0";
    assert!(ended.stdout.ends_with(&format!("{last}\n")), "{}", ended.stdout);
    assert!(ended.stdout.contains("✗ fails as expected"), "{}", ended.stdout);
    assert!(fs::read_to_string(&markdown).expect("a report").contains(last));

    let told = report::read(json.as_ref());
    let [old, newest] = &report::cells(&told).collect::<Vec<_>>()[..] else { panic!("two cells: {told}") };
    let told_of =
        |cell: &Value| serde_json::json!([cell["verdict"], cell["required"], cell["contract"]["excused"]]);
    assert_eq!(old["kernel"]["series"], "5.10");
    assert_eq!(told_of(old), serde_json::json!(["fails", false, true]));
    assert_eq!(told_of(newest), serde_json::json!(["passes", false, false]));
    let metadata = serde_json::json!({"team": "storage", "year": "2026"});
    let declared = serde_json::json!({"file": manifest, "name": "blooms", "metadata": metadata});
    assert_eq!(told["run"]["manifest"], declared);
    assert_eq!((told["summary"]["fails"].as_u64(), told["summary"]["excused"].as_u64()), (Some(1), Some(1)));
}

#[tokio::test]
async fn a_loader_of_somebodys_own_answers_under_its_name_as_the_program_it_is_now() {
    let scene = Scene::new();
    let (program, object) = (scene.path("loader"), object("tracepoint_hash"));
    let [named, json] = [format!("ours={}", argument(&program)), argument(&scene.path("r.json"))];
    let ask = async |loader: &str| {
        let arguments = ["test", &object, "--kernels", "6.1", "--loader", loader, "--json", &json];
        let mut command = scene.bpfcompat(&arguments);
        command.env("BPFCOMPAT_EXTERNAL_LOADERS", &named);
        ended(command.spawn().expect("it starts")).await
    };
    // The guest's first process can be a loader that speaks the protocol.
    fs::write(&program, "#!/bin/sh\nexec /proc/1/exe loader aya\n").expect("written");
    let works = ask("ours").await;
    assert_eq!(works.exit, Some(0), "{}{}", works.stdout, works.stderr);
    assert_eq!(report::read(json.as_ref())["cells"][0]["loader"]["name"], "ours");
    assert_eq!(ask("ours").await.exit, Some(0));
    assert_eq!(report::read(json.as_ref())["run"]["cached"], true);

    let refuses = r#"echo '{"hello":{"version":1,"loader":"2"}}'; echo '{"refused":{"says":"not today"}}'; echo '{"done":{}}'"#;
    fs::write(&program, format!("#!/bin/sh\n{refuses}\n")).expect("written");
    let refused = ask("ours").await;
    assert_eq!(refused.exit, Some(1), "{}{}", refused.stdout, refused.stderr);
    assert!(refused.stdout.contains("not today"), "{}", refused.stdout);

    let unknown = ask("their").await;
    assert_eq!(unknown.exit, Some(3), "{}{}", unknown.stdout, unknown.stderr);
    for says in ["has the loader `their`", "aya, bpftool, libbpf, ours", "external_loaders"] {
        assert!(unknown.stderr.contains(says), "{}", unknown.stderr);
    }
    scene.assert_nothing_left().await;
}

#[tokio::test]
async fn what_an_answer_rests_on_is_told_in_full() {
    let scene = Scene::new();
    let [json, evidence] = ["r.json", "e.json"].map(|name| argument(&scene.path(name)));
    let asked = ["test", &object("three_programs_one_bad"), "--kernels", "5.10", "--json", &json];
    assert_eq!(scene.run(&asked).await.exit, Some(1));
    let told = scene.run(&["explain", &json, "--program", "bad_middle", "--log"]).await;
    scene.assert_nothing_left().await;
    assert_eq!(told.exit, Some(0), "{}", told.stderr);
    for says in ["5.10 cloud: loading bad_middle alone\n", "\nR0 invalid mem access 'map_value_or_null'\n"] {
        assert!(told.stdout.contains(says), "{}", told.stdout);
    }
    assert!(!told.stdout.contains("good_last"), "{}", told.stdout);

    let written = scene.run(&["explain", &json, "--evidence", &evidence]).await;
    assert_eq!(written.exit, Some(0), "{}", written.stderr);
    assert!(written.stdout.contains("✗ three_programs_one_bad.bpf.o fails"), "{}", written.stdout);
    let kept: Value = serde_json::from_slice(&fs::read(&evidence).expect("a file")).expect("JSON");
    let report = report::read(json.as_ref());
    let digest = report::evidence(&report)[0];
    assert_eq!(kept[digest]["kernel"]["machine"], "x86_64", "{digest}");
}
