//! `bpfcompat version`

use crate::exit::{Exit, Failure};

/// Prints the version.
pub(super) fn run() -> Result<Exit, Failure> {
    super::print(concat!("bpfcompat ", env!("CARGO_PKG_VERSION"), "\n"))
}
