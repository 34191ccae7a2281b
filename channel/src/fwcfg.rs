//! QEMU's fw_cfg device, read from user space without a driver.
//!
//! Layout from QEMU's `docs/specs/fw_cfg.rst`: selector port 0x510 (16 bits), data port 0x511, DMA
//! address register 0x514 (64 bits, big endian, the low half starts the transfer).

#![allow(unsafe_code, reason = "the device reads and writes physical memory")]

use super::port::Ports;
use domain::errno::Errno;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::ptr::NonNull;

const FIRST_PORT: u16 = 0x510;
const PORTS: u16 = 12;
const SELECTOR: u16 = 0;
const DATA: u16 = 1;
const DMA_HIGH: u16 = 4;
const DMA_LOW: u16 = 8;

const KEY_SIGNATURE: u16 = 0;
const KEY_FEATURES: u16 = 1;
const FEATURE_DMA: u32 = 2;

const CONTROL_READ: u32 = 2;
const CONTROL_SELECT: u32 = 8;

const PAGE_BYTES: usize = 4096;

/// Why the device cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FwCfgError {
    /// The kernel keeps the ports to itself, as under lockdown.
    #[error("the fw_cfg ports cannot be used: {0}")]
    Ports(Errno),
    /// Nothing at the ports answers with the signature.
    #[error("no fw_cfg device: the signature reads {0:02x?}")]
    Signature([u8; 4]),
    /// The device reported a failed transfer.
    #[error("fw_cfg reported a failed transfer of item {0:#x}")]
    Transfer(u16),
}

/// The device, with DMA where it is offered and byte-wise port reads elsewhere.
#[derive(Debug)]
pub(crate) struct FwCfg {
    ports: Ports,
    bounce: Option<Bounce>,
}

impl FwCfg {
    /// Finds the device; needs `/proc` for DMA.
    pub(crate) fn open() -> Result<Self, FwCfgError> {
        let ports = Ports::acquire(FIRST_PORT, PORTS).map_err(FwCfgError::Ports)?;
        let mut device = Self { ports, bounce: None };
        let mut word = [0; 4];
        device.read(KEY_SIGNATURE, &mut word)?;
        if &word != b"QEMU" {
            return Err(FwCfgError::Signature(word));
        }
        device.read(KEY_FEATURES, &mut word)?;
        if u32::from_le_bytes(word) & FEATURE_DMA != 0 {
            device.bounce = Bounce::new().ok();
        }
        Ok(device)
    }

    /// Fills `bytes` from the beginning of an item.
    pub(crate) fn read(&mut self, key: u16, bytes: &mut [u8]) -> Result<(), FwCfgError> {
        let Some(bounce) = &mut self.bounce else {
            self.ports.write_u16(SELECTOR, key);
            self.ports.read(DATA, bytes);
            return Ok(());
        };
        let mut control = u32::from(key) << 16 | CONTROL_SELECT | CONTROL_READ;
        for piece in bytes.chunks_mut(PAGE_BYTES) {
            bounce.transfer(self.ports, control, piece).map_err(|Failed| FwCfgError::Transfer(key))?;
            control = CONTROL_READ;
        }
        Ok(())
    }
}

/// The device said no, or did not answer.
struct Failed;

/// Two locked pages whose physical addresses are known: a DMA descriptor and its data.
#[derive(Debug)]
struct Bounce {
    pages: NonNull<u8>,
    descriptor_address: u64,
    data_address: u64,
}

impl Bounce {
    fn new() -> Result<Self, Errno> {
        // Compaction may move even locked pages unless it is told not to, and a moved page would
        // make the device write into somebody else's memory.
        std::fs::write("/proc/sys/vm/compact_unevictable_allowed", "0").map_err(errno_of)?;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_LOCKED | libc::MAP_POPULATE;
        // SAFETY: an anonymous mapping at an address the kernel chooses overlaps nothing of ours.
        let mapped = unsafe {
            libc::mmap(std::ptr::null_mut(), 2 * PAGE_BYTES, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0)
        };
        if mapped == libc::MAP_FAILED {
            return Err(errno_of(std::io::Error::last_os_error()));
        }
        let pages = NonNull::new(mapped.cast::<u8>()).ok_or(Errno::ENOMEM)?;
        // SAFETY: the mapping is two pages long, so its second page is inside.
        let data = unsafe { pages.add(PAGE_BYTES) };
        Ok(Self {
            pages,
            descriptor_address: physical_address(pages)?,
            data_address: physical_address(data)?,
        })
    }

    /// One transfer of at most a page.
    fn transfer(&mut self, ports: Ports, control: u32, piece: &mut [u8]) -> Result<(), Failed> {
        assert!(piece.len() <= PAGE_BYTES, "a transfer fits the data page");
        let length = u32::try_from(piece.len()).expect("a page's length fits 32 bits");
        let mut descriptor = [0; 16];
        descriptor[..4].copy_from_slice(&control.to_be_bytes());
        descriptor[4..8].copy_from_slice(&length.to_be_bytes());
        descriptor[8..].copy_from_slice(&self.data_address.to_be_bytes());
        // SAFETY: the first page is ours, mapped, and larger than a descriptor.
        unsafe { self.pages.cast::<[u8; 16]>().write_volatile(descriptor) };
        let [a, b, c, d, e, f, g, h] = self.descriptor_address.to_be_bytes();
        // The register is big endian and the port write little endian, so the halves are swapped.
        ports.write_u32(DMA_HIGH, u32::from_le_bytes([a, b, c, d]));
        ports.write_u32(DMA_LOW, u32::from_le_bytes([e, f, g, h]));
        // QEMU completes a transfer before the port write returns: anything but zero here is an
        // error bit, or a descriptor the device never saw.
        // SAFETY: as above; volatile because the device wrote it.
        let answer = unsafe { self.pages.cast::<[u8; 4]>().read_volatile() };
        if answer != [0; 4] {
            return Err(Failed);
        }
        // SAFETY: the second page is ours and holds `piece.len()` bytes; the port writes above were
        // compiler barriers, so the bytes are read after the device wrote them.
        unsafe {
            std::ptr::copy_nonoverlapping(
                self.pages.add(PAGE_BYTES).as_ptr(),
                piece.as_mut_ptr(),
                piece.len(),
            )
        };
        Ok(())
    }
}

/// The physical address of a page, from `/proc/self/pagemap`: eight bytes per page, of which the
/// low 55 bits are the frame number and bit 63 says that the page is present.
fn physical_address(page: NonNull<u8>) -> Result<u64, Errno> {
    const PRESENT: u64 = 1 << 63;
    const FRAME: u64 = (1 << 55) - 1;
    let page_bytes = u64::try_from(PAGE_BYTES).expect("a page's size fits 64 bits");
    let index = u64::try_from(page.addr().get()).expect("an address fits 64 bits") / page_bytes;
    let mut entry = [0; 8];
    File::open("/proc/self/pagemap")
        .and_then(|file| file.read_exact_at(&mut entry, index * 8))
        .map_err(errno_of)?;
    let entry = u64::from_le_bytes(entry);
    if entry & PRESENT == 0 || entry & FRAME == 0 {
        return Err(Errno::EPERM);
    }
    Ok((entry & FRAME) * page_bytes)
}

fn errno_of(error: std::io::Error) -> Errno {
    Errno(error.raw_os_error().unwrap_or(0))
}
