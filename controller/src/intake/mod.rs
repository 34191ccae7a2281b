//! Bytes become objects.
//!
//! Comes in: a name and pieces of a file. Goes out: an object whose bytes are stored, whose
//! digest is known and which holds eBPF programs. Everything else is refused with a sentence
//! that says what is wrong with the file. Deliberately absent: who may upload.

pub(crate) mod upload;
