//! Inputs as the program meets them: what is piped in, what is behind HTTPS, and what its surroundings know.

#[path = "../src/input/tests/server.rs"]
mod server;

use server::Server;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

const ACCESS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/seeds/object/access.bpf.o");

/// Asks with a manifest that no object fits, so that an object that was read is named and nothing is started.
struct Scene {
    folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("m.yaml"), "version: 1\nprograms: {absent: {autoload: true}}")
            .expect("a file");
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, input: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bpfcompat"));
        command.args(["test", input, "--manifest"]).arg(self.path("m.yaml")).env_clear().stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.folder.path()).env("BPFCOMPAT_DATA_DIR", self.path("data"));
        command
    }

    /// How it ends and what it says.
    fn ended(&self, command: &mut Command) -> (Option<i32>, String) {
        let output = command.output().expect("the program starts");
        assert!(!self.path("data").exists(), "something was started");
        (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
    }

    fn assert(&self, command: &mut Command, exit: i32, says: &str) {
        let (code, stderr) = self.ended(command);
        assert_eq!(code, Some(exit), "{stderr}");
        assert!(stderr.contains(says), "`{says}` is not in: {stderr}");
    }
}

#[test]
fn an_object_on_stdin() {
    let scene = Scene::new();
    let piped = |path: &str| Stdio::from(fs::File::open(path).expect("a file"));
    scene.assert(scene.command("-").stdin(piped(ACCESS)), 3, "stdin has no program `absent`");
    scene.assert(&mut scene.command("-"), 3, "-: the object is empty");
    scene.assert(scene.command("-").stdin(piped("/dev/zero")), 3, "are accepted");
}

/// Pushes the object as an image, and returns the address of its layer, which is a file behind HTTPS.
fn pushed(server: &Server, scene: &Scene) -> (String, String) {
    let digest = domain::digest::Digest::of(&fs::read(ACCESS).expect("an object")).to_string();
    let layout = scene.path("layout");
    fs::create_dir_all(layout.join("blobs/sha256")).expect("folders");
    let write = |bytes: &[u8]| {
        let digest = domain::digest::Digest::of(bytes);
        fs::write(layout.join(format!("blobs/sha256/{digest}")), bytes).expect("a blob");
        format!("\"digest\": \"sha256:{digest}\", \"size\": {}", bytes.len())
    };
    let (image, gadget) = ("application/vnd.oci.image", "application/vnd.gadget.ebpf.program.v1+binary");
    let (config, layer) = (write(b"{}"), write(&fs::read(ACCESS).expect("an object")));
    let manifest = write(
        format!(
            "{{\"schemaVersion\": 2, \"mediaType\": \"{image}.manifest.v1+json\", \
             \"config\": {{\"mediaType\": \"{image}.config.v1+json\", {config}}}, \
             \"layers\": [{{\"mediaType\": \"{gadget}\", {layer}}}]}}"
        )
        .as_bytes(),
    );
    let index = format!(
        "{{\"schemaVersion\": 2, \"manifests\": [{{\"mediaType\": \"{image}.manifest.v1+json\", {manifest}}}]}}"
    );
    fs::write(layout.join("index.json"), index).expect("an index");
    fs::write(layout.join("oci-layout"), r#"{"imageLayoutVersion": "1.0.0"}"#).expect("a file");
    let to = format!("docker://{}/a/probe:v1", server.host);
    let mut skopeo = Command::new("skopeo");
    skopeo.args(["--insecure-policy", "copy", "--quiet", "--preserve-digests", "--dest-tls-verify=false"]);
    skopeo.args(["--dest-creds", "me:pass-word"]).arg(format!("oci:{}", layout.display())).arg(to);
    let copied = skopeo.output().expect("skopeo, which `make deps` installs");
    assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
    (format!("https://{}/v2/a/probe/blobs/sha256:{digest}", server.host), digest)
}

#[test]
fn an_object_behind_https_has_the_digest_that_was_said() {
    let (server, scene) = (Server::over_tls(), Scene::new());
    let (url, digest) = pushed(&server, &scene);
    let trusting = |input: &str| {
        let mut command = scene.command(input);
        command.env("SSL_CERT_FILE", server.certificate());
        command
    };
    let named = format!("sha256:{digest} has no program `absent`");
    scene.assert(&mut trusting(&format!("{url}?key=word#sha256={digest}")), 3, &named);
    let other = "0".repeat(64);
    let (code, stderr) = scene.ended(&mut trusting(&format!("{url}?key=word#sha256={other}")));
    assert_eq!(code, Some(3), "{stderr}");
    assert!(stderr.contains(&digest) && stderr.contains(&other) && !stderr.contains("word"), "{stderr}");
    scene.assert(&mut trusting(&format!("{url}x#sha256={digest}")), 3, "answers 4");
    scene.assert(&mut scene.command(&format!("{url}#sha256={digest}")), 2, "certificate");
    let image = format!("oci://{}/a/probe:v1", server.host);
    scene.assert(&mut trusting(&image), 3, "probe/layer-0.o has no program `absent`");
    scene.assert(&mut scene.command("https://127.0.0.1:1/x#sha256=0"), 3, "#sha256=HEX");
    scene.assert(
        &mut scene.command(&format!("https://127.0.0.1:1/x#sha256={other}")),
        2,
        "cannot be reached",
    );
}

fn script(path: &Path, text: &str) {
    fs::write(path, text).expect("a script");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("executable");
}

#[test]
fn credentials_come_from_where_docker_has_them() {
    let (server, scene) = (Server::guarded(), Scene::new());
    pushed(&server, &scene);
    let image = format!("oci://{}/a/probe:v1", server.host);
    let path = format!("{}:{}", scene.folder.path().display(), std::env::var("PATH").expect("a path"));
    let asking = || {
        let mut command = scene.command(&image);
        command.env("PATH", &path).env("DOCKER_CONFIG", scene.folder.path());
        command
    };
    scene.assert(&mut asking(), 3, "none are known");
    fs::write(scene.path("config.json"), r#"{"credsStore": "tests"}"#).expect("a file");
    scene.assert(&mut asking(), 2, "docker-credential-tests cannot be run");
    let helper = scene.path("docker-credential-tests");
    let knows = format!(
        "#!/bin/sh\nread -r server\n[ \"$1 $server\" = \"get {}\" ] || exit 1\n\
         echo '{{\"Username\": \"me\", \"Secret\": \"pass-word\"}}'\n",
        server.host
    );
    script(&helper, &knows);
    scene.assert(&mut asking(), 3, "probe/layer-0.o has no program `absent`");
    script(&helper, "#!/bin/sh\necho secret-word >&2\necho secret-word\n");
    let (code, stderr) = scene.ended(&mut asking());
    assert_eq!(code, Some(2), "{stderr}");
    assert!(
        stderr.contains("something else than credentials") && !stderr.contains("secret-word"),
        "{stderr}"
    );
    fs::remove_file(scene.path("config.json")).expect("removed");
    fs::create_dir(scene.path("containers")).expect("a folder");
    let auth = format!(r#"{{"auths": {{"{}": {{"auth": "bWU6cGFzcy13b3Jk"}}}}}}"#, server.host);
    fs::write(scene.path("containers/auth.json"), auth).expect("a file");
    let mut command = asking();
    command.env("XDG_RUNTIME_DIR", scene.folder.path());
    scene.assert(&mut command, 3, "probe/layer-0.o has no program `absent`");
}
