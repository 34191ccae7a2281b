//! What kernels offer to programs, as the templates of this worker know it.
//!
//! In: what a template's guest said, whenever a template is made or read. Out: the same for whoever tells a
//! controller, once for each kernel: a template that is made again says nothing new.

use domain::digest::Digest;
use domain::offers::Offers;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

/// By the digest of the kernel.
pub(crate) type ByKernel = BTreeMap<Digest, Arc<Offers>>;

/// The kernels of which a template was at hand since the worker started.
#[derive(Debug, Default)]
pub struct Offered(watch::Sender<ByKernel>);

impl Offered {
    /// Learns what a kernel offers, the first time.
    pub(crate) fn learn(&self, kernel: Digest, offers: &Offers) {
        self.0.send_if_modified(|known| {
            let is_new = !known.contains_key(&kernel);
            if is_new {
                known.insert(kernel, Arc::new(offers.clone()));
            }
            is_new
        });
    }

    /// All that is known and what comes.
    pub(crate) fn watch(&self) -> watch::Receiver<ByKernel> {
        let mut known = self.0.subscribe();
        known.mark_changed();
        known
    }
}
