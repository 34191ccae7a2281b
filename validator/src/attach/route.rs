//! Lightweight tunnels: a route whose packets pass through the program.

use super::Attempt;
use crate::netlink::{self, nested, number, text};
use crate::sys::libbpf::Program;
use domain::errno::Errno;
use netlink_packet_core::{DefaultNla, NLA_F_NESTED};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteLwEnCapType, RouteLwTunnelEncap, RouteMessage,
    RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use std::ffi::c_int;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Networks for documentation (RFC 5737, RFC 3849), which nothing else in the guest uses.
const NETWORK4: (IpAddr, u8) = (IpAddr::V4(Ipv4Addr::new(192, 0, 2, 0)), 24);
const NETWORK6: (IpAddr, u8) = (IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0)), 64);

/// Attributes of `linux/lwtunnel.h` and `linux/seg6_local.h`.
const LWT_BPF_PROG_FD: u16 = 1;
const LWT_BPF_PROG_NAME: u16 = 2;
const SEG6_LOCAL_ACTION: u16 = 1;
const SEG6_LOCAL_BPF: u16 = 8;
const SEG6_LOCAL_ACTION_END_BPF: u32 = 15;

/// Where on its way a packet meets the program; numbers of `linux/lwtunnel.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tunnel {
    In = 1,
    Out = 2,
    Xmit = 3,
    /// At the end of a segment of IPv6 segment routing.
    Segment,
}

/// A route that goes when it is dropped.
#[derive(Debug)]
struct Route(RouteMessage);

impl Drop for Route {
    fn drop(&mut self) {
        // What a failure leaves behind goes with the guest.
        netlink::change(RouteNetlinkMessage::DelRoute(self.0.clone())).ok();
    }
}

pub(super) fn attach(program: Program<'_>, interface: c_int, tunnel: Tunnel) -> Attempt {
    let (network, kind) = match tunnel {
        Tunnel::Segment => (NETWORK6, RouteLwEnCapType::Seg6Local),
        Tunnel::In | Tunnel::Out | Tunnel::Xmit => (NETWORK4, RouteLwEnCapType::Bpf),
    };
    let hook = format!("route to {}/{}", network.0, network.1);
    match add(program, interface, tunnel, network, kind) {
        Ok(route) => Attempt::attached(hook, "route").holding(route),
        Err(errno) => Attempt::failed(hook, "route", errno),
    }
}

fn add(
    program: Program<'_>,
    interface: c_int,
    tunnel: Tunnel,
    (address, prefix): (IpAddr, u8),
    kind: RouteLwEnCapType,
) -> Result<Route, Errno> {
    let fd = program.descriptor()?;
    let program = [number(LWT_BPF_PROG_FD, fd), text(LWT_BPF_PROG_NAME, "bpfcompat")];
    let encapsulation = match tunnel {
        Tunnel::Segment => vec![
            number(SEG6_LOCAL_ACTION, SEG6_LOCAL_ACTION_END_BPF),
            nested(SEG6_LOCAL_BPF | NLA_F_NESTED, &program),
        ],
        Tunnel::In | Tunnel::Out | Tunnel::Xmit => vec![nested(tunnel as u16 | NLA_F_NESTED, &program)],
    };
    let mut message = RouteMessage::default();
    message.header = RouteHeader {
        address_family: if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 },
        destination_prefix_length: prefix,
        table: RouteHeader::RT_TABLE_MAIN,
        protocol: RouteProtocol::Static,
        scope: if address.is_ipv4() { RouteScope::Link } else { RouteScope::Universe },
        kind: RouteType::Unicast,
        ..RouteHeader::default()
    };
    let interface = u32::try_from(interface).map_err(|_| Errno::EINVAL)?;
    let other = |attribute: DefaultNla| RouteLwTunnelEncap::Other(attribute);
    message.attributes = vec![
        RouteAttribute::Destination(RouteAddress::from(address)),
        RouteAttribute::Oif(interface),
        RouteAttribute::EncapType(kind),
        RouteAttribute::Encap(encapsulation.into_iter().map(other).collect()),
    ];
    netlink::create(RouteNetlinkMessage::NewRoute(message.clone()))?;
    Ok(Route(message))
}
