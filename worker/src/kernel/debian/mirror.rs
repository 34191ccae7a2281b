//! Which host to ask. None is named here: the operator or the package manager names it.

use super::super::{KernelError, Settings};
use std::time::Duration;
use tokio::process::Command;

/// What the package manager is asked for: one line for each configured package index.
const TARGETS_FORMAT: &str = "$(ORIGIN)|$(COMPONENT)|$(RELEASE)|$(REPO_URI)";

/// Longest the package manager may take to answer. It reads a few files.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// The archives to read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mirrors {
    main: String,
    security: String,
}

impl Mirrors {
    /// The configured archives, completed by those of the host.
    ///
    /// # Errors
    /// `MirrorNotAUrl`, or `HostMirrorUnknown` when the host has to be asked and cannot say.
    pub(super) async fn of(settings: &Settings) -> Result<Self, KernelError> {
        let configured = |url: &Option<String>| url.as_deref().map(checked).transpose();
        let (main, security) = (configured(&settings.mirror)?, configured(&settings.security_mirror)?);
        let (main, host_security) = match main {
            Some(main) => (main, None),
            None => host_mirrors().await?,
        };
        // Mirrors carry the security archive under this name beside the main one.
        let security = security.or(host_security).unwrap_or_else(|| format!("{main}-security"));
        Ok(Self { main, security })
    }

    /// URL of the archive that has `suite`, without a slash at the end.
    pub(super) fn archive_of(&self, suite: &str) -> String {
        if suite.ends_with("-security") { self.security.clone() } else { self.main.clone() }
    }
}

fn checked(url: &str) -> Result<String, KernelError> {
    let parsed = reqwest::Url::parse(url).ok();
    if parsed.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
        return Ok(url.trim_end_matches('/').to_owned());
    }
    Err(KernelError::MirrorNotAUrl { url: url.to_owned() })
}

/// The main archive of this host's package manager, and the security one if it has one.
async fn host_mirrors() -> Result<(String, Option<String>), KernelError> {
    let unknown = |says: String| KernelError::HostMirrorUnknown(says);
    let asked = Command::new("apt-get")
        .args(["indextargets", "--format", TARGETS_FORMAT, "Created-By: Packages"])
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(ANSWER_MAX, asked)
        .await
        .map_err(|_| unknown(format!("apt-get gave no answer in {} s", ANSWER_MAX.as_secs())))?
        .map_err(|error| unknown(format!("apt-get cannot be started ({error})")))?;
    if !output.status.success() {
        return Err(unknown(format!("apt-get indextargets ended with {}", output.status)));
    }
    pick(&String::from_utf8_lossy(&output.stdout))
        .ok_or_else(|| unknown("apt-get indextargets lists no archive of Debian over http".to_owned()))
}

/// The archives in the package manager's list. The origin is empty before the first update; a
/// foreign archive taken for the right one by that would not pass the signature check.
fn pick(targets: &str) -> Option<(String, Option<String>)> {
    let archives: Vec<(&str, String)> = targets
        .lines()
        .filter_map(|line| {
            let [origin, component, release, uri] = line.split('|').collect::<Vec<_>>().try_into().ok()?;
            let ours = matches!(origin, "Debian" | "") && component == "main";
            if ours { Some((release, checked(uri).ok()?)) } else { None }
        })
        .collect();
    let find = |security: bool| {
        let has = |release: &str| release.ends_with("-security") || release.ends_with("/updates");
        archives.iter().find(|(release, _)| has(release) == security).map(|(_, uri)| uri.clone())
    };
    Some((find(false)?, find(true)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_managers_list_names_both_archives() {
        let targets = "Elsewhere|main|bookworm|https://b.example/elsewhere/\n\
                       Debian|contrib|bookworm|https://c.example/debian/\n\
                       Debian|main|bookworm-security|https://s.example/debian-security/\n\
                       |main|bookworm|https://m.example/debian/\n";
        let both =
            ("https://m.example/debian".to_owned(), Some("https://s.example/debian-security".to_owned()));
        assert_eq!(pick(targets), Some(both));
        assert_eq!(pick("Debian|main|bookworm|cdrom://disc/\n"), None);
        assert_eq!(pick("nonsense\n"), None);
    }

    #[tokio::test]
    async fn a_security_archive_is_beside_the_main_one_unless_configured() {
        let mut settings =
            Settings { mirror: Some("https://m.example/debian/".to_owned()), ..Settings::default() };
        let mirrors = Mirrors::of(&settings).await.expect("mirrors");
        assert_eq!(mirrors.archive_of("trixie-backports"), "https://m.example/debian");
        assert_eq!(mirrors.archive_of("trixie-security"), "https://m.example/debian-security");
        settings.security_mirror = Some("file:///srv".to_owned());
        let error = Mirrors::of(&settings).await.expect_err("not http");
        assert!(error.to_string().contains("file:///srv"), "{error}");
    }
}
