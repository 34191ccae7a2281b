//! Evidence as the bytes that travel and are stored: zlib over JSON.

use domain::evidence::Evidence;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde::Serialize;
use std::io::{self, Write};

/// Largest JSON of one cell's evidence, in bytes: twice the 48 MiB of logs that are kept, because
/// JSON escapes, 3 MiB of console, 16 MiB of records, and room to spare. No guest can exceed it.
pub const EVIDENCE_BYTES_MAX: usize = 128 * 1024 * 1024;

/// Why evidence was not sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The guest said more than is kept of one cell.
    #[error("the evidence exceeds {EVIDENCE_BYTES_MAX} bytes")]
    TooLong,
    /// The zlib stream could not be ended.
    #[error("the evidence cannot be compressed")]
    Compress(#[source] io::Error),
    /// It could not be written as JSON.
    #[error("the evidence cannot be written as JSON")]
    Json(#[source] serde_json::Error),
}

/// Seals evidence: zlib over JSON. Equal evidence gives equal bytes.
///
/// # Errors
/// `TooLong`; the others cannot happen with the types of evidence and bytes in memory.
pub fn seal(evidence: &Evidence) -> Result<Vec<u8>, SealError> {
    let mut json = Counted::new(ZlibEncoder::new(Vec::new(), Compression::default()));
    let written = serde_json::to_writer(&mut json, evidence);
    if json.bytes > EVIDENCE_BYTES_MAX {
        return Err(SealError::TooLong);
    }
    written.map_err(SealError::Json)?;
    json.inner.finish().map_err(SealError::Compress)
}

/// Bytes that a part of evidence takes in the whole before compression.
pub(super) fn json_bytes(part: &impl Serialize) -> usize {
    let mut json = Counted::new(io::sink());
    serde_json::to_writer(&mut json, part).map_or(usize::MAX, |()| json.bytes)
}

/// Stops a writer at the limit.
struct Counted<W> {
    inner: W,
    bytes: usize,
}

impl<W: Write> Counted<W> {
    fn new(inner: W) -> Self {
        Self { inner, bytes: 0 }
    }
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len();
        if self.bytes > EVIDENCE_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.inner.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::collect::{Collector, tests::guest};
    use crate::guest::nonce::Nonces;
    use domain::evidence::End;

    fn evidence(console: String) -> Evidence {
        let collector = Collector::new(Nonces::random(), None);
        collector.into_evidence(guest(), console, "", End::Deadline("boot".to_owned()))
    }

    #[test]
    fn evidence_survives_the_way() {
        let evidence = evidence("Booting\n".repeat(1000));
        let sealed = seal(&evidence).unwrap();
        let json = flate2::read::ZlibDecoder::new(sealed.as_slice());
        assert_eq!(serde_json::from_reader::<_, Evidence>(json).unwrap(), evidence);
        assert_eq!(sealed, seal(&evidence).unwrap());
        assert!(sealed.len() < 1000, "{} bytes", sealed.len());
    }

    #[test]
    fn too_much_is_refused() {
        assert!(matches!(seal(&evidence("x".repeat(EVIDENCE_BYTES_MAX))), Err(SealError::TooLong)));
    }
}
