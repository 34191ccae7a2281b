//! The objects below a folder.

use super::{Found, Refusal};
use crate::args::object;
use crate::args::ready::OBJECTS_MAX;
use std::fs::DirEntry;
use std::path::{Path, PathBuf};

/// Endings of names that objects have. What has another is not looked at.
const ENDINGS: [&str; 3] = [".o", ".bpf", ".elf"];
/// How deep below the folder objects are looked for: build trees keep theirs a few levels down.
const DEPTH_MAX: usize = 8;
/// Files and folders that are walked past at most; more is not a folder of objects.
const ENTRIES_MAX: usize = 20_000;
/// Files that a refusal explains at most.
const EXPLAINED_MAX: usize = 5;

/// Every object below it, by path. Links to folders are not followed. Files that are called like objects and are
/// none are told.
pub(super) fn objects(folder: &Path) -> Result<Vec<Found>, Refusal> {
    let mut found = Vec::new();
    let mut objects = 0;
    for path in named_like_objects(folder)? {
        let label = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
        found.push(match object::read(&path) {
            Ok(read) => {
                objects += 1;
                Found::Object(object::ObjectFile { label, ..read })
            }
            Err(error) => {
                let (place, said) = (path.display().to_string(), crate::exit::chain(&error));
                let why = said.strip_prefix(&format!("{place}: ")).unwrap_or(&said).to_owned();
                Found::Skipped { place, why }
            }
        });
        if objects > OBJECTS_MAX {
            let says =
                format!("has more than {OBJECTS_MAX} objects, and one run takes no more: pass a part of it");
            return Err(Refusal::wrong(folder.display(), says));
        }
    }
    if objects == 0 { Err(Refusal::wrong(folder.display(), nothing(&found))) } else { Ok(found) }
}

fn nothing(found: &[Found]) -> String {
    let skipped = found.iter().filter_map(|found| match found {
        Found::Skipped { place, why } => Some(format!("\n  {place}: {why}")),
        Found::Object(_) => None,
    });
    let skipped: String = skipped.take(EXPLAINED_MAX).collect();
    format!("no object is in this folder, in a file that ends in {}{skipped}", ENDINGS.join(", "))
}

fn named_like_objects(root: &Path) -> Result<Vec<PathBuf>, Refusal> {
    let (mut paths, mut entries, mut folders) = (Vec::new(), 0, vec![(root.to_owned(), 0)]);
    while let Some((folder, depth)) = folders.pop() {
        let unreadable =
            |error| Refusal::wrong(folder.display(), format!("cannot be read ({error}): pass another"));
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            entries += 1;
            if entries > ENTRIES_MAX {
                let says =
                    format!("has more than {ENTRIES_MAX} files: pass the folder that the objects are in");
                return Err(Refusal::wrong(root.display(), says));
            }
            if entry.file_type().map_err(unreadable)?.is_dir() {
                if depth >= DEPTH_MAX {
                    let says = "is too deep below the folder: pass the folder that the objects are in";
                    return Err(Refusal::wrong(entry.path().display(), says));
                }
                folders.push((entry.path(), depth + 1));
            } else if is_named_like_an_object(&entry) {
                paths.push(entry.path());
            }
        }
    }
    paths.sort();
    Ok(paths)
}

fn is_named_like_an_object(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    let name = name.to_string_lossy();
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}
