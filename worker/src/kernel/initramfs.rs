//! The guest's only file system: the validator, its modules, and a shell with tools.

use super::{Bundle, KernelError};
use domain::digest::Digest;
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest as _, Sha256};
use std::io::Write;
use std::path::PathBuf;

/// Empty directories the validator mounts on.
const DIRECTORIES: &[&str] = &["bin", "boot", "dev", "modules", "proc", "run", "sys", "tmp"];

const DIRECTORY: u32 = 0o040_755;
const CHARACTER_DEVICE: u32 = 0o020_600;
const EXECUTABLE: u32 = 0o100_755;
const PLAIN: u32 = 0o100_644;

/// An initramfs on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initramfs {
    /// The file: cpio (`newc`) in gzip.
    pub path: PathBuf,
    /// Its digest. The same validator and bundle always make the same bytes.
    pub digest: Digest,
    /// Modules as the guest sees them, in load order, for example `/modules/cls_bpf.ko`.
    pub modules: Vec<String>,
}

impl Bundle {
    /// The initramfs of this bundle around `validator`, a static executable that becomes `/init`, and a
    /// static `busybox`, if there is one. Built once and kept beside the bundle. Blocks for some hundred
    /// milliseconds.
    ///
    /// # Errors
    /// When a module cannot be read or the file cannot be written.
    pub fn initramfs(&self, validator: &[u8], busybox: Option<&[u8]>) -> Result<Initramfs, KernelError> {
        let mut key = Sha256::new_with_prefix(Sha256::digest(validator));
        let mut programs = vec![("init", validator)];
        if let Some(busybox) = busybox {
            key.update(Sha256::digest(busybox));
            programs.push(("bin/busybox", busybox));
        }
        let mut files = Vec::new();
        for path in &self.modules {
            let bytes = std::fs::read(path).map_err(|source| KernelError::io("read", path, source))?;
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            key.update(name);
            key.update(Sha256::digest(&bytes));
            files.push((format!("modules/{name}"), bytes));
        }
        let modules = files.iter().map(|(name, _)| format!("/{name}")).collect();
        if let Some(config) = &self.config {
            // Objects may ask for the kernel's configuration; libbpf reads it where distributions put it.
            let bytes = std::fs::read(config).map_err(|source| KernelError::io("read", config, source))?;
            key.update(Sha256::digest(&bytes));
            files.push((format!("boot/config-{}", self.kernel.release), bytes));
        }
        let path = self.dir.join(format!("initramfs-{}.gz", Digest(key.finalize().into()).short()));
        if let Ok(bytes) = std::fs::read(&path) {
            return Ok(Initramfs { digest: Digest::of(&bytes), path, modules });
        }
        let io = |source| KernelError::io("write", &path, source);
        let bytes = archive(&programs, &files).map_err(io)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.dir).map_err(io)?;
        file.write_all(&bytes).map_err(io)?;
        // Temporary files are closed to everybody else; this one is no secret and is there to be booted.
        let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        file.as_file().set_permissions(readable).map_err(io)?;
        file.persist(&path).map_err(|error| io(error.error))?;
        Ok(Initramfs { digest: Digest::of(&bytes), path, modules })
    }
}

fn archive(programs: &[(&str, &[u8])], files: &[(String, Vec<u8>)]) -> std::io::Result<Vec<u8>> {
    let mut cpio = Cpio { to: GzEncoder::new(Vec::new(), Compression::default()), entries: 0 };
    for directory in DIRECTORIES {
        cpio.entry(directory, DIRECTORY, (0, 0), &[])?;
    }
    cpio.entry("dev/console", CHARACTER_DEVICE, (5, 1), &[])?;
    for (name, bytes) in programs {
        cpio.entry(name, EXECUTABLE, (0, 0), bytes)?;
    }
    for (name, bytes) in files {
        cpio.entry(name, PLAIN, (0, 0), bytes)?;
    }
    cpio.entry("TRAILER!!!", 0, (0, 0), &[])?;
    cpio.to.finish()
}

/// Writes the `newc` format of the kernel's Documentation/driver-api/early-userspace/buffer-format.rst.
struct Cpio<W> {
    to: W,
    entries: u32,
}

impl<W: Write> Cpio<W> {
    fn entry(&mut self, name: &str, mode: u32, device: (u32, u32), data: &[u8]) -> std::io::Result<()> {
        self.entries += 1;
        let too_big = |_| std::io::Error::other(format!("{name} is too big for a cpio archive"));
        let bytes = u32::try_from(data.len()).map_err(too_big)?;
        let name_bytes = u32::try_from(name.len() + 1).map_err(too_big)?;
        let (inode, links, owner, time, check) = (self.entries, 1, 0, 0, 0);
        let numbers =
            [inode, mode, owner, owner, links, time, bytes, 0, 0, device.0, device.1, name_bytes, check];
        self.to.write_all(b"070701")?;
        for number in numbers {
            write!(self.to, "{number:08x}")?;
        }
        self.to.write_all(name.as_bytes())?;
        // The header is 110 bytes; name and data are each padded to four.
        self.to.write_all(&[0; 4][..4 - (110 + name.len()) % 4])?;
        self.to.write_all(data)?;
        self.to.write_all(&[0; 3][..data.len().next_multiple_of(4) - data.len()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    /// Name, mode, device and data of each entry, read as the kernel does: by the numbers alone.
    #[expect(clippy::type_complexity, reason = "one entry is one tuple of what newc stores")]
    fn entries(cpio: &[u8]) -> Vec<(String, u32, (u32, u32), Vec<u8>)> {
        let (mut at, mut entries) = (0, Vec::new());
        while at < cpio.len() {
            assert_eq!(&cpio[at..at + 6], b"070701", "at {at}");
            let number = |field: usize| {
                let hex = std::str::from_utf8(&cpio[at + 6 + field * 8..at + 14 + field * 8]).expect("ascii");
                u32::from_str_radix(hex, 16).expect("hexadecimal")
            };
            let (mode, device) = (number(1), (number(9), number(10)));
            let (bytes, name_bytes) = (number(6) as usize, number(11) as usize);
            let name = &cpio[at + 110..at + 110 + name_bytes - 1];
            let data = (at + 110 + name_bytes).next_multiple_of(4);
            entries.push((
                String::from_utf8(name.to_vec()).expect("text"),
                mode,
                device,
                cpio[data..data + bytes].to_vec(),
            ));
            at = (data + bytes).next_multiple_of(4);
        }
        entries
    }

    #[test]
    fn the_archive_has_what_a_guest_boots_from() {
        for data_bytes in 0..5 {
            let module = ("modules/cls_bpf.ko".to_owned(), vec![7; data_bytes]);
            let programs: [(&str, &[u8]); 2] = [("init", b"#!validator"), ("bin/busybox", b"#!busybox")];
            let gz = archive(&programs, std::slice::from_ref(&module)).expect("archive");
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(gz.as_slice()).read_to_end(&mut plain).expect("gzip");
            let entries = entries(&plain);
            let entry = |name: &str| entries.iter().find(|entry| entry.0 == name).expect(name);
            assert_eq!((entry("init").1, entry("init").3.as_slice()), (0o100_755, b"#!validator".as_slice()));
            assert_eq!(entry("bin/busybox").1, 0o100_755);
            assert_eq!((entry("dev/console").1, entry("dev/console").2), (0o020_600, (5, 1)));
            assert_eq!((entry(&module.0).1, &entry(&module.0).3), (0o100_644, &module.1));
            for directory in ["proc", "sys", "dev", "tmp", "run", "modules"] {
                assert_eq!(entry(directory).1, 0o040_755, "{directory}");
            }
            assert_eq!(entries.last().map(|entry| entry.0.as_str()), Some("TRAILER!!!"));
        }
    }
}
