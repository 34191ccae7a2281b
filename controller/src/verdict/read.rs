//! Evidence as it is delivered and stored.

use domain::digest::Digest;
use domain::evidence::Evidence;
use flate2::read::ZlibDecoder;
use std::io::Read as _;

/// Largest evidence after inflating, in bytes: a few hundred programs with full logs.
const EVIDENCE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Evidence that was read.
pub(crate) struct Read {
    pub(crate) evidence: Evidence,
    /// Of the JSON.
    pub(crate) digest: Digest,
    /// Of the JSON.
    pub(crate) bytes: u64,
}

/// Reads evidence, or says why it is none.
pub(crate) fn evidence(compressed: &[u8]) -> Result<Read, String> {
    let mut json = Vec::new();
    let mut inflated = ZlibDecoder::new(compressed).take(EVIDENCE_BYTES_MAX + 1);
    inflated.read_to_end(&mut json).map_err(|error| format!("it is not a zlib stream: {error}"))?;
    let bytes = length(&json);
    if bytes > EVIDENCE_BYTES_MAX {
        return Err(format!("it has more than {EVIDENCE_BYTES_MAX} bytes"));
    }
    let evidence = serde_json::from_slice(&json).map_err(|error| format!("it is not evidence: {error}"))?;
    Ok(Read { evidence, digest: Digest::of(&json), bytes })
}

pub(super) fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).expect("a length fits 64 bits")
}
