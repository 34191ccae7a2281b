//! Every unsafe line of the validator, behind safe functions.
//!
//! What comes in: slices, numbers and paths. What goes out: owned values that free themselves, and
//! the kernel's error numbers. Each unsafe block says why it is sound.
//! Deliberately absent: decisions. Nothing in here knows what an object, a job or a frame is for.

#![allow(unsafe_code, reason = "ioctls and libbpf cannot be reached otherwise; nothing outside may do so")]

pub(crate) mod attach;
pub(crate) mod btf;
pub(crate) mod buffer;
pub(crate) mod capability;
pub(crate) mod counts;
mod declared;
pub(crate) mod delegation;
pub(crate) mod features;
pub(crate) mod inventory;
pub(crate) mod kernel;
pub(crate) mod libbpf;
pub(crate) mod map;
pub(crate) mod memory;
pub(crate) mod print;
pub(crate) mod run;
pub(crate) mod setting;
pub(crate) mod smallest;
pub(crate) mod socket;
pub(crate) mod struct_ops;
pub(crate) mod walk_log;

use domain::errno::Errno;

/// The error number of the last libc or libbpf call on this thread.
fn last_errno() -> Errno {
    Errno(std::io::Error::last_os_error().raw_os_error().unwrap_or(0))
}

/// `size_of::<T>()` for the size fields that begin libbpf's option structs.
fn size_field<T>() -> libbpf_sys::size_t {
    libbpf_sys::size_t::try_from(size_of::<T>()).expect("a struct size fits size_t")
}
