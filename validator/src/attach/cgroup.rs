//! Control group programs, on a group without members.

use super::Attempt;
use crate::mounts::CGROUP;
use crate::sys::attach;
use crate::sys::libbpf::Program;
use libbpf_sys::BPF_CGROUP_INET_INGRESS;
use std::fs::File;
use std::os::fd::AsFd;

pub(super) fn attach(program: Program<'_>) -> Attempt {
    match File::open(CGROUP) {
        Ok(group) => Attempt::of(CGROUP, "cgroup link", attach::cgroup(program, group.as_fd())),
        Err(error) => Attempt::skipped(CGROUP, &format!("the guest has no control group: {error}")),
    }
}

/// For a program whose section names no direction: its own loader does, and either is the same to it.
pub(super) fn attach_at_ingress(program: Program<'_>) -> Attempt {
    let hook = format!("{CGROUP} ingress");
    let group = match File::open(CGROUP) {
        Ok(group) => group,
        Err(error) => return Attempt::skipped(hook, &format!("the guest has no control group: {error}")),
    };
    match attach::cgroup_as(program, group.as_fd(), BPF_CGROUP_INET_INGRESS) {
        Ok(link) => Attempt::attached(hook, "cgroup link").holding(link),
        Err(errno) => Attempt::failed(hook, "cgroup link", errno),
    }
}
