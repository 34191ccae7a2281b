//! A byte stream of unknown length, kept within bounds: its head and its tail.

use insight::text::{printable, sentence};
use std::collections::VecDeque;

/// The first and the last bytes of a stream; what lies between them is counted and dropped.
#[derive(Debug)]
pub(crate) struct Transcript {
    half_bytes: usize,
    head: Vec<u8>,
    tail: VecDeque<u8>,
    seen_bytes: u64,
}

impl Transcript {
    /// An empty transcript that keeps at most `half_bytes` of each end.
    pub(crate) fn new(half_bytes: usize) -> Self {
        Self { half_bytes, head: Vec::new(), tail: VecDeque::new(), seen_bytes: 0 }
    }

    /// Takes the next bytes of the stream.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.seen_bytes += bytes.len() as u64;
        let room = (self.half_bytes - self.head.len()).min(bytes.len());
        let (first, rest) = bytes.split_at(room);
        self.head.extend_from_slice(first);
        self.tail.extend(rest);
        self.tail.drain(..self.tail.len().saturating_sub(self.half_bytes));
    }

    /// Bytes seen, kept or not.
    pub(crate) fn seen_bytes(&self) -> u64 {
        self.seen_bytes
    }

    /// The stream as text, with a line in place of what was dropped.
    pub(crate) fn text(&self) -> String {
        self.text_since(0)
    }

    /// The stream as text from its `position`th byte on.
    pub(crate) fn text_since(&self, position: u64) -> String {
        let tail_starts = self.seen_bytes - self.tail.len() as u64;
        let skip = |part_starts: u64, part_bytes: usize| {
            usize::try_from(position.saturating_sub(part_starts))
                .map_or(part_bytes, |skip| skip.min(part_bytes))
        };
        let mut kept = self.head[skip(0, self.head.len())..].to_vec();
        let dropped = tail_starts - (self.head.len() as u64).max(position).min(tail_starts);
        if dropped > 0 {
            kept.extend_from_slice(format!("\n[{dropped} bytes dropped]\n").as_bytes());
        }
        kept.extend(self.tail.iter().skip(skip(tail_starts, self.tail.len())));
        printable(&kept)
    }

    /// The beginning of the last line that is not blank, or an empty text.
    pub(crate) fn last_line(&self) -> String {
        let text = self.text();
        sentence(text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_flood_keeps_both_ends_and_counts_the_middle() {
        let mut transcript = Transcript::new(4);
        for piece in ["ab", "cdef", "ghijkl", "mn\n"] {
            transcript.push(piece.as_bytes());
        }
        assert_eq!(transcript.text(), "abcd\n[7 bytes dropped]\nlmn\n");
        assert_eq!(transcript.text_since(2), "cd\n[7 bytes dropped]\nlmn\n");
        assert_eq!(transcript.text_since(6), "\n[5 bytes dropped]\nlmn\n");
        assert_eq!(transcript.text_since(12), "mn\n");
        assert_eq!(transcript.text_since(99), "");
        assert_eq!(transcript.last_line(), "lmn");
    }

    proptest! {
        #[test]
        fn a_short_stream_is_whole_however_it_was_cut(text in "[a-z\n]{0,64}", cut in 1usize..9, from in 0usize..70) {
            let mut transcript = Transcript::new(64);
            text.as_bytes().chunks(cut).for_each(|piece| transcript.push(piece));
            prop_assert_eq!(transcript.text_since(from as u64), text.get(from..).unwrap_or_default());
        }
    }
}
