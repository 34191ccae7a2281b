//! Images that are kept in a folder or an archive: the layout of the image specification, and what `docker save`
//! writes.

use super::document::{Entry, MANIFEST_BYTES_MAX};
use serde::Deserialize;

/// Most images of a saved archive.
const SAVED_MAX: usize = 256;
/// Names that a message lists at most.
const LISTED_MAX: usize = 12;

/// An image as `docker save` writes it, with the paths of its parts in the archive.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Saved {
    /// Where its configuration is.
    pub config: String,
    /// Where its layers are, lowest first.
    pub layers: Vec<String>,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
}

/// Why no kept image is the one.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// The list is none.
    #[error("manifest.json is not what `docker save` writes: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Too much in it.
    #[error("manifest.json lists more than {SAVED_MAX} images or layers")]
    TooMany,
    /// No tag was said and there are several images, or the one that was said is not there.
    #[error("{}; there are {offered}: name one after a colon", .wanted.as_ref().map_or("several images are in it".to_owned(), |tag| format!("no image `{tag}` is in it")))]
    NoneSuch {
        /// The tag that was said.
        wanted: Option<String>,
        /// What there is.
        offered: String,
    },
}

/// The images of a saved archive.
///
/// # Errors
/// It is no such list.
pub fn saved(bytes: &[u8]) -> Result<Vec<Saved>, KeptError> {
    let images: Vec<Saved> = serde_json::from_slice(&bytes[..bytes.len().min(MANIFEST_BYTES_MAX)])?;
    if images.len() > SAVED_MAX || images.iter().any(|image| image.layers.len() > SAVED_MAX) {
        return Err(KeptError::TooMany);
    }
    Ok(images)
}

/// The saved image of a tag; without one, the only image.
///
/// # Errors
/// There is no such image.
pub fn choose_saved<'a>(images: &'a [Saved], tag: Option<&str>) -> Result<&'a Saved, KeptError> {
    let names = |image: &'a Saved| image.repo_tags.as_deref().unwrap_or_default();
    let found = one(images, tag, |image| names(image).iter().map(String::as_str).collect());
    found.map(|(image, _)| image)
}

/// The images of a layout that are called by a tag; without one, all if they are one image (perhaps for several
/// platforms).
///
/// # Errors
/// There is no such image.
pub fn choose_tagged<'a>(entries: &'a [Entry], tag: Option<&str>) -> Result<Vec<&'a Entry>, KeptError> {
    let all_for_platforms = entries.iter().all(|entry| entry.names.is_empty() && entry.platform.is_some());
    if tag.is_none() && all_for_platforms && !entries.is_empty() {
        return Ok(entries.iter().collect());
    }
    let names = |entry: &'a Entry| entry.names.iter().map(String::as_str).collect::<Vec<_>>();
    let (entry, _) = one(entries, tag, names)?;
    Ok(vec![entry])
}

/// The one that has a name, which may be the whole one or what follows its last colon.
fn one<'a, T>(
    all: &'a [T],
    tag: Option<&str>,
    names: impl Fn(&'a T) -> Vec<&'a str>,
) -> Result<(&'a T, Vec<&'a str>), KeptError> {
    let is_meant = |name: &&str| tag.is_some_and(|tag| *name == tag || name.ends_with(&format!(":{tag}")));
    let mut found = all.iter().map(|one| (one, names(one)));
    let found = match (tag, all) {
        (None, [_]) => found.next(),
        (None, _) => None,
        (Some(_), _) => found.find(|(_, names)| names.iter().any(is_meant)),
    };
    found.ok_or_else(|| {
        let offered: Vec<&str> = all.iter().flat_map(&names).take(LISTED_MAX).collect();
        let offered = if offered.is_empty() { "none with a name".to_owned() } else { offered.join(", ") };
        KeptError::NoneSuch { wanted: tag.map(str::to_owned), offered }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::Document;

    #[test]
    fn an_image_is_found_by_its_tag() {
        let list = br#"[{"Config":"a.json","RepoTags":["x/probe:v1"],"Layers":["l/layer.tar"]},
            {"Config":"b.json","RepoTags":null,"Layers":[]}]"#;
        let images = saved(list).expect("a list");
        assert_eq!(choose_saved(&images, Some("v1")).expect("there").config, "a.json");
        assert_eq!(choose_saved(&images, Some("x/probe:v1")).expect("there").config, "a.json");
        assert_eq!(choose_saved(&images[1..], None).expect("the only one").config, "b.json");
        let says = choose_saved(&images, None).expect_err("two").to_string();
        assert!(says.contains("several images") && says.contains("x/probe:v1"), "{says}");
        let says = choose_saved(&images, Some("1")).expect_err("no such tag").to_string();
        assert!(says.contains("no image `1`"), "{says}");
        assert!(saved(b"{}").is_err());
    }

    #[test]
    fn images_for_several_platforms_are_one_image() {
        let entry = |extra: &str| format!(r#"{{"digest":"sha256:{}","size":1{extra}}}"#, "a".repeat(64));
        let layout = |entries: &[String]| {
            let text = format!(r#"{{"manifests":[{}]}}"#, entries.join(","));
            let Ok(Document::Index(entries)) = Document::parse(text.as_bytes()) else { panic!("an index") };
            entries
        };
        let platform =
            |arch: &str| entry(&format!(r#","platform":{{"os":"linux","architecture":"{arch}"}}"#));
        let named = entry(r#","annotations":{"org.opencontainers.image.ref.name":"v1"}"#);
        assert_eq!(
            choose_tagged(&layout(&[platform("amd64"), platform("arm64")]), None).expect("one").len(),
            2
        );
        assert_eq!(
            choose_tagged(&layout(&[platform("arm64"), named.clone()]), Some("v1")).expect("one").len(),
            1
        );
        assert!(choose_tagged(&layout(&[platform("arm64"), named]), None).is_err());
        assert!(choose_tagged(&[], None).is_err());
    }
}
