//! The type information of an object, as far as global variables and tags of functions need it.
//!
//! In: a `.BTF` section, hostile. Out: the shape of each variable by section and name, and what functions are
//! tagged with. The layout is that of the kernel's `linux/btf.h`.

use super::ObjectError;
use super::globals::GLOBALS_MAX;
use super::tags::{FunctionTag, TAGS_MAX};
use std::collections::BTreeMap;

const MAGIC: u16 = 0xeb9f;
/// Types read at most; objects have thousands, whole kernels some hundred thousand.
const TYPES_MAX: usize = 1 << 20;
/// Types that may stand behind one another: `const volatile` of a typedef of an array, and so on.
const CHAIN_MAX: usize = 32;

const INT: u32 = 1;
const ARRAY: u32 = 3;
const ENUM: u32 = 6;
const TYPEDEF: u32 = 8;
const VOLATILE: u32 = 9;
const CONST: u32 = 10;
const RESTRICT: u32 = 11;
const FUNCTION: u32 = 12;
const VAR: u32 = 14;
const DATASEC: u32 = 15;
const DECLARATION_TAG: u32 = 17;
const TYPE_TAG: u32 = 18;
const ENUM64: u32 = 19;
/// `BTF_INT_SIGNED` and `BTF_INT_BOOL`.
const SIGNED: u32 = 1;
const BOOL: u32 = 4;

/// What a variable can hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// A whole number or an enumerator.
    Integer {
        /// Its bytes.
        bytes: u32,
        /// Whether it may be negative.
        signed: bool,
    },
    /// A truth value of one byte.
    Boolean,
    /// So many of the same.
    Array(Box<Shape>, u32),
    /// A structure, a pointer, a fraction: only its bytes can be set.
    Opaque,
}

/// Shapes by section and variable; `None` for a name that stands twice in a section.
pub(super) type Shapes = BTreeMap<(String, String), Option<Shape>>;

struct Type {
    name_at: u32,
    kind: u32,
    count: u32,
    /// Of an enumeration.
    is_signed: bool,
    size_or_type: u32,
    /// Where what follows its header begins.
    rest: usize,
}

struct Btf<'a> {
    types: Vec<Type>,
    bytes: &'a [u8],
    strings: &'a [u8],
}

/// The shapes of all variables that stand in a data section.
pub(super) fn shapes(btf: &[u8]) -> Result<Shapes, ObjectError> {
    let btf = Btf::read(btf)?;
    let mut shapes = Shapes::new();
    for section in btf.types.iter().filter(|one| one.kind == DATASEC) {
        for at in 0..section.count as usize {
            let variable = btf.word(section.rest + at * 12).and_then(|id| btf.get(id));
            let Some(variable) = variable.filter(|variable| variable.kind == VAR) else { continue };
            let place = (btf.name(section.name_at), btf.name(variable.name_at));
            let shape = btf.shape(variable.size_or_type, 0);
            if shapes.len() == GLOBALS_MAX {
                return Err(ObjectError::TooMany { what: "variables", max: GLOBALS_MAX });
            }
            shapes.entry(place).and_modify(|known| *known = None).or_insert(Some(shape));
        }
    }
    Ok(shapes)
}

/// The declaration tags of functions, in the order of the types. Those of a parameter are left out.
pub(super) fn function_tags(btf: &[u8]) -> Result<Vec<FunctionTag>, ObjectError> {
    let btf = Btf::read(btf)?;
    let whole = |tag: &&Type| tag.kind == DECLARATION_TAG && btf.word(tag.rest) == Some(u32::MAX);
    let tags = btf.types.iter().filter(whole).filter_map(|tag| {
        let function = btf.get(tag.size_or_type).filter(|one| one.kind == FUNCTION)?;
        Some(FunctionTag { function: btf.name(function.name_at), text: btf.name(tag.name_at) })
    });
    let tags: Vec<FunctionTag> = tags.take(TAGS_MAX + 1).collect();
    if tags.len() > TAGS_MAX {
        return Err(ObjectError::TooMany { what: "tags of functions", max: TAGS_MAX });
    }
    Ok(tags)
}

impl<'a> Btf<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, ObjectError> {
        let damaged = "type information: its headers lie beyond its end";
        Self::parse(bytes).ok_or_else(|| ObjectError::Damaged { what: damaged.to_owned() })
    }

    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let word = |at: usize| word(bytes, at);
        let magic = u16::from_le_bytes(*bytes.first_chunk()?);
        let [header, type_at, type_bytes, string_at, string_bytes] =
            [word(4)?, word(8)?, word(12)?, word(16)?, word(20)?].map(|number| number as usize);
        let part = |at: usize, length: usize| {
            let start = header.checked_add(at)?;
            bytes.get(start..start.checked_add(length)?)
        };
        let strings = part(string_at, string_bytes).filter(|_| magic == MAGIC)?;
        let bytes = part(type_at, type_bytes)?;
        let mut btf = Self { types: Vec::new(), bytes, strings };
        let mut at = 0;
        while at < bytes.len() && btf.types.len() < TYPES_MAX {
            let info = btf.word(at + 4)?;
            let (kind, count) = (info >> 24 & 0x1f, info & 0xffff);
            let (name_at, size_or_type) = (btf.word(at)?, btf.word(at + 8)?);
            let one = Type { name_at, kind, count, is_signed: info >> 31 == 1, size_or_type, rest: at + 12 };
            let each = match kind {
                INT | VAR | DECLARATION_TAG => 4,
                ARRAY => 12,
                4 | 5 | DATASEC | ENUM64 => 12 * count as usize,
                ENUM | 13 => 8 * count as usize,
                _ => 0,
            };
            at = one.rest + each;
            btf.types.push(one);
        }
        Some(btf)
    }

    fn word(&self, at: usize) -> Option<u32> {
        word(self.bytes, at)
    }

    /// Types count from 1.
    fn get(&self, id: u32) -> Option<&Type> {
        self.types.get((id as usize).checked_sub(1)?)
    }

    fn name(&self, at: u32) -> String {
        let rest = self.strings.get(at as usize..).unwrap_or_default();
        let rest = &rest[..rest.len().min(super::NAME_BYTES_MAX)];
        super::elf::lossy(super::elf::until_nul(rest))
    }

    fn shape(&self, id: u32, depth: usize) -> Shape {
        let Some(one) = self.get(id).filter(|_| depth < CHAIN_MAX) else { return Shape::Opaque };
        match one.kind {
            TYPEDEF | VOLATILE | CONST | RESTRICT | TYPE_TAG => self.shape(one.size_or_type, depth + 1),
            INT => match self.word(one.rest).map(|data| data >> 24 & 0xf) {
                Some(encoding) if encoding & BOOL != 0 && one.size_or_type == 1 => Shape::Boolean,
                Some(encoding) => Shape::Integer { bytes: one.size_or_type, signed: encoding & SIGNED != 0 },
                None => Shape::Opaque,
            },
            ENUM | ENUM64 => Shape::Integer { bytes: one.size_or_type, signed: one.is_signed },
            ARRAY => match (self.word(one.rest), self.word(one.rest + 8)) {
                (Some(element), Some(count)) => Shape::Array(Box::new(self.shape(element, depth + 1)), count),
                _ => Shape::Opaque,
            },
            _ => Shape::Opaque,
        }
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}
