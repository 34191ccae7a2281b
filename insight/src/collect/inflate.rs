//! Inflating what a guest deflated: never more bytes than allowed, whatever the stream says.

use flate2::{Decompress, FlushDecompress, Status};

/// Bytes inflated at a time, so that memory grows by what there is and not by what is announced.
const STEP_BYTES: usize = 64 * 1024;

/// Why a piece was not inflated.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InflateError {
    /// The bytes are not a zlib stream.
    #[error("a log is not a zlib stream")]
    Garbage,
    /// The stream holds more than allowed; nothing beyond was inflated.
    #[error("a log inflates beyond {0} bytes")]
    TooLong(usize),
    /// Bytes follow the end of the stream.
    #[error("bytes follow the end of a log")]
    Trailing,
    /// The last piece came before the end of the stream.
    #[error("a log ends in the middle of its zlib stream")]
    Truncated,
}

/// One zlib stream that comes in pieces.
pub(super) struct Inflater {
    stream: Decompress,
    bytes: Vec<u8>,
    bytes_max: usize,
    ended: bool,
}

impl Inflater {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { stream: Decompress::new(true), bytes: Vec::new(), bytes_max, ended: false }
    }

    /// Takes the next piece.
    pub(super) fn push(&mut self, mut piece: &[u8]) -> Result<(), InflateError> {
        while !piece.is_empty() || !self.ended {
            if self.ended {
                return Err(InflateError::Trailing);
            }
            // One byte more than allowed tells a stream that ends there from one that does not.
            self.bytes.reserve_exact(STEP_BYTES.min(self.bytes_max + 1 - self.bytes.len()));
            let (read, wrote) = (self.stream.total_in(), self.bytes.len());
            let status = self
                .stream
                .decompress_vec(piece, &mut self.bytes, FlushDecompress::None)
                .map_err(|_| InflateError::Garbage)?;
            if self.bytes.len() > self.bytes_max {
                return Err(InflateError::TooLong(self.bytes_max));
            }
            let took = usize::try_from(self.stream.total_in() - read).map_err(|_| InflateError::Garbage)?;
            piece = piece.get(took..).unwrap_or_default();
            self.ended = status == Status::StreamEnd;
            if took == 0 && self.bytes.len() == wrote && !self.ended {
                return if piece.is_empty() { Ok(()) } else { Err(InflateError::Garbage) };
            }
        }
        Ok(())
    }

    /// The whole of it, once the last piece was pushed.
    pub(super) fn finish(self) -> Result<Vec<u8>, InflateError> {
        if self.ended { Ok(self.bytes) } else { Err(InflateError::Truncated) }
    }

    /// What there is of a stream that was broken off.
    pub(super) fn abandon(self) -> Vec<u8> {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write as _;

    fn deflate(raw: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(raw).unwrap();
        encoder.finish().unwrap()
    }

    fn inflate(pieces: &[&[u8]], bytes_max: usize) -> Result<Vec<u8>, InflateError> {
        let mut inflater = Inflater::new(bytes_max);
        pieces.iter().try_for_each(|piece| inflater.push(piece))?;
        inflater.finish()
    }

    #[test]
    fn a_bomb_is_defused_at_the_limit() {
        let bomb = deflate(&vec![0; 8 << 20]);
        assert!(bomb.len() < 10_000);
        let mut inflater = Inflater::new(1000);
        assert_eq!(inflater.push(&bomb), Err(InflateError::TooLong(1000)));
        assert!(inflater.abandon().len() <= 2 * STEP_BYTES);
        assert_eq!(inflate(&[&deflate(&[7; 1000])], 1000), Ok(vec![7; 1000]));
        assert_eq!(inflate(&[&deflate(&[7; 1001])], 1000), Err(InflateError::TooLong(1000)));
    }

    #[test]
    fn garbage_trailing_and_truncated_streams_are_told_apart() {
        let stream = deflate(b"verifier log");
        assert_eq!(inflate(&[b"not zlib"], 99), Err(InflateError::Garbage));
        assert_eq!(inflate(&[&stream, b"x"], 99), Err(InflateError::Trailing));
        assert_eq!(inflate(&[&stream[..stream.len() - 1]], 99), Err(InflateError::Truncated));
        assert_eq!(inflate(&[], 99), Err(InflateError::Truncated));
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_bytes(raw in prop::collection::vec(any::<u8>(), 0..5000), cut in 1usize..700) {
            let stream = deflate(&raw);
            let pieces: Vec<&[u8]> = stream.chunks(cut).collect();
            prop_assert_eq!(inflate(&pieces, 5000), Ok(raw));
        }

        #[test]
        fn no_bytes_panic_or_exceed_the_limit(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(raw) = inflate(&[&bytes], 300) {
                prop_assert!(raw.len() <= 300);
            }
        }
    }
}
