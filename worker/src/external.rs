//! External loaders: programs of the host with the libraries they need, to go along with a job.
//!
//! In: the settings. Out: [`Externals`], each loader's files as they were when the worker started, the program first,
//! each with the place it has on the host, where the dynamic linker of a guest looks too. Deliberately absent:
//! running any of it here; guests do.

use domain::LOADER_BYTES_MAX;
use domain::axis::{Loader, LoaderError};
use domain::digest::Digest;
use domain::message::LoaderFile;
use object::LittleEndian;
use object::elf::{DT_NEEDED, FileHeader64, PT_INTERP};
use object::read::elf::{Dyn as _, FileHeader as _, ProgramHeader as _};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The loader that every worker whose host has it brings along.
const BPFTOOL: &str = "bpftool";
/// Where it is, as administration tools are not in everybody's `PATH`.
const PROGRAM_DIRS: [&str; 5] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin"];
/// External loaders of one worker, all of which are kept in memory.
pub const EXTERNALS_MAX: usize = 8;
/// Where dynamic linkers look without any configuration, on Debian and elsewhere.
const LIBRARY_DIRS: [&str; 6] =
    ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"];

/// Why an external loader cannot go along.
#[derive(Debug, thiserror::Error)]
pub enum ExternalError {
    /// The setting has a key that is no name.
    #[error("external_loaders: {0}")]
    Name(#[from] LoaderError),
    /// The setting names one that is built in.
    #[error("external_loaders: `{0}` is inside the validator; give your program another name")]
    BuiltIn(String),
    /// The setting names too many.
    #[error("external_loaders: a worker has at most {EXTERNALS_MAX}, not {0}")]
    TooMany(usize),
    /// The worker knows nobody of this name.
    #[error("this worker has no loader `{0}`; name its program in `external_loaders`, or install bpftool")]
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
    #[error("loader `{loader}`: {path} is no program or library that can go along: {says}", path = path.display())]
    Unreadable {
        /// The loader.
        loader: String,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        says: String,
    },
    /// It is too large.
    #[error("loader `{0}` has more than {LOADER_BYTES_MAX} bytes with its libraries")]
    TooLarge(String),
}

/// An external loader, ready to go along.
#[derive(Debug, Clone)]
pub struct External {
    /// The program, then its libraries.
    pub files: Arc<Vec<LoaderFile>>,
    /// Of all files and their places.
    pub digest: Digest,
}

/// The external loaders of a worker, by name.
#[derive(Debug, Clone, Default)]
pub struct Externals(BTreeMap<String, External>);

impl Externals {
    /// Those the settings name, and the host's bpftool if it has one that can go along.
    ///
    /// # Errors
    /// `ExternalError` names the setting or the file that is wrong.
    pub fn find(settings: &BTreeMap<String, PathBuf>) -> Result<Self, ExternalError> {
        if settings.len() > EXTERNALS_MAX {
            return Err(ExternalError::TooMany(settings.len()));
        }
        let mut externals = BTreeMap::new();
        for (name, program) in settings {
            let Loader::External(name) = name.parse()? else {
                return Err(ExternalError::BuiltIn(name.clone()));
            };
            let external = External::read(&name, program)?;
            externals.insert(name, external);
        }
        let mut bpftools = PROGRAM_DIRS.iter().map(|dir| Path::new(dir).join(BPFTOOL));
        if let Some(bpftool) = bpftools.find(|path| path.is_file() && !externals.contains_key(BPFTOOL)) {
            match External::read(BPFTOOL, &bpftool) {
                Ok(external) => {
                    externals.insert(BPFTOOL.to_owned(), external);
                }
                // Nobody asked for it, so it stops nobody.
                Err(error) => tracing::warn!("bpftool cannot go along with jobs: {error}"),
            }
        }
        Ok(Self(externals))
    }

    /// The files that go along with a job of this loader; none for those inside the validator.
    ///
    /// # Errors
    /// `ExternalError::Absent`.
    pub fn files(&self, loader: &Loader) -> Result<Arc<Vec<LoaderFile>>, ExternalError> {
        match loader {
            Loader::Libbpf | Loader::Aya => Ok(Arc::default()),
            Loader::External(name) => {
                let known = self.0.get(name).ok_or_else(|| ExternalError::Absent(name.clone()))?;
                Ok(Arc::clone(&known.files))
            }
        }
    }

    /// Each by its name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &External)> {
        self.0.iter().map(|(name, external)| (name.as_str(), external))
    }
}

impl External {
    /// Reads a program and the libraries it needs.
    fn read(loader: &str, program: &Path) -> Result<Self, ExternalError> {
        let unreadable = |path: &Path, says: String| ExternalError::Unreadable {
            loader: loader.to_owned(),
            path: path.to_owned(),
            says,
        };
        // A guest has no current directory that would mean anything.
        let program = std::path::absolute(program).map_err(|error| unreadable(program, error.to_string()))?;
        let (mut wanted, mut files) = (vec![program], Vec::<LoaderFile>::new());
        let mut bytes_left = LOADER_BYTES_MAX;
        while let Some(path) = wanted.pop() {
            let place = path.display().to_string();
            if files.iter().any(|known| known.path == place) {
                continue;
            }
            let bytes = std::fs::read(&path).map_err(|error| unreadable(&path, error.to_string()))?;
            bytes_left = bytes_left
                .checked_sub(bytes.len())
                .ok_or_else(|| ExternalError::TooLarge(loader.to_owned()))?;
            for needed in needs(&bytes).map_err(|error| unreadable(&path, error.to_string()))? {
                wanted.push(library(&needed).ok_or_else(|| ExternalError::Library {
                    loader: loader.to_owned(),
                    library: needed.clone(),
                })?);
            }
            files.push(LoaderFile { path: place, bytes });
        }
        let identity: Vec<(&str, Digest)> =
            files.iter().map(|file| (file.path.as_str(), Digest::of(&file.bytes))).collect();
        let identity = serde_json::to_vec(&identity).expect("texts and digests always encode");
        Ok(Self { files: Arc::new(files), digest: Digest::of(&identity) })
    }
}

/// Where a dynamic linker finds what a program needs.
fn library(needed: &str) -> Option<PathBuf> {
    if needed.starts_with('/') {
        return Some(PathBuf::from(needed));
    }
    LIBRARY_DIRS.iter().map(|dir| Path::new(dir).join(needed)).find(|path| path.is_file())
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
        let externals = Externals::find(&BTreeMap::new()).expect("nothing is wrong with it");
        let files =
            externals.files(&Loader::External(BPFTOOL.to_owned())).expect("`make deps` installs bpftool");
        assert!(files[0].path.ends_with("/bpftool"));
        for needed in ["libc.so.6", "libelf.so.1", "libz.so.1", "ld-linux-x86-64.so.2"] {
            assert!(files.iter().any(|file| file.path.ends_with(needed)), "{needed}");
        }
        let absent = Loader::External("no-such-loader".to_owned());
        let absent = externals.files(&absent).expect_err("there is none").to_string();
        assert!(absent.contains("`no-such-loader`") && absent.contains("external_loaders"), "{absent}");
        assert!(externals.files(&Loader::Aya).expect("built in").is_empty());
    }

    #[test]
    fn a_loader_of_somebodys_own_is_known_by_its_name_and_its_bytes() {
        let dir = tempfile::tempdir().expect("a folder");
        let program = dir.path().join("loader");
        let find = |name: &str| Externals::find(&BTreeMap::from([(name.to_owned(), program.clone())]));
        let digest = |text: &str| {
            std::fs::write(&program, text).expect("written");
            let externals = find("ours").expect("a script");
            externals.iter().find(|(name, _)| *name == "ours").expect("it is named").1.digest
        };
        assert_eq!(digest("#!/bin/sh\n"), digest("#!/bin/sh\n"));
        assert_ne!(digest("#!/bin/sh\n"), digest("#!/bin/sh\nexit 1\n"));
        for (name, says) in [("aya", "another name"), ("Ours", "names no loader")] {
            let refused = find(name).expect_err(name).to_string();
            assert!(refused.contains("external_loaders") && refused.contains(says), "{refused}");
        }
        std::fs::write(&program, "no program").expect("written");
        let refused = find("ours").expect_err("a text").to_string();
        assert!(refused.contains("`ours`") && refused.contains("/loader"), "{refused}");
        let many = (0..=EXTERNALS_MAX).map(|number| (format!("l{number}"), program.clone())).collect();
        assert!(matches!(Externals::find(&many), Err(ExternalError::TooMany(_))));
    }
}
