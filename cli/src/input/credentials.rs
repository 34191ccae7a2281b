//! Credentials for registries, where `docker login`, `podman login` and `skopeo login` leave them.
//!
//! The formats are Docker's `config.json` (`auths`, `credHelpers`, `credsStore`), which containers' `auth.json`
//! shares, and the protocol of Docker's credential helpers.

use super::Refusal;
use crate::args::file::{self, Expected};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

/// How long a helper may take: it may ask its owner.
const HELPER_MAX: Duration = Duration::from_secs(30);
/// Most bytes of a helper's answer.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

const EXPECTED: Expected = Expected {
    what: "credentials as `docker login` writes them",
    bytes_max: 1024 * 1024,
    remedy: "log out of registries that are not used",
};

/// A text that is never shown.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(super) struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl Secret {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// As a header that no log shows.
    pub(super) fn header(&self, input: &str) -> Result<HeaderValue, Refusal> {
        let says = "the credentials for the registry have characters that cannot be sent: log in anew";
        let mut value = HeaderValue::from_str(&self.0).map_err(|_| Refusal::wrong(input, says))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// Who asks.
#[derive(Debug, Clone)]
pub(super) enum Credentials {
    /// A name and a password.
    Password { name: String, password: Secret },
    /// A token that gets tokens.
    Identity(Secret),
}

impl Credentials {
    /// The header of basic authentication (RFC 7617).
    pub(super) fn basic(&self) -> Secret {
        let pair = match self {
            Self::Password { name, password } => format!("{name}:{}", password.text()),
            Self::Identity(token) => format!("<token>:{}", token.text()),
        };
        Secret(format!("Basic {}", STANDARD.encode(pair)))
    }
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Config {
    auths: HashMap<String, Auth>,
    cred_helpers: HashMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Auth {
    auth: Option<Secret>,
    identitytoken: Option<Secret>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: Secret,
}

/// The files of this process's user, whether they are there or not.
pub(super) fn files() -> Vec<PathBuf> {
    let folder = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let docker = folder("DOCKER_CONFIG").or_else(|| folder("HOME").map(|home| home.join(".docker")));
    let containers = folder("XDG_RUNTIME_DIR").map(|folder| folder.join("containers/auth.json"));
    docker.map(|folder| folder.join("config.json")).into_iter().chain(containers).collect()
}

/// The first credentials for a registry.
///
/// # Errors
/// A file that is there cannot be read, or a helper does not work.
pub(super) async fn find(
    files: &[PathBuf],
    registry: &str,
    input: &str,
) -> Result<Option<Credentials>, Refusal> {
    for path in files.iter().filter(|path| path.exists()) {
        let config = read(path, input)?;
        let names = names(registry);
        let helper =
            names.iter().find_map(|name| config.cred_helpers.get(name)).or(config.creds_store.as_ref());
        if let Some(helper) = helper {
            for name in &names {
                if let Some(found) = ask(helper, name, input).await? {
                    return Ok(Some(found));
                }
            }
        }
        let auth = names.iter().find_map(|name| config.auths.get(name));
        if let Some(found) = auth.and_then(Auth::credentials) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// What a registry is called in such files.
fn names(registry: &str) -> Vec<String> {
    match registry {
        "docker.io" | "index.docker.io" => {
            vec!["https://index.docker.io/v1/".to_owned(), "docker.io".to_owned()]
        }
        other => vec![other.to_owned(), format!("https://{other}"), format!("https://{other}/v1/")],
    }
}

fn read(path: &Path, input: &str) -> Result<Config, Refusal> {
    let bytes = file::read(path, EXPECTED);
    let bytes = bytes.map_err(|error| Refusal::broken(input, "credentials cannot be read", error))?;
    // What is wrong may quote a secret, so only its place is told.
    serde_json::from_slice(&bytes).map_err(|error| {
        let (path, line) = (path.display(), error.line());
        Refusal::ours(input, format!("{path}:{line}: is not what `docker login` writes: log in anew"))
    })
}

impl Auth {
    fn credentials(&self) -> Option<Credentials> {
        if let Some(token) = self.identitytoken.as_ref().filter(|token| !token.0.is_empty()) {
            return Some(Credentials::Identity(token.clone()));
        }
        let pair = STANDARD.decode(self.auth.as_ref()?.text()).ok()?;
        let (name, password) = std::str::from_utf8(&pair).ok()?.split_once(':')?;
        // Docker pads passwords with zeros.
        let password = Secret(password.trim_end_matches('\0').to_owned());
        Some(Credentials::Password { name: name.to_owned(), password })
    }
}

/// Asks the helper `docker-credential-NAME`; none if it knows none.
async fn ask(helper: &str, server: &str, input: &str) -> Result<Option<Credentials>, Refusal> {
    let program = format!("docker-credential-{helper}");
    let is_name = helper.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if !is_name {
        return Err(Refusal::ours(
            input,
            "the credential helper is no program's name: mend Docker's config.json",
        ));
    }
    let fails =
        |error| Refusal::broken(input, format!("{program} cannot be run: mend Docker's config.json"), error);
    // What it says on stderr may hold secrets.
    let mut command = Command::new(&program);
    command.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().map_err(fails)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (mut stdin, stdout) = stdin.zip(stdout).expect("both are piped");
    let talk = async {
        // A helper that does not want to know for whom may have an answer all the same.
        drop(stdin.write_all(server.as_bytes()).await);
        drop(stdin);
        let mut answer = Vec::new();
        stdout.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>((child.wait().await?.success(), answer))
    };
    let told = tokio::time::timeout(HELPER_MAX, talk).await;
    let late =
        || Refusal::ours(input, format!("{program} does not answer within {} s", HELPER_MAX.as_secs()));
    let (has_it, answer) = told.map_err(|_| late())?.map_err(fails)?;
    if !has_it {
        return Ok(None);
    }
    let answer: Option<Answer> = serde_json::from_slice(&answer).ok();
    let says = format!("{program} answers something else than credentials: try it by hand");
    let Answer { username, secret } = answer.ok_or_else(|| Refusal::ours(input, says))?;
    Ok(Some(match username.as_str() {
        "<token>" => Credentials::Identity(secret),
        _ => Credentials::Password { name: username, password: secret },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let known =
            Credentials::Password { name: "me".to_owned(), password: Secret::new("hidden".to_owned()) };
        assert!(!format!("{known:?} {:?}", known.basic()).contains("hidden"));
        let header = known.basic().header("x").expect("a header");
        assert!(!format!("{header:?}").contains("bWU6"), "{header:?}");
        assert_eq!(header, "Basic bWU6aGlkZGVu");
    }

    #[tokio::test]
    async fn the_nearest_file_that_knows_the_registry_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("a file");
            path
        };
        let other = file("1", r#"{"auths": {"other.example": {"auth": "eDp5"}}}"#);
        let known = file("2", r#"{"auths": {"https://r.example": {"auth": "bWU6d29yZA=="}}}"#);
        let files = [folder.path().join("absent"), other, known];
        let found = find(&files, "r.example", "x").await.expect("readable").expect("known");
        assert_eq!(found.basic().text(), "Basic bWU6d29yZA==");
        assert!(find(&files, "s.example", "x").await.expect("readable").is_none());
        let broken = file("3", r#"{"auths": {"r.example": "c2VjcmV0"}}"#);
        let error = find(&[broken], "r.example", "x").await.expect_err("broken").to_string();
        assert!(error.contains(":1:") && !error.contains("c2VjcmV0"), "{error}");
        let helper = file("4", r#"{"credHelpers": {"r.example": "../sh"}}"#);
        assert!(find(&[helper], "r.example", "x").await.is_err());
    }
}
