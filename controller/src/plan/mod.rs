//! A question becomes cells.
//!
//! Comes in: digests of uploaded objects, selectors of kernels, a level, and a manifest that every
//! object must fit. Goes out: a stored run with one cell per object and kernel; those whose question
//! was answered before are settled already. A run that asks for it gets one more cell for each
//! refused one, in which what may help is tried.
//! Deliberately absent: which worker answers, and when.

mod answered;
mod expand;
pub(crate) mod submit;
pub(crate) mod trial;
