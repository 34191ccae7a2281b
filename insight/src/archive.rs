//! The archive that brings a command's files to a guest, seen from outside.
//!
//! In: the bytes of a tar file, as somebody uploaded it. Out: the paths of its files, or what is wrong.

use domain::command::{ARCHIVE_BYTES_MAX, ARCHIVE_ENTRIES_MAX};
use std::collections::HashSet;
use std::path::{Component, Path};

/// Why bytes are not such an archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Too many bytes.
    #[error(
        "the files have {bytes} bytes together and at most {ARCHIVE_BYTES_MAX} are accepted: strip the program"
    )]
    TooLarge {
        /// How many.
        bytes: usize,
    },
    /// Not a tar file.
    #[error("not a tar archive: {0}")]
    Malformed(#[from] std::io::Error),
    /// Too many entries.
    #[error("more than {ARCHIVE_ENTRIES_MAX} files and folders")]
    TooMany,
    /// A place outside.
    #[error("`{0}` leads out of the archive: only relative paths without `..` are taken")]
    Outside(String),
    /// A device, a hard link or the like.
    #[error("`{0}` is neither a file, a folder nor a symbolic link")]
    Kind(String),
    /// One path, two contents.
    #[error("`{0}` is there twice: rename one of them")]
    Twice(String),
    /// What is to be run is not there.
    #[error("there is no file `{0}` to run: with a folder, name it as it stands in there")]
    NoProgram(String),
    /// What the program is told of is not there.
    #[error("there is no object `{0}`")]
    NoObject(String),
    /// What is to be run cannot be run by these guests.
    #[error("`{0}` is neither an x86-64 program nor a script that begins with `#!`")]
    NotAProgram(String),
}

/// The paths of the files in an archive.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn inspect(bytes: &[u8]) -> Result<Vec<String>, ArchiveError> {
    let mut files = Vec::new();
    walk(bytes, |path, _| {
        files.push(path.to_owned());
        Ok(())
    })?;
    Ok(files)
}

/// Whether the archive has this program, guests can run it, and the object it is told of is there.
///
/// # Errors
/// What is wrong with it.
pub fn fits(bytes: &[u8], program: &str, object: Option<&str>) -> Result<(), ArchiveError> {
    let (mut begins, mut has_object) = (None, false);
    walk(bytes, |path, start| {
        if path == program {
            begins = Some(*start);
        }
        has_object |= object == Some(path);
        Ok(())
    })?;
    if let Some(object) = object.filter(|_| !has_object) {
        return Err(ArchiveError::NoObject(object.to_owned()));
    }
    match begins {
        None => Err(ArchiveError::NoProgram(program.to_owned())),
        Some(start) if runs(&start) => Ok(()),
        Some(_) => Err(ArchiveError::NotAProgram(program.to_owned())),
    }
}

/// Bytes looked at of each file.
const START_BYTES: usize = 20;

/// A little-endian 64-bit ELF for x86-64, or a script.
fn runs(start: &[u8; START_BYTES]) -> bool {
    let elf = start.starts_with(b"\x7fELF\x02\x01") && start[18..20] == [62, 0];
    elf || start.starts_with(b"#!")
}

fn walk(
    bytes: &[u8],
    mut file: impl FnMut(&str, &[u8; START_BYTES]) -> Result<(), ArchiveError>,
) -> Result<(), ArchiveError> {
    use std::io::Read as _;
    if bytes.len() > ARCHIVE_BYTES_MAX {
        return Err(ArchiveError::TooLarge { bytes: bytes.len() });
    }
    let mut paths = HashSet::new();
    for (number, entry) in tar::Archive::new(bytes).entries()?.enumerate() {
        let mut entry = entry?;
        if number >= ARCHIVE_ENTRIES_MAX {
            return Err(ArchiveError::TooMany);
        }
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let path = path.trim_start_matches("./").trim_end_matches('/').to_owned();
        if !is_inside(Path::new(&path)) {
            return Err(ArchiveError::Outside(path));
        }
        if !paths.insert(path.clone()) {
            return Err(ArchiveError::Twice(path));
        }
        let kind = entry.header().entry_type();
        if kind.is_file() {
            let mut start = Vec::new();
            entry.by_ref().take(START_BYTES as u64).read_to_end(&mut start)?;
            start.resize(START_BYTES, 0);
            file(&path, start.as_slice().try_into().expect("resized"))?;
        } else if kind.is_symlink() {
            let target = entry.link_name_bytes().unwrap_or_default();
            let target = String::from_utf8_lossy(&target).into_owned();
            let parent = Path::new(&path).parent().unwrap_or(Path::new(""));
            if !stays_inside(parent, Path::new(&target)) {
                return Err(ArchiveError::Outside(format!("{path} -> {target}")));
            }
        } else if !kind.is_dir() {
            return Err(ArchiveError::Kind(path));
        }
    }
    Ok(())
}

fn is_inside(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// Whether a link in `folder` to `target` stays in the archive.
fn stays_inside(folder: &Path, target: &Path) -> bool {
    let mut depth = folder.components().count();
    target.components().all(|part| match part {
        Component::Normal(_) => {
            depth += 1;
            true
        }
        Component::CurDir => true,
        Component::ParentDir => {
            let inside = depth > 0;
            depth = depth.saturating_sub(1);
            inside
        }
        Component::RootDir | Component::Prefix(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(builder: &mut tar::Builder<Vec<u8>>, path: &str, data: &[u8]) {
        let mut header = tar::Header::new_gnu();
        header.as_gnu_mut().expect("gnu").name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_size(data.len() as u64);
        header.set_mode(0o755);
        header.set_cksum();
        builder.append(&header, data).expect("in memory");
    }

    fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        entries.iter().for_each(|(path, data)| entry(&mut builder, path, data));
        builder.into_inner().expect("in memory")
    }

    #[test]
    fn a_program_that_guests_can_run_is_found() {
        let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
        elf.resize(64, 0);
        elf[18] = 62;
        let files = archive(&[("bin/loader", &elf), ("run.sh", b"#!/bin/sh\n"), ("readme", b"hello")]);
        assert_eq!(inspect(&files).expect("an archive"), ["bin/loader", "run.sh", "readme"]);
        fits(&files, "bin/loader", None).expect("a program");
        fits(&files, "run.sh", Some("readme")).expect("a script");
        assert!(matches!(fits(&files, "readme", None), Err(ArchiveError::NotAProgram(_))));
        assert!(matches!(fits(&files, "bin/other", None), Err(ArchiveError::NoProgram(_))));
        assert!(matches!(fits(&files, "run.sh", Some("x")), Err(ArchiveError::NoObject(_))));
        elf[18] = 183;
        let foreign = archive(&[("loader", &elf)]);
        assert!(matches!(fits(&foreign, "loader", None), Err(ArchiveError::NotAProgram(_))));
    }

    #[test]
    fn no_path_has_two_contents() {
        let twice = archive(&[("object/x.bpf.o", b"1"), ("./object/x.bpf.o", b"2")]);
        assert!(matches!(inspect(&twice), Err(ArchiveError::Twice(_))));
    }

    #[test]
    fn nothing_leads_out() {
        for path in ["/etc/passwd", "../x", "a/../../x"] {
            assert!(matches!(inspect(&archive(&[(path, b"")])), Err(ArchiveError::Outside(_))), "{path}");
        }
        assert!(stays_inside(Path::new("usr/lib"), Path::new("../lib/libbpf.so.1")));
        assert!(!stays_inside(Path::new("lib"), Path::new("../../etc")));
        assert!(!stays_inside(Path::new("lib"), Path::new("/etc")));
    }

    proptest! {
        #[test]
        fn whatever_comes_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
            drop(inspect(&bytes));
        }
    }
}
