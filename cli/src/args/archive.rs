//! A command's files as one archive: the program, the folder it comes from, and objects beside it.

use super::object::ObjectFile;
use super::ready::NotReady;
use super::typed;
use domain::check::{CHECK_MS, CHECK_MS_MAX};
use domain::command::{ARCHIVE_BYTES_MAX, ARCHIVE_ENTRIES_MAX, CommandTerms, Ending};
use domain::contract::Manifest;
use domain::digest::Digest;
use insight::manifest::{ManifestError, fit};
use std::io;
use std::path::{Path, PathBuf};

/// Where objects lie in it.
const OBJECTS: &str = "object";
/// Longest time of a command, in seconds.
const RUNTIME_MAX: u32 = CHECK_MS_MAX / 1000;

/// Why a command cannot be shipped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// A file or folder cannot be read.
    #[error("{}: cannot be read ({source}); pass a program with --bin, and its folder with --dir", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The folder is too large.
    #[error("{}: holds more than {ARCHIVE_BYTES_MAX} bytes or {ARCHIVE_ENTRIES_MAX} files; strip the program, or pass a smaller folder", .0.display())]
    TooLarge(PathBuf),
    /// What was packed cannot be run.
    #[error("{}", said(.0))]
    Unfit(ManifestError),
    /// A time nobody waits for.
    #[error("--runtime: a command may take 1 to {RUNTIME_MAX} seconds, not {0}")]
    Runtime(u32),
}

/// The archive as something to ask about, with `objects` beside the program, and what is declared of it.
///
/// # Errors
/// The first thing that cannot be shipped; nothing was started.
pub(crate) fn pack(
    typed: &typed::Command,
    objects: &[ObjectFile],
) -> Result<(ObjectFile, Manifest), NotReady> {
    let terms = terms(typed, objects)?;
    let bytes =
        archive(typed, &terms.program, objects).map_err(|error| NotReady::Command(Box::new(error)))?;
    let name = terms.program.rsplit('/').next().unwrap_or_default().to_owned();
    let mut manifest = Manifest::default();
    manifest.contract.command = Some(terms);
    fit(&manifest, None, "--bin", &bytes)
        .map_err(|error| NotReady::Command(Box::new(CommandError::Unfit(error))))?;
    Ok((ObjectFile { label: name.clone(), name, digest: Digest::of(&bytes), bytes, source: None }, manifest))
}

fn terms(typed: &typed::Command, objects: &[ObjectFile]) -> Result<CommandTerms, NotReady> {
    let seconds = typed.runtime.unwrap_or(CHECK_MS / 1000);
    let timeout_ms = seconds.checked_mul(1000).filter(|ms| (1..=CHECK_MS_MAX).contains(ms));
    let timeout_ms = timeout_ms.ok_or_else(|| NotReady::Command(Box::new(CommandError::Runtime(seconds))))?;
    // With a folder the program is named as it stands there, else it is the only file.
    let program = match &typed.dir {
        Some(_) => typed.bin.to_string_lossy().trim_start_matches("./").to_owned(),
        None => typed.bin.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    };
    let expect = if typed.expect_running { Ending::Running } else { Ending::Exit(typed.expect_exit) };
    let object = objects.first().map(|object| format!("{OBJECTS}/{}", object.name));
    Ok(CommandTerms { program, object, arguments: typed.arguments.clone(), timeout_ms, expect })
}

fn archive(typed: &typed::Command, program: &str, objects: &[ObjectFile]) -> Result<Vec<u8>, CommandError> {
    let mut builder = tar::Builder::new(Vec::new());
    builder.mode(tar::HeaderMode::Deterministic);
    builder.follow_symlinks(false);
    match &typed.dir {
        Some(dir) => {
            for path in below(dir)? {
                let name = path.strip_prefix(dir).unwrap_or(&path);
                builder.append_path_with_name(&path, name).map_err(|source| read(&path, source))?;
            }
        }
        None => {
            // A link to the program is the program.
            let real = typed.bin.canonicalize().map_err(|source| read(&typed.bin, source))?;
            below(&real)?;
            builder.append_path_with_name(&real, program).map_err(|source| read(&typed.bin, source))?;
        }
    }
    for object in objects {
        let mut header = tar::Header::new_gnu();
        header.set_size(object.bytes.len() as u64);
        header.set_mode(0o644);
        builder
            .append_data(&mut header, format!("{OBJECTS}/{}", object.name), object.bytes.as_slice())
            .map_err(|source| read(&typed.bin, source))?;
    }
    builder.into_inner().map_err(|source| read(&typed.bin, source))
}

/// Without the name of a file, which this manifest has not.
fn said(error: &ManifestError) -> String {
    error.problems.iter().map(|problem| problem.says.as_str()).collect::<Vec<_>>().join("\n")
}

fn read(path: &Path, source: io::Error) -> CommandError {
    CommandError::Read { path: path.to_owned(), source }
}

/// Everything below a path in one order, its size added up before any of it is read into memory.
fn below(root: &Path) -> Result<Vec<PathBuf>, CommandError> {
    let (mut all, mut bytes, mut folders) = (Vec::new(), 0, vec![root.to_owned()]);
    let kind = std::fs::symlink_metadata(root).map_err(|source| read(root, source))?;
    if !kind.is_dir() {
        bytes = kind.len();
        folders.clear();
    }
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|source| read(&folder, source))? {
            let path = entry.map_err(|source| read(&folder, source))?.path();
            let kind = std::fs::symlink_metadata(&path).map_err(|source| read(&path, source))?;
            if kind.is_dir() {
                folders.push(path.clone());
            }
            bytes += kind.len();
            all.push(path);
        }
        if all.len() > ARCHIVE_ENTRIES_MAX {
            return Err(CommandError::TooLarge(root.to_owned()));
        }
    }
    if bytes > ARCHIVE_BYTES_MAX as u64 {
        return Err(CommandError::TooLarge(root.to_owned()));
    }
    // A folder sorts before what is in it.
    all.sort();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use insight::archive::inspect;

    fn typed(bin: &Path, dir: Option<&Path>) -> typed::Command {
        typed::Command {
            bin: bin.to_owned(),
            dir: dir.map(Path::to_owned),
            objects: vec![],
            platform: None,
            scope: typed::Scope::default(),
            runtime: None,
            expect_exit: 0,
            expect_running: false,
            reports: typed::Reports::default(),
            arguments: vec!["--once".to_owned()],
        }
    }

    #[test]
    fn a_program_alone_and_a_folder_are_packed() {
        let folder = tempfile::tempdir().expect("a folder");
        let bin = folder.path().join("bin");
        std::fs::create_dir(&bin).expect("a folder");
        std::fs::write(bin.join("loader"), "#!/bin/sh\n").expect("a script");
        std::fs::write(folder.path().join("data"), "1").expect("a file");
        let (alone, manifest) = pack(&typed(&bin.join("loader"), None), &[]).expect("packed");
        assert_eq!(inspect(&alone.bytes).expect("an archive"), ["loader"]);
        let command = manifest.contract.command.expect("a command");
        assert_eq!((command.program.as_str(), command.timeout_ms), ("loader", CHECK_MS));
        let (whole, _) = pack(&typed(Path::new("bin/loader"), Some(folder.path())), &[]).expect("packed");
        let mut files = inspect(&whole.bytes).expect("an archive");
        files.sort();
        assert_eq!(files, ["bin/loader", "data"]);
        assert_eq!(
            whole.digest,
            pack(&typed(Path::new("bin/loader"), Some(folder.path())), &[]).expect("again").0.digest
        );
    }

    #[test]
    fn what_cannot_be_run_is_refused_before_anything_starts() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("readme"), "hello").expect("a file");
        for (typed, says) in [
            (typed(&folder.path().join("absent"), None), "cannot be read"),
            (typed(&folder.path().join("readme"), None), "neither an x86-64 program nor a script"),
            (typed(Path::new("absent"), Some(folder.path())), "no file `absent` to run"),
            (
                typed::Command {
                    arguments: vec!["x".repeat(200_000)],
                    ..typed(Path::new("/bin/true"), None)
                },
                "1 arguments of 200000 bytes, and a command is given at most 256 of 131072 bytes",
            ),
            (typed::Command { runtime: Some(0), ..typed(&folder.path().join("readme"), None) }, "not 0"),
        ] {
            let error = crate::exit::chain(&pack(&typed, &[]).expect_err(says));
            assert!(error.contains(says), "{error}");
        }
    }
}
