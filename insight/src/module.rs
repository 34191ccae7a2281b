//! What a kernel module holds that programs can hook or call.
//!
//! In: the plain bytes of a `.ko` file, out of a package and hostile until parsed. Out: the modules
//! it depends on and its symbols. Deliberately absent: exported variables of other modules, what is
//! gone once the module was loaded, and types.

use object::{Object, ObjectSection, ObjectSymbol, SymbolKind};

/// Symbols of one module that are listed. The largest modules of distributions have some 40,000.
pub const SYMBOLS_MAX: usize = 262_144;
/// Modules that one module depends on. The most demanding of distributions name some 20.
pub const DEPENDS_MAX: usize = 256;
/// Longest name in bytes; the kernel's own end at 512 (`KSYM_NAME_LEN`), those of modules at 56.
pub const NAME_BYTES_MAX: usize = 512;

/// The start of a tracepoint's symbol.
pub const TRACEPOINT: &str = "__tracepoint_";
/// The start of a symbol for the padding before a function, which kernels from 6.2 have for each.
const PADDING: &str = "__pfx_";
/// The start of the names of sections that are freed when a module was loaded.
const INIT: &str = ".init";

/// A symbol of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symbol<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether it is seen outside its file. Names of other symbols occur in several modules.
    pub global: bool,
}

/// What a module holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleFacts<'a> {
    /// Names of the modules that must be loaded before it, in the kernel's spelling.
    pub depends: Vec<String>,
    /// Functions, tracepoints and global variables.
    pub symbols: Vec<Symbol<'a>>,
}

/// Looks into a module.
///
/// # Errors
/// A sentence when the bytes are no kernel module, or one beyond the limits.
pub fn inspect(module: &[u8]) -> Result<ModuleFacts<'_>, String> {
    let elf = object::File::parse(module).map_err(|error| error.to_string())?;
    Ok(ModuleFacts { depends: depends(&elf)?, symbols: symbols(&elf)? })
}

/// Packages carry no `modules.dep`, which is made at installation; it is made from the same words.
fn depends(elf: &object::File<'_>) -> Result<Vec<String>, String> {
    let section = elf.section_by_name(".modinfo").ok_or("it has no .modinfo section")?;
    let info = section.data().map_err(|error| error.to_string())?;
    let words = info.split(|byte| *byte == 0).find_map(|word| word.strip_prefix(b"depends="));
    let words = String::from_utf8_lossy(words.unwrap_or_default()).replace('-', "_");
    let names: Vec<String> =
        words.split(',').filter(|name| is_name(name)).take(DEPENDS_MAX + 1).map(str::to_owned).collect();
    if names.len() > DEPENDS_MAX {
        return Err(format!("it depends on more than {DEPENDS_MAX} modules"));
    }
    Ok(names)
}

/// Whether a module can have this name.
pub fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.bytes().all(plain)
}

fn symbols<'a>(elf: &object::File<'a>) -> Result<Vec<Symbol<'a>>, String> {
    let mut symbols = Vec::new();
    for symbol in elf.symbols() {
        let (Some(section), Ok(name)) = (symbol.section_index(), symbol.name()) else { continue };
        let global = symbol.is_global();
        let wanted = match symbol.kind() {
            SymbolKind::Text => !name.starts_with(PADDING),
            SymbolKind::Data => global,
            _ => false,
        };
        if !wanted || name.is_empty() || name.len() > NAME_BYTES_MAX {
            continue;
        }
        let section = elf.section_by_index(section).map_err(|error| error.to_string())?;
        if section.name().is_ok_and(|section| section.starts_with(INIT)) {
            continue;
        }
        if symbols.len() == SYMBOLS_MAX {
            return Err(format!("it has more than {SYMBOLS_MAX} symbols"));
        }
        symbols.push(Symbol { name, global });
    }
    Ok(symbols)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bytes_that_are_no_module_are_refused() {
        assert!(inspect(b"not an ELF file").is_err());
        assert!(inspect(b"").is_err());
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_none() {
        assert!(is_name("nf_conntrack"));
        for wrong in ["", "../etc", "a/b", "a b", &"a".repeat(NAME_BYTES_MAX + 1)] {
            assert!(!is_name(wrong), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn whatever_follows_the_magic_does_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..2048)) {
            let elf = [b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x01\0\x3e\0".as_slice(), &bytes].concat();
            if let Ok(facts) = inspect(&elf) {
                prop_assert!(facts.symbols.len() <= SYMBOLS_MAX && facts.depends.len() <= DEPENDS_MAX);
            }
        }
    }
}
