//! External loaders: a program of the host with the libraries it needs, to go along with a job.
//!
//! In: the name of a loader. Out: its files, the program first, each with the place it has on the host, where the
//! dynamic linker of a guest looks too. Deliberately absent: running any of it here; guests do.

use domain::LOADER_BYTES_MAX;
use domain::message::LoaderFile;
use object::LittleEndian;
use object::elf::{DT_NEEDED, FileHeader64, PT_INTERP};
use object::read::elf::{Dyn as _, FileHeader as _, ProgramHeader as _};
use std::path::{Path, PathBuf};

/// Where programs are, as administration tools are not in everybody's `PATH`.
const PROGRAM_DIRS: [&str; 5] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin"];
/// Where dynamic linkers look without any configuration, on Debian and elsewhere.
const LIBRARY_DIRS: [&str; 6] =
    ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"];

/// Why an external loader cannot go along.
#[derive(Debug, thiserror::Error)]
pub enum ExternalError {
    /// The host has no such program.
    #[error("loader `{0}` is not on this worker; install the package of that name")]
    Absent(String),
    /// A library is not where linkers look.
    #[error("loader `{loader}` needs {library}, which is in none of {dirs}", dirs = LIBRARY_DIRS.join(", "))]
    Library {
        /// The loader.
        loader: String,
        /// What it needs.
        library: String,
    },
    /// It is no program of this machine.
    #[error("{path} is no program or library that can go along: {says}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        says: String,
    },
    /// It is too large.
    #[error("loader `{0}` has more than {LOADER_BYTES_MAX} bytes with its libraries")]
    TooLarge(String),
}

/// The files of the loader of this name.
///
/// # Errors
/// `ExternalError` names what is missing.
pub fn find(loader: &str) -> Result<Vec<LoaderFile>, ExternalError> {
    let program = PROGRAM_DIRS.iter().map(|dir| Path::new(dir).join(loader)).find(|path| path.is_file());
    let program = program.ok_or_else(|| ExternalError::Absent(loader.to_owned()))?;
    let (mut wanted, mut files) = (vec![program], Vec::<LoaderFile>::new());
    let mut bytes_left = LOADER_BYTES_MAX;
    while let Some(path) = wanted.pop() {
        let place = path.display().to_string();
        if files.iter().any(|known| known.path == place) {
            continue;
        }
        let unreadable = |says: String| ExternalError::Unreadable { path: path.clone(), says };
        let bytes = std::fs::read(&path).map_err(|error| unreadable(error.to_string()))?;
        bytes_left =
            bytes_left.checked_sub(bytes.len()).ok_or_else(|| ExternalError::TooLarge(loader.to_owned()))?;
        for needed in needs(&bytes).map_err(|error| unreadable(error.to_string()))? {
            let known =
                || LIBRARY_DIRS.iter().map(|dir| Path::new(dir).join(&needed)).find(|path| path.is_file());
            let found = if needed.starts_with('/') { Some(PathBuf::from(&needed)) } else { known() };
            let lacks = || ExternalError::Library { loader: loader.to_owned(), library: needed.clone() };
            wanted.push(found.ok_or_else(lacks)?);
        }
        files.push(LoaderFile { path: place, bytes });
    }
    Ok(files)
}

/// The interpreter and the libraries a program names. A script needs what its guest has.
fn needs(file: &[u8]) -> object::read::Result<Vec<String>> {
    if file.starts_with(b"#!") {
        return Ok(Vec::new());
    }
    let endian = LittleEndian;
    let header = FileHeader64::<LittleEndian>::parse(file)?;
    let mut needs = Vec::new();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    for segment in header.program_headers(endian, file)? {
        if segment.p_type(endian) == PT_INTERP {
            needs.extend(segment.interpreter(endian, file)?.map(text));
        }
    }
    let sections = header.sections(endian, file)?;
    if let Some((entries, strings)) = sections.dynamic(endian, file)? {
        let strings = sections.strings(endian, file, strings)?;
        for entry in entries.iter().filter(|entry| entry.d_tag(endian) == DT_NEEDED) {
            needs.push(text(entry.string(endian, strings)?));
        }
    }
    Ok(needs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_comes_with_its_interpreter_and_all_its_libraries() {
        let files = find("bpftool").expect("`make deps` installs bpftool");
        assert!(files[0].path.ends_with("/bpftool"));
        for needed in ["libc.so.6", "libelf.so.1", "libz.so.1", "ld-linux-x86-64.so.2"] {
            assert!(files.iter().any(|file| file.path.ends_with(needed)), "{needed}");
        }
        let absent = find("no-such-loader").expect_err("there is none").to_string();
        assert!(absent.contains("no-such-loader") && absent.contains("install"), "{absent}");
    }
}
