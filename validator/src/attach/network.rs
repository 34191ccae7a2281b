//! XDP, traffic control and netkit on the guest's interfaces, and network namespace programs.

use super::{Attempt, way_of};
use crate::devices::{NETKIT, VETH};
use crate::prepare::Fixtures;
use crate::sys::attach::{self, Flow};
use crate::sys::libbpf::Program;
use domain::errno::Errno;
use std::ffi::c_int;
use std::fs::File;
use std::os::fd::AsFd;

/// Where in traffic control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
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
        Place::Tcx(flow) => Attempt::of(hook(flow), "tcx link", attach::tcx(program, loopback)),
        Place::TcxOrClsact(flow) => match attach::tcx(program, loopback) {
            Ok(link) => Attempt::of(hook(flow), "tcx link", Ok(link)),
            Err(_) => clsact(program, loopback, flow),
        },
        Place::Clsact(flow) => clsact(program, loopback, flow),
    }
}

/// In the driver of a virtual Ethernet device; where that is refused, in the kernel's own receive path on
/// the loopback interface, which has no driver.
pub(super) fn xdp(program: Program<'_>, fixtures: &Fixtures) -> Attempt {
    let native = fixtures.veth.map(|veth| (veth, attach::xdp(program, veth)));
    let refused = match native {
        Ok((veth, Ok(link))) => return Attempt::attached(VETH, &xdp_way(&link, veth)).holding(link),
        // Another program is there, which says nothing about this one.
        Ok((_, Err(Errno::EBUSY))) => return Attempt::failed(VETH, "xdp link", Errno::EBUSY),
        Ok((_, Err(errno))) => format!("; {VETH} refused it with {errno}"),
        Err(_) => String::new(),
    };
    match fixtures.loopback.map(|lo| (lo, attach::xdp(program, lo))) {
        Ok((lo, Ok(link))) => {
            let how = format!("{}{refused}", xdp_way(&link, lo));
            Attempt::attached("lo", &how).holding(link)
        }
        Ok((_, Err(errno))) => Attempt::failed("lo", &format!("xdp link{refused}"), errno),
        Err(_) => Attempt::skipped("lo", "the guest's loopback interface is not up"),
    }
}

fn xdp_way(link: &attach::Link, interface: c_int) -> String {
    let mode = match attach::xdp_is_native(interface) {
        Some(true) => ", native",
        Some(false) => ", generic",
        None => "",
    };
    format!("{}{mode}", way_of(link))
}

/// On the guest's netkit device. A kernel that has none is asked for its answer on the loopback interface.
pub(super) fn netkit(program: Program<'_>, fixtures: &Fixtures) -> Attempt {
    match (&fixtures.netkit, fixtures.loopback) {
        (Ok(netkit), _) => Attempt::of(NETKIT, "netkit link", attach::netkit(program, *netkit)),
        (Err(Errno::EOPNOTSUPP), Ok(lo)) => {
            Attempt::of("netkit device", "netkit link", attach::netkit(program, lo))
        }
        (Err(errno), _) => {
            Attempt::skipped("netkit device", &format!("the guest could not make one: {errno}"))
        }
    }
}

fn clsact(program: Program<'_>, loopback: c_int, flow: Flow) -> Attempt {
    let how = "clsact filter";
    match attach::clsact(program, loopback, flow) {
        Ok(filter) => Attempt::attached(hook(flow), how).holding(filter),
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
