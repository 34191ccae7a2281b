//! The program as people meet it when something is wrong: one clear message, the right exit
//! code, and nothing started or left behind.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A folder with inputs, and a data folder that must not come into being.
struct Scene {
    folder: TempDir,
}

/// How the program ended.
struct Ended {
    exit: i32,
    stdout: String,
    stderr: String,
}

impl Scene {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        fs::write(self.path(name), bytes).expect("write");
        self.path(name)
    }

    /// Compiles for eBPF, as the corpus is compiled.
    fn compiled(&self, name: &str, source: &str) -> PathBuf {
        let mut clang = Command::new("clang")
            .args(["--target=bpf", "-O2", "-g", "-x", "c", "-c", "-", "-o"])
            .arg(self.path(name))
            .stdin(Stdio::piped())
            .spawn()
            .expect("clang, which `make deps` installs");
        clang.stdin.take().expect("piped").write_all(source.as_bytes()).expect("source");
        assert!(clang.wait().expect("clang").success());
        self.path(name)
    }

    fn good(&self) -> PathBuf {
        self.compiled("good.bpf.o", "__attribute__((section(\"xdp\"))) int pass(void *c) { return 2; }")
    }

    /// An object with a map, and with variables whose types it tells.
    fn good_with_data(&self) -> PathBuf {
        let source = "#define SEC(name) __attribute__((section(name), used))\n\
            struct { int (*type)[1]; int *key; int *value; int (*max_entries)[1]; } counts SEC(\".maps\");\n\
            const volatile unsigned char target = 0; char comm[4] = \"x\";\n\
            SEC(\"xdp\") int probe(void *c) { return target + comm[0]; }";
        self.compiled("data.bpf.o", source)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bpfcompat"));
        command.args(arguments).env_clear().stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.folder.path()).env("BPFCOMPAT_DATA_DIR", self.path("data"));
        command
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        ended(&mut self.command(arguments))
    }

    fn test(&self, object: &Path) -> Ended {
        self.run(&["test", object.to_str().expect("a path in UTF-8")])
    }

    fn is_untouched(&self) -> bool {
        !self.path("data").exists()
    }
}

fn ended(command: &mut Command) -> Ended {
    let output = command.output().expect("the program starts");
    Ended {
        exit: output.status.code().expect("an exit code, not a signal"),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// Misuse that names everything in `says`, on stderr only.
fn assert_misuse(scene: &Scene, ended: &Ended, says: &[&str]) {
    assert_eq!(ended.exit, 3, "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
    for word in says {
        assert!(ended.stderr.contains(word), "`{word}` is not in: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    assert!(scene.is_untouched(), "a data folder was made");
}

#[test]
fn files_that_are_no_objects() {
    let scene = Scene::new();
    let missing = scene.path("missing.bpf.o");
    assert_misuse(&scene, &scene.test(&missing), &["missing.bpf.o", "No such file", "pass the path"]);
    let empty = scene.file("empty.bpf.o", b"");
    assert_misuse(&scene, &scene.test(&empty), &["empty.bpf.o", "empty"]);
    let source = scene.file("probe.bpf.c", b"int main;");
    assert_misuse(&scene, &scene.test(&source), &["probe.bpf.c", "not an ELF file"]);
    assert_misuse(&scene, &scene.test(Path::new("/bin/true")), &["/bin/true", "not eBPF"]);
    let bytes = fs::read(scene.good()).expect("read");
    let cut = scene.file("cut.bpf.o", &bytes[..bytes.len() / 2]);
    assert_misuse(&scene, &scene.test(&cut), &["cut.bpf.o", "truncated"]);
    let bare = scene.compiled("bare.bpf.o", "int nothing;");
    assert_misuse(&scene, &scene.test(&bare), &["bare.bpf.o", "no eBPF program"]);
}

#[test]
fn files_that_would_block_or_fill_the_memory() {
    let scene = Scene::new();
    assert_misuse(&scene, &scene.test(scene.folder.path()), &["no object is in this folder"]);
    assert_misuse(&scene, &scene.test(Path::new("/dev/zero")), &["/dev/zero", "is a device"]);
    let pipe = scene.path("pipe.bpf.o");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).expect("pipe");
    assert_misuse(&scene, &scene.test(&pipe), &["pipe.bpf.o", "is a named pipe"]);
    let huge = scene.path("huge.bpf.o");
    File::create(&huge).and_then(|file| file.set_len(300_000_000)).expect("a sparse file");
    assert_misuse(&scene, &scene.test(&huge), &["huge.bpf.o", "300000000 bytes", "llvm-strip -g"]);
}

#[test]
fn every_bad_object_is_named_at_once() {
    let scene = Scene::new();
    let (good, empty) = (scene.good(), scene.file("empty.bpf.o", b""));
    let (good, empty) = (good.to_str().expect("UTF-8"), empty.to_str().expect("UTF-8"));
    let ended = scene.run(&["test", good, empty, "/dev/null"]);
    assert_misuse(&scene, &ended, &["empty.bpf.o", "/dev/null"]);
    assert!(!ended.stderr.contains("good.bpf.o"), "{}", ended.stderr);
}

#[test]
fn words_that_mean_nothing() {
    let scene = Scene::new();
    let good = scene.good();
    let good = good.to_str().expect("UTF-8");
    for (arguments, says) in [
        (vec![], vec!["Usage"]),
        (vec!["test"], vec!["OBJECT"]),
        (vec!["tset", good], vec!["tset"]),
        (vec!["test", good, "--kernel", "6.1"], vec!["--kernel", "--kernels"]),
        (vec!["test", good, "--kernels", "ltz"], vec!["--kernels", "`ltz`", "kernels list"]),
        (vec!["test", good, "--kernels", "6.1", "--optional", "x="], vec!["--optional", "`x=`"]),
        (vec!["test", good, "--level", "behaves"], vec!["behaves", "attach"]),
        (vec!["test", good, "--level", "behave"], vec!["--level", "--manifest", "checks"]),
        (vec!["test", good, "--loader", "libbpf,Cilium"], vec!["--loader", "`Cilium`", "lower-case"]),
        (vec!["test", good, "--axis", "cpus"], vec!["--axis", "`cpus`", "AXIS=VALUE"]),
        (vec!["test", good, "--axis", "cpu=2"], vec!["--axis", "`cpu`", "cpus"]),
        (vec!["test", good, "--axis", "lockdown=none,full"], vec!["--axis", "`full`", "confidentiality"]),
        (vec!["test", good, "--timeout", "0"], vec!["--timeout"]),
        (vec!["test", good, "--platform", "arm64"], vec!["--platform", "`arm64`", "linux/arm64"]),
        (vec!["test", "oci://busybox"], vec!["oci://busybox", "REGISTRY/REPOSITORY"]),
        (vec!["test", "ghcr.io/a/b:v1"], vec!["`oci://ghcr.io/a/b:v1`"]),
        (vec!["test", "http://h.example/x.o"], vec!["http://h.example/x.o", "https://"]),
        (vec!["test", "https://h.example/x.o?key=1"], vec!["https://h.example/x.o", "#sha256=HEX"]),
        (vec!["test", "/no/such/*.o"], vec!["/no/such/*.o", "matches no file"]),
        (vec!["test", good, "--json", "/no/such/r.json"], vec!["--json", "/no/such/r.json"]),
        (vec!["test", good, "--json", "-", "--junit", "-"], vec!["stdout", "--junit"]),
        (vec!["test", good, "--controller", "kernel.example"], vec!["kernel.example", "http://"]),
        (vec!["kernels", "fetch", "lts", "--controller", "http://127.0.0.1:1"], vec!["workers fetch"]),
        (
            vec!["config", "check", "--controller", "ftp://kernel.example"],
            vec!["ftp://kernel.example", "https://"],
        ),
        (vec!["test", good, "--html", "-", "--badge", "-"], vec!["stdout", "--badge"]),
        (vec!["explain", "no/such.json"], vec!["no/such.json", "--json", "runs list"]),
        (vec!["explain", good], vec!["good.bpf.o", "--json"]),
        (vec!["kernels", "list", "sixpointone"], vec!["`sixpointone`"]),
    ] {
        assert_misuse(&scene, &scene.run(&arguments), &says);
    }
}

#[test]
fn manifests_that_are_wrong_or_that_an_object_does_not_fit() {
    let scene = Scene::new();
    let (good, data) = (scene.good(), scene.good_with_data());
    for (text, says) in [
        ("version: 1\nprogram: {}", "m.yaml:2:1: unknown key `program`; did you mean `programs`?"),
        (
            "version: 1\nprograms:\n  prboe: {autoload: true}",
            "m.yaml:3:3: data.bpf.o has no program `prboe`; did you mean `probe`?",
        ),
        (
            "version: 1\nmaps: {coutns: {max_entries: 1}}",
            "m.yaml:2:8: data.bpf.o has no map `coutns`; did you mean `counts`?",
        ),
        (
            "version: 1\ncompanions: [prob]",
            "m.yaml:2:14: data.bpf.o has no program `prob`; did you mean `probe`?",
        ),
        (
            "version: 1\nglobals: {targt: 1}",
            "m.yaml:2:11: data.bpf.o: the object has no global variable `targt`; did you mean `target`?",
        ),
        (
            "version: 1\nglobals: {target: 300}",
            "m.yaml:2:11: data.bpf.o: `target` is a number from 0 to 255, not 300",
        ),
        (
            "version: 1\nglobals: {comm: \"four\"}",
            "m.yaml:2:11: data.bpf.o: `comm` holds texts of at most 3 bytes",
        ),
    ] {
        let manifest = scene.file("m.yaml", text.as_bytes());
        let (manifest, data) = (manifest.to_str().expect("UTF-8"), data.to_str().expect("UTF-8"));
        assert_misuse(&scene, &scene.run(&["test", data, "--manifest", manifest]), &[says]);
    }
    let good = good.to_str().expect("UTF-8");
    // Both have one program in `xdp`, and not the same one.
    let manifest = scene.file("s.yaml", b"version: 1\nprograms: {xdp: {level: load}}");
    let (manifest, data) = (manifest.to_str().expect("UTF-8"), data.to_str().expect("UTF-8"));
    let says = "a section stands for another program in data.bpf.o than in the objects before";
    assert_misuse(&scene, &scene.run(&["test", good, data, "--manifest", manifest]), &[says]);
    for (path, says) in [
        (scene.file("b.yaml", b"\xff"), "is not UTF-8 text"),
        (scene.path("missing.yaml"), "--manifest: "),
        (scene.folder.path().to_owned(), "is a directory"),
    ] {
        let path = path.to_str().expect("UTF-8");
        assert_misuse(&scene, &scene.run(&["test", good, "--manifest", path]), &["--manifest", says]);
    }
}

#[test]
fn suites_that_are_wrong_or_name_what_is_not_there() {
    let scene = Scene::new();
    scene.good_with_data();
    scene.good();
    let suite = |text: &str| scene.file("s.yaml", text.as_bytes()).to_str().expect("UTF-8").to_owned();
    let head = "version: 1\nname: probes\ncases:\n";
    let wrong = suite(&format!(
        "{head}  - {{name: a, objet: good.bpf.o}}\n  - {{name: a, command: {{}}}}\nnmae: x\n"
    ));
    let says = [
        "s.yaml:4:15: unknown key `objet`; did you mean `object`?",
        "s.yaml:4:5: a case has either `object` or `command`",
        "s.yaml:5:24: a command needs bin",
        "s.yaml:6:1: unknown key `nmae`; did you mean `name`?",
    ];
    assert_misuse(&scene, &scene.run(&["suite", &wrong]), &says);

    let absent = "  - {name: a, object: none.bpf.o}
  - {name: b, object: '*.elf'}
  - {name: c, object: good.bpf.o, checks: [{name: x, command: 'true', expect: {globals: {nothing: 1}}}]}
  - {name: d, object: good.bpf.o, manifest: none.yaml}
  - {name: e, command: {bin: none}}
  - {name: f, object: '*.bpf.o', axes: {cpus: 2}}
";
    let says = [
        "s.yaml:4:12: case `a`:",
        "none.bpf.o: cannot be read; pass",
        "s.yaml:5:12: case `b`: ",
        "*.elf: matches no file",
        "case `c`: ",
        "s.yaml:6:",
        "`nothing`",
        "s.yaml:7:12: case `d`: --manifest: ",
        "s.yaml:8:12: case `e`: ",
    ];
    let ended = scene.run(&["suite", &suite(&format!("{head}{absent}"))]);
    assert_misuse(&scene, &ended, &says);
    assert!(!ended.stderr.contains("case `f`"), "{}", ended.stderr);

    let fine = suite(&format!("{head}  - {{name: a, object: '*.bpf.o'}}\n"));
    let missing = scene.run(&["suite", &fine, "--baseline", "none.json"]);
    assert_misuse(&scene, &missing, &["none.json: there is no such baseline", "--update-baseline"]);
    scene.file("s.baseline.json", b"{\"schema\": 1}");
    assert_misuse(&scene, &scene.run(&["suite", &fine]), &["s.baseline.json: no baseline", "line 1 column"]);
    let many = scene.run(&["suite", &fine, "--retry-inconclusive", "6"]);
    assert_misuse(&scene, &many, &["--retry-inconclusive", "6"]);
    let folder = scene.folder.path().to_str().expect("UTF-8");
    assert_misuse(&scene, &scene.run(&["suite", folder]), &["is a directory", "a suite in YAML"]);
}

#[test]
fn settings_that_mean_nothing_are_all_named_with_their_source() {
    let scene = Scene::new();
    let ended =
        ended(scene.command(&["config", "show"]).env("BPFCOMPAT_LEVEL", "x").env("BPFCOMPAT_KERNELS", "y"));
    assert_misuse(&scene, &ended, &["BPFCOMPAT_LEVEL", "`x`", "BPFCOMPAT_KERNELS", "`y`"]);

    fs::create_dir_all(scene.path(".config/bpfcompat")).expect("folder");
    scene.file(".config/bpfcompat/config.toml", b"kernel = \"6.1\"\n");
    let ended = scene.run(&["config", "show"]);
    assert_misuse(&scene, &ended, &["kernel", "config.toml", "kernels"]);
}

#[test]
fn settings_in_effect_are_shown_with_their_source_and_without_secrets() {
    let scene = Scene::new();
    fs::create_dir_all(scene.path(".config/bpfcompat")).expect("folder");
    let file = b"kernels = \"5.10\"\nlevel = \"load\"\nmirror = \"http://me:secret@mirror.example/debian\"\n";
    scene.file(".config/bpfcompat/config.toml", file);
    let ended = ended(
        scene.command(&["config", "show", "--controller", "http://c:1"]).env("BPFCOMPAT_KERNELS", "6.1"),
    );
    assert_eq!(ended.exit, 0, "{}", ended.stderr);
    let line = |key: &str| {
        let mut lines = ended.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        lines.find(|words| words[0] == key).unwrap_or_else(|| panic!("{key} in {}", ended.stdout))
    };
    assert_eq!(line("kernels"), ["kernels", "6.1", "BPFCOMPAT_KERNELS"]);
    assert_eq!(line("controller"), ["controller", "http://c:1", "--controller"]);
    assert!(line("level")[2].ends_with(".config/bpfcompat/config.toml"), "{:?}", line("level"));
    assert_eq!(line("optional"), ["optional", "-", "default"]);
    assert_eq!(line("mirror")[1], "http://me:***@mirror.example/debian");
    assert!(!ended.stdout.contains("secret"));
}

#[test]
fn a_broken_environment_is_not_the_callers_fault() {
    let scene = Scene::new();
    let good = scene.good();
    let good = good.to_str().expect("UTF-8");
    let test = || scene.command(&["test", good]);
    let none = scene.path("none");
    for (mut command, says) in [
        (
            scene.command(&["test", good, "--controller", "http://127.0.0.1:1"]),
            vec!["127.0.0.1:1", "no controller"],
        ),
        (scene.command(&["test", good, "--data-dir", "/proc/none"]), vec!["/proc/none", "--data-dir"]),
    ] {
        let ended = ended(&mut command);
        assert_eq!(ended.exit, 2, "{}", ended.stderr);
        assert_eq!(ended.stdout, "");
        for word in says {
            assert!(ended.stderr.contains(word), "`{word}` is not in: {}", ended.stderr);
        }
    }
    let without = |variable: &str| ended(test().env(variable, &none));
    for (variable, word) in [("PG_BIN", "postgresql"), ("BPFCOMPAT_VALIDATOR", "validator")] {
        let ended = without(variable);
        assert_eq!(ended.exit, 2, "{variable}: {}", ended.stderr);
        assert!(ended.stderr.contains(word) && ended.stderr.contains("none"), "{}", ended.stderr);
        assert!(!scene.path("data/postgres").exists(), "a cluster was made before {variable} was missed");
    }
}

#[test]
fn help_and_version_are_no_errors() {
    let scene = Scene::new();
    for arguments in
        [&["--help"][..], &["test", "--help"], &["--version"], &["version"], &["completions", "bash"]]
    {
        let ended = scene.run(arguments);
        assert_eq!((ended.exit, ended.stderr.as_str()), (0, ""), "{arguments:?}");
        assert!(ended.stdout.contains("bpfcompat"), "{arguments:?}");
    }
}
