//! Folders of compiled objects.

use anyhow::Context as _;
use insight::object::inspect;
use std::path::Path;

/// What a folder holds.
#[derive(Debug, Default)]
pub struct Objects {
    /// Those a controller accepts, with their file names, by name.
    pub accepted: Vec<(String, Vec<u8>)>,
    /// Those it would refuse: they hold no program, for example.
    pub refused: Vec<String>,
}

/// Every `*.bpf.o` of a folder.
///
/// # Errors
/// The folder cannot be read, or has none; `remedy` says what makes some.
pub fn in_folder(folder: &Path, remedy: &str) -> anyhow::Result<Objects> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<Result<_, _>>())
        .with_context(|| format!("{}: {remedy}", folder.display()))?;
    paths.retain(|path| path.to_string_lossy().ends_with(".bpf.o"));
    paths.sort();
    anyhow::ensure!(!paths.is_empty(), "{} holds no objects: {remedy}", folder.display());
    let mut objects = Objects::default();
    for path in paths {
        let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match inspect(&bytes) {
            Ok(_) => objects.accepted.push((name, bytes)),
            Err(_) => objects.refused.push(name),
        }
    }
    Ok(objects)
}
