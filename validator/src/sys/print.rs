//! libbpf's messages, whole, whatever their length.
//!
//! libbpf has one function for the messages of all threads of its process. A listener hears those of its own
//! thread; the others go where they went before.

use libbpf_sys::{__va_list_tag, LIBBPF_DEBUG, libbpf_print_fn_t, libbpf_print_level, libbpf_set_print};
use std::cell::RefCell;
use std::ffi::{c_char, c_int};
use std::sync::{Mutex, PoisonError};

/// Takes one message of libbpf; `debug` tells whether it is of the talkative kind.
pub(crate) type Listener = Box<dyn FnMut(bool, &[u8])>;

thread_local! {
    static LISTENER: RefCell<Option<Listener>> = const { RefCell::new(None) };
}

/// Where messages went before somebody listened.
static BEFORE: Mutex<libbpf_print_fn_t> = Mutex::new(None);

unsafe extern "C" {
    fn vsnprintf(
        buffer: *mut c_char,
        size: usize,
        format: *const c_char,
        arguments: *mut __va_list_tag,
    ) -> c_int;
}

/// Sends every message of this thread from now on to `listener`, until the next call.
pub(crate) fn listen(listener: Listener) {
    LISTENER.with_borrow_mut(|heard| *heard = Some(listener));
    // SAFETY: `print` is a plain function with the signature libbpf asks for and lives forever.
    let before = unsafe { libbpf_set_print(Some(print)) };
    if !is_ours(before) {
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = before;
    }
}

fn is_ours(function: libbpf_print_fn_t) -> bool {
    function.is_some_and(|function| function as *const () == print as *const ())
}

/// Listens to this thread for as long as it lives; then libbpf's messages go where they went before. Of two
/// that live at the same time one would restore the other, so its user allows one at a time.
#[derive(Debug)]
pub(crate) struct Listening(());

impl Listening {
    /// Begins, with nobody who hears.
    pub(crate) fn begin() -> Self {
        listen(Box::new(|_, _| ()));
        Self(())
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let before = *BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: libbpf itself had these functions from its user, or as its own default.
        unsafe {
            let now = libbpf_set_print(before);
            // What somebody else set meanwhile stays.
            if !is_ours(now) {
                libbpf_set_print(now);
            }
        }
        LISTENER.take();
    }
}

unsafe extern "C" fn print(
    level: libbpf_print_level,
    format: *const c_char,
    arguments: *mut __va_list_tag,
) -> c_int {
    // A thread that is about to end has no listener any more.
    let told = LISTENER.try_with(|listener| {
        let mut listener = listener.try_borrow_mut().ok()?;
        // SAFETY: format and arguments are libbpf's.
        listener.as_mut().map(|listener| unsafe { tell(listener, level, format, arguments) })
    });
    told.ok().flatten().unwrap_or_else(|| {
        let before = *BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: as libbpf would have called it.
        before.map_or(0, |before| unsafe { before(level, format, arguments) })
    })
}

/// Formats twice: first for the length, then into a buffer of that length, because a verifier log
/// of many megabytes arrives as one message.
///
/// # Safety
/// Format and arguments are those of one message of libbpf.
unsafe fn tell(
    listener: &mut Listener,
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

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::sys::libbpf::kind_of_section;
    use std::cell::Cell;
    use std::rc::Rc;
    use std::sync::MutexGuard;
    use std::sync::atomic::{AtomicU32, Ordering};

    static TURN: Mutex<()> = Mutex::new(());

    /// Of tests that hear libbpf's messages, one at a time.
    pub(crate) fn turn() -> MutexGuard<'static, ()> {
        TURN.lock().unwrap_or_else(PoisonError::into_inner)
    }

    static OTHERS: AtomicU32 = AtomicU32::new(0);

    unsafe extern "C" fn count(_: libbpf_print_level, _: *const c_char, _: *mut __va_list_tag) -> c_int {
        OTHERS.fetch_add(1, Ordering::Relaxed).cast_signed()
    }

    #[test]
    fn a_listener_hears_its_own_thread_and_leaves_things_as_they_were() {
        let _turn = turn();
        // SAFETY: a plain function that lives forever.
        unsafe { libbpf_set_print(Some(count)) };
        let heard = Rc::new(Cell::new(0));
        let listening = Listening::begin();
        let hears = Rc::clone(&heard);
        listen(Box::new(move |_, _| hears.set(hears.get() + 1)));
        assert_eq!(kind_of_section("no such section"), None);
        let alone = heard.get();
        assert!(alone > 0);
        std::thread::spawn(|| kind_of_section("no such section")).join().expect("it ends");
        assert_eq!((heard.get(), OTHERS.load(Ordering::Relaxed)), (alone, alone));
        drop(listening);
        assert_eq!(kind_of_section("no such section"), None);
        assert_eq!((heard.get(), OTHERS.load(Ordering::Relaxed)), (alone, 2 * alone));
        let listening = Listening::begin();
        // SAFETY: as above.
        unsafe { libbpf_set_print(None) };
        drop(listening);
        // SAFETY: as above.
        assert!(unsafe { libbpf_set_print(None) }.is_none(), "what was set meanwhile stays");
    }
}
