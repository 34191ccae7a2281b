//! A small signed archive, served over HTTP from a temporary directory.
//!
//! In: packages. Out: a mirror like a distribution's, signed with a key made for the test, whose
//! files a test may damage and whose connections it may cut.

mod package;

pub(crate) use package::{deb, image, module, module_with};

use domain::digest::Digest;
use liblzma::write::XzEncoder;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use worker::kernel::Settings;

/// A running mirror; stops when dropped.
pub(crate) struct Mirror {
    home: TempDir,
    url: String,
    server: JoinHandle<()>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Path and range of every request answered.
    requests: Vec<(String, Option<u64>)>,
    /// Answers that break off: the end of the path, bytes sent before, and how many times more.
    cuts: Vec<(String, usize, u32)>,
}

/// One package in a suite: name, version, dependencies and the package file.
pub(crate) type Published<'a> = (&'a str, &'a str, &'a str, Vec<u8>);

impl Mirror {
    /// An empty mirror with a key of its own.
    pub(crate) async fn start() -> Self {
        let home = TempDir::new().expect("temporary directory");
        std::fs::create_dir_all(home.path().join("www/pool")).expect("directory");
        gpg(home.path(), &["--quick-gen-key", "archive@test", "ed25519", "sign", "never"], b"");
        let keys = gpg(home.path(), &["--export"], b"");
        std::fs::write(home.path().join("keyring.gpg"), keys).expect("keyring");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let state = Arc::new(Mutex::new(State::default()));
        let (root, shared) = (home.path().join("www"), Arc::clone(&state));
        let server = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(answer(connection, root.clone(), Arc::clone(&shared)));
            }
        });
        Self { home, url, server, state }
    }

    /// Settings that read `suites` from this mirror without pauses between tries.
    pub(crate) fn settings(&self, suites: &[&str]) -> Settings {
        Settings {
            mirror: Some(self.url.clone()),
            security_mirror: Some(self.url.clone()),
            suites: suites.iter().map(|&suite| suite.to_owned()).collect(),
            keyring: self.home.path().join("keyring.gpg"),
            arch: "amd64".to_owned(),
            download_tries: 3,
            retry_pause_ms: 0,
            ..Settings::default()
        }
    }

    /// Publishes `packages` in `suite`, in place of what was there; `fields` go into the signed file.
    pub(crate) fn publish(&self, suite: &str, fields: &str, packages: &[Published<'_>]) {
        let mut index = String::new();
        for (name, version, depends, bytes) in packages {
            std::fs::write(self.file(&format!("pool/{name}.deb")), bytes).expect("package");
            writeln!(
                index,
                "Package: {name}\nVersion: {version}\nDepends: {depends}\nDescription: x\n y\n\
                 Filename: pool/{name}.deb\nSize: {}\nSHA256: {}\n",
                bytes.len(),
                Digest::of(bytes)
            )
            .expect("text");
        }
        let mut packer = XzEncoder::new(Vec::new(), 1);
        packer.write_all(index.as_bytes()).expect("memory");
        let index = packer.finish().expect("xz");
        let digest = Digest::of(&index);
        let by_hash = format!("dists/{suite}/main/binary-amd64/by-hash/SHA256/{digest}");
        let path = self.file(&by_hash);
        std::fs::create_dir_all(path.parent().expect("in a directory")).expect("directory");
        std::fs::write(path, &index).expect("index");
        let release = format!(
            "Suite: {suite}\nCodename: {suite}\nAcquire-By-Hash: yes\n{fields}SHA256:\n {digest} {} \
             main/binary-amd64/Packages.xz\n",
            index.len()
        );
        let signed = gpg(self.home.path(), &["--clearsign"], release.as_bytes());
        std::fs::write(self.file(&format!("dists/{suite}/InRelease")), signed).expect("signed");
    }

    /// The file the mirror serves under `path`.
    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.home.path().join("www").join(path)
    }

    /// Changes one file behind the signature's back.
    pub(crate) fn tamper(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = std::fs::read(path).expect("served file");
        change(&mut bytes);
        std::fs::write(path, bytes).expect("served file");
    }

    /// The only file below `path` with a package index, whatever its digest.
    pub(crate) fn index_file(&self, suite: &str) -> PathBuf {
        let directory = self.file(&format!("dists/{suite}/main/binary-amd64/by-hash/SHA256"));
        let mut entries = std::fs::read_dir(directory).expect("published");
        entries.next().expect("one index").expect("entry").path()
    }

    /// Breaks the next `times` answers for paths that end in `path` after `bytes`.
    pub(crate) fn cut(&self, path: &str, bytes: usize, times: u32) {
        self.state.lock().expect("not poisoned").cuts.push((path.to_owned(), bytes, times));
    }

    /// Ranges of the requests so far for paths that contain `part`.
    pub(crate) fn requests(&self, part: &str) -> Vec<Option<u64>> {
        let state = self.state.lock().expect("not poisoned");
        state.requests.iter().filter(|(path, _)| path.contains(part)).map(|(_, range)| *range).collect()
    }

    /// Takes the mirror off the network.
    pub(crate) async fn stop(&mut self) {
        self.server.abort();
        assert!((&mut self.server).await.expect_err("aborted").is_cancelled());
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.server.abort();
        let mut end = Command::new("gpgconf");
        end.args(["--kill", "all"]).env("GNUPGHOME", self.home.path());
        assert!(end.status().expect("gpgconf comes with gpg").success());
    }
}

fn gpg(home: &Path, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("gpg")
        .args(["--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""])
        .args(arguments)
        .env("GNUPGHOME", home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("gpg is installed");
    child.stdin.take().expect("piped").write_all(input).expect("gpg reads");
    let output = child.wait_with_output().expect("gpg ends");
    assert!(output.status.success(), "gpg {arguments:?}");
    output.stdout
}

/// Answers one request and closes the connection.
async fn answer(connection: TcpStream, root: PathBuf, state: Arc<Mutex<State>>) {
    let mut lines = BufReader::new(connection);
    let (mut path, mut range, mut line) = (String::new(), None, String::new());
    while lines.read_line(&mut line).await.is_ok_and(|read| read > 0) && !line.trim().is_empty() {
        if let Some(rest) = line.strip_prefix("GET /") {
            path = rest.split(' ').next().unwrap_or_default().to_owned();
        } else if let Some((_, value)) = line.split_once("ange: bytes=") {
            range = value.trim().trim_end_matches('-').parse::<u64>().ok();
        }
        line.clear();
    }
    let file = std::fs::read(root.join(&path)).ok();
    let from = usize::try_from(range.unwrap_or(0)).expect("small");
    let (head, body) = match &file {
        None => ("404 Not Found\r\n".to_owned(), &[][..]),
        Some(file) if range.is_some() && from < file.len() => {
            let (last, all) = (file.len() - 1, file.len());
            (format!("206 Partial Content\r\nContent-Range: bytes {from}-{last}/{all}\r\n"), &file[from..])
        }
        Some(file) => ("200 OK\r\n".to_owned(), &file[..]),
    };
    let length = body.len();
    let sent = {
        let mut state = state.lock().expect("not poisoned");
        let cut = state.cuts.iter_mut().find(|(end, _, times)| path.ends_with(end.as_str()) && *times > 0);
        let sent = cut.map_or(length, |cut| {
            cut.2 -= 1;
            cut.1.min(length)
        });
        state.requests.push((path, range));
        sent
    };
    let head = format!("HTTP/1.1 {head}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    let mut connection = lines.into_inner();
    // A client that has gone away is part of what is tested.
    if connection.write_all(head.as_bytes()).await.is_ok()
        && connection.write_all(&body[..sent]).await.is_ok()
    {
        drop(connection.shutdown().await);
    }
}
