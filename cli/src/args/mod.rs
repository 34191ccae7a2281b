//! From what was typed to a question that can be asked.
//!
//! In: the command line. Out: [`ready::Question`] with every object read and understood, every
//! selector parsed, the manifest held to every object, and every output file proven writable. `typed` is what clap made of the
//! words; `file`, `object`,
//! `manifest`, `output`, `ready` and, for many questions, `suite` look at the machine. Nothing here starts anything and
//! nothing here leaves anything behind, so misuse costs no database, no download and no guest.

pub(crate) mod archive;
pub(crate) mod comparison;
pub(crate) mod file;
pub(crate) mod manifest;
pub(crate) mod object;
pub(crate) mod output;
pub(crate) mod ready;
pub(crate) mod report;
pub(crate) mod suite;
pub(crate) mod typed;
