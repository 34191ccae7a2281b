//! What a source says of its functions beside their code: `__attribute__((btf_decl_tag("…")))`.

use super::ObjectError;
use super::{btf, elf};

/// Tags listed at most. The kernel's own tests have some hundred in one object.
pub(super) const TAGS_MAX: usize = 16_384;

/// One tag of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionTag {
    /// The function's name.
    pub function: String,
    /// The tag, up to [`super::NAME_BYTES_MAX`].
    pub text: String,
}

/// The tags of all functions of an object that [`super::inspect`] accepts, in the compiler's order; none
/// without type information.
///
/// # Errors
/// Headers or type information that contradict themselves.
pub fn function_tags(bytes: &[u8]) -> Result<Vec<FunctionTag>, ObjectError> {
    elf::section_data(bytes, ".BTF")?.map_or_else(|| Ok(Vec::new()), btf::function_tags)
}
