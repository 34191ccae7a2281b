//! Functions of the kernel that their name alone does not tell.
//!
//! A compiler makes other functions of one (`f.constprop.0`, `f.isra.0`, `f.part.0`), and files that do not know of each
//! other have functions of the same name. Who hooks `f` then sees some of its calls, or none. The table of
//! symbols is read once for a template, since that takes the kernel a while, and of it only such names are kept.
//!
//! Deliberately absent: symbols of modules, which come later, and the machine of a caller of the library, which learns
//! nothing.

use domain::evidence::{ProgramFact, Symbol};
use insight::wanted;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::io::{BufRead, BufReader};
use std::sync::OnceLock;

const TABLE: &str = "/proc/kallsyms";

/// What begins the name of the room before a function (`CONFIG_FUNCTION_PADDING_CFI`), from 6.3 on.
const PADDING: &str = "__pfx_";
/// What compilers append to the name of a function that they made of another: GCC's `-fipa-cp`, `-fipa-sra` and
/// `-fpartial-inlining`. Not `.cold`, which is a part of the function itself.
const MADE: [&str; 3] = [".constprop.", ".isra.", ".part."];
/// Functions made of one that are told.
const MADE_MAX: usize = 16;

static KNOWN: OnceLock<Symbols> = OnceLock::new();

#[derive(Debug, Default)]
struct Symbols {
    /// How many functions have the name with this hash, where that is more than one. Two names of one hash
    /// among the table's 200,000 are less likely than one in 10^8.
    copies: HashMap<u64, u32>,
    /// By the function they were made of.
    made: BTreeMap<Box<str>, Made>,
}

/// What was made of one function.
#[derive(Debug, Default)]
struct Made {
    /// Whether the function itself is left.
    stays: bool,
    names: Vec<Box<str>>,
}

/// Reads the kernel's symbols, once for all that is asked later.
pub(crate) fn learn() -> std::io::Result<()> {
    let symbols = std::fs::File::open(TABLE).and_then(|table| read(BufReader::new(table)))?;
    KNOWN.get_or_init(|| symbols);
    Ok(())
}

/// What is known of the functions that the programs hook, apart from their name; nothing of those that only have it.
pub(crate) fn of(programs: &[ProgramFact]) -> Vec<Symbol> {
    let Some(known) = KNOWN.get() else { return Vec::new() };
    let hooked = wanted::collect(programs.iter().map(|program| program.section.as_str()), []);
    let of_kernel = hooked.into_iter().filter(|wanted| wanted.module.is_none());
    of_kernel.filter_map(|wanted| known.of(wanted.symbol)).collect()
}

fn hash(name: &str) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(name)
}

fn read(table: impl BufRead) -> std::io::Result<Symbols> {
    let mut symbols = Symbols::default();
    let mut hashes = Vec::new();
    for line in table.split(b'\n') {
        let line = line?;
        let Some(name) = std::str::from_utf8(&line).ok().and_then(function) else { continue };
        hashes.push(hash(name));
        let made = MADE.iter().filter_map(|suffix| name.find(suffix)).min();
        if let Some(end) = made {
            symbols.made.entry(name[..end].into()).or_default().names.push(name.into());
        }
    }
    hashes.sort_unstable();
    symbols.made.iter_mut().for_each(|(name, made)| made.stays = hashes.binary_search(&hash(name)).is_ok());
    let same = hashes.chunk_by(|one, other| one == other).filter(|same| same.len() > 1);
    symbols.copies = same.map(|same| (same[0], u32::try_from(same.len()).unwrap_or(u32::MAX))).collect();
    Ok(symbols)
}

/// The name in a line `ffffffffbb209480 t intel_pmu_hw_config`, if it is of a function of the kernel itself. A
/// module's name would follow.
fn function(line: &str) -> Option<&str> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let (kind, name) = (words.next()?, words.next()?);
    let is_function = matches!(kind, "t" | "T" | "w" | "W") && words.next().is_none();
    (is_function && !name.starts_with(PADDING)).then_some(name)
}

impl Symbols {
    fn of(&self, name: String) -> Option<Symbol> {
        let (copies, made) = (self.copies.get(&hash(&name)).copied(), self.made.get(name.as_str()));
        if copies.is_none() && made.is_none() {
            return None;
        }
        let copies = copies.unwrap_or_else(|| made.is_none_or(|made| made.stays).into());
        let made = made.iter().flat_map(|made| &made.names).take(MADE_MAX).map(|name| name.to_string());
        Some(Symbol { copies, made: made.collect(), name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_several_functions_have_or_descend_from_are_kept() {
        let table = b"ffffffff81000000 T _stext\nffffffff81000010 t show\nffffffff81000020 t __pfx_show\n\
            ffffffff81000030 t show\nffffffff81000040 d show\nffffffff81000050 t tell.isra.0\n\
            ffffffff81000060 t tell.part.0.constprop.1\nffffffff81000070 t tell.cold\n\
            ffffffffc0000000 t show\t[dummy]\n\xff\xfe\nffffffff81000080 W\n";
        let symbols = read(&table[..]).expect("a table");
        assert_eq!(symbols.copies, [(hash("show"), 2)].into());
        let show = Symbol { name: "show".to_owned(), copies: 2, made: vec![] };
        assert_eq!(symbols.of("show".to_owned()), Some(show));
        let made = vec!["tell.isra.0".to_owned(), "tell.part.0.constprop.1".to_owned()];
        assert_eq!(symbols.of("tell".to_owned()), Some(Symbol { name: "tell".to_owned(), copies: 0, made }));
        let made = vec!["show.part.0".to_owned()];
        let again = read(&b"1 t show\n2 t show.part.0\n"[..]).expect("a table");
        assert_eq!(again.of("show".to_owned()), Some(Symbol { name: "show".to_owned(), copies: 1, made }));
        assert_eq!(symbols.of("_stext".to_owned()), None);
    }
}
