//! `config show|check`, as every daemon has it.

use clap::Subcommand;

/// What to do with the settings.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Verb {
    /// Print the effective settings as a file, without secrets
    Show,
    /// Find what is wrong with them and the files they name for TLS
    Check,
}

impl Verb {
    /// Does it.
    ///
    /// # Errors
    /// Those of `shown` or of `check`.
    pub fn run<E>(
        self,
        shown: impl FnOnce() -> Result<String, E>,
        check: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Show => print!("{}", shown()?),
            Self::Check => {
                check()?;
                println!("the settings can be used");
            }
        }
        Ok(())
    }
}
