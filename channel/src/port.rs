//! Input and output instructions. x86-64 only, as the guests are today.

#![allow(unsafe_code, reason = "there is no safe way to these instructions")]

use domain::errno::Errno;
use std::arch::asm;

/// The right to use a range of I/O ports, granted by the kernel to this thread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    first: u16,
    count: u16,
}

impl Ports {
    /// Asks the kernel for `count` ports from `first` on.
    pub(crate) fn acquire(first: u16, count: u16) -> Result<Self, Errno> {
        // SAFETY: ioperm changes this thread's port bitmap and touches no memory of ours.
        let refused = unsafe { libc::ioperm(first.into(), count.into(), 1) } != 0;
        if refused {
            Err(Errno(std::io::Error::last_os_error().raw_os_error().unwrap_or(0)))
        } else {
            Ok(Self { first, count })
        }
    }

    fn port(self, offset: u16) -> u16 {
        assert!(offset < self.count, "offset {offset} lies outside the {} ports acquired", self.count);
        self.first + offset
    }

    /// Writes all of `bytes` to one port.
    pub(crate) fn write(self, offset: u16, bytes: &[u8]) {
        let port = self.port(offset);
        // SAFETY: the port was granted; `rep outsb` reads exactly `bytes.len()` bytes from `bytes`.
        // The default clobbers of asm! cover memory, and the direction flag is clear by the ABI.
        unsafe {
            asm!("rep outsb", in("dx") port, inout("rsi") bytes.as_ptr() => _,
                inout("rcx") bytes.len() => _, options(nostack, preserves_flags));
        }
    }

    /// Fills `bytes` from one port.
    pub(crate) fn read(self, offset: u16, bytes: &mut [u8]) {
        let port = self.port(offset);
        // SAFETY: the port was granted; `rep insb` writes exactly `bytes.len()` bytes into `bytes`,
        // and asm! without `nomem` tells the compiler that memory changes.
        unsafe {
            asm!("rep insb", in("dx") port, inout("rdi") bytes.as_mut_ptr() => _,
                inout("rcx") bytes.len() => _, options(nostack, preserves_flags));
        }
    }

    /// Writes a 16-bit word.
    pub(crate) fn write_u16(self, offset: u16, value: u16) {
        let port = self.port(offset);
        // SAFETY: the port was granted and the instruction touches no memory of ours.
        unsafe { asm!("out dx, ax", in("dx") port, in("ax") value, options(nostack, preserves_flags)) };
    }

    /// Writes a 32-bit word. A device may answer by writing to memory, hence no `nomem`.
    pub(crate) fn write_u32(self, offset: u16, value: u32) {
        let port = self.port(offset);
        // SAFETY: the port was granted; memory a device writes to belongs to the caller's buffer,
        // which it reads volatile afterwards.
        unsafe { asm!("out dx, eax", in("dx") port, in("eax") value, options(nostack, preserves_flags)) };
    }
}
