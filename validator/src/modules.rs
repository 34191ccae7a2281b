//! The modules that a job brings along.
//!
//! They are loaded before the object is opened: libbpf looks for modules once for each object.

use crate::sys::kernel;
use domain::errno::Errno;
use domain::evidence::ModuleLoad;
use domain::message::Module;
use std::path::Path;

/// Where a kernel publishes the types of its modules.
const BTF: &str = "/sys/kernel/btf";

/// Loads them in order. One that does not load does not keep the others from being tried.
pub(crate) fn load(modules: &[Module]) -> Vec<ModuleLoad> {
    modules.iter().map(load_one).collect()
}

fn load_one(Module { name, file }: &Module) -> ModuleLoad {
    let errno = match kernel::load_module_bytes(file) {
        // Another module asked the kernel for it, or it was there.
        Ok(()) | Err(Errno::EEXIST) => None,
        Err(errno) => Some(errno),
    };
    ModuleLoad { name: name.clone(), errno, btf: Path::new(BTF).join(name).exists() }
}
