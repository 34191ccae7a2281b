//! Logs: everything libbpf says during a step, kept within the job's limit, packed for the way out.

use crate::sys::print;
use domain::check::Output;
use domain::evidence::LogSubject;
use domain::message::LogPiece;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::borrow::Cow;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// Compressed bytes per piece: small against the frame limit, large against its header.
const PIECE_BYTES: usize = 64 * 1024;

/// A text of which the head and the tail are kept and the middle is dropped. A verifier log says
/// at its head what was loaded and at its tail why it was refused.
#[derive(Debug)]
pub(crate) struct Log {
    head: Vec<u8>,
    tail: Vec<u8>,
    half_bytes: usize,
    raw_bytes: u64,
}

impl Log {
    /// An empty log that keeps at most `bytes_max` bytes.
    pub(crate) fn new(bytes_max: u32) -> Self {
        let half_bytes = usize::try_from(bytes_max / 2).unwrap_or(usize::MAX);
        Self { head: Vec::new(), tail: Vec::new(), half_bytes, raw_bytes: 0 }
    }

    /// Adds text.
    pub(crate) fn push(&mut self, text: &[u8]) {
        self.raw_bytes += u64::try_from(text.len()).expect("a length fits 64 bits");
        let (head, rest) = text.split_at(text.len().min(self.half_bytes - self.head.len()));
        self.head.extend_from_slice(head);
        let rest = &rest[rest.len().saturating_sub(self.half_bytes)..];
        self.tail.extend_from_slice(rest);
        // Trimmed only when it doubled, so that many short messages do not each move the tail.
        if self.tail.len() > self.half_bytes.saturating_mul(2) {
            self.trim();
        }
    }

    fn trim(&mut self) {
        self.tail.drain(..self.tail.len().saturating_sub(self.half_bytes));
    }

    /// Whether what was kept holds `words`.
    pub(crate) fn mentions(&self, words: &str) -> bool {
        [&self.head, &self.tail].iter().any(|kept| String::from_utf8_lossy(kept).contains(words))
    }

    /// What was kept, as text; where the middle was dropped two lines are one.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&[self.head.as_slice(), &self.tail].concat()).into_owned()
    }

    /// What was kept, with a line where the middle was dropped, and whether there was one.
    fn into_text(mut self) -> (Vec<u8>, bool) {
        self.trim();
        let kept = u64::try_from(self.head.len() + self.tail.len()).expect("a length fits 64 bits");
        let dropped = self.raw_bytes.saturating_sub(kept);
        let mut text = self.head;
        if dropped > 0 {
            // What follows begins in the middle of a line, so it must not look like a line of its own.
            text.extend_from_slice(format!("\n[{dropped} bytes were dropped here] ").as_bytes());
        }
        text.extend_from_slice(&self.tail);
        (text, dropped > 0)
    }

    /// What was kept of a command's output.
    pub(crate) fn into_output(self) -> Output {
        let bytes = self.raw_bytes;
        Output { text: String::from_utf8_lossy(&self.into_text().0).into_owned(), bytes }
    }

    /// The pieces of this log; none when nothing was said.
    pub(crate) fn into_pieces(self, subject: &LogSubject) -> Vec<LogPiece> {
        let raw_bytes = self.raw_bytes;
        if raw_bytes == 0 {
            return Vec::new();
        }
        let (text, cut) = self.into_text();
        let deflated = deflate(&text);
        let count = deflated.chunks(PIECE_BYTES).len();
        deflated
            .chunks(PIECE_BYTES)
            .enumerate()
            .map(|(index, piece)| LogPiece {
                subject: subject.clone(),
                raw_bytes,
                cut,
                deflated: piece.to_vec(),
                last: index + 1 == count,
            })
            .collect()
    }
}

fn deflate(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).and_then(|()| encoder.finish()).expect("writing to memory cannot fail")
}

/// Listens to libbpf for the whole job and hands out one log per step.
#[derive(Debug)]
pub(crate) struct Recorder {
    bytes_max: u32,
    step: Arc<Mutex<Step>>,
}

/// What was said since the step began.
#[derive(Debug)]
struct Step {
    everything: Log,
    /// Warnings and information, and who uses which extern: all that is worth keeping of a step that
    /// succeeded.
    notable: Log,
}

/// How libbpf tells, while it opens an object, which program refers to an undefined symbol. Loading it
/// names the symbol that is missing, and no more.
const USE_OF_EXTERN: &[u8] = b"': found extern #";
/// How each of libbpf's messages begins.
const BEGIN: &[u8] = b"libbpf: ";

/// A message of which only the first line begins like one. Names and source lines of the object are part of
/// messages, and with a line break in them they would pass for a message of libbpf.
pub(crate) fn one_message(text: &[u8]) -> Cow<'_, [u8]> {
    let pretends = |line: &&[u8]| line.starts_with(BEGIN);
    if !text.split(is_break).skip(1).any(|line| pretends(&line)) {
        return Cow::Borrowed(text);
    }
    let mut lines = text.split_inclusive(is_break);
    let mut message = lines.next().unwrap_or_default().to_vec();
    for line in lines {
        if pretends(&line) {
            message.push(b' ');
        }
        message.extend_from_slice(line);
    }
    Cow::Owned(message)
}

fn is_break(byte: &u8) -> bool {
    *byte == b'\n'
}

fn tells_use(text: &[u8]) -> bool {
    let line = text.split(is_break).next().unwrap_or_default();
    line.windows(USE_OF_EXTERN.len()).any(|words| words == USE_OF_EXTERN)
}

impl Recorder {
    /// Starts listening; each log keeps at most `bytes_max` bytes.
    pub(crate) fn start(bytes_max: u32) -> Self {
        let recorder = Self::silent(bytes_max);
        let step = Arc::clone(&recorder.step);
        print::listen(Box::new(move |debug, text| {
            step.lock().unwrap_or_else(PoisonError::into_inner).hear(debug, text);
        }));
        recorder
    }

    fn silent(bytes_max: u32) -> Self {
        Self { bytes_max, step: Arc::new(Mutex::new(Step::new(bytes_max))) }
    }

    /// The log of the step that ends here; the next step begins.
    pub(crate) fn take(&self, succeeded: bool) -> Log {
        let mut step = self.step.lock().unwrap_or_else(PoisonError::into_inner);
        let said = std::mem::replace(&mut *step, Step::new(self.bytes_max));
        if succeeded { said.notable } else { said.everything }
    }
}

impl Step {
    fn new(bytes_max: u32) -> Self {
        Self { everything: Log::new(bytes_max), notable: Log::new(bytes_max) }
    }

    fn hear(&mut self, debug: bool, text: &[u8]) {
        let text = one_message(text);
        self.everything.push(&text);
        if !debug || tells_use(&text) {
            self.notable.push(&text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn inflate(pieces: &[LogPiece]) -> String {
        let stream: Vec<u8> = pieces.iter().flat_map(|piece| piece.deflated.clone()).collect();
        let mut text = String::new();
        flate2::read::ZlibDecoder::new(&stream[..]).read_to_string(&mut text).expect("own stream");
        text
    }

    #[test]
    fn a_short_log_is_whole_and_an_empty_one_is_not_sent() {
        let mut log = Log::new(10);
        assert!(Log::new(10).into_pieces(&LogSubject::Open).is_empty());
        log.push(b"01234");
        log.push(b"56789");
        let pieces = log.into_pieces(&LogSubject::Open);
        assert_eq!(inflate(&pieces), "0123456789");
        assert!(pieces[0].last && !pieces[0].cut);
        assert_eq!(pieces[0].raw_bytes, 10);
    }

    /// Defect V11 of the earlier tool: it kept the beginning, and the verdict stands at the end.
    #[test]
    fn a_long_log_loses_its_middle_however_it_arrives() {
        let text: String = (0..1000).map(|n| format!("{n:04}")).collect();
        for cut in [1, 7, 60, 4000] {
            let mut log = Log::new(100);
            text.as_bytes().chunks(cut).for_each(|piece| log.push(piece));
            assert!(log.head.len() + log.tail.len() <= 150, "memory stays bounded");
            let pieces = log.into_pieces(&LogSubject::LoadWhole);
            let expected =
                format!("{}\n[3900 bytes were dropped here] {}", &text[..50], &text[text.len() - 50..]);
            assert_eq!(inflate(&pieces), expected);
            assert!(pieces[0].cut);
            assert_eq!(pieces[0].raw_bytes, 4000);
        }
    }

    #[test]
    fn no_line_of_a_message_but_its_first_begins_like_one() {
        let honest = b"libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n0: exit\n-- END PROG LOAD LOG --\n";
        assert!(matches!(one_message(honest), Cow::Borrowed(text) if text == honest));
        let pretends = one_message(b"libbpf: prog 'a\nlibbpf: map 'm': failed to create: -ENOMEM\n'\n");
        assert_eq!(&*pretends, b"libbpf: prog 'a\n libbpf: map 'm': failed to create: -ENOMEM\n'\n");
    }

    #[test]
    fn of_an_object_that_opened_it_is_kept_who_uses_which_extern() {
        let said = |debug, text: &str| {
            let recorder = Recorder::silent(100);
            recorder.step.lock().expect("nobody else").hear(debug, text.as_bytes());
            recorder.take(true).into_pieces(&LogSubject::Open)
        };
        let uses = "libbpf: prog 'p': found extern #0 'f' (sym 5) for insn #0\n";
        assert_eq!(inflate(&said(true, uses)), uses);
        assert!(said(true, "libbpf: sec 'xdp': found 1 relocation\n").is_empty());
        assert!(!said(false, "libbpf: warning\n").is_empty());
    }

    #[test]
    fn pieces_are_one_stream_in_order() {
        // A linear congruential sequence does not compress, so there is more than one piece.
        let mut state = 1_u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b' ' + u8::try_from(state >> 26).expect("six bits")
        })
        .take(200_000)
        .collect();
        let mut log = Log::new(1_000_000);
        log.push(&noise);
        let pieces = log.into_pieces(&LogSubject::Kernel);
        assert!(pieces.len() > 1);
        assert_eq!(pieces.iter().filter(|piece| piece.last).count(), 1);
        assert!(pieces.last().is_some_and(|piece| piece.last));
        assert_eq!(inflate(&pieces).as_bytes(), noise);
    }
}
