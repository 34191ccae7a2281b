//! libbpf's messages, whole, whatever their length.

use libbpf_sys::{__va_list_tag, LIBBPF_DEBUG, libbpf_print_level, libbpf_set_print};
use std::ffi::{c_char, c_int};
use std::sync::Mutex;

/// Takes one message of libbpf; `debug` tells whether it is of the talkative kind.
pub(crate) type Listener = Box<dyn FnMut(bool, &[u8]) + Send>;

static LISTENER: Mutex<Option<Listener>> = Mutex::new(None);

unsafe extern "C" {
    fn vsnprintf(
        buffer: *mut c_char,
        size: usize,
        format: *const c_char,
        arguments: *mut __va_list_tag,
    ) -> c_int;
}

/// Sends every message from now on to `listener`, until the next call.
pub(crate) fn listen(listener: Listener) {
    *LISTENER.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(listener);
    // SAFETY: `print` is a plain function with the signature libbpf asks for and lives forever.
    unsafe { libbpf_set_print(Some(print)) };
}

/// Formats twice: first for the length, then into a buffer of that length, because a verifier log
/// of many megabytes arrives as one message.
unsafe extern "C" fn print(
    level: libbpf_print_level,
    format: *const c_char,
    arguments: *mut __va_list_tag,
) -> c_int {
    // SAFETY: libbpf passes a valid va_list; copying its tag is what va_copy does on x86-64.
    let mut first = unsafe { *arguments };
    // SAFETY: a null buffer of size 0 is how vsnprintf measures; format and arguments are libbpf's.
    let length = unsafe { vsnprintf(std::ptr::null_mut(), 0, format, &raw mut first) };
    let Ok(length) = usize::try_from(length) else {
        return length;
    };
    let mut text: Vec<u8> = Vec::new();
    let mut guard = LISTENER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let Some(listener) = guard.as_mut() else {
        return 0;
    };
    if text.try_reserve_exact(length + 1).is_err() {
        listener(false, format!("[a message of {length} bytes does not fit into memory]\n").as_bytes());
        return 0;
    }
    // SAFETY: the buffer holds `length + 1` bytes, which the measured text and its NUL fill.
    let written = unsafe { vsnprintf(text.as_mut_ptr().cast(), length + 1, format, arguments) };
    let written = usize::try_from(written).unwrap_or(0).min(length);
    // SAFETY: vsnprintf initialised `written` bytes and a NUL within the reserved capacity.
    unsafe { text.set_len(written) };
    listener(level == LIBBPF_DEBUG, &text);
    0
}
