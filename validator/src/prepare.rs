//! From a bare kernel to a guest that can take a job.

use crate::charged;
use crate::devices;
use crate::environment;
use crate::facts;
use crate::sys::{features, kernel, print};
use domain::errno::Errno;
use domain::evidence::KernelFacts;
use std::ffi::c_int;
use std::fs::File;
use std::path::Path;
use std::time::Instant;

/// What programs are attached to besides the kernel itself.
#[derive(Debug, Clone)]
pub(crate) struct Fixtures {
    /// Index of the loopback interface.
    pub(crate) loopback: Result<c_int, Errno>,
    /// Index of one end of a pair of virtual Ethernet devices.
    pub(crate) veth: Result<c_int, Errno>,
    /// Index of the primary end of a pair of netkit devices; EOPNOTSUPP on kernels without them.
    pub(crate) netkit: Result<c_int, Errno>,
    /// Whether `bpf` is an active security module, without which its hooks are never called.
    pub(crate) bpf_lsm: bool,
}

impl Fixtures {
    /// Of a machine on which nothing was prepared.
    pub(crate) fn none() -> Self {
        let absent = Err(Errno::EOPNOTSUPP);
        Self { loopback: absent, veth: absent, netkit: absent, bpf_lsm: false }
    }
}

/// Loads `modules` in order, brings the fixtures up and looks at the kernel. `warm_up` does once what every
/// object would need.
pub(crate) fn prepare(modules: &[String], mut lacks: Vec<String>, warm_up: fn()) -> (Fixtures, KernelFacts) {
    // What libbpf says before there is a job is not about an object.
    print::listen(Box::new(|_, _| ()));
    let mut loaded = Vec::new();
    for path in modules {
        let name = module_name(path);
        match load(path) {
            Ok(()) => loaded.push(name),
            Err(says) => lacks.push(format!("module {name} could not be loaded: {says}")),
        }
    }
    let fixtures = fixtures(&mut lacks, false);
    let facts = facts::collect(loaded, lacks);
    environment::note_limit();
    features::probe();
    warm_up();
    charged::begin();
    // The first look at the clock maps its page.
    let _mapped = Instant::now();
    let bpf_lsm = facts.lsm.iter().any(|name| name == "bpf");
    (Fixtures { bpf_lsm, ..fixtures }, facts)
}

/// Brings the fixtures up in the network this process is in; what failed comes back as sentences.
pub(crate) fn fixtures(lacks: &mut Vec<String>, bpf_lsm: bool) -> Fixtures {
    let loopback = kernel::loopback_up();
    if let Err(errno) = loopback {
        lacks.push(format!("the loopback interface could not be brought up: {errno}"));
    }
    let peer = devices::peer();
    let veth = peer.as_ref().map_err(|errno| *errno).and_then(devices::veth);
    if let Err(errno) = veth {
        lacks.push(format!("the virtual Ethernet devices could not be made: {errno}"));
    }
    let netkit = peer.and_then(|peer| devices::netkit(&peer));
    Fixtures { loopback, veth, netkit, bpf_lsm }
}

fn load(path: &str) -> Result<(), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    kernel::load_module(&file).map_err(|errno| errno.to_string())
}

/// The kernel's name of a module file: its stem with underscores.
fn module_name(path: &str) -> String {
    let file = Path::new(path).file_name().map_or(path.into(), |name| name.to_string_lossy());
    file.trim_end_matches(".ko").replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_has_the_kernels_name() {
        assert_eq!(module_name("/modules/sch_ingress.ko"), "sch_ingress");
        assert_eq!(module_name("virtio-rng.ko"), "virtio_rng");
    }
}
