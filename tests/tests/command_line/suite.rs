//! A suite with real guests: cases that work, that must fail and that run a command, then with a baseline.

use crate::scene::{Scene, argument, ended, object, signal};
use nix::sys::signal::Signal;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

const SUITE: &str = "version: 1
name: probes
defaults: {kernels: '5.10,6.1', level: load}
cases:
  - {name: works, object: xdp_pass.bpf.o}
  - name: blooms
    object: bloom_*.bpf.o
    expect: [{kernels: 5.10, verdict: fails, cause: map_type_unknown}]
  - {name: agent, command: {bin: agent, args: [5.10]}}
";

/// Verdict and exit code of the suite, and where the cells of each case stand.
fn told(scene: &Scene) -> (Value, Vec<(String, Vec<String>)>) {
    let report: Value =
        serde_json::from_str(&fs::read_to_string(scene.path("r.json")).expect("a report")).expect("JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let cases = report["cases"].as_array().expect("cases").iter().map(|case| {
        let cells = case["cells"].as_array().expect("cells").iter().map(|cell| text(&cell["stands"]));
        (text(&case["name"]), cells.collect())
    });
    let cases = cases.collect();
    (report, cases)
}

#[tokio::test]
async fn a_suite_is_answered_as_one_and_its_baseline_keeps_what_is_known_from_deciding() {
    let scene = Scene::new();
    for name in ["xdp_pass", "bloom_filter"] {
        fs::copy(object(name), scene.path(&format!("{name}.bpf.o"))).expect("a copy");
    }
    // It ends well on every kernel but the one it is told of.
    let agent = "#!/bin/sh\ncase \"$BPFCOMPAT_KERNEL\" in \"$1\"*) exit 3;; esac\n";
    fs::write(scene.path("agent"), agent).expect("written");
    fs::set_permissions(scene.path("agent"), fs::Permissions::from_mode(0o755)).expect("it is ours");
    fs::write(scene.path("s.yaml"), SUITE).expect("written");
    let [suite, json, junit] = ["s.yaml", "r.json", "r.xml"].map(|name| argument(&scene.path(name)));
    let ask = ["suite", &suite, "--json", &json, "--junit", &junit];

    let first = scene.run(&ask).await;
    scene.assert_nothing_left().await;
    assert_eq!(first.exit, Some(1), "{}{}", first.stdout, first.stderr);
    for says in [
        "✗ fails, as it must",
        "case agent (run ",
        "command_failed",
        "3 cases: 2 work, 1 does not, 0 unknown; exit 1",
    ] {
        assert!(first.stdout.contains(says), "`{says}` is not in: {}", first.stdout);
    }
    let (report, cases) = told(&scene);
    let stands = |name: &str, cells: [&str; 2]| (name.to_owned(), cells.map(str::to_owned).to_vec());
    let [works, blooms] = [stands("works", ["passes"; 2]), stands("blooms", ["as_expected", "passes"])];
    assert_eq!(cases, [works.clone(), blooms.clone(), stands("agent", ["wrong", "passes"])]);
    // All cases were answered by clones of the same template of each kernel, or booted before there was one.
    assert_eq!(report["cases"][1]["report"]["cells"][0]["verdict"], "fails");
    let tests = fs::read_to_string(&junit).expect("a report");
    assert_eq!((tests.matches("<testcase ").count(), tests.matches("<failure ").count()), (6, 1), "{tests}");

    let mut update = ask.to_vec();
    update.push("--update-baseline");
    let updated = scene.run(&update).await;
    assert_eq!(updated.exit, Some(0), "{}{}", updated.stdout, updated.stderr);
    let baseline = fs::read_to_string(scene.path("s.baseline.json")).expect("a baseline");
    let known = r#"{"case":"agent","object":"agent","series":"5.10","flavour":"cloud","loader":"libbpf","cause":"command_failed"}"#;
    assert_eq!(
        baseline.lines().filter(|line| line.contains("case")).collect::<Vec<_>>(),
        [format!("    {known}")]
    );

    let with = scene.run(&ask).await;
    assert_eq!(with.exit, Some(0), "{}{}", with.stdout, with.stderr);
    assert!(with.stdout.contains("1 known failure; exit 0"), "{}", with.stdout);
    assert_eq!(told(&scene).1, [works, blooms, stands("agent", ["known", "passes"])]);

    // Repaired, it is no failure any more, and somebody should say so.
    fs::write(scene.path("agent"), "#!/bin/sh\n").expect("written");
    let fixed = scene.run(&ask).await;
    assert_eq!(fixed.exit, Some(0), "{}{}", fixed.stdout, fixed.stderr);
    assert!(
        fixed.stdout.contains("fixed: agent: agent on 5.10 cloud (libbpf): command_failed"),
        "{}",
        fixed.stdout
    );
    scene.assert_nothing_left().await;
}

#[tokio::test]
async fn an_interrupt_cancels_every_run_of_a_suite() {
    let scene = Scene::new();
    let (one, other) = (object("xdp_pass"), object("bloom_filter"));
    let cases = format!("[{{name: one, object: {one}}}, {{name: other, object: {other}}}]");
    let text = format!("version: 1\nname: two\ndefaults: {{kernels: 5.10}}\ncases: {cases}\n");
    fs::write(scene.path("s.yaml"), text).expect("written");
    let program = scene.run_with_a_guest(&["suite", &argument(&scene.path("s.yaml"))]).await;
    signal(&program, Signal::SIGINT);
    let ended = ended(program).await;
    scene.assert_nothing_left().await;
    assert_eq!((ended.exit, ended.stdout.as_str()), (Some(2), ""), "{}", ended.stderr);
    for case in ["case `one`: stopped", "case `other`: stopped"] {
        assert!(ended.stderr.contains(case), "{}", ended.stderr);
    }
    let list = scene.run(&["runs", "list"]).await.stdout;
    let cancelled = ended.stderr.matches(" was cancelled").count();
    assert!(cancelled > 0 && list.matches(" cancelled ").count() == cancelled, "{}{list}", ended.stderr);
}

#[tokio::test]
async fn a_selector_that_names_no_kernel_is_told_with_its_case() {
    let scene = Scene::new();
    let object = object("xdp_pass");
    let cases =
        format!("[{{name: one, object: {object}}}, {{name: other, object: {object}, kernels: '6.99'}}]");
    let text = format!("version: 1\nname: two\ndefaults: {{kernels: 5.10}}\ncases: {cases}\n");
    fs::write(scene.path("s.yaml"), text).expect("written");
    let ended = scene.run(&["suite", &argument(&scene.path("s.yaml"))]).await;
    scene.assert_nothing_left().await;
    assert_eq!((ended.exit, ended.stdout.as_str()), (Some(3), ""), "{}", ended.stderr);
    assert!(ended.stderr.contains("case `other`: no kernel matches `6.99`"), "{}", ended.stderr);
}
