//! Messages out of the pipe that carries what the guest writes to port 0xe9.

use domain::frame::{Direction, FrameError, Reader};
use domain::message::FromGuest;
use std::io;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;

/// Bytes one guest may send in all. What is kept of an honest guest deflates to a few mebibytes;
/// a port write costs about a microsecond, so a flood would take minutes and not memory.
const GUEST_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A pipe's own capacity: more never waits in it.
const READ_BYTES: usize = 64 * 1024;

/// Why a link is of no more use.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// What came is not a frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The guest used up its bytes.
    #[error("it sent more than {GUEST_BYTES_MAX} bytes")]
    TooMuch,
    /// The pipe cannot be read.
    #[error("its pipe cannot be read")]
    Read(#[source] io::Error),
}

/// The guest's end of the conversation.
#[derive(Debug)]
pub(crate) struct Link {
    pipe: pipe::Receiver,
    reader: Reader,
    chunk: Vec<u8>,
    seen_bytes: u64,
}

impl Link {
    pub(crate) fn new(pipe: pipe::Receiver) -> Self {
        Self { pipe, reader: Reader::new(Direction::FromGuest), chunk: vec![0; READ_BYTES], seen_bytes: 0 }
    }

    /// The next message, or `None` once the other end is closed; a frame it broke off is dropped.
    /// Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// The link is then of no more use.
    pub(crate) async fn next(&mut self) -> Result<Option<FromGuest>, LinkError> {
        loop {
            if let Some(message) = self.reader.message()? {
                return Ok(Some(message));
            }
            let count = self.pipe.read(&mut self.chunk).await.map_err(LinkError::Read)?;
            if count == 0 {
                return Ok(None);
            }
            self.seen_bytes += count as u64;
            if self.seen_bytes > GUEST_BYTES_MAX {
                return Err(LinkError::TooMuch);
            }
            self.reader.push(&self.chunk[..count]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::frame::encode;
    use domain::message::{FromGuest, Nonce};
    use std::io::Write as _;

    fn finished() -> Vec<u8> {
        encode(Direction::FromGuest, &FromGuest::Finished { job_nonce: Nonce([3; 32]) }).unwrap()
    }

    /// A link whose other end writes `pieces` and closes.
    fn link(pieces: Vec<Vec<u8>>) -> Link {
        let (reader, mut writer) = std::io::pipe().unwrap();
        // The link hangs up when it has seen enough, so a refused write is part of the test.
        std::thread::spawn(move || pieces.iter().try_for_each(|piece| writer.write_all(piece)));
        Link::new(pipe::Receiver::from_owned_fd(reader.into()).unwrap())
    }

    #[tokio::test]
    async fn frames_come_out_whole_and_a_broken_last_one_is_dropped() {
        let frame = finished();
        let (start, end) = frame.split_at(7);
        let mut link = link(vec![frame.clone(), start.to_vec(), end.to_vec(), frame[..20].to_vec()]);
        assert!(matches!(link.next().await, Ok(Some(FromGuest::Finished { .. }))));
        assert!(matches!(link.next().await, Ok(Some(FromGuest::Finished { .. }))));
        assert!(matches!(link.next().await, Ok(None)));
    }

    #[tokio::test]
    async fn garbage_is_an_error() {
        assert!(matches!(link(vec![b"login: root".to_vec()]).next().await, Err(LinkError::Frame(_))));
    }

    #[tokio::test]
    async fn a_flood_of_good_frames_ends_at_the_limit() {
        let flood: Vec<u8> = finished().repeat(1 << 15);
        let rounds = usize::try_from(GUEST_BYTES_MAX).unwrap() / flood.len() + 1;
        let mut link = link(vec![flood; rounds]);
        let error = loop {
            match link.next().await {
                Ok(message) => assert!(message.is_some(), "the limit comes before the end"),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, LinkError::TooMuch), "{error}");
    }
}
