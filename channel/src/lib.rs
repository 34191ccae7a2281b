//! The channel from inside a guest: items of QEMU's fw_cfg in, frames on the debug console out.
//!
//! Neither needs a driver, so every kernel has them, and the contents of fw_cfg are not part of a
//! frozen guest, so a restored one finds its own job. Deliberately absent: what is said. The
//! validator speaks through it, and so does the guest that the tests make misbehave.

mod fwcfg;
mod port;

pub use fwcfg::FwCfgError;

use domain::errno::Errno;
use domain::frame::{self, Direction, FrameError, HEADER_BYTES};
use domain::message::{Boot, FromGuest, Job, ToGuest};
use fwcfg::FwCfg;
use port::Ports;

/// The item with the boot frame.
const BOOT_ITEM: &str = "opt/bpfcompat/boot";
/// The item with the job frame, or a placeholder shorter than a frame's header until there is one.
const JOB_ITEM: &str = "opt/bpfcompat/job";

/// The port of QEMU's isa-debugcon.
const CONSOLE_PORT: u16 = 0xe9;

/// fw_cfg's directory: a big-endian count, then entries of 64 bytes (size, key, reserved, name).
const DIRECTORY_KEY: u16 = 0x19;
const ENTRY_BYTES: usize = 64;
const NAME_AT: usize = 8;
/// More items than QEMU gives any machine; its own default limit is 32.
const ENTRIES_MAX: usize = 1024;

/// Why the conversation cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The way in.
    #[error("fw_cfg cannot be read")]
    FwCfg(#[from] FwCfgError),
    /// The way out.
    #[error("port {CONSOLE_PORT:#x} cannot be used: {0}")]
    Console(Errno),
    /// More items than a machine has.
    #[error("fw_cfg lists {0} items, at most {ENTRIES_MAX} are read")]
    Directory(usize),
    /// The worker gave no such item.
    #[error("fw_cfg has no item `{0}`")]
    Missing(&'static str),
    /// The item is longer or shorter than what its header announces.
    #[error("item `{item}` has {bytes} bytes, its frame {expected}")]
    Length {
        /// Its name.
        item: &'static str,
        /// What it has.
        bytes: usize,
        /// What it should have.
        expected: usize,
    },
    /// The item is something else.
    #[error("item `{item}` holds no frame")]
    Frame {
        /// Its name.
        item: &'static str,
        /// What is wrong with it.
        #[source]
        source: FrameError,
    },
    /// Boot and job are confused.
    #[error("item `{0}` holds a message that belongs elsewhere")]
    Message(&'static str),
    /// What is to be said is longer than a frame.
    #[error("an answer does not fit its frame")]
    Answer(#[from] FrameError),
}

/// One conversation with the worker.
#[derive(Debug)]
pub struct Link {
    items: FwCfg,
    console: Ports,
}

impl Link {
    /// Opens both directions; needs `/proc`.
    ///
    /// # Errors
    /// `FwCfg` or `Console`.
    pub fn open() -> Result<Self, LinkError> {
        let console = Ports::acquire(CONSOLE_PORT, 1).map_err(LinkError::Console)?;
        Ok(Self { items: FwCfg::open()?, console })
    }

    /// Sends one message.
    ///
    /// # Errors
    /// `Answer`; nothing was sent then.
    pub fn send(&self, message: &FromGuest) -> Result<(), LinkError> {
        self.write(&frame::encode(Direction::FromGuest, message)?);
        Ok(())
    }

    /// Sends bytes as they are.
    pub fn write(&self, bytes: &[u8]) {
        self.console.write(0, bytes);
    }

    /// What the worker said at boot.
    ///
    /// # Errors
    /// The item is not there, or is not what it should be.
    pub fn boot(&mut self) -> Result<Boot, LinkError> {
        let entry = self.find(BOOT_ITEM)?;
        match self.message(BOOT_ITEM, entry)? {
            ToGuest::Boot(boot) => Ok(boot),
            ToGuest::Job(_) => Err(LinkError::Message(BOOT_ITEM)),
        }
    }

    /// Whether the job is there already, as for a guest that was booted for it.
    ///
    /// # Errors
    /// The device does not answer, or has no such item.
    pub fn has_job(&mut self) -> Result<bool, LinkError> {
        Ok(self.find(JOB_ITEM)?.bytes >= HEADER_BYTES)
    }

    /// Waits until the job is there, and looks for it without a pause: a guest that is restored from
    /// here goes on in this very loop, where a sleeping one would first run its kernel's timers and
    /// scheduler. The worker freezes the guest, or holds its deadline.
    ///
    /// # Errors
    /// The item is not there, or is not what it should be.
    pub fn job(&mut self) -> Result<Job, LinkError> {
        loop {
            let entry = self.find(JOB_ITEM)?;
            if entry.bytes < HEADER_BYTES {
                std::hint::spin_loop();
                continue;
            }
            return match self.message(JOB_ITEM, entry)? {
                ToGuest::Job(job) => Ok(*job),
                ToGuest::Boot(_) => Err(LinkError::Message(JOB_ITEM)),
            };
        }
    }

    fn find(&mut self, item: &'static str) -> Result<Entry, LinkError> {
        let mut count = [0; 4];
        self.items.read(DIRECTORY_KEY, &mut count)?;
        let count = u32::from_be_bytes(count) as usize;
        if count > ENTRIES_MAX {
            return Err(LinkError::Directory(count));
        }
        let mut directory = vec![0; 4 + count * ENTRY_BYTES];
        self.items.read(DIRECTORY_KEY, &mut directory)?;
        find(&directory[4..], item).ok_or(LinkError::Missing(item))
    }

    fn message(&mut self, item: &'static str, entry: Entry) -> Result<ToGuest, LinkError> {
        let mut header = [0; HEADER_BYTES];
        self.items.read(entry.key, &mut header)?;
        let expected = frame_bytes(header).map_err(|source| LinkError::Frame { item, source })?;
        if entry.bytes != expected {
            return Err(LinkError::Length { item, bytes: entry.bytes, expected });
        }
        let mut bytes = vec![0; expected];
        self.items.read(entry.key, &mut bytes)?;
        frame::decode(&bytes[HEADER_BYTES..]).map_err(|source| LinkError::Frame { item, source })
    }
}

/// Bytes of the whole frame whose header this is; never more than the limit allows.
fn frame_bytes(header: [u8; HEADER_BYTES]) -> Result<usize, FrameError> {
    let length = frame::payload_length(Direction::ToGuest, header)?;
    Ok(HEADER_BYTES + length)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    key: u16,
    bytes: usize,
}

/// The entry of `item` in the entries of a directory.
fn find(entries: &[u8], item: &str) -> Option<Entry> {
    entries.chunks_exact(ENTRY_BYTES).find_map(|entry| {
        let name = &entry[NAME_AT..];
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
        let (&[a, b, c, d, e, f], _) = entry.split_first_chunk()?;
        (&name[..end] == item.as_bytes()).then(|| Entry {
            bytes: u32::from_be_bytes([a, b, c, d]) as usize,
            key: u16::from_be_bytes([e, f]),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(bytes: u32, key: u16, name: &str) -> Vec<u8> {
        let mut entry = bytes.to_be_bytes().to_vec();
        entry.extend_from_slice(&key.to_be_bytes());
        entry.extend_from_slice(&[0, 0]);
        entry.extend_from_slice(name.as_bytes());
        entry.resize(ENTRY_BYTES, 0);
        entry
    }

    #[test]
    fn an_item_is_found_by_its_whole_name() {
        let mut directory = entry(7, 0x20, "opt/bpfcompat/job.old");
        directory.extend(entry(70_000, 0x21, JOB_ITEM));
        assert_eq!(find(&directory, JOB_ITEM), Some(Entry { key: 0x21, bytes: 70_000 }));
        assert_eq!(find(&directory, BOOT_ITEM), None);
        assert_eq!(find(&directory[..ENTRY_BYTES + 20], JOB_ITEM), None, "a cut entry is no entry");
    }

    #[test]
    fn a_header_is_believed_only_up_to_the_limit() {
        let wire = frame::encode(Direction::ToGuest, &"job").expect("short text");
        let header = *wire.first_chunk().expect("a header");
        assert_eq!(frame_bytes(header), Ok(wire.len()));
        let mut huge = header;
        huge[4..].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(matches!(frame_bytes(huge), Err(FrameError::TooLong { .. })));
        assert!(matches!(frame_bytes(*b"NONE\0\0\0\0"), Err(FrameError::Magic(_))));
    }
}
