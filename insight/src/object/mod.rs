//! What an object holds, seen from outside the guest: enough to refuse what is no eBPF object
//! with a sentence that helps, and to list programs and maps before any kernel was asked.
//!
//! In: the bytes somebody uploaded, hostile until proven otherwise. Out: [`ObjectFacts`], or an
//! [`ObjectError`] that names what is wrong, where, and the remedy.
//!
//! Nothing that libbpf would open is refused but what holds no program or exceeds a limit. An eBPF ELF that libbpf cannot open (legacy map
//! definitions, static programs) passes too: the guest shows how it fails and that is a verdict.
//!
//! [`globals`] tells where variables stand and what they can hold, for those who set them; [`function_tags`] what
//! a source says of its functions.
//!
//! Deliberately absent: relocations, whose meaning depends on a kernel, and types of anything but
//! variables and tags of functions.

mod btf;
mod elf;
mod globals;
mod tags;

pub use btf::Shape;
pub use globals::{Global, globals};
pub use tags::{FunctionTag, function_tags};

use domain::OBJECT_BYTES_MAX;
use domain::evidence::ProgramFact;

/// Programs listed at most. The largest known objects have a few hundred.
pub const PROGRAMS_MAX: usize = 4096;
/// Maps listed at most; the kernel lets one program use 64.
pub const MAPS_MAX: usize = 4096;
/// Undefined symbols listed at most; what follows is left out.
pub const EXTERNS_MAX: usize = 4096;
/// Longest symbol or section name, in bytes. The kernel's own symbols end at 512.
pub const NAME_BYTES_MAX: usize = 1024;

/// One program of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Function name.
    pub name: String,
    /// ELF section, without libbpf's leading `?`.
    pub section: String,
    /// Whether a plain load by libbpf loads it: its section has no leading `?`.
    pub autoload: bool,
}

impl From<Program> for ProgramFact {
    /// As a loader that does not tell sections is told of it. The kind is a guest's to say, which has libbpf.
    fn from(program: Program) -> Self {
        Self { name: program.name, section: program.section, kind: String::new(), autoload: program.autoload }
    }
}

/// What an object holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectFacts {
    /// Programs by section, then by place in it: libbpf's order.
    pub programs: Vec<Program>,
    /// Names of the maps it declares, by section and place; libbpf's internal maps (`.rodata`,
    /// `.bss`, …) are not among them.
    pub maps: Vec<String>,
    /// Undefined symbols: functions and variables of the kernel, and configuration values.
    pub externs: Vec<String>,
    /// Text of the `license` section, if there is one.
    pub license: Option<String>,
    /// Whether it has type information (`.BTF`).
    pub has_btf: bool,
    /// Whether it has line and relocation information (`.BTF.ext`).
    pub has_btf_ext: bool,
}

/// Why bytes are not an object this project can ask a kernel about.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// No bytes.
    #[error("the object is empty: pass the .bpf.o that the compiler wrote")]
    Empty,
    /// More bytes than accepted anywhere.
    #[error(
        "the object has {bytes} bytes and at most {OBJECT_BYTES_MAX} are accepted: \
         strip its debug sections with `llvm-strip -g`, which keeps BTF"
    )]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The first four bytes are not the ELF magic.
    #[error(
        "not an ELF file, it starts with {starts_with:02x?}: pass the object written by \
         `clang --target=bpf -c`, neither source code nor an archive"
    )]
    NotElf {
        /// Up to four first bytes.
        starts_with: Vec<u8>,
    },
    /// A part that the headers announce lies beyond the end.
    #[error("the ELF file is truncated: {part} ends at byte {end}, the file at byte {bytes}: copy it again")]
    Truncated {
        /// What is cut off.
        part: String,
        /// Where it would end.
        end: u64,
        /// The file's size.
        bytes: u64,
    },
    /// An ELF for a processor.
    #[error("this is {machine} ELF, not eBPF: pass the .bpf.o, not the program that embeds it")]
    WrongMachine {
        /// The machine, by name where known.
        machine: String,
    },
    /// A 32-bit ELF.
    #[error("this is a 32-bit ELF file and eBPF objects have 64 bits: compile with `clang --target=bpf`")]
    NotWide,
    /// Compiled for a big-endian kernel.
    #[error("the object is big-endian and these kernels are little-endian: compile with `--target=bpfel`")]
    BigEndian,
    /// Linked already.
    #[error(
        "the eBPF file is {kind}, not a relocatable object: pass the output of `clang -c` \
         or of `bpftool gen object`"
    )]
    NotRelocatable {
        /// The ELF type.
        kind: String,
    },
    /// No symbol table.
    #[error(
        "the object has no symbol table, so its programs have no names: strip it with \
         `llvm-strip -g` instead of `llvm-strip`"
    )]
    Stripped,
    /// No program.
    #[error(
        "the object has no eBPF program: programs are functions in a section of their own, \
         such as SEC(\"xdp\"); functions in .text are only called by them"
    )]
    NoPrograms,
    /// More of something than anybody has.
    #[error("the object has more than {max} {what}: split it")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// Headers that contradict themselves.
    #[error("the ELF file is damaged: {what}: compile it again")]
    Damaged {
        /// What is wrong, with its place.
        what: String,
    },
}

/// Looks into an object.
///
/// # Errors
/// The first thing that is wrong with it; see [`ObjectError`].
pub fn inspect(bytes: &[u8]) -> Result<ObjectFacts, ObjectError> {
    if bytes.is_empty() {
        return Err(ObjectError::Empty);
    }
    if bytes.len() > OBJECT_BYTES_MAX {
        return Err(ObjectError::TooLarge { bytes: bytes.len() });
    }
    elf::read(bytes)
}

#[cfg(test)]
mod tests;
