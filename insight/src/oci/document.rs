//! Manifests, indexes and configurations: the JSON documents of an image.

use super::platform::Platform;
use domain::digest::Digest;
use serde::Deserialize;
use std::collections::HashMap;

/// Most bytes of a manifest, an index or a configuration: what the distribution specification asks registries to
/// accept at least, and hence what pushers keep to.
pub const MANIFEST_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Most images in an index. Those of distributions have a dozen platforms, doubled by attestations.
const ENTRIES_MAX: usize = 1024;
/// Most layers of an image; container engines stop at 127.
const LAYERS_MAX: usize = 256;
/// Indexes in indexes: builders write one level, mirrors that gather images a second.
pub const INDEX_DEPTH_MAX: usize = 3;
/// The layer that is an object, in images of Inspektor Gadget.
const GADGET: &str = "application/vnd.gadget.ebpf.program.v1+binary";
/// Where a layer's file name is, if it is told (image specification, `annotations.md`).
const TITLE: &str = "org.opencontainers.image.title";

/// Something that can be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// What it is said to be.
    pub media_type: String,
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its file name, if it has one.
    pub title: Option<String>,
}

/// One image of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it is.
    pub descriptor: Descriptor,
    /// What it is for, if that is said.
    pub platform: Option<Platform>,
    /// What it is called there, in folders and archives.
    pub names: Vec<String>,
}

/// One image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// What it tells of itself.
    pub config: Descriptor,
    /// Its contents, lowest first.
    pub layers: Vec<Descriptor>,
}

/// A document that a reference leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    /// Several images to choose from.
    Index(Vec<Entry>),
    /// One image.
    Image(Image),
}

/// Why bytes are not such a document.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Too many bytes.
    #[error("the manifest has more than {MANIFEST_BYTES_MAX} bytes")]
    TooLarge,
    /// Not JSON, or of another shape.
    #[error("not a manifest of an image: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Neither images nor layers.
    #[error("neither the manifest of an image nor an index: it lists neither layers nor manifests")]
    Neither,
    /// A digest of another kind.
    #[error("`{0}` is not a sha256 digest, and no other is checked here")]
    Digest(String),
    /// More of something than any image has.
    #[error("more than {max} {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        max: usize,
    },
}

#[derive(Deserialize)]
struct Raw {
    config: Option<RawDescriptor>,
    layers: Option<Vec<RawDescriptor>>,
    manifests: Option<Vec<RawDescriptor>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDescriptor {
    #[serde(default)]
    media_type: String,
    digest: String,
    size: u64,
    platform: Option<Platform>,
    annotations: Option<HashMap<String, String>>,
}

impl Document {
    /// Reads a manifest or an index.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        if bytes.len() > MANIFEST_BYTES_MAX {
            return Err(DocumentError::TooLarge);
        }
        let raw: Raw = serde_json::from_slice(bytes)?;
        match raw {
            Raw { manifests: Some(entries), .. } => {
                bounded(&entries, "manifests", ENTRIES_MAX)?;
                entries.into_iter().map(entry).collect::<Result<_, _>>().map(Self::Index)
            }
            Raw { config: Some(config), layers: Some(layers), .. } => {
                bounded(&layers, "layers", LAYERS_MAX)?;
                let layers = layers.into_iter().map(descriptor).collect::<Result<_, _>>()?;
                Ok(Self::Image(Image { config: descriptor(config)?, layers }))
            }
            Raw { .. } => Err(DocumentError::Neither),
        }
    }
}

impl Image {
    /// The layers to look into: those that are said to be objects, or all where none is.
    pub fn wanted(&self) -> Vec<&Descriptor> {
        let said: Vec<&Descriptor> = self.layers.iter().filter(|layer| layer.media_type == GADGET).collect();
        if said.is_empty() { self.layers.iter().collect() } else { said }
    }
}

/// The file that an image's configuration names as its object (bpfman's label `io.ebpf.filename`).
pub fn filename(config: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Configuration {
        config: Option<Inner>,
    }
    #[derive(Deserialize)]
    struct Inner {
        #[serde(rename = "Labels")]
        labels: Option<HashMap<String, String>>,
    }
    let bounded = config.get(..config.len().min(MANIFEST_BYTES_MAX))?;
    let Configuration { config } = serde_json::from_slice(bounded).ok()?;
    config?.labels?.remove("io.ebpf.filename").filter(|name| !name.is_empty())
}

/// `sha256:HEX` as a digest. The image specification has it in small letters, and the same image under two
/// names would be two.
pub fn parse_digest(text: &str) -> Option<Digest> {
    let hex = text.strip_prefix("sha256:")?;
    if hex.bytes().any(|byte| byte.is_ascii_uppercase()) { None } else { hex.parse().ok() }
}

fn bounded(list: &[RawDescriptor], what: &'static str, max: usize) -> Result<(), DocumentError> {
    if list.len() > max { Err(DocumentError::TooMany { what, max }) } else { Ok(()) }
}

fn descriptor(raw: RawDescriptor) -> Result<Descriptor, DocumentError> {
    let digest = parse_digest(&raw.digest).ok_or(DocumentError::Digest(raw.digest))?;
    let title = raw.annotations.and_then(|mut annotations| annotations.remove(TITLE));
    Ok(Descriptor { media_type: raw.media_type, digest, bytes: raw.size, title })
}

fn entry(mut raw: RawDescriptor) -> Result<Entry, DocumentError> {
    let platform = raw.platform.take();
    // The reference, as the image layout names it, and as containerd does.
    let name = |key| raw.annotations.as_ref().and_then(|annotations| annotations.get(key).cloned());
    let names = ["org.opencontainers.image.ref.name", "io.containerd.image.name"];
    let names = names.into_iter().filter_map(name).collect();
    Ok(Entry { descriptor: descriptor(raw)?, platform, names })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(media_type: &str, size: &str) -> String {
        let digest = "a".repeat(64);
        format!(r#"{{"mediaType":"{media_type}","digest":"sha256:{digest}","size":{size}}}"#)
    }

    fn image(layers: &[String]) -> String {
        format!(r#"{{"schemaVersion":2,"config":{},"layers":[{}]}}"#, layer("c", "2"), layers.join(","))
    }

    #[test]
    fn layers_that_are_said_to_be_objects_are_the_only_ones_looked_into() {
        let both = image(&[layer(GADGET, "1"), layer("application/wasm", "1")]);
        let Ok(Document::Image(both)) = Document::parse(both.as_bytes()) else { panic!("an image") };
        assert_eq!(both.wanted(), [&both.layers[0]]);
        let plain = image(&[layer("application/vnd.oci.image.layer.v1.tar", "1"), layer("x", "1")]);
        let Ok(Document::Image(plain)) = Document::parse(plain.as_bytes()) else { panic!("an image") };
        assert_eq!(plain.wanted().len(), 2);
    }

    #[test]
    fn what_is_no_image_is_refused() {
        let many = image(&vec![layer("x", "1"); LAYERS_MAX + 1]);
        let index = format!(r#"{{"manifests":[{}]}}"#, vec![layer("x", "1"); ENTRIES_MAX + 1].join(","));
        for (text, says) in [
            ("", "not a manifest"),
            ("[]", "not a manifest"),
            ("{}", "neither"),
            (&"[".repeat(100_000), "not a manifest"),
            (&image(&[layer("x", "-1")]), "not a manifest"),
            (&image(&[layer("x", "1").replace("sha256", "md5")]), "md5"),
            (&many, "256 layers"),
            (&index, "1024 manifests"),
            (&" ".repeat(MANIFEST_BYTES_MAX + 1), "bytes"),
        ] {
            let error = Document::parse(text.as_bytes()).expect_err(says).to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn a_label_names_the_object() {
        let config = br#"{"config":{"Labels":{"io.ebpf.filename":"pass.bpf.o"}}}"#;
        assert_eq!(filename(config).as_deref(), Some("pass.bpf.o"));
        for other in [&b"{}"[..], b"", b"null", br#"{"config":{"Labels":null}}"#, br#"{"config":null}"#] {
            assert_eq!(filename(other), None);
        }
    }
}
