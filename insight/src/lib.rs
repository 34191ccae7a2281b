//! The thinking: what an object needs, what a log says, what evidence means.
//!
//! Pure functions only: no IO, no clock, no async. The same evidence gives the same verdict
//! today and in a year.

pub mod agreement;
pub mod archive;
pub mod btf;
pub mod collect;
pub mod compare;
pub mod explain;
pub mod judge;
pub mod loaders;
pub mod log;
pub mod manifest;
pub mod module;
pub mod object;
pub mod oci;
pub mod since;
pub mod splat;
pub mod suite;
pub mod text;
pub mod tries;
pub mod wanted;
