//! System calls that neither the standard library nor nix wraps.

use super::last_errno;
use domain::errno::Errno;
use std::ffi::c_int;
use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// Loads a kernel module from a plain `.ko` file.
pub(crate) fn load_module(file: &File) -> Result<(), Errno> {
    // SAFETY: finit_module reads the descriptor and the NUL-terminated empty parameter string.
    let result = unsafe { libc::syscall(libc::SYS_finit_module, file.as_raw_fd(), c"".as_ptr(), 0) };
    if result < 0 { Err(last_errno()) } else { Ok(()) }
}

/// Loads a kernel module from the bytes of a plain `.ko` file.
pub(crate) fn load_module_bytes(module: &[u8]) -> Result<(), Errno> {
    // SAFETY: init_module reads `module.len()` bytes and the NUL-terminated empty parameter string.
    let result = unsafe { libc::syscall(libc::SYS_init_module, module.as_ptr(), module.len(), c"".as_ptr()) };
    if result < 0 { Err(last_errno()) } else { Ok(()) }
}

/// Sets the loopback interface up and returns its index.
pub(crate) fn loopback_up() -> Result<c_int, Errno> {
    // SAFETY: no pointer is passed.
    let socket = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    if socket < 0 {
        return Err(last_errno());
    }
    // SAFETY: the descriptor was just opened and belongs to nobody else.
    let socket = unsafe { OwnedFd::from_raw_fd(socket) };
    // SAFETY: all-zero bytes are a valid ifreq.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(*b"lo") {
        *to = from.cast_signed();
    }
    request.ifr_ifru.ifru_flags =
        libc::c_short::try_from(libc::IFF_UP | libc::IFF_RUNNING).expect("interface flags fit 16 bits");
    // SAFETY: SIOCSIFFLAGS reads the ifreq, which outlives the call.
    if unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw mut request) } < 0 {
        return Err(last_errno());
    }
    // SAFETY: SIOCGIFINDEX writes into the same ifreq.
    if unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFINDEX, &raw mut request) } < 0 {
        return Err(last_errno());
    }
    // SAFETY: the kernel just stored the index, an int like every member it could be read as.
    Ok(unsafe { request.ifr_ifru.ifru_ifindex })
}

/// Adds 32 bytes to the kernel's entropy, credited in full, and reseeds the generator, so that two
/// guests restored from one memory image draw different numbers.
pub(crate) fn reseed(random: &File, entropy: [u8; 32]) -> Result<(), Errno> {
    /// `struct rand_pool_info` of `linux/random.h` with a buffer of 32 bytes.
    #[repr(C)]
    struct Pool {
        entropy_bits: c_int,
        bytes: c_int,
        buffer: [u8; 32],
    }
    /// `_IOW('R', 0x03, int[2])` and `_IO('R', 0x07)` of `linux/random.h`.
    const RNDADDENTROPY: libc::c_ulong = 0x4008_5203;
    const RNDRESEEDCRNG: libc::c_ulong = 0x5207;
    let pool = Pool { entropy_bits: 256, bytes: 32, buffer: entropy };
    // SAFETY: RNDADDENTROPY reads the header and the 32 bytes it announces, all inside `pool`.
    if unsafe { libc::ioctl(random.as_raw_fd(), RNDADDENTROPY, &raw const pool) } < 0 {
        return Err(last_errno());
    }
    // SAFETY: RNDRESEEDCRNG takes no argument.
    if unsafe { libc::ioctl(random.as_raw_fd(), RNDRESEEDCRNG) } < 0 {
        return Err(last_errno());
    }
    Ok(())
}

/// An event the kernel counts on CPU 0, which fires every so often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PerfEvent {
    /// Cycles of the processor; the period counts cycles.
    CpuCycles,
    /// The kernel's software clock; the period counts nanoseconds.
    CpuClock,
}

/// Opens a perf event.
pub(crate) fn perf_event(event: PerfEvent, period: u64) -> Result<OwnedFd, Errno> {
    /// Of `linux/perf_event.h`.
    const PERF_FLAG_FD_CLOEXEC: libc::c_ulong = 8;
    let (kind, config) = match event {
        PerfEvent::CpuCycles => (libbpf_sys::PERF_TYPE_HARDWARE, libbpf_sys::PERF_COUNT_HW_CPU_CYCLES),
        PerfEvent::CpuClock => (libbpf_sys::PERF_TYPE_SOFTWARE, libbpf_sys::PERF_COUNT_SW_CPU_CLOCK),
    };
    let mut attributes = libbpf_sys::perf_event_attr {
        type_: kind,
        size: u32::try_from(size_of::<libbpf_sys::perf_event_attr>()).expect("a struct size fits 32 bits"),
        config: u64::from(config),
        ..Default::default()
    };
    attributes.__bindgen_anon_1.sample_period = period;
    // SAFETY: the kernel reads `size` bytes of the attributes, which outlive the call.
    let fd = unsafe {
        libc::syscall(libc::SYS_perf_event_open, &raw const attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC)
    };
    let Ok(fd) = c_int::try_from(fd) else {
        return Err(Errno::EINVAL);
    };
    if fd < 0 {
        return Err(last_errno());
    }
    // SAFETY: the descriptor was just opened and belongs to nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// A function of the validator that nobody calls: the target of user-space probes whose own target
/// is not in the guest. Not inlined, so that it has an address of its own.
#[inline(never)]
extern "C" fn probe_target() -> u32 {
    static_probe(std::hint::black_box(0x6263))
}

/// The static probe `bpfcompat:probe` with one argument, as `sys/sdt.h` of SystemTap writes it: a `nop` in
/// the code and a note that says where it is.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn static_probe(argument: u32) -> u32 {
    // SAFETY: one instruction that does nothing.
    unsafe {
        std::arch::asm!(
            "990: nop",
            ".pushsection .note.stapsdt,\"\",\"note\"",
            ".balign 4",
            ".4byte 992f-991f, 994f-993f, 3",
            "991: .asciz \"stapsdt\"",
            "992: .balign 4",
            "993: .8byte 990b",
            ".8byte _.stapsdt.base",
            ".8byte 0",
            ".asciz \"bpfcompat\"",
            ".asciz \"probe\"",
            ".asciz \"4@%edi\"",
            "994: .balign 4",
            ".popsection",
            ".ifndef _.stapsdt.base",
            ".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat",
            ".weak _.stapsdt.base",
            ".hidden _.stapsdt.base",
            "_.stapsdt.base: .space 1",
            ".size _.stapsdt.base, 1",
            ".popsection",
            ".endif",
            in("edi") argument,
            options(nomem, nostack, preserves_flags, att_syntax),
        );
    }
    argument
}

/// Where nobody has written the probe down yet, there is none, and the kernel's answer says so.
#[cfg(not(target_arch = "x86_64"))]
fn static_probe(argument: u32) -> u32 {
    argument
}

/// The address of [`probe_target`] in this process.
pub(crate) fn probe_target_address() -> usize {
    probe_target as *const () as usize
}
