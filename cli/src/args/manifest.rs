//! The manifest as a file: read once, within bounds, and held to every object before anything is started.

use super::file::{self, Expected, FileError};
use super::object::ObjectFile;
use domain::contract::{MANIFEST_BYTES_MAX, Manifest};
use insight::manifest::{ManifestError, fit, parse};
use std::path::Path;

const EXPECTED: Expected = Expected {
    what: "a manifest in YAML",
    bytes_max: MANIFEST_BYTES_MAX,
    remedy: "declare less, or split the objects",
};

/// Why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ManifestFileError {
    /// It cannot be read.
    #[error("--manifest: {}", crate::exit::chain(.0))]
    File(#[from] FileError),
    /// It is not text.
    #[error("--manifest: {0}: is not UTF-8 text; pass a manifest in YAML")]
    NotText(String),
    /// What it says is wrong, or is not in an object.
    #[error("{0}")]
    Manifest(#[from] ManifestError),
}

/// Reads the manifest and holds it to the objects.
pub(crate) fn read(path: &Path, objects: &[ObjectFile]) -> Result<Manifest, ManifestFileError> {
    let name = path.display().to_string();
    let bytes = file::read(path, EXPECTED)?;
    let text = String::from_utf8(bytes).map_err(|_| ManifestFileError::NotText(name.clone()))?;
    let manifest = parse(&name, &text)?;
    let mut fitted = None;
    for object in objects {
        fitted = Some(fit(&manifest, fitted.as_ref(), &object.label, &object.bytes)?);
    }
    Ok(manifest)
}
