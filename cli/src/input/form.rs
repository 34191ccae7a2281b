//! Which form of input a word is. Nothing is opened here.

use super::Refusal;
use domain::digest::Digest;
use insight::oci::Reference;
use reqwest::Url;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// One input as it was named.
#[derive(Debug, PartialEq)]
pub(super) enum Form {
    Stdin,
    File(PathBuf),
    Folder(PathBuf),
    Pattern(String),
    Web(Address),
    Registry(Reference),
    Layout { path: PathBuf, tag: Option<String>, text: String },
    Archive { path: PathBuf, tag: Option<String>, text: String },
}

/// An address and what is there.
#[derive(Debug, PartialEq)]
pub(super) struct Address {
    /// Where it is.
    pub(super) url: Url,
    /// What its bytes must be.
    pub(super) digest: Digest,
    /// The address as it may be shown: what follows a question mark is often a signature that opens it.
    pub(super) shown: String,
}

impl Form {
    pub(super) fn of(word: &OsStr) -> Result<Self, Refusal> {
        let path = Path::new(word);
        let Some(text) = word.to_str() else { return Ok(Self::of_path(path)) };
        if text == "-" {
            return Ok(Self::Stdin);
        }
        if let Some(rest) = text.strip_prefix("oci://") {
            let authority = rest.split('/').next().unwrap_or_default();
            if authority.contains('@') {
                let says =
                    "has a password in it, which others can read there: use `docker login` or its like";
                return Err(Refusal::wrong(without_secrets(text), says));
            }
            return rest.parse().map(Self::Registry).map_err(|error| Refusal::wrong(text, error));
        }
        if let Some(rest) = text.strip_prefix("oci-layout:") {
            let (path, tag) = tagged(rest);
            return Ok(Self::Layout { path, tag, text: text.to_owned() });
        }
        if let Some(rest) = text.strip_prefix("oci-archive:") {
            let (path, tag) = tagged(rest);
            return Ok(Self::Archive { path, tag, text: text.to_owned() });
        }
        if text.starts_with("https://") {
            return Address::parse(text).map(Self::Web);
        }
        if path.exists() {
            return Ok(Self::of_path(path));
        }
        if let Some((scheme, _)) = text.split_once("://") {
            let says = format!("`{scheme}://` is not read: pass https://…#sha256=HEX, oci://… or a path");
            return Err(Refusal::wrong(without_secrets(text), says));
        }
        match text.parse::<Reference>() {
            Ok(reference) if reference.tag.is_some() || reference.digest.is_some() => Err(Refusal::wrong(
                text,
                format!("there is no such file; an image in a registry is named `oci://{reference}`"),
            )),
            _ if text.contains(['*', '?', '[']) => Ok(Self::Pattern(text.to_owned())),
            _ => Ok(Self::File(path.to_owned())),
        }
    }

    fn of_path(path: &Path) -> Self {
        if path.is_dir() { Self::Folder(path.to_owned()) } else { Self::File(path.to_owned()) }
    }
}

impl Address {
    fn parse(text: &str) -> Result<Self, Refusal> {
        let refused = |says: &str| Refusal::wrong(without_secrets(text), says);
        let url =
            Url::parse(text).map_err(|_| refused("is not an address: pass https://HOST/PATH#sha256=HEX"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused(
                "has a password in it, which others can read there: fetch it by hand and pipe it in",
            ));
        }
        let digest = url.fragment().and_then(|fragment| fragment.strip_prefix("sha256="));
        let digest = digest.and_then(|digest| digest.parse().ok());
        let says = "does not say what is there: add #sha256=HEX, which `sha256sum FILE` prints";
        let digest = digest.ok_or_else(|| refused(says))?;
        Ok(Self { shown: without_secrets(text), url, digest })
    }
}

/// What may be shown of an address: neither a password nor a query.
pub(super) fn without_secrets(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else {
        return text.split_once("://").map_or("an address", |(scheme, _)| scheme).to_owned() + "://…";
    };
    url.set_query(None);
    url.set_fragment(None);
    // Neither fails for an address with a host, and one without has neither.
    let cleared = url.set_username("").and_then(|()| url.set_password(None));
    cleared.map_or_else(|()| format!("{}:…", url.scheme()), |()| url.to_string())
}

/// A path and the tag after its last colon, unless the whole is there.
fn tagged(text: &str) -> (PathBuf, Option<String>) {
    match text.rsplit_once(':') {
        Some((path, tag)) if !Path::new(text).exists() => {
            // A tag may be a whole reference, which has colons of its own.
            let split = text.match_indices(':').map(|(at, _)| at).find(|at| Path::new(&text[..*at]).exists());
            let (path, tag) = split.map_or((path, tag), |at| (&text[..at], &text[at + 1..]));
            (PathBuf::from(path), Some(tag.to_owned()))
        }
        _ => (PathBuf::from(text), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Form {
        Form::of(OsStr::new(text)).expect(text)
    }

    #[test]
    fn every_form_is_told_from_the_others() {
        let digest = "a".repeat(64);
        assert_eq!(form("-"), Form::Stdin);
        assert_eq!(form("src/main.rs"), Form::File("src/main.rs".into()));
        assert_eq!(form("absent/x.bpf.o"), Form::File("absent/x.bpf.o".into()));
        assert_eq!(form("src"), Form::Folder("src".into()));
        assert_eq!(form("src/*.o"), Form::Pattern("src/*.o".to_owned()));
        assert!(matches!(form("oci://ghcr.io/a/b:v1"), Form::Registry(_)));
        let Form::Layout { path, tag, .. } = form("oci-layout:src:x/y:v1") else { panic!("a layout") };
        assert_eq!((path, tag), ("src".into(), Some("x/y:v1".to_owned())));
        let Form::Archive { path, tag, .. } = form("oci-archive:src/main.rs") else { panic!("an archive") };
        assert_eq!((path, tag), ("src/main.rs".into(), None));
        let web = format!("https://h.example/a/x.o?signature=1#sha256={digest}");
        let Form::Web(address) = form(&web) else { panic!("an address") };
        assert_eq!(address.shown, "https://h.example/a/x.o");
    }

    #[test]
    fn what_is_meant_otherwise_is_refused_with_the_way_to_say_it() {
        for (text, says) in [
            ("ghcr.io/a/b:v1", "`oci://ghcr.io/a/b:v1`"),
            ("oci://busybox", "REGISTRY/REPOSITORY"),
            ("http://h.example/x.o", "`http://` is not read: pass https://"),
            ("https://h.example/x.o", "#sha256=HEX"),
            ("https://h.example/x.o#sha256=12", "#sha256=HEX"),
            ("https://me:word@h.example/x.o", "password"),
            ("oci://me:word@ghcr.io/a/b", "password"),
        ] {
            let error = Form::of(OsStr::new(text)).expect_err(text).to_string();
            assert!(error.contains(says) && !error.contains("word@"), "{error}");
        }
    }
}
