//! Images in which objects are distributed: what to fetch of one, and which of it is an object.
//!
//! In: a reference somebody typed, and documents and layers as a registry, a folder or an archive has them, hostile
//! until proven otherwise. Out: the next thing to fetch by its digest, and at the end the objects, by name. Nothing
//! is ever written to a path that an image names.
//!
//! The formats are the OCI image specification 1.1 (`manifest.md`, `image-index.md`, `image-layout.md`,
//! `layer.md`), the distribution specification 1.1, and what `docker save` writes. Of what projects put into them
//! two are known: Inspektor Gadget's layers that are an object (`docs/gadget-devel` of its repository), and bpfman's
//! images whose label `io.ebpf.filename` names the object in a layer.
//!
//! Deliberately absent: fetching, and checking digests, which whoever fetches does.

mod challenge;
mod document;
mod kept;
mod layer;
mod platform;
mod reference;

pub use challenge::{Challenge, challenge};
pub use document::{
    Descriptor, Document, DocumentError, Entry, INDEX_DEPTH_MAX, Image, MANIFEST_BYTES_MAX, filename,
    parse_digest,
};
pub use kept::{KeptError, Saved, choose_saved, choose_tagged, saved};
pub use layer::{LAYER_BYTES_MAX, LIMITS, LayerError, Limits, Unpacking, is_object};
pub use platform::{Platform, PlatformError, choose};
pub use reference::{Reference, ReferenceError, is_loopback};
