//! Global variables: where they stand in the object's data and what they can hold.

use super::ObjectError;
use super::btf::{self, Shape};
use super::elf::{ENDIAN, damaged, header, lossy, name_at, section_data, section_name, section_table};
use object::elf;
use object::read::SymbolIndex;
use object::read::elf::{SectionHeader as _, Sym as _};

/// Variables listed at most. Objects have dozens, and their names alone may have a kilobyte each.
pub(super) const GLOBALS_MAX: usize = 16_384;

/// One global variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Global {
    /// Its name.
    pub name: String,
    /// The section it stands in: `.data`, `.rodata`, `.bss` or one that begins so.
    pub section: String,
    /// Its offset there.
    pub offset: u32,
    /// Its bytes.
    pub bytes: u32,
    /// What it can hold; `None` if the object does not tell, or tells it twice.
    pub shape: Option<Shape>,
}

/// The variables of an object that [`super::inspect`] accepts, by place.
///
/// # Errors
/// Headers or type information that contradict themselves.
pub fn globals(bytes: &[u8]) -> Result<Vec<Global>, ObjectError> {
    let header = header(bytes)?;
    let sections = section_table(header, bytes)?;
    let mut names = Vec::new();
    for section in sections.iter() {
        names.push(lossy(section_name(bytes, header, &sections, section)?));
    }
    let shapes = section_data(bytes, ".BTF")?.map(btf::shapes).transpose()?.unwrap_or_default();
    let table =
        sections.symbols(ENDIAN, bytes, elf::SHT_SYMTAB).map_err(|error| damaged("symbol table", error))?;
    let strings = sections
        .section(table.string_section())
        .and_then(|section| section.data(ENDIAN, bytes))
        .map_err(|error| damaged("symbol names", error))?;
    let mut found = Vec::new();
    for (number, symbol) in table.iter().enumerate().filter(|(_, symbol)| symbol.st_type() == elf::STT_OBJECT)
    {
        let index = table
            .symbol_section(ENDIAN, symbol, SymbolIndex(number))
            .map_err(|error| damaged("symbol", error))?;
        let Some(section) = index.and_then(|index| names.get(index.0)).filter(|name| is_data(name)) else {
            continue;
        };
        let name = lossy(name_at(strings, symbol.st_name(ENDIAN), "a symbol")?);
        let shape = shapes.get(&(section.clone(), name.clone())).cloned().flatten();
        let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        let (offset, bytes) = (number(symbol.st_value(ENDIAN)), number(symbol.st_size(ENDIAN)));
        found.push(Global { name, section: section.clone(), offset, bytes, shape });
        if found.len() > GLOBALS_MAX {
            return Err(ObjectError::TooMany { what: "variables", max: GLOBALS_MAX });
        }
    }
    found.sort_by(|a, b| (&a.section, a.offset).cmp(&(&b.section, b.offset)));
    Ok(found)
}

/// Sections that libbpf makes a map of.
fn is_data(section: &str) -> bool {
    [".data", ".rodata", ".bss"]
        .iter()
        .any(|stem| section.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}
