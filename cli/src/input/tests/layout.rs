//! Images as the tests write them: a folder in the layout of the image specification.

use domain::digest::Digest;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(super) const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// A folder with images in it.
pub(super) struct Layout {
    folder: TempDir,
    images: Vec<Value>,
}

impl Layout {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("blobs/sha256")).expect("folders");
        fs::write(folder.path().join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).expect("a file");
        Self { folder, images: Vec::new() }
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn blob(&self, media_type: &str, bytes: &[u8]) -> Value {
        let digest = Digest::of(bytes);
        fs::write(self.path().join(format!("blobs/sha256/{digest}")), bytes).expect("a blob");
        json!({"mediaType": media_type, "digest": format!("sha256:{digest}"), "size": bytes.len()})
    }

    pub(super) fn document(&self, media_type: &str, document: &Value) -> Value {
        self.blob(media_type, document.to_string().as_bytes())
    }

    /// An image of layers, each with its media type.
    pub(super) fn image(&self, labels: &Value, layers: &[(&str, &[u8])]) -> Value {
        let config = json!({
            "architecture": "amd64", "os": "linux", "config": {"Labels": labels},
            "rootfs": {"type": "layers", "diff_ids": []}
        });
        let config = self.document("application/vnd.oci.image.config.v1+json", &config);
        let layers: Vec<Value> =
            layers.iter().map(|(media_type, bytes)| self.blob(media_type, bytes)).collect();
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers});
        self.document(MANIFEST, &manifest)
    }

    /// Images for several platforms as one.
    pub(super) fn index(&self, images: &[(&str, Value)]) -> Value {
        let entry = |(platform, image): &(&str, Value)| {
            let (os, architecture) = platform.split_once('/').expect("a platform");
            let mut image = image.clone();
            image["platform"] = json!({"os": os, "architecture": architecture});
            image
        };
        let entries: Vec<Value> = images.iter().map(entry).collect();
        self.document(INDEX, &json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}))
    }

    /// Calls an image by a tag.
    pub(super) fn tag(&mut self, tag: &str, mut image: Value) {
        image["annotations"] = json!({"org.opencontainers.image.ref.name": tag});
        self.images.push(image);
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": self.images});
        fs::write(self.path().join("index.json"), index.to_string()).expect("an index");
    }

    /// One image with these files in a compressed layer.
    pub(super) fn of_files(files: &[(&str, &[u8])]) -> Self {
        let mut layout = Self::new();
        let image = layout.image(&json!({}), &[(LAYER, &gzip(&tar(files)))]);
        layout.tag("v1", image);
        layout
    }
}

pub(super) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, path, *bytes).expect("in memory");
    }
    builder.into_inner().expect("in memory")
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

/// Copies images as others do, with skopeo.
pub(super) fn skopeo(arguments: &[&str]) {
    let copied =
        Command::new("skopeo").args(["--insecure-policy", "copy", "--quiet"]).args(arguments).output();
    let copied = copied.expect("skopeo, which `make deps` installs");
    assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
}
