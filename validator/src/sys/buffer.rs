//! Ring buffers and perf buffers: taking out what programs sent.

use super::last_errno;
use super::libbpf::Map;
use domain::errno::Errno;
use libbpf_sys as raw;
use std::ffi::{c_int, c_void};
use std::ptr::NonNull;

/// Pages of each processor's perf buffer: 256 KiB, as much as a ring buffer whose loader would have chosen.
const PERF_PAGES: raw::size_t = 64;

/// Gets each event.
pub(crate) type Sink = Box<dyn FnMut(&[u8])>;

/// The consuming end of one map.
pub(crate) struct Buffer {
    end: End,
    // The C side holds its address.
    _sink: Box<Sink>,
}

#[derive(Debug)]
enum End {
    Ring(NonNull<raw::ring_buffer>),
    Perf(NonNull<raw::perf_buffer>),
}

impl std::fmt::Debug for Buffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.end.fmt(f)
    }
}

impl Buffer {
    /// Begins to consume a map; EINVAL when it is of a type that has no events.
    pub(crate) fn open(map: Map<'_>, sink: Sink) -> Result<Self, Errno> {
        let fd = map.fd().ok_or(Errno::EINVAL)?;
        let mut sink = Box::new(sink);
        let context = (&raw mut *sink).cast::<c_void>();
        let end = match map.number() {
            raw::BPF_MAP_TYPE_RINGBUF => {
                // SAFETY: the descriptor is open; the sink lives in its box until the buffer is freed.
                let ring = unsafe { raw::ring_buffer__new(fd, Some(ring_event), context, std::ptr::null()) };
                End::Ring(NonNull::new(ring).ok_or_else(last_errno)?)
            }
            raw::BPF_MAP_TYPE_PERF_EVENT_ARRAY => {
                // SAFETY: as above.
                let perf = unsafe {
                    raw::perf_buffer__new(fd, PERF_PAGES, Some(perf_event), None, context, std::ptr::null())
                };
                End::Perf(NonNull::new(perf).ok_or_else(last_errno)?)
            }
            _ => return Err(Errno::EINVAL),
        };
        Ok(Self { end, _sink: sink })
    }

    /// Hands every event that is there to the sink.
    pub(crate) fn consume(&mut self) {
        // What a failure leaves in the buffer is there the next time.
        match self.end {
            // SAFETY: the buffer is alive.
            End::Ring(ring) => unsafe { raw::ring_buffer__consume(ring.as_ptr()) },
            // SAFETY: the buffer is alive.
            End::Perf(perf) => unsafe { raw::perf_buffer__consume(perf.as_ptr()) },
        };
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        match self.end {
            // SAFETY: the buffer is alive and not used again.
            End::Ring(ring) => unsafe { raw::ring_buffer__free(ring.as_ptr()) },
            // SAFETY: the buffer is alive and not used again.
            End::Perf(perf) => unsafe { raw::perf_buffer__free(perf.as_ptr()) },
        }
    }
}

unsafe extern "C" fn ring_event(context: *mut c_void, data: *mut c_void, size: raw::size_t) -> c_int {
    // SAFETY: libbpf hands on what `open` gave it, and `size` readable bytes.
    unsafe { event(context, data, usize::try_from(size).unwrap_or_default()) };
    0
}

unsafe extern "C" fn perf_event(context: *mut c_void, _processor: c_int, data: *mut c_void, size: u32) {
    // SAFETY: as above.
    unsafe { event(context, data, usize::try_from(size).unwrap_or_default()) };
}

/// # Safety
/// `context` is the address of a living sink that nobody else uses, `data` that of `size` bytes.
unsafe fn event(context: *mut c_void, data: *const c_void, size: usize) {
    // SAFETY: promised by the caller.
    let (sink, bytes) =
        unsafe { (&mut *context.cast::<Sink>(), std::slice::from_raw_parts(data.cast::<u8>(), size)) };
    sink(bytes);
}
