//! Tracepoints, probes, trampolines and security hooks: what libbpf attaches by the section alone.

use super::Attempt;
use crate::sys::attach;
use crate::sys::libbpf::Program;

const NO_TARGET: &str = "the section names no target";

/// Attaches to the section's target.
pub(super) fn by_section(program: Program<'_>, target: &str) -> Attempt {
    if target.is_empty() {
        return Attempt::skipped(target, NO_TARGET);
    }
    // `category/name` of a tracepoint reads as the kernel writes it, `category:name`.
    Attempt::of(target.replacen('/', ":", 1), "link", attach::by_section(program))
}

/// Attaches to a security hook. Kernels install the trampoline even when nothing will call it.
pub(super) fn lsm(program: Program<'_>, target: &str, active: bool) -> Attempt {
    if target.is_empty() {
        return Attempt::skipped(target, NO_TARGET);
    }
    let how = if active { "trampoline" } else { "trampoline, inert" };
    match attach::by_section(program) {
        Ok(link) => Attempt::attached(target, how).holding(link),
        Err(errno) => Attempt::failed(target, how, errno),
    }
}
