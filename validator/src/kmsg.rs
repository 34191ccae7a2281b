//! Kernel messages of the time in which a job ran.

use crate::log::Log;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;

/// The kernel gives one record per read and never a longer one (`PRINTK_MESSAGE_MAX`, 2048 since
/// 6.4, 8192 before, `CONSOLE_EXT_LOG_MAX`).
const RECORD_BYTES: usize = 16 * 1024;
/// Records read before giving up: an object that makes the kernel talk without end is cut here.
const RECORDS_MAX: usize = 65_536;

/// The place in the kernel's log from which on messages count.
#[derive(Debug)]
pub(crate) struct Mark(File);

impl Mark {
    /// Here.
    pub(crate) fn now() -> std::io::Result<Self> {
        let mut file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open("/dev/kmsg")?;
        file.seek(SeekFrom::End(0))?;
        Ok(Self(file))
    }

    /// Everything since, one message a line.
    pub(crate) fn read(mut self, bytes_max: u32) -> Log {
        let mut log = Log::new(bytes_max);
        let mut record = vec![0; RECORD_BYTES];
        for _ in 0..RECORDS_MAX {
            match self.0.read(&mut record) {
                Ok(length) => log.push(line(&String::from_utf8_lossy(&record[..length])).as_bytes()),
                // Messages were overwritten before they were read; the next read goes on after them.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                    log.push(b"[kernel messages were lost here]\n");
                }
                Err(_) => break,
            }
        }
        log
    }
}

/// `<level>[seconds] message` from a record `priority,sequence,microseconds,flags;message`, with
/// its continuation lines dropped: they name devices, and guests have none of interest.
fn line(record: &str) -> String {
    let (fields, message) = record.split_once(';').unwrap_or(("", record));
    let mut fields = fields.split(',');
    let level = fields.next().and_then(|field| field.parse::<u32>().ok()).unwrap_or(0) & 7;
    let micros = fields.nth(1).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    let message = message.lines().next().unwrap_or("");
    format!("<{level}>[{:5}.{:06}] {message}\n", micros / 1_000_000, micros % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_becomes_one_line() {
        assert_eq!(
            line("4,339,5140900,-;WARNING: CPU: 0\n SUBSYSTEM=net\n"),
            "<4>[    5.140900] WARNING: CPU: 0\n"
        );
        assert_eq!(line("30,1,7,-;x;y\n"), "<6>[    0.000007] x;y\n");
        assert_eq!(line("garbage"), "<0>[    0.000000] garbage\n");
    }
}
