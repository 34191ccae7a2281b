//! What a kernel offers to programs, whatever object is asked about.

use serde::{Deserialize, Serialize};

/// Names of one kind that are kept; kernels have a few hundred helpers, kernel functions and hooks.
pub const NAMES_MAX: usize = 4096;
/// Longest name, in bytes: the kernel's own symbols end at 512.
pub const NAME_BYTES_MAX: usize = 512;

/// How sure it is that a kernel has something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Support {
    /// It was tried and worked.
    Supported,
    /// It was tried and the kernel knows it not, or was built without it.
    Unsupported,
    /// The kernel's BTF names it; it was not tried.
    Named,
}

/// Something a kernel has a name for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its name, as libbpf or the kernel writes it.
    pub name: String,
    /// Whether it is really there.
    pub support: Support,
}

/// Everything one kernel offers; each list in the kernel's own order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Offers {
    /// Program types, tried by loading a smallest program.
    pub program_types: Vec<Offer>,
    /// Map types, tried by creating a small map.
    pub map_types: Vec<Offer>,
    /// Attach types the kernel names.
    pub attach_types: Vec<String>,
    /// Helpers the kernel names, without `bpf_`.
    pub helpers: Vec<String>,
    /// Functions of the kernel that are marked for programs to call; empty before kernels marked them (6.9).
    pub kfuncs: Vec<String>,
    /// Hooks of security policies, without `bpf_lsm_`.
    pub lsm_hooks: Vec<String>,
    /// What iterators can walk.
    pub iterators: Vec<String>,
    /// Structs that programs can be the functions of.
    pub struct_ops: Vec<String>,
}
