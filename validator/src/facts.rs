//! What the kernel says about itself.

use crate::sys::btf::KernelBtf;
use crate::sys::libbpf;
use domain::evidence::KernelFacts;
use nix::sys::utsname::uname;
use std::fs;

/// Looks at everything once; `modules` and `lacks` are what the preparation left behind.
pub(crate) fn collect(modules: Vec<String>, mut lacks: Vec<String>) -> KernelFacts {
    let mut facts = KernelFacts { modules, libbpf: libbpf::version(), ..KernelFacts::default() };
    match uname() {
        Ok(name) => {
            facts.release = name.release().to_string_lossy().into_owned();
            facts.version = name.version().to_string_lossy().into_owned();
            facts.machine = name.machine().to_string_lossy().into_owned();
        }
        Err(errno) => lacks.push(format!("uname failed: {errno}")),
    }
    facts.btf_bytes = fs::metadata("/sys/kernel/btf/vmlinux").map_or(0, |file| file.len());
    match KernelBtf::read() {
        Ok(btf) => {
            facts.map_types = btf.enum_end("bpf_map_type");
            facts.program_types = btf.enum_end("bpf_prog_type");
            facts.helpers = btf.enum_end("bpf_func_id");
        }
        Err(errno) => lacks.push(format!("the kernel's BTF cannot be read: {errno}")),
    }
    match security_modules() {
        Ok(names) => facts.lsm = names,
        Err(error) => lacks.push(format!("the list of security modules cannot be read: {error}")),
    }
    facts.lockdown = lockdown();
    facts.cpus = std::thread::available_parallelism()
        .ok()
        .and_then(|cpus| u32::try_from(cpus.get()).ok())
        .unwrap_or_default();
    facts.memory_bytes =
        fs::read_to_string("/proc/meminfo").ok().and_then(|text| total_bytes(&text)).unwrap_or_default();
    facts.lacks = lacks;
    facts
}

/// The active security modules, in their order.
pub(crate) fn security_modules() -> std::io::Result<Vec<String>> {
    fs::read_to_string("/sys/kernel/security/lsm").map(|list| names(&list))
}

/// How far the kernel is locked down, if it can be.
pub(crate) fn lockdown() -> Option<String> {
    fs::read_to_string("/sys/kernel/security/lockdown").ok().and_then(|text| selected(&text))
}

fn names(list: &str) -> Vec<String> {
    list.trim().split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// The word in brackets of `[none] integrity confidentiality`.
fn selected(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('[')?;
    let (word, _) = rest.split_once(']')?;
    Some(word.to_owned())
}

/// `MemTotal` of `/proc/meminfo`, whose `kB` are 1024 bytes.
fn total_bytes(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_files_are_read() {
        assert_eq!(names("lockdown,capability,bpf\n"), ["lockdown", "capability", "bpf"]);
        assert!(names("\n").is_empty());
        assert_eq!(selected("none [integrity] confidentiality\n").as_deref(), Some("integrity"));
        assert_eq!(selected("none\n"), None);
        assert_eq!(total_bytes("MemTotal:        1004560 kB\nMemFree: 1 kB\n"), Some(1_028_669_440));
        assert_eq!(total_bytes("MemFree: 1 kB\n"), None);
    }
}
