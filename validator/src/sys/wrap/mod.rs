//! What stands between libbpf and what it would find out or make anew for every object.
//!
//! The linker (`build.rs`) leads calls of libbpf here. It does so for the binary alone: a library has no say
//! in how its users' programs are linked, and what is kept here for every object to come may stay in a guest
//! only. So these modules are the binary's, and nothing of the library needs them.

#![allow(unsafe_code, reason = "functions of C are stood in for; nothing outside may do so")]

mod btf;
mod counts;
mod kernel_version;
mod placeholder;
mod program_load;
mod trivial;

/// Finds out and makes all of it, for every object to come.
pub(crate) fn warm_up() {
    trivial::load();
    placeholder::make();
    kernel_version::find_out();
}
