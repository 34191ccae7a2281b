//! One output of a command: read as it comes, searched whole, kept in part.

use crate::log::Log;
use domain::check::{OUTPUT_BYTES_MAX, Output};
use memchr::memmem;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};

/// Bytes read at once: what a pipe holds.
const READ_BYTES: usize = 64 * 1024;
/// Reads in a row: all that the largest pipe of a user holds (`pipe-max-size`, 1 MiB), so that who writes as
/// fast as it is read does not hold up the deadline.
const READS_MAX: usize = 16;

/// An output and what is looked for in it.
#[derive(Debug)]
pub(super) struct Stream<'a> {
    from: Option<File>,
    kept: Log,
    sought: Vec<Seeker<'a>>,
    buffer: Vec<u8>,
}

impl<'a> Stream<'a> {
    pub(super) fn new(sought: Vec<&'a [u8]>) -> Self {
        let bytes_max = u32::try_from(OUTPUT_BYTES_MAX).expect("kept outputs are small");
        let sought = sought.into_iter().map(Seeker::new).collect();
        Self { from: None, kept: Log::new(bytes_max), sought, buffer: vec![0; READ_BYTES] }
    }

    /// Takes the reading end of a pipe, which from now on is never waited for.
    pub(super) fn open(&mut self, pipe: Option<impl Into<OwnedFd>>) -> io::Result<()> {
        let Some(pipe) = pipe.map(Into::into) else { return Ok(()) };
        fcntl(pipe.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        self.from = Some(File::from(pipe));
        Ok(())
    }

    /// Reads what is there, up to [`READS_MAX`] times.
    pub(super) fn read(&mut self) {
        let Some(from) = &mut self.from else { return };
        for _ in 0..READS_MAX {
            let Ok(length @ 1..) = from.read(&mut self.buffer) else { break };
            let bytes = &self.buffer[..length];
            self.kept.push(bytes);
            self.sought.iter_mut().for_each(|seeker| seeker.push(bytes));
        }
    }

    /// What was kept, and whether each text was found.
    pub(super) fn close(self) -> (Output, Vec<bool>) {
        (self.kept.into_output(), self.sought.into_iter().map(|seeker| seeker.found).collect())
    }
}

/// Looks for a text in a stream that comes in pieces.
#[derive(Debug)]
struct Seeker<'a> {
    text: &'a [u8],
    // The end of what came, one byte shorter than the text: a match may begin in it.
    end: Vec<u8>,
    found: bool,
}

impl<'a> Seeker<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self { text, end: Vec::new(), found: text.is_empty() }
    }

    fn push(&mut self, bytes: &[u8]) {
        if self.found {
            return;
        }
        self.end.extend_from_slice(bytes);
        self.found = memmem::find(&self.end, self.text).is_some();
        let keep = self.text.len().saturating_sub(1);
        self.end.drain(..self.end.len().saturating_sub(keep));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Defect V6 of the earlier tool: only the last 2 KB of an output were searched.
    #[test]
    fn a_text_is_found_wherever_it_is_and_however_it_arrives() {
        let mut stream = vec![b'x'; 100_000];
        stream[5_000..5_006].copy_from_slice(b"needle");
        for cut in [1, 3, 7, 4096, 100_000] {
            let (mut there, mut absent) = (Seeker::new(b"needle"), Seeker::new(b"needles"));
            for piece in stream.chunks(cut) {
                there.push(piece);
                absent.push(piece);
            }
            assert!(there.found && !absent.found, "in pieces of {cut}");
        }
    }
}
