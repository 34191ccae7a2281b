//! Commands that guests run: an archive of files, one of which is the program.

use crate::system::System;
use anyhow::Context as _;
use domain::axis::Axes;
use domain::command::CommandTerms;
use domain::contract::Manifest;
use proto::wire;
use std::path::Path;

/// A file of an archive: where it stands, and its bytes.
pub type Entry = (String, Vec<u8>);

/// A shell script at the archive's root.
pub fn script(text: &str) -> Entry {
    ("run.sh".to_owned(), format!("#!/bin/sh\n{text}\n").into_bytes())
}

/// Every file below `folder`, where it stands in there.
///
/// # Errors
/// Something cannot be read, or stands where no archive can have it.
pub fn files_below(folder: &Path) -> anyhow::Result<Vec<Entry>> {
    let (mut folders, mut files) = (vec![folder.to_path_buf()], Vec::new());
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).with_context(|| next.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let place = path.strip_prefix(folder)?.to_str().context("a name that is no text")?.to_owned();
                files.push((place, std::fs::read(&path)?));
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The archive of these files, all of which may be run.
///
/// # Errors
/// A path that no archive can hold.
pub fn archive(entries: &[Entry]) -> anyhow::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, bytes) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o755);
        builder.append_data(&mut header, path, bytes.as_slice())?;
    }
    Ok(builder.into_inner()?)
}

/// Runs commands, each an archive with its name, as `terms` say on the kernels that a selector names and in
/// an environment.
///
/// # Errors
/// What the controller refused.
pub async fn ask(
    system: &System,
    archives: Vec<Entry>,
    (kernels, axes): (&str, &Axes),
    terms: CommandTerms,
) -> anyhow::Result<wire::GetRunResponse> {
    let mut manifest = Manifest::default();
    manifest.contract.command = Some(terms);
    let request = wire::SubmitRunRequest {
        kernels: kernels.to_owned(),
        fresh: true,
        manifest: serde_json::to_vec(&manifest)?,
        level: wire::Level::Behave.into(),
        axes: vec![axes.into()],
        ..Default::default()
    };
    system.submit(archives, request).await
}
