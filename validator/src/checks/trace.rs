//! The kernel's trace, into which `bpf_printk` writes.

use domain::check::Saw;
use std::fs::File;
use std::io::Read;

const PATH: &str = "/sys/kernel/tracing/trace";
/// What the kernel keeps for each processor by default is 1.4 MB; a listing of it is longer.
const BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The trace from here on.
#[derive(Debug)]
pub(super) struct Trace(Result<(), String>);

impl Trace {
    /// Empties it.
    pub(super) fn begin() -> Self {
        Self(File::create(PATH).map(drop).map_err(|error| format!("{PATH} could not be emptied: {error}")))
    }

    /// Whether a text is in it.
    pub(super) fn see(&self, text: &str) -> Saw {
        if let Err(says) = &self.0 {
            return Saw::Nothing(says.clone());
        }
        let mut bytes = Vec::new();
        match File::open(PATH).and_then(|file| file.take(BYTES_MAX).read_to_end(&mut bytes)) {
            Ok(_) => Saw::Text(memchr::memmem::find(&bytes, text.as_bytes()).is_some()),
            Err(error) => Saw::Nothing(format!("{PATH} could not be read: {error}")),
        }
    }
}
