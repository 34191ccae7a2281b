//! Frames: how messages travel between the worker and the validator in the guest.
//!
//! ```text
//! offset 0  2 bytes  magic, "bc"
//!        2  1 byte   version of this format
//!        3  1 byte   direction: 1 to the guest, 2 from the guest
//!        4  4 bytes  payload length, little endian
//!        8  payload  one message, postcard encoded
//! ```
//!
//! The guest is hostile, so nothing is allocated before the length was compared with the
//! reader's limit, and the first malformed byte ends the conversation: there is no way to find
//! the next frame in a stream that lied once.

/// Version of the frame format and of the messages inside it.
pub const FRAME_VERSION: u8 = 1;
/// Bytes before the payload.
pub const HEADER_BYTES: usize = 8;
/// Largest payload a guest may send in one frame: logs travel in chunks far below it.
pub const FROM_GUEST_BYTES_MAX: usize = 1024 * 1024;
/// Largest payload sent to a guest: the largest object, what its loader sets, all modules and the loader a
/// job may bring along, and a little for the job around them. Together 128 MiB and 384 KiB.
pub const TO_GUEST_BYTES_MAX: usize = crate::OBJECT_BYTES_MAX
    + crate::contract::MANIFEST_BYTES_MAX
    + crate::contract::GLOBALS_BYTES_MAX
    + crate::JOB_MODULES_BYTES_MAX
    + crate::LOADER_BYTES_MAX
    + 64 * 1024;

const MAGIC: [u8; 2] = *b"bc";

/// Which way a frame travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Worker to validator.
    ToGuest,
    /// Validator to worker.
    FromGuest,
}

impl Direction {
    fn byte(self) -> u8 {
        match self {
            Self::ToGuest => 1,
            Self::FromGuest => 2,
        }
    }

    fn bytes_max(self) -> usize {
        match self {
            Self::ToGuest => TO_GUEST_BYTES_MAX,
            Self::FromGuest => FROM_GUEST_BYTES_MAX,
        }
    }
}

/// Why a byte stream is not a sequence of frames.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The first two bytes are not the magic.
    #[error("frame starts with {0:02x?} instead of the magic")]
    Magic([u8; 2]),
    /// The other side speaks another version.
    #[error("frame has version {0}, this side speaks {FRAME_VERSION}")]
    Version(u8),
    /// A frame for the other direction.
    #[error("frame has direction {0}, expected {1}")]
    Direction(u8, u8),
    /// The announced payload exceeds the limit; nothing was allocated.
    #[error("frame announces {announced} bytes, at most {max} are accepted")]
    TooLong {
        /// Bytes the header announced.
        announced: usize,
        /// Bytes this direction accepts.
        max: usize,
    },
    /// The payload is not a message of this version.
    #[error("frame payload is not a known message: {0}")]
    Payload(String),
    /// Bytes follow the message inside its frame.
    #[error("frame payload has {0} bytes after its message")]
    Trailing(usize),
}

/// One message in its frame, ready to be written.
///
/// # Errors
/// `TooLong` if the encoded message exceeds the limit of its direction.
pub fn encode<M: serde::Serialize>(direction: Direction, message: &M) -> Result<Vec<u8>, FrameError> {
    let payload = postcard::to_stdvec(message).map_err(|error| FrameError::Payload(error.to_string()))?;
    let max = direction.bytes_max();
    let length = u32::try_from(payload.len())
        .ok()
        .filter(|_| payload.len() <= max)
        .ok_or(FrameError::TooLong { announced: payload.len(), max })?;
    let mut frame = Vec::with_capacity(HEADER_BYTES + payload.len());
    frame.extend_from_slice(&MAGIC);
    frame.push(FRAME_VERSION);
    frame.push(direction.byte());
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(&payload);
    Ok(frame)
}

/// The payload length a header announces, checked against everything a header can get wrong.
///
/// # Errors
/// `Magic`, `Version`, `Direction` or `TooLong`, in that order.
pub fn payload_length(direction: Direction, header: [u8; HEADER_BYTES]) -> Result<usize, FrameError> {
    let [m0, m1, version, way, l0, l1, l2, l3] = header;
    if [m0, m1] != MAGIC {
        return Err(FrameError::Magic([m0, m1]));
    }
    if version != FRAME_VERSION {
        return Err(FrameError::Version(version));
    }
    if way != direction.byte() {
        return Err(FrameError::Direction(way, direction.byte()));
    }
    let announced = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    let max = direction.bytes_max();
    if announced > max {
        return Err(FrameError::TooLong { announced, max });
    }
    Ok(announced)
}

/// The message in a payload; the payload must hold it and nothing else.
///
/// # Errors
/// `Payload` or `Trailing`.
pub fn decode<M: serde::de::DeserializeOwned>(payload: &[u8]) -> Result<M, FrameError> {
    let (message, rest) =
        postcard::take_from_bytes(payload).map_err(|error| FrameError::Payload(error.to_string()))?;
    if rest.is_empty() { Ok(message) } else { Err(FrameError::Trailing(rest.len())) }
}

/// Cuts a byte stream into messages, however the stream was cut on its way.
#[derive(Debug)]
pub struct Reader {
    direction: Direction,
    buffer: Vec<u8>,
    // Where the next frame begins. What lies before is dropped once per push, not once per frame:
    // a flood of tiny frames would else move all that follows each of them.
    start: usize,
    failed: bool,
}

impl Reader {
    /// A reader for one direction of one conversation.
    pub fn new(direction: Direction) -> Self {
        Self { direction, buffer: Vec::new(), start: 0, failed: false }
    }

    /// Takes the next bytes of the stream. After a failed [`Reader::message`] they are dropped.
    pub fn push(&mut self, bytes: &[u8]) {
        if !self.failed {
            self.buffer.drain(..self.start);
            self.start = 0;
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next whole message, or `None` until more bytes come.
    ///
    /// # Errors
    /// The first error ends the stream: every later call yields `None`.
    pub fn message<M: serde::de::DeserializeOwned>(&mut self) -> Result<Option<M>, FrameError> {
        let pending = &self.buffer[self.start..];
        let Some(header) = pending.first_chunk::<HEADER_BYTES>() else {
            return Ok(None);
        };
        let result = payload_length(self.direction, *header).and_then(|length| {
            let end = HEADER_BYTES + length;
            match pending.get(HEADER_BYTES..end) {
                None => Ok(None),
                Some(payload) => decode(payload).map(|message| Some((message, end))),
            }
        });
        match result {
            Ok(None) => Ok(None),
            Ok(Some((message, end))) => {
                self.start += end;
                Ok(Some(message))
            }
            Err(error) => {
                self.failed = true;
                (self.buffer, self.start) = (Vec::new(), 0);
                Err(error)
            }
        }
    }

    /// Bytes that wait for the rest of their frame.
    pub fn pending_bytes(&self) -> usize {
        self.buffer.len() - self.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wire(text: &str) -> Vec<u8> {
        encode(Direction::FromGuest, &text.to_owned()).expect("short text")
    }

    #[test]
    fn a_length_beyond_the_limit_is_refused_before_allocation() {
        let mut bytes = wire("x")[..4].to_vec();
        bytes.extend_from_slice(&u32::MAX.to_le_bytes());
        let mut reader = Reader::new(Direction::FromGuest);
        reader.push(&bytes);
        assert!(matches!(reader.message::<String>(), Err(FrameError::TooLong { .. })));
        assert_eq!(reader.pending_bytes(), 0);
        reader.push(&wire("later"));
        assert_eq!(reader.message::<String>(), Ok(None), "a stream that lied once stays closed");
    }

    #[test]
    fn magic_version_direction_and_trailing_bytes_are_checked() {
        for (at, expected) in [
            (0, FrameError::Magic([b'b' ^ 0xff, b'c'])),
            (2, FrameError::Version(FRAME_VERSION ^ 0xff)),
            (3, FrameError::Direction(2 ^ 0xff, 2)),
        ] {
            let mut bytes = wire("x");
            bytes[at] ^= 0xff;
            let mut reader = Reader::new(Direction::FromGuest);
            reader.push(&bytes);
            assert_eq!(reader.message::<String>(), Err(expected));
        }
        let mut long = wire("x");
        long.push(0);
        long[4] += 1;
        let mut reader = Reader::new(Direction::FromGuest);
        reader.push(&long);
        assert_eq!(reader.message::<String>(), Err(FrameError::Trailing(1)));
    }

    proptest! {
        #[test]
        fn messages_survive_any_cut(texts in prop::collection::vec(".{0,40}", 0..8), cut in 1usize..17) {
            let stream: Vec<u8> = texts.iter().flat_map(|text| wire(text)).collect();
            let mut reader = Reader::new(Direction::FromGuest);
            let mut got = Vec::new();
            for piece in stream.chunks(cut) {
                reader.push(piece);
                while let Some(text) = reader.message::<String>().expect("own frames") {
                    got.push(text);
                }
            }
            prop_assert_eq!(got, texts);
            prop_assert_eq!(reader.pending_bytes(), 0);
        }

        #[test]
        fn garbage_never_panics_nor_buffers_past_the_limit(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
            let mut reader = Reader::new(Direction::FromGuest);
            reader.push(&bytes);
            while let Ok(Some(_)) = reader.message::<crate::message::FromGuest>() {}
            prop_assert!(reader.pending_bytes() <= HEADER_BYTES + FROM_GUEST_BYTES_MAX);
        }
    }
}
