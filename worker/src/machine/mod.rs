//! One machine: a QEMU process that runs one guest for one cell.
//!
//! What comes in: an [`Order`] (kernel, initramfs, object, level) and a way to be cancelled.
//! What goes out: [`Evidence`](domain::evidence::Evidence), or a [`MachineError`] that says
//! nothing about the object. Deliberately absent: where kernels come from (`kernel/`), how many
//! machines run at once (`slot/`), what evidence means (the controller), and any second use of a
//! guest: a machine answers once and is killed.
//!
//! ```text
//!     spawn, restore     Ready, Took       Opened       first Attach        Finished
//!  order ────────► Boot ─────────► Open ─────────► Load ─────────► Attach ─────────┐
//!                   │               │               │                │             ▼
//!                   └───────────────┴───────────────┴────────────────┴──────────► gone
//!                     died · deadline · misbehaved · refused · cancelled     killed and reaped
//! ```
//!
//! Each machine has one driver task ([`driver`]) that owns the process and its pipes; it is asked
//! to stop by a token and hands out what the guest says through a bounded queue. The step above
//! is published through a `watch` channel. No path on disk exists for any of it: frames go in by
//! memfds or a pipe, come out by one pipe, the console by another.
//!
//! A guest is a clone of a [`template`] where it can be, and booted for the cell where it must be.

pub mod driver;
mod error;
mod freeze;
pub mod hypervisor;
mod launch;
mod monitor;
pub mod probe;
pub mod spec;
pub mod template;
mod transcript;

pub use driver::Origin;
pub use error::MachineError;
pub use hypervisor::{Hypervisor, Order};
pub use insight::collect::Step;
pub use probe::{BootFiles, ProbeError, Proof, Qemu, prove_accelerator};
pub use spec::host_memory_bytes;
