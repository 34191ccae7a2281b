//! Attaching one loaded program, to see whether the kernel takes it.
//!
//! What comes in: a loaded program, the object it is part of and the guest's fixtures. What goes out: one
//! [`Attach`], with the hook, the way and the error number of a refusal; and what holds the attachment.
//! The caller decides how long it stays.
//!
//! [`table`] maps every section libbpf knows either to an attacher or to the reason why there is
//! none; the other files are the attachers, by what programs are attached to.
//! Deliberately absent: guesses. A program no attacher can take is `NotAttempted`, and libbpf's
//! own "cannot attach this by its section" never reads like a refusal of the kernel.

mod action;
mod cgroup;
mod iter;
mod map_entry;
mod netfilter;
mod network;
mod perf;
mod route;
mod run;
mod socket;
mod struct_ops;
mod table;
mod tracing;
mod user;

use crate::open::Instance;
use crate::prepare::Fixtures;
use crate::sys::attach::Link;
use crate::sys::libbpf::{Object, Program};
use crate::sys::struct_ops::Table;
use domain::errno::Errno;
use domain::evidence::{Attach, AttachOutcome};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Debug;
use table::Way;

/// Something that keeps a program attached until it is dropped.
pub(crate) trait Hold: Debug {}

impl<T: Debug> Hold for T {}

/// What an attacher observed.
#[derive(Debug)]
struct Attempt {
    hook: String,
    how: String,
    outcome: AttachOutcome,
    held: Option<Box<dyn Hold>>,
}

impl Attempt {
    /// The result of an attempt on `hook`; `how` names the way that was tried, and is replaced by
    /// the kernel's own name of it when it worked.
    fn of(hook: impl Into<String>, how: &str, result: Result<Link, Errno>) -> Self {
        match result {
            Ok(link) => Self::attached(hook, &way_of(&link)).holding(link),
            Err(errno) => Self::failed(hook, how, errno),
        }
    }

    fn attached(hook: impl Into<String>, how: &str) -> Self {
        Self { hook: hook.into(), how: how.to_owned(), outcome: AttachOutcome::Attached, held: None }
    }

    /// It stays attached for as long as `held` lives.
    fn holding(self, held: impl Hold + 'static) -> Self {
        Self { held: Some(Box::new(held)), ..self }
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

/// Attaches the programs of one loaded object.
#[derive(Debug)]
pub(crate) struct Attacher<'o> {
    object: &'o Object,
    tables: &'o [Table],
    fixtures: &'o Fixtures,
    keeps_policies: bool,
    // The struct_ops maps that were registered, by index, and how.
    registered: RefCell<BTreeMap<usize, String>>,
}

impl<'o> Attacher<'o> {
    pub(crate) fn new(instance: &'o Instance, fixtures: &'o Fixtures) -> Self {
        let Instance { object, tables, .. } = instance;
        Self { object, tables, fixtures, keeps_policies: false, registered: RefCell::default() }
    }

    /// An attacher for programs that are to be at work: policies too stay attached, and decide about what the
    /// validator does next.
    pub(crate) fn keeping_policies(self) -> Self {
        Self { keeps_policies: true, ..self }
    }

    /// Attaches the loaded program with this index. It stays attached as long as what is returned beside
    /// the observation lives, if anything is.
    pub(crate) fn attach(&self, index: usize, program: Program<'_>) -> (Attach, Option<Box<dyn Hold>>) {
        let section = program.section();
        let Attempt { hook, how, outcome, held } = match table::find(&section) {
            None => Attempt::skipped(section, "libbpf does not know this section"),
            Some((way, target)) => self.attempt(index, program, way, target),
        };
        (Attach { program: program.name(), hook, how, outcome }, held)
    }

    fn attempt(&self, index: usize, program: Program<'_>, way: Way, target: &str) -> Attempt {
        let fixtures = self.fixtures;
        match way {
            Way::Section => tracing::by_section(program, target),
            Way::RawTracepoint if target.is_empty() => run::tracepoint(program),
            Way::RawTracepoint => tracing::by_section(program, target),
            Way::Lsm => self.policy(tracing::lsm(program, target, fixtures.bpf_lsm)),
            Way::Iterator => iter::attach(self.object, program, target),
            Way::User(probe) => user::attach(program, target, probe),
            Way::StaticProbe => user::attach_static(program, target),
            Way::Perf => perf::attach(program),
            Way::Cgroup => cgroup::attach(program),
            Way::CgroupIngress => cgroup::attach_at_ingress(program),
            Way::Xdp => network::xdp(program, fixtures),
            Way::Netkit => network::netkit(program, fixtures),
            Way::TrafficControl(place) => self.on_loopback(|index| network::attach(program, index, place)),
            Way::Tunnel(tunnel) => self.on_loopback(|index| route::attach(program, index, tunnel)),
            Way::MapEntry(kind) => self.on_loopback(|index| map_entry::attach(program, index, kind)),
            Way::Namespace => network::namespace(program),
            Way::Netfilter => netfilter::attach(program),
            Way::Action => action::attach(program),
            Way::Socket(role) => socket::attach(program, role),
            Way::SocketMap(role) => socket::attach_to_map(program, role),
            Way::StructOps => struct_ops::attach(self, index),
            Way::Syscall => run::syscall(program),
            Way::Never(reason) => Attempt::skipped(target, reason),
        }
    }

    /// A policy that stays would decide about everything the validator does next, so it is let go unless it
    /// is to be at work.
    fn policy(&self, attempt: Attempt) -> Attempt {
        if self.keeps_policies { attempt } else { Attempt { held: None, ..attempt } }
    }

    fn on_loopback(&self, attach: impl FnOnce(std::ffi::c_int) -> Attempt) -> Attempt {
        match self.fixtures.loopback {
            Ok(loopback) => attach(loopback),
            Err(_) => Attempt::skipped("lo", "the guest's loopback interface is not up"),
        }
    }
}
