//! Control group programs, on a group without members.

use super::Attempt;
use crate::mounts::CGROUP;
use crate::sys::attach;
use crate::sys::libbpf::Program;
use std::fs::File;
use std::os::fd::AsFd;

pub(super) fn attach(program: Program<'_>) -> Attempt {
    match File::open(CGROUP) {
        Ok(group) => Attempt::of(CGROUP, "cgroup link", attach::cgroup(program, group.as_fd())),
        Err(error) => Attempt::skipped(CGROUP, &format!("the guest has no control group: {error}")),
    }
}
