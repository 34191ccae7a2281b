//! The words of the project as types: objects, kernels, cells, runs, evidence, verdicts.
//!
//! What comes in: values somebody else observed. What goes out: the same values, checked.
//! Deliberately absent: IO, async, SQL, gRPC and the clock. Every other crate depends on this
//! one and it depends on none of them, so the controller, the worker and the validator inside
//! the guest agree on each word. `docs/GLOSSARY.md` defines the words in prose.

pub mod axis;
pub mod cause;
pub mod cell;
pub mod change;
pub mod check;
pub mod command;
pub mod contract;
pub mod digest;
pub mod errno;
pub mod evidence;
pub mod frame;
pub mod helper;
pub mod id;
pub mod kernel;
pub mod level;
pub mod message;
pub mod offers;
pub mod question;
pub mod run;
pub mod section;
pub mod selector;
pub mod verdict;

/// Largest object accepted anywhere, in bytes. The biggest known production object is under
/// 3 MB; ten times that leaves room and still fits a guest and one gRPC upload comfortably.
pub const OBJECT_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Modules that one job may bring along. The most demanding one of a distribution's kernels needs 37
/// others (sound, 7.3).
pub const JOB_MODULES_MAX: usize = 64;

/// Bytes of all modules of one job, as the kernel loads them. The largest one, a graphics driver, has
/// 55 MB with what it needs, the next 22, most under one. It all is in QEMU's memory too, for which its
/// control group has room.
pub const JOB_MODULES_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Bytes of an external loader with its libraries: bpftool has three megabytes, a static program in Go some ten.
pub const LOADER_BYTES_MAX: usize = 32 * 1024 * 1024;
