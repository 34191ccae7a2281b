//! Tracepoints, probes, trampolines and security hooks: what libbpf attaches by the section alone.

use super::Attempt;
use crate::sys::attach;
use crate::sys::libbpf::Program;

/// Attaches to the section's target.
pub(super) fn by_section(program: Program<'_>, target: &str) -> Attempt {
    if target.is_empty() {
        return without_target(program);
    }
    // `category/name` of a tracepoint reads as the kernel writes it, `category:name`.
    Attempt::of(target.replacen('/', ":", 1), "link", attach::by_section(program))
}

/// Which target its loader picks is not known, and any other would prove nothing.
fn without_target(program: Program<'_>) -> Attempt {
    let section = program.section();
    let reason = format!(
        "its section names no target, which its own loader picks; a manifest can name one, as in \
         `section: {section}/TARGET`"
    );
    Attempt::skipped(section, &reason)
}

/// Attaches to a security hook. Kernels install the trampoline even when nothing will call it.
pub(super) fn lsm(program: Program<'_>, target: &str, active: bool) -> Attempt {
    if target.is_empty() {
        return without_target(program);
    }
    let how = if active { "trampoline" } else { "trampoline, inert" };
    match attach::by_section(program) {
        Ok(link) => Attempt::attached(target, how).holding(link),
        Err(errno) => Attempt::failed(target, how, errno),
    }
}
