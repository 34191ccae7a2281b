//! Evidence as the bytes that travel and are stored: zlib over JSON, named by their digest.

use domain::digest::Digest;
use domain::evidence::Evidence;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use std::io::{self, Read as _, Write};

/// Largest JSON of one cell's evidence, in bytes. The logs and the console an honest guest can
/// fill come to 49 MiB; the rest is room for text that JSON escapes and for hundreds of programs.
pub const EVIDENCE_BYTES_MAX: usize = 128 * 1024 * 1024;

/// Evidence ready to be delivered.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// Zlib over JSON.
    pub bytes: Vec<u8>,
    /// SHA-256 of `bytes`.
    pub digest: Digest,
}

/// Why evidence was not sealed or not opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The guest said more than is kept of one cell.
    #[error("the evidence exceeds {EVIDENCE_BYTES_MAX} bytes")]
    TooLong,
    /// The bytes are not a zlib stream.
    #[error("sealed evidence cannot be inflated")]
    Inflate(#[source] io::Error),
    /// The JSON is not evidence, or evidence could not be written as JSON.
    #[error("sealed evidence is not the JSON of evidence")]
    Json(#[source] serde_json::Error),
}

/// Seals evidence. Equal evidence gives equal bytes.
///
/// # Errors
/// `TooLong`; `Json` cannot happen with the types of evidence.
pub fn seal(evidence: &Evidence) -> Result<Sealed, SealError> {
    let mut json = Counted { inner: ZlibEncoder::new(Vec::new(), Compression::default()), bytes: 0 };
    let written = serde_json::to_writer(&mut json, evidence);
    if json.bytes > EVIDENCE_BYTES_MAX {
        return Err(SealError::TooLong);
    }
    written.map_err(SealError::Json)?;
    let bytes = json.inner.finish().map_err(SealError::Inflate)?;
    Ok(Sealed { digest: Digest::of(&bytes), bytes })
}

/// Opens sealed evidence.
///
/// # Errors
/// `Inflate`, `TooLong` or `Json`; never allocates beyond the limit.
pub fn unseal(sealed: &[u8]) -> Result<Evidence, SealError> {
    let mut json = Vec::new();
    let mut limited = ZlibDecoder::new(sealed).take(EVIDENCE_BYTES_MAX as u64 + 1);
    limited.read_to_end(&mut json).map_err(SealError::Inflate)?;
    if json.len() > EVIDENCE_BYTES_MAX {
        return Err(SealError::TooLong);
    }
    serde_json::from_slice(&json).map_err(SealError::Json)
}

/// Stops a writer at the limit.
struct Counted {
    inner: ZlibEncoder<Vec<u8>>,
    bytes: usize,
}

impl Write for Counted {
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
        let collector = Collector::new(Nonces::random());
        collector.into_evidence(guest(), console, "", End::Deadline("boot".to_owned()))
    }

    #[test]
    fn evidence_survives_the_way_and_keeps_its_digest() {
        let evidence = evidence("Booting\n".repeat(1000));
        let sealed = seal(&evidence).unwrap();
        assert_eq!(unseal(&sealed.bytes).unwrap(), evidence);
        assert_eq!(sealed.digest, Digest::of(&sealed.bytes));
        assert_eq!(sealed.digest, seal(&evidence).unwrap().digest);
        assert!(sealed.bytes.len() < 1000, "{} bytes", sealed.bytes.len());
    }

    #[test]
    fn too_much_is_refused_both_ways() {
        assert!(matches!(seal(&evidence("x".repeat(EVIDENCE_BYTES_MAX))), Err(SealError::TooLong)));
        let mut bomb = ZlibEncoder::new(Vec::new(), Compression::fast());
        io::copy(&mut io::repeat(b' ').take(EVIDENCE_BYTES_MAX as u64 + 1), &mut bomb).unwrap();
        assert!(matches!(unseal(&bomb.finish().unwrap()), Err(SealError::TooLong)));
        assert!(matches!(unseal(b"garbage"), Err(SealError::Inflate(_))));
    }
}
