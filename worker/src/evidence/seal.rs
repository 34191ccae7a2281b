//! Evidence as the bytes that travel and are stored: zlib over JSON.

use domain::evidence::Evidence;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use insight::collect::EVIDENCE_BYTES_MAX;
use std::io::{self, Write};

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
pub(crate) mod tests {
    use super::*;
    use domain::digest::Digest;
    use domain::evidence::{Accelerator, End, Guest, Start};
    use domain::message::{Nonce, Nonces};
    use insight::collect::Collector;

    /// What is known of a guest that never got ready.
    pub(crate) fn evidence(start: Start, console: String) -> Evidence {
        let guest = Guest {
            start,
            accelerator: Accelerator::Tcg,
            qemu: "7.2.22".to_owned(),
            memory_bytes: 1 << 30,
            cpus: 1,
            validator: Digest::of(b"validator"),
            initramfs: Digest::of(b"initramfs"),
            nonce_ok: false,
            drawn: String::new(),
            loader_version: String::new(),
            environment: None,
            boot_ms: 1,
            answer_ms: 1,
        };
        let collector = Collector::new(Nonces { boot: Nonce([1; 32]), job: Nonce([2; 32]) }, None);
        collector.into_evidence(guest, console, "", End::Deadline("boot".to_owned()))
    }

    #[test]
    fn evidence_survives_the_way() {
        let evidence = evidence(Start::Cold, "Booting\n".repeat(1000));
        let sealed = seal(&evidence).unwrap();
        let json = flate2::read::ZlibDecoder::new(sealed.as_slice());
        assert_eq!(serde_json::from_reader::<_, Evidence>(json).unwrap(), evidence);
        assert_eq!(sealed, seal(&evidence).unwrap());
        assert!(sealed.len() < 1000, "{} bytes", sealed.len());
    }

    #[test]
    fn too_much_is_refused() {
        assert!(matches!(
            seal(&evidence(Start::Cold, "x".repeat(EVIDENCE_BYTES_MAX))),
            Err(SealError::TooLong)
        ));
    }
}
