//! XDP and traffic control on the loopback interface, and network namespace programs.

use super::{Attempt, way_of};
use crate::sys::attach::{self, Flow};
use crate::sys::libbpf::Program;
use std::ffi::c_int;
use std::fs::File;
use std::os::fd::AsFd;

/// Where on the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The receive path below the stack.
    Xdp,
    /// A traffic control link; nothing else counts, for the section asks for it by name.
    Tcx(Flow),
    /// A traffic control link, or a filter where the kernel has no such links: loaders use either
    /// for these sections.
    TcxOrClsact(Flow),
    /// A filter on the `clsact` discipline.
    Clsact(Flow),
}

pub(super) fn attach(program: Program<'_>, loopback: c_int, place: Place) -> Attempt {
    match place {
        Place::Xdp => xdp(program, loopback),
        Place::Tcx(flow) => Attempt::of(hook(flow), "tcx link", attach::tcx(program, loopback)),
        Place::TcxOrClsact(flow) => match attach::tcx(program, loopback) {
            Ok(link) => Attempt::attached(hook(flow), &way_of(&link)),
            Err(_) => clsact(program, loopback, flow),
        },
        Place::Clsact(flow) => clsact(program, loopback, flow),
    }
}

fn xdp(program: Program<'_>, loopback: c_int) -> Attempt {
    match attach::xdp(program, loopback) {
        Ok(link) => {
            let mode = match attach::xdp_is_native(loopback) {
                Some(true) => ", native",
                Some(false) => ", generic",
                None => "",
            };
            Attempt::attached("lo", &format!("{}{mode}", way_of(&link)))
        }
        Err(errno) => Attempt::failed("lo", "xdp link", errno),
    }
}

fn clsact(program: Program<'_>, loopback: c_int, flow: Flow) -> Attempt {
    let how = "clsact filter";
    match attach::clsact(program, loopback, flow) {
        Ok(_filter) => Attempt::attached(hook(flow), how),
        Err(errno) => Attempt::failed(hook(flow), how, errno),
    }
}

fn hook(flow: Flow) -> &'static str {
    match flow {
        Flow::Ingress => "lo ingress",
        Flow::Egress => "lo egress",
    }
}

/// Attaches to the guest's only network namespace.
pub(super) fn namespace(program: Program<'_>) -> Attempt {
    let hook = "the network namespace";
    match File::open("/proc/self/ns/net") {
        Ok(namespace) => Attempt::of(hook, "netns link", attach::netns(program, namespace.as_fd())),
        Err(error) => Attempt::skipped(hook, &format!("the guest shows no network namespace: {error}")),
    }
}
