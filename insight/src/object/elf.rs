//! Reading the ELF file: headers, sections, symbols. Rules follow what libbpf 1.7 does when it
//! collects programs and maps, so that both see the same ones.

use super::{EXTERNS_MAX, MAPS_MAX, NAME_BYTES_MAX, ObjectError, ObjectFacts, PROGRAMS_MAX, Program};
use object::LittleEndian;
use object::elf;
use object::read::elf::{FileHeader, SectionHeader, SectionTable, Sym};
use object::read::{Error, SymbolIndex};

type Header = elf::FileHeader64<LittleEndian>;
type Section = elf::SectionHeader64<LittleEndian>;

pub(super) const ENDIAN: LittleEndian = LittleEndian;
const HEADER_BYTES: usize = size_of::<Header>();
/// Bytes of the licence libbpf keeps.
const LICENSE_BYTES_MAX: usize = 64;

/// What the symbol table tells of.
struct Symbols {
    /// In executable sections, in the order of their place.
    functions: Vec<Symbol>,
    /// In the order of their place.
    maps: Vec<Symbol>,
    /// Names of what is undefined.
    externs: Vec<String>,
}

/// A symbol with where it stands.
struct Symbol {
    section: usize,
    offset: u64,
    name: String,
}

pub(super) fn read(bytes: &[u8]) -> Result<ObjectFacts, ObjectError> {
    let header = header(bytes)?;
    let sections = section_table(header, bytes)?;
    let names = sections
        .iter()
        .map(|section| section_name(bytes, header, &sections, section))
        .collect::<Result<Vec<&[u8]>, ObjectError>>()?;
    for (section, name) in sections.iter().zip(&names) {
        check_extent(bytes, section, name)?;
    }
    let Symbols { functions, maps, externs } = symbols(bytes, &sections, &names)?;
    let programs = programs(functions, &names);
    if programs.is_empty() {
        return Err(ObjectError::NoPrograms);
    }
    let license = sections
        .iter()
        .zip(&names)
        .find(|(_, name)| **name == b"license")
        .and_then(|(section, _)| section.data(ENDIAN, bytes).ok())
        .map(|text| lossy(until_nul(&text[..text.len().min(LICENSE_BYTES_MAX)])));
    Ok(ObjectFacts {
        programs,
        maps: maps.into_iter().map(|map| map.name).collect(),
        externs,
        license,
        has_btf: names.iter().any(|name| *name == b".BTF"),
        has_btf_ext: names.iter().any(|name| *name == b".BTF.ext"),
    })
}

/// The file header, once everything it says about the kind of file is right.
pub(super) fn header(bytes: &[u8]) -> Result<&Header, ObjectError> {
    let magic = &bytes[..bytes.len().min(elf::ELFMAG.len())];
    if magic != elf::ELFMAG {
        return Err(ObjectError::NotElf { starts_with: magic.to_vec() });
    }
    let Some(start) = bytes.first_chunk::<HEADER_BYTES>() else {
        return Err(truncated(bytes, "the file header", HEADER_BYTES as u64));
    };
    let big_endian = start[5] == elf::ELFDATA2MSB.0;
    let word = |at: usize| {
        let pair = [start[at], start[at + 1]];
        if big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
    };
    let (kind, machine) = (elf::FileType(word(16)), elf::Machine(word(18)));
    // Old compilers left the machine empty and libbpf accepts that.
    if machine != elf::EM_BPF && machine != elf::EM_NONE {
        return Err(ObjectError::WrongMachine { machine: machine_name(machine) });
    }
    if start[4] != elf::ELFCLASS64.0 {
        return Err(ObjectError::NotWide);
    }
    if big_endian {
        return Err(ObjectError::BigEndian);
    }
    if kind != elf::ET_REL {
        let kind = match kind {
            elf::ET_EXEC => "an executable".to_owned(),
            elf::ET_DYN => "a shared object".to_owned(),
            elf::ET_CORE => "a core dump".to_owned(),
            elf::FileType(number) => format!("of unknown type {number}"),
        };
        return Err(ObjectError::NotRelocatable { kind });
    }
    Header::parse(bytes).map_err(|error| damaged("file header", error))
}

pub(super) fn section_table<'a>(
    header: &Header,
    bytes: &'a [u8],
) -> Result<SectionTable<'a, Header, &'a [u8]>, ObjectError> {
    let table_at = header.e_shoff.get(ENDIAN);
    let first_end = table_at.saturating_add(size_of::<Section>() as u64);
    if first_end > bytes.len() as u64 {
        return Err(truncated(bytes, "the section table", first_end));
    }
    let count = header.shnum(ENDIAN, bytes).map_err(|error| damaged("section count", error))?;
    let end = table_at.saturating_add(u64::from(count) * size_of::<Section>() as u64);
    if end > bytes.len() as u64 {
        return Err(truncated(bytes, "the section table", end));
    }
    header.sections(ENDIAN, bytes).map_err(|error| damaged("section table", error))
}

/// The data of the section with this name.
pub(super) fn section_data<'a>(bytes: &'a [u8], name: &str) -> Result<Option<&'a [u8]>, ObjectError> {
    let header = header(bytes)?;
    let sections = section_table(header, bytes)?;
    for section in sections.iter() {
        if section_name(bytes, header, &sections, section)? == name.as_bytes() {
            return Ok(section.data(ENDIAN, bytes).ok());
        }
    }
    Ok(None)
}

/// A section's data must lie in the file, unless libbpf never reads it.
fn check_extent(bytes: &[u8], section: &Section, name: &[u8]) -> Result<(), ObjectError> {
    let debug = name.starts_with(b".debug_") || name.starts_with(b".rel.debug_");
    let Some((offset, size)) = section.file_range(ENDIAN).filter(|_| !debug) else { return Ok(()) };
    let end = offset.saturating_add(size);
    if end > bytes.len() as u64 {
        return Err(truncated(bytes, &format!("section {}", lossy(name)), end));
    }
    Ok(())
}

fn symbols<'a>(
    bytes: &'a [u8],
    sections: &SectionTable<'a, Header, &'a [u8]>,
    names: &[&[u8]],
) -> Result<Symbols, ObjectError> {
    let table =
        sections.symbols(ENDIAN, bytes, elf::SHT_SYMTAB).map_err(|error| damaged("symbol table", error))?;
    if table.is_empty() {
        return Err(ObjectError::Stripped);
    }
    let strings = sections
        .section(table.string_section())
        .and_then(|section| section.data(ENDIAN, bytes))
        .map_err(|error| damaged("symbol names", error))?;
    let (mut functions, mut maps, mut externs) = (Vec::new(), Vec::new(), Vec::new());
    for (number, symbol) in table.iter().enumerate() {
        let index = table
            .symbol_section(ENDIAN, symbol, SymbolIndex(number))
            .map_err(|error| damaged(&format!("symbol {number}"), error))?;
        let Some(index) = index else {
            // The first symbol is none. A name that cannot be read is libbpf's business.
            let named = symbol.is_undefined(ENDIAN) && number > 0 && externs.len() < EXTERNS_MAX;
            let name = named.then(|| name_at(strings, symbol.st_name(ENDIAN), "an undefined symbol"));
            externs.extend(name.and_then(Result::ok).filter(|name| !name.is_empty()).map(lossy));
            continue;
        };
        let (Ok(section), Some(section_name)) = (sections.section(index), names.get(index.0)) else {
            continue;
        };
        let kind = symbol.st_type();
        let into = if kind == elf::STT_FUNC && is_code(section) {
            &mut functions
        } else if matches!(kind, elf::STT_OBJECT | elf::STT_NOTYPE) && is_maps(section_name) {
            &mut maps
        } else {
            continue;
        };
        let name = name_at(strings, symbol.st_name(ENDIAN), &format!("symbol {number}"))?;
        into.push(Symbol { section: index.0, offset: symbol.st_value(ENDIAN), name: lossy(name) });
        for (list, what, max) in [(&functions, "functions", PROGRAMS_MAX), (&maps, "maps", MAPS_MAX)] {
            if list.len() > max {
                return Err(ObjectError::TooMany { what, max });
            }
        }
    }
    for list in [&mut functions, &mut maps] {
        list.retain(|symbol| !symbol.name.is_empty());
        list.sort_by_key(|symbol| (symbol.section, symbol.offset));
    }
    Ok(Symbols { functions, maps, externs })
}

fn is_code(section: &Section) -> bool {
    section.sh_type(ENDIAN) == elf::SHT_PROGBITS
        && section.sh_size(ENDIAN) > 0
        && section.sh_flags(ENDIAN).0 & elf::SHF_EXECINSTR.0 != 0
}

/// `.maps` is described by BTF; `maps` and `maps/NAME` are older ways that libbpf refuses.
fn is_maps(section: &[u8]) -> bool {
    section == b".maps" || section == b"maps" || section.starts_with(b"maps/") || section.ends_with(b"/maps")
}

/// Functions in `.text` are subprograms, even one that is the only function of the object: libbpf's
/// `prog_is_subprog`, since 1.0.
fn programs(functions: Vec<Symbol>, names: &[&[u8]]) -> Vec<Program> {
    let section_of = |function: &Symbol| names.get(function.section).copied().unwrap_or_default();
    functions
        .into_iter()
        .filter(|function| section_of(function) != b".text")
        .map(|function| {
            let section = section_of(&function);
            let plain = section.strip_prefix(b"?");
            let section = lossy(plain.unwrap_or(section));
            Program { name: function.name, section, autoload: plain.is_none() }
        })
        .collect()
}

pub(super) fn section_name<'a>(
    bytes: &'a [u8],
    header: &Header,
    sections: &SectionTable<'a, Header, &'a [u8]>,
    section: &Section,
) -> Result<&'a [u8], ObjectError> {
    let names = header
        .section_strings_index(ENDIAN, bytes)
        .and_then(|index| sections.section(index))
        .map_err(|error| damaged("section names", error))?;
    let strings = names.data(ENDIAN, bytes).map_err(|_| {
        truncated(bytes, "the section names", names.sh_offset(ENDIAN).saturating_add(names.sh_size(ENDIAN)))
    })?;
    name_at(strings, section.sh_name(ENDIAN), "a section")
}

/// A NUL-terminated name. Only `NAME_BYTES_MAX` bytes are looked at, so that a file whose
/// symbols all share one endless name costs no more than any other.
pub(super) fn name_at<'a>(strings: &'a [u8], at: u32, whose: &str) -> Result<&'a [u8], ObjectError> {
    let rest = usize::try_from(at).ok().and_then(|at| strings.get(at..));
    let Some(rest) = rest else {
        return Err(ObjectError::Damaged {
            what: format!("{whose} has its name at {at}, outside the names"),
        });
    };
    let name = until_nul(&rest[..rest.len().min(NAME_BYTES_MAX + 1)]);
    if name.len() > NAME_BYTES_MAX {
        return Err(ObjectError::Damaged { what: format!("{whose} has a name over {NAME_BYTES_MAX} bytes") });
    }
    Ok(name)
}

pub(super) fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

pub(super) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn truncated(bytes: &[u8], part: &str, end: u64) -> ObjectError {
    ObjectError::Truncated { part: part.to_owned(), end, bytes: bytes.len() as u64 }
}

pub(super) fn damaged(part: &str, error: Error) -> ObjectError {
    ObjectError::Damaged { what: format!("{part}: {error}") }
}

fn machine_name(machine: elf::Machine) -> String {
    match machine {
        elf::EM_X86_64 => "x86-64".to_owned(),
        elf::EM_AARCH64 => "aarch64".to_owned(),
        elf::EM_386 => "i386".to_owned(),
        elf::EM_ARM => "arm".to_owned(),
        elf::EM_RISCV => "riscv".to_owned(),
        elf::EM_S390 => "s390x".to_owned(),
        elf::EM_PPC64 => "ppc64".to_owned(),
        elf::EM_LOONGARCH => "loongarch".to_owned(),
        elf::Machine(number) => format!("machine {number}"),
    }
}
