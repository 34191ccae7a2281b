//! What a loader sets on an opened object, and what it asks the kernel before.

use super::delegation::with_token;
use super::libbpf::{Map, Object, Program, c_text, check};
use super::size_field;
use domain::errno::Errno;
use domain::section;
use libbpf_sys as raw;
use std::ffi::c_int;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};
use std::ptr::NonNull;

/// `BPF_F_SLEEPABLE` and `BPF_F_XDP_HAS_FRAGS` of `linux/bpf.h`.
const SLEEPABLE: u32 = 1 << 4;
const XDP_HAS_FRAGS: u32 = 1 << 5;

/// `BPF_JMP | BPF_CALL`.
const CALL: u8 = 0x85;

/// Sections whose target is looked up in the kernel's types before the program is loaded.
const BY_TYPE: &[&str] = &["tp_btf", "fentry", "fmod_ret", "fexit", "fsession", "lsm", "lsm_cgroup", "iter"];

impl Program<'_> {
    /// The kernel's number of the program type; 0 when libbpf does not know the section.
    pub(crate) fn number(self) -> u32 {
        // SAFETY: the program is alive.
        unsafe { raw::bpf_program__type(self.as_ptr()) }
    }

    /// Whether it calls one of these helpers itself; what its subprograms call is not looked at.
    pub(crate) fn calls(self, helpers: &[i32]) -> bool {
        // A call whose source register is 0 calls a helper.
        let calls_helper = |one: &raw::bpf_insn| one.code == CALL && one.src_reg() == 0;
        self.instructions().iter().any(|one| calls_helper(one) && helpers.contains(&one.imm))
    }

    /// Its instructions, as the object has them until it is loaded.
    pub(crate) fn instructions(self) -> Vec<raw::bpf_insn> {
        // SAFETY: the program is alive, and libbpf tells how many instructions lie behind the pointer. They are
        // copied before anything else is done with the program.
        unsafe {
            let first = raw::bpf_program__insns(self.as_ptr());
            let count = raw::bpf_program__insn_cnt(self.as_ptr());
            if first.is_null() {
                return Vec::new();
            }
            std::slice::from_raw_parts(first, usize::try_from(count).unwrap_or(0)).to_vec()
        }
    }

    /// Replaces its instructions; refused once it is loaded.
    pub(crate) fn set_instructions(self, instructions: &[raw::bpf_insn]) -> Result<(), Errno> {
        let count = raw::size_t::try_from(instructions.len()).map_err(|_| Errno::E2BIG)?;
        // SAFETY: the program is alive; libbpf copies the instructions, and only reads them.
        check(unsafe { raw::bpf_program__set_insns(self.as_ptr(), instructions.as_ptr().cast_mut(), count) })
    }

    /// Loads it as another type, whose sections say nothing of it.
    pub(crate) fn set_type(self, number: u32) -> Result<(), Errno> {
        // SAFETY: the program is alive; after a load libbpf refuses.
        check(unsafe { raw::bpf_program__set_type(self.as_ptr(), number) })
    }

    /// Exercises it as if it stood in a section that libbpf knows: type, attach type, flags and target.
    pub(crate) fn set_section(self, section: &str) -> Result<(), Errno> {
        let (mut program_type, mut attach_type) = (0, 0);
        let name = c_text(section);
        // SAFETY: libbpf reads the text and writes two numbers.
        check(unsafe {
            raw::libbpf_prog_type_by_name(name.as_ptr(), &raw mut program_type, &raw mut attach_type)
        })?;
        // A change of type makes libbpf forget what its own section says; there and back does so always.
        self.set_type(raw::BPF_PROG_TYPE_UNSPEC)?;
        self.set_type(program_type)?;
        let kind = section.split('/').next().unwrap_or_default();
        let sleepable = if kind.ends_with(".s") { SLEEPABLE } else { 0 };
        let frags = if kind == "xdp.frags" { XDP_HAS_FRAGS } else { 0 };
        // SAFETY: the program is alive; after a load libbpf refuses.
        unsafe {
            check(raw::bpf_program__set_expected_attach_type(self.as_ptr(), attach_type))?;
            check(raw::bpf_program__set_flags(self.as_ptr(), sleepable | frags))?;
        }
        self.stand_in(section);
        match section::target(section).filter(|_| BY_TYPE.contains(&kind.trim_end_matches(".s"))) {
            None => Ok(()),
            Some(target) => {
                let target = c_text(target);
                // SAFETY: the program is alive and libbpf reads the name during the call.
                check(unsafe { raw::bpf_program__set_attach_target(self.as_ptr(), 0, target.as_ptr()) })
            }
        }
    }
}

impl Map<'_> {
    /// Sets the bytes of a key; refused once the map exists.
    pub(crate) fn set_key_bytes(self, bytes: u32) -> Result<(), Errno> {
        // SAFETY: the map is alive.
        check(unsafe { raw::bpf_map__set_key_size(self.as_ptr(), bytes) })
    }

    /// Puts a loaded program into a slot of a created table of tail calls.
    pub(crate) fn set_program(self, slot: u32, program: Program<'_>) -> Result<(), Errno> {
        let fd = program.fd().ok_or(Errno(libc::EBADF))?;
        // SAFETY: the map is alive and created; the kernel reads a slot number and a descriptor, four bytes each.
        check(unsafe {
            raw::bpf_map_update_elem(
                raw::bpf_map__fd(self.as_ptr()),
                (&raw const slot).cast(),
                (&raw const fd).cast(),
                u64::from(raw::BPF_ANY),
            )
        })
    }

    /// Whether a map of maps has a prototype of those in it.
    pub(crate) fn has_inner(self) -> bool {
        // SAFETY: the map is alive; null means that there is none.
        !unsafe { raw::bpf_map__inner_map(self.as_ptr()) }.is_null()
    }

    /// Flags of the map.
    pub(crate) fn flags(self) -> u32 {
        // SAFETY: the map is alive.
        unsafe { raw::bpf_map__map_flags(self.as_ptr()) }
    }

    /// Sets its flags, all of them; refused once the map exists.
    pub(crate) fn set_flags(self, flags: u32) -> Result<(), Errno> {
        // SAFETY: the map is alive.
        check(unsafe { raw::bpf_map__set_map_flags(self.as_ptr(), flags) })
    }

    /// Makes it a map of another type; refused once it exists.
    pub(crate) fn set_type(self, number: u32) -> Result<(), Errno> {
        // SAFETY: the map is alive.
        check(unsafe { raw::bpf_map__set_type(self.as_ptr(), number) })
    }

    /// Sets the prototype of the maps in a map of maps, which must stay open until the map exists.
    pub(crate) fn set_inner(self, prototype: BorrowedFd<'_>) -> Result<(), Errno> {
        // SAFETY: the map is alive and the descriptor open.
        check(unsafe { raw::bpf_map__set_inner_map_fd(self.as_ptr(), prototype.as_raw_fd()) })
    }
}

impl Object {
    /// Writes into the initial data of a section such as `.rodata`.
    pub(crate) fn write(&self, section: &str, offset: u32, bytes: &[u8]) -> Result<(), Errno> {
        let name = c_text(section);
        // SAFETY: the object is open and libbpf reads the name during the call.
        let map = unsafe { raw::bpf_object__find_map_by_name(self.as_ptr(), name.as_ptr()) };
        let map = NonNull::new(map).ok_or(Errno::ENOENT)?;
        let mut size = 0;
        // SAFETY: the map belongs to the open object; libbpf writes the size.
        let data = unsafe { raw::bpf_map__initial_value(map.as_ptr(), &raw mut size) };
        let data = NonNull::new(data.cast::<u8>()).ok_or(Errno::ENOENT)?;
        let size = usize::try_from(size).unwrap_or(0);
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        if start.checked_add(bytes.len()).is_none_or(|end| end > size) {
            return Err(Errno::EINVAL);
        }
        // SAFETY: libbpf maps `size` writable bytes until the object is loaded, and the range was checked to
        // lie within; nothing else refers to them.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), data.as_ptr().add(start), bytes.len()) };
        Ok(())
    }
}

/// What a map is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MapShape {
    pub(crate) number: u32,
    pub(crate) key_bytes: u32,
    pub(crate) value_bytes: u32,
    pub(crate) max_entries: u32,
    pub(crate) flags: u32,
}

/// Creates a map that belongs to no object.
pub(crate) fn create_map(shape: MapShape) -> Result<OwnedFd, Errno> {
    let options = with_token(raw::bpf_map_create_opts {
        sz: size_field::<raw::bpf_map_create_opts>(),
        map_flags: shape.flags,
        ..Default::default()
    });
    // SAFETY: libbpf reads the name and the options during the call.
    let fd: c_int = unsafe {
        raw::bpf_map_create(
            shape.number,
            c"inner".as_ptr(),
            shape.key_bytes,
            shape.value_bytes,
            shape.max_entries,
            &raw const options,
        )
    };
    check(fd)?;
    // SAFETY: the descriptor was just opened and belongs to nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Whether programs of this type may call the helper; an error where libbpf cannot find out.
pub(crate) fn has_helper(program_type: u32, helper: u32) -> Result<bool, Errno> {
    // SAFETY: takes numbers; null options are the only ones allowed.
    let told = unsafe { raw::libbpf_probe_bpf_helper(program_type, helper, std::ptr::null()) };
    check(told).map(|()| told == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::libbpf::{kind_of_section, text};
    use crate::sys::print;
    use std::sync::{Arc, Mutex};

    /// A libbpf with another list fails here until somebody follows.
    #[test]
    fn the_words_are_libbpfs_own() {
        let _turn = print::tests::turn();
        let said = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&said);
        print::listen(Box::new(move |_, text| {
            heard.lock().expect("one thread").push_str(&String::from_utf8_lossy(text));
        }));
        assert_eq!(kind_of_section("no such section"), None);
        let said = said.lock().expect("one thread").clone();
        let (_, names) = said.split_once("names are:").expect("libbpf names its sections");
        let mut names: Vec<&str> = names.split_whitespace().collect();
        let mut ours = section::SECTIONS.to_vec();
        names.sort_unstable();
        ours.sort_unstable();
        assert_eq!(ours, names);
        let end = |number| u32::try_from(number).expect("a short list");
        for number in 0..end(section::PROGRAM_TYPES.len()) + 1 {
            // SAFETY: the name of a type is static or null.
            let name = unsafe { text(raw::libbpf_bpf_prog_type_str(number)) };
            assert_eq!(section::PROGRAM_TYPES.get(number as usize).copied().unwrap_or_default(), name);
        }
        for number in 0..end(section::MAP_TYPES.len()) + 1 {
            // SAFETY: as above.
            let name = unsafe { text(raw::libbpf_bpf_map_type_str(number)) };
            assert_eq!(section::MAP_TYPES.get(number as usize).copied().unwrap_or_default(), name);
        }
    }
}
