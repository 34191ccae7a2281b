//! The wire: gRPC messages and services, and their translation to and from the domain.
//!
//! Used only at the edges. `wire` holds what the compiler made of the `.proto` files;
//! `to_domain` and `from_domain` are the only places that know both languages.

mod endpoint;
mod from_domain;
mod to_domain;

pub use endpoint::{EndpointError, endpoint};
pub use from_domain::{cell_verdict, guest};
pub use to_domain::NotUnderstood;

/// Messages, clients and servers of `bpfcompat.v1`.
#[allow(
    missing_docs,
    clippy::pedantic,
    clippy::large_enum_variant,
    unreachable_pub,
    missing_debug_implementations
)]
pub mod wire {
    tonic::include_proto!("bpfcompat.v1");
}

/// The compiled descriptors, for gRPC reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// Bytes in one piece of a streamed object or evidence: large enough to be few, small enough
/// to interleave with other traffic on the connection.
pub const PIECE_BYTES: usize = 256 * 1024;

/// Largest message a client should accept from the controller. The first message about a run
/// has all its cells: 5,000 cells of a large object come to some 50 MB.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024 * 1024;
