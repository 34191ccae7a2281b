//! From a distribution's signed package index to a kernel that boots.
//!
//! ```text
//! signed index ──gpgv──► package index ──SHA-256──► packages ──SHA-256──► bundle ──► initramfs
//!    (release.rs)            (index.rs)              (download.rs)     (unpack.rs)
//! ```
//!
//! In: the name of a keyring, the suites to read and a mirror. Out: a [`Catalogue`] of kernels and,
//! for each kernel asked for, a [`Bundle`] on disk. Nothing is used before the link of the chain
//! above it has vouched for its digest, and what fails the check is deleted before the error is
//! returned.
//!
//! Several processes may share one [`Library`] directory: whoever fetches a kernel holds its lock,
//! and a bundle appears by rename when it is complete, so a reader never sees half of one.
//!
//! Deliberately absent: names of hosts, the machine that boots the bundle, and any judgement of
//! which kernel somebody should care about.

mod btf;
mod bundle;
mod debian;
mod download;
mod error;
mod initramfs;
mod library;
mod lock;
mod lz4;
mod modules;
mod pack;
mod settings;
mod source;
mod unpack;
mod verified;

pub use bundle::Bundle;
pub use error::KernelError;
pub use initramfs::Initramfs;
pub use library::{Catalogue, Library};
pub use pack::Pack;
pub use settings::Settings;
pub use source::{Listed, Listing, Package, Source, Unpacked};

use domain::evidence::Modules;
use domain::message::Module;

/// The modules one object needs beyond those every guest has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OnDemand {
    /// In load order.
    pub given: Vec<Module>,
    /// What was looked for and where it was found; nothing is loaded yet.
    pub modules: Modules,
}

/// How far a download or an unpacking got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What is being worked on, in words for a person.
    pub what: String,
    /// Bytes done.
    pub done_bytes: u64,
    /// Bytes in all; 0 when that is not known.
    pub total_bytes: u64,
}

/// Where progress is told. Called often, so it must be quick.
pub type Report<'a> = &'a (dyn Fn(Progress) + Send + Sync);
