//! Downloads that end with the announced bytes or with nothing.

use super::{KernelError, Package, Progress, Report, Settings};
use domain::digest::Digest;
use futures_util::StreamExt;
use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::{Client, Response, StatusCode};
use sha2::{Digest as _, Sha256};
use std::path::Path;
use std::time::Duration;
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, SeekFrom};

/// Longest wait for a connection, and for the next bytes on one.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// Longest pause between two tries.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// Bytes between two reports of progress.
const REPORT_EVERY_BYTES: u64 = 1024 * 1024;

/// Speaks to mirrors.
#[derive(Debug)]
pub(super) struct Downloader {
    client: Client,
    tries: u32,
    first_pause: Duration,
}

/// How one try ended early.
enum Broken {
    /// The connection broke; what arrived is kept.
    Connection(reqwest::Error),
    /// No further try can help.
    Final(KernelError),
}

/// The tries one download has left.
struct Patience<'a> {
    what: &'a str,
    url: &'a str,
    tried: u32,
    tries: u32,
    pause: Duration,
}

/// A partly downloaded file and the digest of what it holds.
struct Part {
    file: File,
    bytes: u64,
    hash: Sha256,
}

impl Downloader {
    /// A downloader as patient as `settings` says.
    pub(super) fn new(settings: &Settings) -> Self {
        let client = Client::builder()
            .connect_timeout(SILENCE_MAX)
            .read_timeout(SILENCE_MAX)
            .build()
            .expect("a client without files or proxies of its own always builds");
        Self {
            client,
            tries: settings.download_tries.max(1),
            first_pause: Duration::from_millis(settings.retry_pause_ms),
        }
    }

    /// The bytes at `url`, at most `bytes_max`; `None` when the mirror has no such file. For what
    /// carries its own signature, so that nothing is announced about it.
    pub(super) async fn small(
        &self,
        what: &str,
        url: &str,
        bytes_max: usize,
    ) -> Result<Option<Vec<u8>>, KernelError> {
        let mut patience = self.patience(what, url);
        loop {
            match self.small_once(what, url, bytes_max).await {
                Ok(bytes) => return Ok(bytes),
                Err(broken) => patience.next(broken).await?,
            }
        }
    }

    /// Brings `part` to exactly the announced bytes, going on from what it already holds. A file
    /// that turns out wrong is deleted; one that is merely incomplete stays for the next try.
    pub(super) async fn fetch(
        &self,
        package: &Package,
        part: &Path,
        report: Report<'_>,
    ) -> Result<(), KernelError> {
        let mut patience = self.patience(&package.name, &package.url);
        let outcome = loop {
            match self.fetch_once(package, part, report).await {
                Ok(()) => break Ok(()),
                Err(broken) => match patience.next(broken).await {
                    Ok(()) => {}
                    Err(error) => break Err(error),
                },
            }
        };
        if let Err(KernelError::DigestRefused { .. } | KernelError::SizeRefused { .. }) = &outcome {
            tokio::fs::remove_file(part)
                .await
                .map_err(|source| KernelError::io("delete the refused download", part, source))?;
        }
        outcome
    }

    async fn small_once(&self, what: &str, url: &str, bytes_max: usize) -> Result<Option<Vec<u8>>, Broken> {
        let response = self.ask(url, 0).await?;
        match response.status() {
            StatusCode::NOT_FOUND => return Ok(None),
            StatusCode::OK => {}
            status => return Err(Broken::Final(refused(what, url, status))),
        }
        let mut bytes = Vec::new();
        let mut stream = response.bytes_stream();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(Broken::Connection)?;
            if bytes.len() + chunk.len() > bytes_max {
                let says = format!("longer than the {bytes_max} bytes accepted");
                return Err(Broken::Final(KernelError::malformed(what, says)));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Some(bytes))
    }

    async fn fetch_once(&self, package: &Package, path: &Path, report: Report<'_>) -> Result<(), Broken> {
        let io = |source| Broken::Final(KernelError::io("write the download", path, source));
        let mut part = Part::open(path, package.bytes).await.map_err(io)?;
        if part.bytes < package.bytes {
            let response = self.ask(&package.url, part.bytes).await?;
            if !continues(&response, part.bytes) {
                part.restart().await.map_err(io)?;
            }
            match response.status() {
                StatusCode::OK | StatusCode::PARTIAL_CONTENT => {}
                status => return Err(Broken::Final(refused(&package.name, &package.url, status))),
            }
            let size_refused = |got| {
                let (what, expected) = (package.name.clone(), package.bytes);
                Broken::Final(KernelError::SizeRefused { what, expected, got })
            };
            let mut stream = response.bytes_stream();
            let mut told = part.bytes;
            while let Some(chunk) = stream.next().await {
                let chunk = chunk.map_err(Broken::Connection)?;
                let coming = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
                if coming > package.bytes - part.bytes {
                    return Err(size_refused(part.bytes.saturating_add(coming)));
                }
                part.append(&chunk).await.map_err(io)?;
                if part.bytes - told >= REPORT_EVERY_BYTES || part.bytes == package.bytes {
                    told = part.bytes;
                    let what = package.name.clone();
                    report(Progress { what, done_bytes: told, total_bytes: package.bytes });
                }
            }
            if part.bytes < package.bytes {
                return Err(size_refused(part.bytes));
            }
        }
        part.file.sync_all().await.map_err(io)?;
        let got = Digest(part.hash.finalize().into());
        if got == package.sha256 {
            return Ok(());
        }
        let (what, expected) = (package.name.clone(), package.sha256);
        Err(Broken::Final(KernelError::DigestRefused { what, expected, got }))
    }

    async fn ask(&self, url: &str, from: u64) -> Result<Response, Broken> {
        let mut request = self.client.get(url);
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
        }
        let response = request.send().await.map_err(Broken::Connection)?;
        let busy = response.status().is_server_error() || response.status() == StatusCode::TOO_MANY_REQUESTS;
        match response.error_for_status_ref() {
            Err(error) if busy => Err(Broken::Connection(error)),
            _ => Ok(response),
        }
    }

    fn patience<'a>(&self, what: &'a str, url: &'a str) -> Patience<'a> {
        Patience { what, url, tried: 0, tries: self.tries, pause: self.first_pause }
    }
}

impl Patience<'_> {
    /// Waits before the next try, or says why there is none.
    async fn next(&mut self, broken: Broken) -> Result<(), KernelError> {
        let source = match broken {
            Broken::Final(error) => return Err(error),
            Broken::Connection(source) => source,
        };
        self.tried += 1;
        let (what, url, tries) = (self.what.to_owned(), self.url.to_owned(), self.tried);
        if self.tried >= self.tries {
            return Err(KernelError::MirrorUnreachable { what, url, tries, source });
        }
        tracing::debug!(what, url, error = %source, "download broke off, trying again");
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(PAUSE_MAX);
        Ok(())
    }
}

impl Part {
    /// Opens or creates `path` and hashes what is there. More than `bytes_max` cannot be a
    /// beginning of what is wanted, so it is dropped.
    async fn open(path: &Path, bytes_max: u64) -> std::io::Result<Self> {
        let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path).await?;
        let mut part = Self { file, bytes: 0, hash: Sha256::new() };
        if part.file.metadata().await?.len() > bytes_max {
            part.restart().await?;
        }
        let mut buffer = vec![0; 1024 * 1024];
        loop {
            let read = part.file.read(&mut buffer).await?;
            if read == 0 {
                return Ok(part);
            }
            part.hash.update(&buffer[..read]);
            part.bytes += u64::try_from(read).unwrap_or(0);
        }
    }

    async fn restart(&mut self) -> std::io::Result<()> {
        self.file.set_len(0).await?;
        self.file.seek(SeekFrom::Start(0)).await?;
        self.bytes = 0;
        self.hash = Sha256::new();
        Ok(())
    }

    async fn append(&mut self, chunk: &[u8]) -> std::io::Result<()> {
        self.file.write_all(chunk).await?;
        // Waits until the bytes are in the file: a further try starts from what it finds there.
        self.file.flush().await?;
        self.hash.update(chunk);
        self.bytes += u64::try_from(chunk.len()).unwrap_or(0);
        Ok(())
    }
}

/// Whether the answer goes on at byte `from`. Mirrors may ignore the range and send everything.
fn continues(response: &Response, from: u64) -> bool {
    let range = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
    response.status() == StatusCode::PARTIAL_CONTENT
        && range.is_some_and(|range| range.starts_with(&format!("bytes {from}-")))
}

fn refused(what: &str, url: &str, status: StatusCode) -> KernelError {
    KernelError::MirrorRefused { what: what.to_owned(), url: url.to_owned(), status: status.as_u16() }
}
