//! Attaching what aya attaches by section, name of an interface, or control group.

use super::refusal;
use crate::devices::VETH;
use crate::loader::protocol::{Attempt, Said};
use crate::mounts::CGROUP;
use ::aya::programs::tc::qdisc_add_clsact;
use ::aya::programs::{CgroupAttachMode, Program, ProgramError, TcAttachType, XdpMode};
use domain::section::{self, target};
use std::fs::File;

/// The interface of traffic control programs.
const LOOPBACK: &str = "lo";

/// Attaches a loaded program; it stays attached for as long as this process lives.
pub(super) fn attach(name: String, program: &mut Program, section: &str) -> Said {
    let (hook, how, result) = attempt(program, section);
    let not_tried = |why: &str| Some(why.to_owned());
    let (errno, not_tried, says) = match result {
        Ok(()) => (None, None, String::new()),
        Err(Trouble::Lacks(why)) => (None, not_tried(why), String::new()),
        Err(Trouble::Refused(error)) => {
            let refusal = refusal::of_program(&error);
            let unable = refusal.errno.is_none().then(|| refusal.says.clone());
            (refusal.errno, unable, refusal.says)
        }
    };
    Said::Attach(Attempt { name, hook, how: how.to_owned(), errno, not_tried, says })
}

enum Trouble {
    Lacks(&'static str),
    Refused(ProgramError),
}

impl<E: Into<ProgramError>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

fn attempt(program: &mut Program, section: &str) -> (String, &'static str, Result<(), Trouble>) {
    let named = target(section).unwrap_or_default();
    let at = |hook: &str, how, result: Result<(), Trouble>| (hook.to_owned(), how, result);
    match program {
        Program::TracePoint(program) => {
            let Some((category, event)) = named.split_once('/') else {
                return at(named, "", Err(Trouble::Lacks("the section names no event")));
            };
            at(&format!("{category}:{event}"), "perf event", done(program.attach(category, event)))
        }
        Program::KProbe(program) if !named.is_empty() => {
            let Some((function, offset)) = section::with_offset(named) else {
                return at(named, "", Err(Trouble::Lacks("the offset is no number")));
            };
            at(named, "perf event", done(program.attach(function, offset)))
        }
        Program::RawTracePoint(program) if !named.is_empty() => {
            at(named, "raw tracepoint", done(program.attach(named)))
        }
        Program::BtfTracePoint(program) => at(named, "tracing link", done(program.attach())),
        Program::FEntry(program) => at(named, "tracing link", done(program.attach())),
        Program::FExit(program) => at(named, "tracing link", done(program.attach())),
        Program::Lsm(program) => at(named, "tracing link", done(program.attach())),
        Program::Iter(program) => at(named, "iter link", done(program.attach())),
        Program::Xdp(program) => at(VETH, "xdp link", done(program.attach(VETH, XdpMode::default()))),
        Program::SchedClassifier(program) => {
            // It may be there already, which attaching then does not mind.
            qdisc_add_clsact(LOOPBACK).ok();
            let egress = section.ends_with("egress");
            let direction = if egress { TcAttachType::Egress } else { TcAttachType::Ingress };
            let hook = format!("{LOOPBACK} {}", if egress { "egress" } else { "ingress" });
            at(&hook, "traffic control", done(program.attach(LOOPBACK, direction)))
        }
        Program::CgroupSockAddr(program) => in_group(|group, mode| done(program.attach(group, mode))),
        Program::CgroupSock(program) => in_group(|group, mode| done(program.attach(group, mode))),
        Program::CgroupSockopt(program) => in_group(|group, mode| done(program.attach(group, mode))),
        Program::CgroupSysctl(program) => in_group(|group, mode| done(program.attach(group, mode))),
        Program::CgroupDevice(program) => in_group(|group, mode| done(program.attach(group, mode))),
        Program::SockOps(program) => in_group(|group, mode| done(program.attach(group, mode))),
        _ => at(section, "", Err(Trouble::Lacks("only libbpf attaches programs of this kind here"))),
    }
}

fn done<T>(result: Result<T, ProgramError>) -> Result<(), Trouble> {
    Ok(result.map(|_| ())?)
}

fn in_group(
    attach: impl FnOnce(File, CgroupAttachMode) -> Result<(), Trouble>,
) -> (String, &'static str, Result<(), Trouble>) {
    // With any other mode aya hands flags to a link, which the kernel refuses.
    let mode = CgroupAttachMode::Single;
    let result = File::open(CGROUP).map_err(Trouble::from).and_then(|group| attach(group, mode));
    (CGROUP.to_owned(), "cgroup", result)
}
