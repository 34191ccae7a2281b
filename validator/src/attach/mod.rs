//! Attaching one loaded program, to see whether the kernel takes it.
//!
//! What comes in: a loaded program and the guest's fixtures. What goes out: one [`Attach`], with
//! the hook, the way and the error number of a refusal; and what holds the attachment, if libbpf
//! does. The caller decides how long it stays.
//!
//! [`table`] maps every section libbpf knows either to an attacher or to the reason why there is
//! none; the other files are the attachers, by what programs are attached to.
//! Deliberately absent: guesses. A program no attacher can take is `NotAttempted`, and libbpf's
//! own "cannot attach this by its section" never reads like a refusal of the kernel.

mod cgroup;
mod iter;
mod network;
mod perf;
mod table;
mod tracing;
mod user;

use crate::prepare::Fixtures;
use crate::sys::attach::Link;
use crate::sys::libbpf::Program;
use domain::errno::Errno;
use domain::evidence::{Attach, AttachOutcome};
use table::Way;

/// What an attacher observed.
#[derive(Debug)]
struct Attempt {
    hook: String,
    how: String,
    outcome: AttachOutcome,
    held: Option<Link>,
}

impl Attempt {
    /// The result of an attempt on `hook`; `how` names the way that was tried, and is replaced by
    /// the kernel's own name of it when it worked.
    fn of(hook: impl Into<String>, how: &str, result: Result<Link, Errno>) -> Self {
        match result {
            Ok(link) => {
                let attached = Self::attached(hook, &way_of(&link));
                Self { held: Some(link), ..attached }
            }
            Err(errno) => Self::failed(hook, how, errno),
        }
    }

    fn attached(hook: impl Into<String>, how: &str) -> Self {
        Self { hook: hook.into(), how: how.to_owned(), outcome: AttachOutcome::Attached, held: None }
    }

    fn failed(hook: impl Into<String>, how: &str, errno: Errno) -> Self {
        Self { hook: hook.into(), how: how.to_owned(), outcome: AttachOutcome::Failed(errno), held: None }
    }

    fn skipped(hook: impl Into<String>, reason: &str) -> Self {
        Self {
            hook: hook.into(),
            how: String::new(),
            outcome: AttachOutcome::NotAttempted(reason.to_owned()),
            held: None,
        }
    }
}

/// `perf_event link`, `tracing link`, …; before 5.15 probes are plain perf events.
fn way_of(link: &Link) -> String {
    link.kind().map_or_else(|| "perf event".to_owned(), |kind| format!("{kind} link"))
}

/// Attaches one loaded program. It stays attached as long as the link lives, if there is one.
pub(crate) fn attach(program: Program<'_>, section: &str, fixtures: Fixtures) -> (Attach, Option<Link>) {
    let Attempt { hook, how, outcome, held } = match table::find(section) {
        None => Attempt::skipped(section, "libbpf does not know this section"),
        Some((way, target)) => attempt(program, fixtures, way, target),
    };
    (Attach { program: program.name(), hook, how, outcome }, held)
}

fn attempt(program: Program<'_>, fixtures: Fixtures, way: Way, target: &str) -> Attempt {
    match way {
        Way::Section => tracing::by_section(program, target),
        Way::Lsm => tracing::lsm(program, target, fixtures.bpf_lsm),
        Way::Iterator => iter::attach(program, target),
        Way::User(probe) => user::attach(program, target, probe),
        Way::Perf => perf::attach(program),
        Way::Cgroup => cgroup::attach(program),
        Way::Network(place) => match fixtures.loopback {
            Ok(loopback) => network::attach(program, loopback, place),
            Err(_) => Attempt::skipped("lo", "the guest's loopback interface is not up"),
        },
        Way::Namespace => network::namespace(program),
        Way::Never(reason) => Attempt::skipped(target, reason),
    }
}
