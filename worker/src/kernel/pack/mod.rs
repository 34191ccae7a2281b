//! All modules of a kernel in three files, to be had one at a time.
//!
//! ```text
//! modules.pack      one module after the other, each compressed by itself, mostly as the package had it
//! modules.json      for each of them: name, place, digest, what it needs
//! modules.symbols   records of ten bytes, sorted: the symbol's fingerprint, then the module's number
//! ```
//! A kernel has up to five thousand modules and hundreds of thousands of symbols, and most cells want none of
//! them. So a cell finds out with a few reads of the last file, and the first one, the largest part of a
//! bundle, is never read as a whole: each module is digested when it is taken out.
//!
//! A fingerprint is the beginning of a SHA-256. Two symbols that share one, by chance or on purpose, cost a
//! module that is loaded in vain. Symbols that the kernel's own BTF names are left out: the kernel
//! finds those without a module.

mod read;
mod write;

pub(super) use write::{Packed, Packing};

use domain::digest::Digest;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;

const PACK: &str = "modules.pack";
const TABLE: &str = "modules.json";
const SYMBOLS: &str = "modules.symbols";

/// Modules of one kernel. Distributions build up to 5,000.
const MODULES_MAX: usize = 16 * 1024;
/// Bytes that one module may have. The largest, a graphics driver, has 50 MB.
const MODULE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Symbols of all modules of one kernel. Distributions have some 300,000.
const SYMBOLS_MAX: usize = 4 * 1024 * 1024;
/// Bytes of a record: a fingerprint and the number of a module, both little endian.
const RECORD_BYTES: usize = 10;

/// Where the modules of a bundle are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    pub(super) modules: PathBuf,
    pub(super) table: PathBuf,
    pub(super) symbols: PathBuf,
}

/// One module in the table, which is sorted by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// The kernel's spelling: underscores.
    name: String,
    /// Where it begins in the pack.
    at: u64,
    /// Bytes in the pack.
    bytes: u64,
    /// Bytes once decompressed.
    plain_bytes: u64,
    /// How it is compressed, as the end of its file's name would say.
    kind: String,
    /// Of its bytes in the pack.
    sha256: Digest,
    /// Modules that must be loaded before it; those built into the kernel are left out.
    depends: Vec<String>,
}

/// What stands for a symbol in the index.
fn fingerprint(symbol: &str) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(Sha256::digest(symbol));
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// The entry with that name.
fn entry<'a>(table: &'a [Entry], name: &str) -> Option<&'a Entry> {
    table.binary_search_by(|entry| entry.name.as_str().cmp(name)).ok().and_then(|at| table.get(at))
}
