//! libbpf's objects, programs and maps.

use super::delegation;
use super::{last_errno, size_field};
use domain::errno::Errno;
use libbpf_sys as raw;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::os::fd::{BorrowedFd, RawFd};
use std::ptr::NonNull;

/// An opened object; closing it unloads what it loaded.
#[derive(Debug)]
pub(crate) struct Object {
    raw: NonNull<raw::bpf_object>,
    /// Sections in whose place programs stand, by the program's address.
    sections: RefCell<BTreeMap<usize, String>>,
    /// What is done to programs that are relocated and not yet loaded.
    rewrite: Cell<Option<Rewrite>>,
}

/// Changes the programs of an object.
pub(crate) type Rewrite = fn(&Object) -> Result<(), Errno>;

/// One program of an object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program<'o> {
    raw: NonNull<raw::bpf_program>,
    object: &'o Object,
}

/// One map of an object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Map<'o> {
    raw: NonNull<raw::bpf_map>,
    object: PhantomData<&'o Object>,
}

/// What the kernel tells about a loaded program.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProgramInfo {
    pub(crate) verified_instructions: u32,
    pub(crate) translated_bytes: u32,
    pub(crate) jited_bytes: u32,
}

/// libbpf's version without its leading `v`.
pub(crate) fn version() -> String {
    // SAFETY: libbpf returns a static NUL-terminated text.
    let version = unsafe { text(raw::libbpf_version_string()) };
    version.trim_start_matches('v').to_owned()
}

/// libbpf's name of a program type, if it knows one.
pub(crate) fn program_type_name(number: u32) -> Option<String> {
    // SAFETY: the name of a type is static or null.
    Some(unsafe { text(raw::libbpf_bpf_prog_type_str(number)) }).filter(|name| !name.is_empty())
}

/// libbpf's name of a map type, if it knows one.
pub(crate) fn map_type_name(number: u32) -> Option<String> {
    // SAFETY: the name of a type is static or null.
    Some(unsafe { text(raw::libbpf_bpf_map_type_str(number)) }).filter(|name| !name.is_empty())
}

/// libbpf's name of the program type of a section; if it knows none, it names the sections it knows in a message.
pub(crate) fn kind_of_section(section: &str) -> Option<String> {
    let section = c_text(section);
    let (mut program_type, mut attach_type) = (0, 0);
    // SAFETY: libbpf reads the text and writes two numbers; the name of a type is static or null.
    unsafe {
        let known =
            raw::libbpf_prog_type_by_name(section.as_ptr(), &raw mut program_type, &raw mut attach_type) == 0;
        known.then(|| text(raw::libbpf_bpf_prog_type_str(program_type)))
    }
}

/// How many CPUs this kernel could bring up.
pub(crate) fn possible_cpus() -> Option<u32> {
    // SAFETY: takes nothing and returns a number.
    u32::try_from(unsafe { raw::libbpf_num_possible_cpus() }).ok()
}

/// The result of a libbpf call that returns 0 or a negative error number.
pub(super) fn check(result: c_int) -> Result<(), Errno> {
    if result < 0 { Err(Errno(-result)) } else { Ok(()) }
}

/// A copy of a text libbpf owns; empty for null.
///
/// # Safety
/// `pointer` is null or points to a NUL-terminated text that lives during the call.
pub(super) unsafe fn text(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    // SAFETY: promised by the caller.
    unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned()
}

impl Object {
    pub(super) fn as_ptr(&self) -> *mut raw::bpf_object {
        self.raw.as_ptr()
    }

    /// Parses an ELF. `pins` is the folder in which maps pinned by name appear.
    pub(crate) fn open(elf: &[u8], name: &CStr, pins: &CStr) -> Result<Self, Errno> {
        let options = raw::bpf_object_open_opts {
            sz: size_field::<raw::bpf_object_open_opts>(),
            object_name: name.as_ptr(),
            pin_root_path: pins.as_ptr(),
            bpf_token_path: delegation::token_place().as_ptr(),
            ..Default::default()
        };
        let size = raw::size_t::try_from(elf.len()).expect("a slice's length fits size_t");
        // SAFETY: libbpf copies all it keeps of the ELF and of the options before it returns.
        let object =
            unsafe { raw::bpf_object__open_mem(elf.as_ptr().cast::<c_void>(), size, &raw const options) };
        let raw = NonNull::new(object).ok_or_else(last_errno)?;
        Ok(Self { raw, sections: RefCell::default(), rewrite: Cell::default() })
    }

    /// Has programs rewritten once they are relocated.
    pub(crate) fn rewrite_before_load(&self, rewrite: Rewrite) {
        self.rewrite.set(Some(rewrite));
    }

    /// Loads what is marked for loading: maps first, then programs.
    pub(crate) fn load(&self) -> Result<(), Errno> {
        if let Some(rewrite) = self.rewrite.get() {
            self.create_maps()?;
            rewrite(self)?;
        }
        // SAFETY: the object is open; a second load is refused by libbpf itself.
        check(unsafe { raw::bpf_object__load(self.raw.as_ptr()) })
    }

    /// Creates the maps that are marked for it and stops before the first program.
    pub(crate) fn create_maps(&self) -> Result<(), Errno> {
        // SAFETY: the object is open; a second time is refused by libbpf itself.
        check(unsafe { raw::bpf_object__prepare(self.raw.as_ptr()) })
    }

    /// Programs in the object's order, without subprograms.
    pub(crate) fn programs(&self) -> impl Iterator<Item = Program<'_>> {
        let mut last = std::ptr::null_mut();
        std::iter::from_fn(move || {
            // SAFETY: the object is open and `last` is null or a program of this object.
            last = unsafe { raw::bpf_object__next_program(self.raw.as_ptr(), last) };
            NonNull::new(last).map(|raw| Program { raw, object: self })
        })
        .fuse()
    }

    /// Maps in the object's order, with libbpf's internal ones.
    pub(crate) fn maps(&self) -> impl Iterator<Item = Map<'_>> {
        let mut last = std::ptr::null_mut();
        std::iter::from_fn(move || {
            // SAFETY: the object is open and `last` is null or a map of this object.
            last = unsafe { raw::bpf_object__next_map(self.raw.as_ptr(), last) };
            NonNull::new(last).map(|raw| Map { raw, object: PhantomData })
        })
        .fuse()
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        // SAFETY: programs and maps borrow the object, so none is left.
        unsafe { raw::bpf_object__close(self.raw.as_ptr()) };
    }
}

impl<'o> Program<'o> {
    pub(super) fn as_ptr(self) -> *mut raw::bpf_program {
        self.raw.as_ptr()
    }

    /// Function name.
    pub(crate) fn name(self) -> String {
        // SAFETY: the program lives as long as its object and so does its name.
        unsafe { text(raw::bpf_program__name(self.as_ptr())) }
    }

    /// The object it is in.
    pub(crate) fn object(self) -> &'o Object {
        self.object
    }

    /// The section it stands in, or as if it stood in; without a leading `?`.
    pub(crate) fn section(self) -> String {
        self.other_section().unwrap_or_else(|| self.own_section())
    }

    /// The section it stands in.
    pub(crate) fn own_section(self) -> String {
        // SAFETY: as for the name.
        unsafe { text(raw::bpf_program__section_name(self.as_ptr())) }
    }

    /// The section it is exercised as if it stood in, if that is another than its own.
    pub(super) fn other_section(self) -> Option<String> {
        self.object.sections.borrow().get(&self.as_ptr().addr()).cloned()
    }

    /// Remembers that it is exercised as if it stood in another section.
    pub(super) fn stand_in(self, section: &str) {
        self.object.sections.borrow_mut().insert(self.as_ptr().addr(), section.to_owned());
    }

    /// libbpf's name of the program type.
    pub(crate) fn kind(self) -> String {
        // SAFETY: the program is alive; the name of a type is static or null.
        unsafe { text(raw::libbpf_bpf_prog_type_str(raw::bpf_program__type(self.as_ptr()))) }
    }

    /// Whether a load of the object loads it.
    pub(crate) fn autoload(self) -> bool {
        // SAFETY: the program is alive.
        unsafe { raw::bpf_program__autoload(self.as_ptr()) }
    }

    /// Decides whether a load of the object loads it.
    pub(crate) fn set_autoload(self, autoload: bool) -> Result<(), Errno> {
        // SAFETY: the program is alive; after a load libbpf refuses.
        check(unsafe { raw::bpf_program__set_autoload(self.as_ptr(), autoload) })
    }

    /// Makes the function `function` of the loaded program `target` what this one replaces or traces;
    /// ESRCH or ENOENT when it has no such function.
    pub(crate) fn set_target(self, target: Program<'_>, function: &CStr) -> Result<(), Errno> {
        let target = target.fd().ok_or(Errno::EINVAL)?;
        // SAFETY: the program is alive, the target's descriptor open, and libbpf copies the name.
        check(unsafe { raw::bpf_program__set_attach_target(self.as_ptr(), target, function.as_ptr()) })
    }

    /// The descriptor of a loaded program.
    pub(super) fn fd(self) -> Option<RawFd> {
        // SAFETY: the program is alive.
        Some(unsafe { raw::bpf_program__fd(self.as_ptr()) }).filter(|fd| *fd >= 0)
    }

    /// The number of its descriptor, as other interfaces of the kernel take it.
    pub(crate) fn descriptor(self) -> Result<u32, Errno> {
        self.fd().and_then(|fd| u32::try_from(fd).ok()).ok_or(Errno::EINVAL)
    }

    /// What the kernel tells of it, once loaded; `None` when it is not loaded.
    pub(crate) fn info(self) -> Option<ProgramInfo> {
        let fd = self.fd()?;
        let mut info = raw::bpf_prog_info::default();
        let mut size = u32::try_from(size_of::<raw::bpf_prog_info>()).expect("a struct size fits 32 bits");
        // SAFETY: the kernel writes at most `size` bytes into `info`, whose pointers are all null.
        let told = unsafe { raw::bpf_prog_get_info_by_fd(fd, &raw mut info, &raw mut size) };
        // A loaded program without figures stays a loaded program: they read 0.
        let info = if told == 0 { info } else { raw::bpf_prog_info::default() };
        Some(ProgramInfo {
            verified_instructions: info.verified_insns,
            translated_bytes: info.xlated_prog_len,
            jited_bytes: info.jited_prog_len,
        })
    }
}

impl Map<'_> {
    pub(super) fn as_ptr(self) -> *mut raw::bpf_map {
        self.raw.as_ptr()
    }

    /// The descriptor of a map that was created.
    pub(super) fn fd(self) -> Option<RawFd> {
        // SAFETY: the map is alive.
        Some(unsafe { raw::bpf_map__fd(self.raw.as_ptr()) }).filter(|fd| *fd >= 0)
    }

    /// Whether the kernel has it.
    pub(crate) fn is_created(self) -> bool {
        self.fd().is_some()
    }

    /// Whether libbpf made it up for a section of data.
    pub(crate) fn is_internal(self) -> bool {
        // SAFETY: the map is alive.
        unsafe { raw::bpf_map__is_internal(self.raw.as_ptr()) }
    }

    /// Map name.
    pub(crate) fn name(self) -> String {
        // SAFETY: the map lives as long as its object and so does its name.
        unsafe { text(raw::bpf_map__name(self.raw.as_ptr())) }
    }

    /// The kernel's number of the map type.
    pub(crate) fn number(self) -> u32 {
        // SAFETY: the map is alive.
        unsafe { raw::bpf_map__type(self.raw.as_ptr()) }
    }

    /// libbpf's name of the map type.
    pub(crate) fn kind(self) -> String {
        // SAFETY: the name of a type is static or null.
        unsafe { text(raw::libbpf_bpf_map_type_str(self.number())) }
    }

    /// Bytes of a key.
    pub(crate) fn key_bytes(self) -> u32 {
        // SAFETY: the map is alive.
        unsafe { raw::bpf_map__key_size(self.raw.as_ptr()) }
    }

    /// Bytes of a value.
    pub(crate) fn value_bytes(self) -> u32 {
        // SAFETY: the map is alive.
        unsafe { raw::bpf_map__value_size(self.raw.as_ptr()) }
    }

    /// Sets the bytes of a value; refused once the map exists.
    pub(crate) fn set_value_bytes(self, bytes: u32) -> Result<(), Errno> {
        // SAFETY: the map is alive.
        check(unsafe { raw::bpf_map__set_value_size(self.raw.as_ptr(), bytes) })
    }

    /// Entries, or bytes for ring buffers.
    pub(crate) fn max_entries(self) -> u32 {
        // SAFETY: the map is alive.
        unsafe { raw::bpf_map__max_entries(self.raw.as_ptr()) }
    }

    /// Sets the entries; refused once the map exists.
    pub(crate) fn set_max_entries(self, entries: u32) -> Result<(), Errno> {
        // SAFETY: the map is alive.
        check(unsafe { raw::bpf_map__set_max_entries(self.raw.as_ptr(), entries) })
    }

    /// Whether a load of the object creates it.
    pub(crate) fn autocreate(self) -> bool {
        // SAFETY: the map is alive.
        unsafe { raw::bpf_map__autocreate(self.raw.as_ptr()) }
    }

    /// Forgets where it is to be pinned, and where one that is would be found.
    pub(crate) fn forget_pin(self) -> Result<(), Errno> {
        // SAFETY: the map is alive; null stands for no place.
        check(unsafe { raw::bpf_map__set_pin_path(self.raw.as_ptr(), std::ptr::null()) })
    }

    /// Decides whether a load of the object creates it.
    pub(crate) fn set_autocreate(self, autocreate: bool) -> Result<(), Errno> {
        // SAFETY: the map is alive; after a load libbpf refuses.
        check(unsafe { raw::bpf_map__set_autocreate(self.raw.as_ptr(), autocreate) })
    }
}

/// `text` for libbpf. A NUL cannot be passed on, so the text ends before it.
pub(crate) fn c_text(text: &str) -> CString {
    let end = text.find('\0').unwrap_or(text.len());
    CString::new(&text[..end]).expect("the text was cut before its first NUL")
}

/// The number behind a borrowed descriptor, for libbpf's plain ints.
pub(super) fn number(fd: BorrowedFd<'_>) -> c_int {
    std::os::fd::AsRawFd::as_raw_fd(&fd)
}
