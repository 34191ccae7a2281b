//! The shell and tools that guests have for commands: the host's busybox.

use std::path::{Path, PathBuf};

/// Where distributions put it.
const PLACES: [&str; 2] = ["/bin/busybox", "/usr/bin/busybox"];

/// The bytes of a busybox, read once; or why guests have none.
#[derive(Debug)]
pub struct Tools(Result<Vec<u8>, NoTools>);

/// Guests have no shell.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NoTools {
    /// It cannot be read.
    #[error("{path} cannot be read ({says}); install busybox-static or set `busybox`")]
    Absent {
        /// Where it was looked for.
        path: PathBuf,
        /// What the system said.
        says: String,
    },
    /// It needs libraries that guests do not have.
    #[error("{path} is not a static program, as guests need it; install busybox-static or set `busybox`")]
    Dynamic {
        /// Which file.
        path: PathBuf,
    },
}

impl Tools {
    /// Reads the busybox at `path`, or the first of the usual places that has one.
    pub fn read(path: Option<&Path>) -> Self {
        let usual =
            || PLACES.map(Path::new).into_iter().find(|path| path.exists()).unwrap_or(Path::new(PLACES[0]));
        let path = path.unwrap_or_else(usual);
        let absent = |says: String| NoTools::Absent { path: path.to_owned(), says };
        let bytes = std::fs::read(path).map_err(|error| absent(error.to_string()));
        Self(bytes.and_then(|bytes| match is_static(&bytes) {
            Some(true) => Ok(bytes),
            Some(false) => Err(NoTools::Dynamic { path: path.to_owned() }),
            None => Err(absent("it is not a program".to_owned())),
        }))
    }

    /// Its bytes.
    ///
    /// # Errors
    /// Why there are none.
    pub fn bytes(&self) -> Result<&[u8], &NoTools> {
        self.0.as_deref()
    }
}

/// Whether a program names no interpreter that would load libraries; `None` for what is no program.
pub(crate) fn is_static(program: &[u8]) -> Option<bool> {
    use object::elf::{FileHeader64, PT_INTERP};
    use object::read::elf::{FileHeader as _, ProgramHeader as _};
    let header = FileHeader64::<object::LittleEndian>::parse(program).ok()?;
    let segments = header.program_headers(object::LittleEndian, program).ok()?;
    Some(!segments.iter().any(|segment| segment.p_type(object::LittleEndian) == PT_INTERP))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_static_program_is_taken() {
        let own = std::env::current_exe().expect("a path");
        let tools = Tools::read(Some(&own));
        assert!(matches!(tools.bytes(), Err(NoTools::Dynamic { .. })), "{tools:?}");
        for path in ["/nowhere/busybox", "/proc/self/status"] {
            let tools = Tools::read(Some(Path::new(path)));
            let says = tools.bytes().expect_err(path).to_string();
            assert!(says.contains(path) && says.contains("busybox-static"), "{says}");
        }
        assert!(Tools::read(None).bytes().is_ok(), "`make deps` installs busybox-static");
    }
}
