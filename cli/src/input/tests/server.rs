//! A real registry: the one that Debian packages, on this machine, with what the test puts into it.

#![allow(dead_code, reason = "tests of the crate and of the program use different parts of it")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Whom a guarded registry knows: `me` with `pass-word`, as htpasswd writes it.
const USERS: &str = "me:$2b$04$YK4mJWOn071I/SMzSPe3Gu7LJtI7mU8demKFQKDgcioDm4duAeY2q\n";

/// A registry that ends with its owner.
pub(crate) struct Server {
    pub(crate) host: String,
    folder: TempDir,
    process: Child,
}

impl Server {
    /// Serves everybody.
    pub(crate) fn open() -> Self {
        Self::start("", "")
    }

    /// Serves `me` with `pass-word`.
    pub(crate) fn guarded() -> Self {
        Self::start("", "auth:\n  htpasswd: {realm: tests, path: FOLDER/users}\n")
    }

    /// Speaks HTTPS with a certificate that only [`Server::certificate`] vouches for.
    pub(crate) fn over_tls() -> Self {
        Self::start("  tls: {certificate: FOLDER/cert.pem, key: FOLDER/key.pem}\n", "")
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    fn start(http: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // Free until now, and nobody else on this machine is given it so soon.
        let free = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port");
        let host = format!("127.0.0.1:{}", free.port());
        fs::write(folder.path().join("users"), USERS).expect("a file");
        if !http.is_empty() {
            certify(folder.path());
        }
        let config = format!(
            "version: 0.1\nlog: {{level: info}}\nstorage:\n  filesystem: {{rootdirectory: FOLDER/data}}\n\
             http:\n  addr: {host}\n{http}{more}"
        );
        let config = config.replace("FOLDER", &folder.path().display().to_string());
        let path = folder.path().join("config.yml");
        fs::write(&path, config).expect("a file");
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(path).env("OTEL_TRACES_EXPORTER", "none");
        let process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut process = process.expect("docker-registry, which `make deps` installs");
        let mut log = BufReader::new(process.stderr.take().expect("piped")).lines();
        let mut said = String::new();
        let ready = log.by_ref().map_while(Result::ok).any(|line| {
            said.push_str(&line);
            line.contains("listening on")
        });
        assert!(ready, "{said}");
        // It would stop at a full pipe.
        std::thread::spawn(move || log.map_while(Result::ok).for_each(drop));
        Self { host, folder, process }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A certificate for this machine, signed by itself.
fn certify(folder: &Path) {
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
    command.args(["-subj", "/CN=tests", "-days", "2", "-addext", "subjectAltName=IP:127.0.0.1"]);
    // It is trusted itself, as no authority signs it.
    command.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    command.arg("-keyout").arg(folder.join("key.pem")).arg("-out").arg(folder.join("cert.pem"));
    let made = command.output().expect("openssl, which `make deps` installs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}
