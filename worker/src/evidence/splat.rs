//! Kernel trouble seen while the object was exercised.

use domain::evidence::{Log, LogSubject, Splat};

/// The splats of one guest: from its kernel log, which covers exactly the job, if it lived to
/// send it; else from `console`, which is what it printed since `Ready`. Never from both, or
/// every splat would count twice.
pub(crate) fn find(logs: &[Log], console: &str) -> Vec<Splat> {
    let kernel = logs.iter().find(|log| log.subject == LogSubject::Kernel && !log.cut);
    insight::splat::find(&insight::splat::Policy::built_in(), kernel.map_or(console, |log| &log.text))
}
