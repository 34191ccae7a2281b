//! Whether evidence is about what was asked.

use crate::store::leases::Asked;
use domain::evidence::Evidence;

/// The first way in which the evidence does not fit the question. A verdict is stored under the
/// question, so evidence of another kernel or validator would answer the wrong people.
pub(super) fn mismatch(evidence: &Evidence, asked: &Asked) -> Option<String> {
    let guest = &evidence.guest;
    if guest.validator != asked.validator {
        return Some(format!(
            "validator {} answered and the worker announced {}",
            guest.validator.short(),
            asked.validator.short()
        ));
    }
    if guest.cpus != asked.axes.cpus {
        return Some(format!("the guest had {} processors, not {}", guest.cpus, asked.axes.cpus));
    }
    if evidence.axes != asked.axes {
        return Some("it was observed in another environment than was asked for".to_owned());
    }
    if asked.memory_bytes != 0 && guest.memory_bytes != asked.memory_bytes {
        return Some(format!(
            "the guest had {} bytes of memory, not {}",
            guest.memory_bytes, asked.memory_bytes
        ));
    }
    if evidence.contract != asked.contract {
        return Some("it was observed under another contract than was declared".to_owned());
    }
    let kernel = evidence.kernel.as_ref()?;
    (kernel.release != asked.kernel_release)
        .then(|| format!("kernel {} answered and {} was asked", kernel.release, asked.kernel_release))
}
