//! User-space probes.
//!
//! The guest has no user space but the validator. A probe without a target is put on a function
//! of the validator; one that names a file the guest does not have is not attempted.

use super::Attempt;
use crate::sys::attach::{self, StaticProbe, UserTarget};
use crate::sys::kernel;
use crate::sys::libbpf::{Program, c_text};
use std::ffi::CString;
use std::path::Path;

/// The validator's own file.
const SELF: &str = "/proc/self/exe";

/// Which kind of probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Probe {
    /// On the return instead of the entry.
    pub(super) at_return: bool,
    /// Through a link that takes many.
    pub(super) multi: bool,
    /// On both entry and return, with a value kept between them.
    pub(super) session: bool,
}

pub(super) fn attach(program: Program<'_>, target: &str, probe: Probe) -> Attempt {
    let file = target.split(':').next().unwrap_or_default();
    if Path::new(file).is_absolute() && Path::new(file).exists() {
        return Attempt::of(target, "link", attach::by_section(program));
    }
    if !target.is_empty() {
        return Attempt::skipped(target, &format!("the guest has no file `{file}`"));
    }
    let hook = "a function of the validator";
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let Some(offset) = file_offset(&maps, kernel::probe_target_address()) else {
        return Attempt::skipped(hook, "the validator cannot find its own function in its file");
    };
    let path = own_path();
    let at = UserTarget { path: &path, offset, at_return: probe.at_return };
    let result = if probe.multi {
        attach::uprobe_multi(program, at, probe.session)
    } else {
        attach::uprobe(program, at)
    };
    Attempt::of(hook, "link", result)
}

/// A static probe, `path:provider:name`; the validator's own where the section names none. libbpf itself
/// reads the target of `usdt` sections and not of `usdt.s`.
pub(super) fn attach_static(program: Program<'_>, target: &str) -> Attempt {
    if target.is_empty() {
        let path = own_path();
        let process = Some(nix::unistd::getpid().as_raw());
        let own = StaticProbe { path: &path, provider: c"bpfcompat", name: c"probe", process };
        return Attempt::of("a static probe of the validator", "link", attach::usdt(program, own));
    }
    let mut parts = target.splitn(3, ':').map(c_text);
    let (Some(path), Some(provider), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
        return Attempt::skipped(target, "the section does not name a file, a provider and a probe");
    };
    let file = path.to_string_lossy();
    if !(Path::new(&*file).is_absolute() && Path::new(&*file).exists()) {
        return Attempt::skipped(target, &format!("the guest has no file `{file}`"));
    }
    // Kernels before 5.15 have no cookies, without which libbpf attaches to a relocatable file of a
    // process it is told. Nobody but the validator maps its file.
    let process = (Path::new(&*file).canonicalize().ok() == Path::new(SELF).canonicalize().ok())
        .then(|| nix::unistd::getpid().as_raw());
    let probe = StaticProbe { path: &path, provider: &provider, name: &name, process };
    Attempt::of(target, "link", attach::usdt(program, probe))
}

/// The path of the validator's file, without the link that leads to it.
fn own_path() -> CString {
    std::fs::read_link(SELF).map_or_else(|_| c_text(SELF), |path| c_text(&path.to_string_lossy()))
}

/// Where in its file the byte at `address` lies, from lines
/// `start-end permissions offset device inode path` with hexadecimal numbers.
fn file_offset(maps: &str, address: usize) -> Option<usize> {
    maps.lines().find_map(|line| {
        let mut fields = line.split_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let offset = usize::from_str_radix(fields.nth(1)?, 16).ok()?;
        let start = usize::from_str_radix(start, 16).ok()?;
        let end = usize::from_str_radix(end, 16).ok()?;
        (start..end).contains(&address).then(|| address - start + offset)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_its_file() {
        let maps = "55d000-55e000 r--p 00000000 00:01 2 /init\n55e000-560000 r-xp 00001000 00:01 2 /init\n";
        assert_eq!(file_offset(maps, 0x0055_e123), Some(0x1123));
        assert_eq!(file_offset(maps, 0x0056_0000), None);
        let own = std::fs::read_to_string("/proc/self/maps").expect("Linux");
        assert!(file_offset(&own, kernel::probe_target_address()).is_some());
    }
}
