//! What is asked of a machine, from a kernel that is at hand.

use super::answer::GUEST_BYTES;
use crate::kernel::{Bundle, Initramfs};
use crate::machine::{BootFiles, Order, Origin};
use domain::digest::Digest;
use std::time::Duration;

/// From the guest's first word to its last, unless a run says otherwise; as in the controller.
const TIMEOUT: Duration = Duration::from_secs(120);

/// An order for the usual guest of this kernel, which has no object yet. `validator` is the digest
/// of the validator inside `initramfs`.
pub fn order(bundle: &Bundle, initramfs: &Initramfs, validator: Digest) -> Order {
    let files = BootFiles {
        series: bundle.kernel.series,
        vmlinuz: bundle.vmlinuz.clone(),
        initramfs: initramfs.path.clone(),
        modules: initramfs.modules.clone(),
    };
    let origin = Origin { kernel: bundle.kernel.digest, initramfs: initramfs.digest };
    Order { origin, validator, ..Order::of(files, GUEST_BYTES, TIMEOUT) }
}
