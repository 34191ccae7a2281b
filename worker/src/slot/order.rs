//! What is asked of a machine, from a kernel that is at hand.

use super::answer::GUEST_BYTES;
use crate::kernel::{Bundle, Initramfs};
use crate::machine::{Order, Origin};
use bytes::Bytes;
use domain::axis::{Axes, Loader};
use domain::contract::Contract;
use domain::digest::Digest;
use domain::evidence::Start;
use domain::level::Level;
use std::sync::Arc;
use std::time::Duration;

/// From the guest's first word to its last, unless a run says otherwise; as in the controller.
const TIMEOUT: Duration = Duration::from_secs(120);

/// An order for the usual guest of this kernel, which has no object yet. `validator` is the digest
/// of the validator inside `initramfs`.
pub fn order(bundle: &Bundle, initramfs: &Initramfs, validator: Digest) -> Order {
    Order {
        series: bundle.kernel.series,
        vmlinuz: bundle.vmlinuz.clone(),
        initramfs: initramfs.path.clone(),
        origin: Origin { kernel: bundle.kernel.digest, initramfs: initramfs.digest },
        modules: initramfs.modules.clone(),
        validator,
        object_name: String::new(),
        object: Bytes::new(),
        object_digest: Digest::of(b""),
        on_demand: Arc::default(),
        level: Level::Attach,
        loader: Loader::default(),
        programs: Vec::new(),
        loader_files: Arc::default(),
        contract: Contract::default(),
        globals: Vec::new(),
        places: Vec::new(),
        axes: Axes::default(),
        memory_bytes: GUEST_BYTES,
        timeout: TIMEOUT,
        start: Start::Clone,
    }
}
