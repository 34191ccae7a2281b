//! The loader contract: what an object's own loader sets before it loads.
//!
//! In: an opened object and what the job declares. Out: the object as its loader would leave it, and one
//! sentence for everything that was set. What nobody declared is inferred where it can only mean "set
//! later": sizes of 0, maps of maps without a prototype, sections libbpf does not know, slots of tail calls. It is applied anew to
//! every opening, so that whatever is tried, together or alone, is tried under the same contract.
//!
//! [`choose`] picks among alternatives. Deliberately absent: globals and constants that nobody declared;
//! they stay as they were compiled.

pub(crate) mod choose;
mod declared;
mod inner;
mod perf_buffer;
mod sections;
mod sizes;
pub(crate) mod tails;

use crate::sys::libbpf::Object;
use domain::errno::Errno;
use domain::evidence::{Choice, NotApplied};
use domain::message::Job;
use std::os::fd::OwnedFd;

/// What was set on one opening.
#[derive(Debug, Default)]
pub(crate) struct Terms {
    /// What nobody declared, one sentence each.
    pub(crate) inferred: Vec<String>,
    /// What was declared, one sentence each.
    pub(crate) applied: Vec<String>,
    /// What was declared and refused.
    pub(crate) not_applied: Vec<NotApplied>,
    /// Prototypes of inner maps. libbpf uses them and leaves them to whoever made them.
    prototypes: Vec<OwnedFd>,
}

/// Sets what is declared, then what can be inferred of the rest.
pub(crate) fn apply(object: &Object, job: &Job, choices: &[Choice]) -> Result<Terms, Errno> {
    let mut terms = Terms::default();
    declared::programs(object, &job.contract, &mut terms);
    declared::choices(object, &job.contract, choices)?;
    declared::maps(object, &job.contract, &mut terms);
    declared::globals(object, &job.globals, &mut terms);
    for program in object.programs() {
        terms.inferred.extend(sections::infer(program)?);
    }
    terms.inferred.extend(tails::infer(object)?);
    for map in object.maps() {
        terms.inferred.extend(sizes::infer(map)?);
    }
    let declared = |name: &str| job.contract.maps.get(name).is_some_and(|terms| terms.inner_map.is_some());
    inner::infer(object, declared, &mut terms)?;
    Ok(terms)
}

impl Terms {
    /// Notes what came of a declaration about `subject`.
    fn note(&mut self, subject: &str, setting: String, result: Result<(), Errno>) {
        match result {
            Ok(()) => self.applied.push(format!("`{subject}`: {setting}")),
            Err(errno) => self.not_applied.push(NotApplied { subject: subject.to_owned(), setting, errno }),
        }
    }
}
