//! Network devices the validator makes for programs that need one.

use crate::netlink;
use domain::errno::Errno;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{
    InfoData, InfoKind, InfoNetkit, InfoVeth, LinkAttribute, LinkFlags, LinkInfo, LinkMessage,
};
use std::ffi::c_int;

/// The end of the veth pair that programs are attached to; its driver runs XDP by itself.
pub(crate) const VETH: &str = "veth0";
/// The primary end of the netkit pair.
pub(crate) const NETKIT: &str = "netkit0";

/// What interfaces do by themselves when they come up, switched off: nobody is there to answer.
const QUIET: [(&str, &str); 2] = [
    ("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1"),
    ("/proc/sys/net/ipv6/conf/default/router_solicitations", "0"),
];

/// Makes a pair of virtual Ethernet devices; yields the index of the first.
pub(crate) fn veth() -> Result<c_int, Errno> {
    let peer = "veth1";
    pair(VETH, peer, InfoKind::Veth, InfoData::Veth(InfoVeth::Peer(named(peer))))
}

/// Makes a pair of netkit devices; yields the index of the primary one. Kernels have them from 6.7.
pub(crate) fn netkit() -> Result<c_int, Errno> {
    let peer = "netkit1";
    pair(NETKIT, peer, InfoKind::Netkit, InfoData::Netkit(vec![InfoNetkit::Peer(named(peer))]))
}

fn pair(name: &str, peer: &str, kind: InfoKind, data: InfoData) -> Result<c_int, Errno> {
    for (path, value) in QUIET {
        // A kernel without IPv6 has nothing to switch off.
        drop(std::fs::write(path, value));
    }
    let mut message = LinkMessage::default();
    message.attributes = vec![
        LinkAttribute::IfName(name.to_owned()),
        LinkAttribute::LinkInfo(vec![LinkInfo::Kind(kind), LinkInfo::Data(data)]),
    ];
    netlink::create(RouteNetlinkMessage::NewLink(message))?;
    // Only once both exist: a veth device does not come up without its peer.
    bring_up(peer)?;
    bring_up(name)
}

/// Sets a device up; yields its index.
fn bring_up(name: &str) -> Result<c_int, Errno> {
    let index = nix::net::if_::if_nametoindex(name).map_err(|errno| Errno(errno as i32))?;
    let mut message = LinkMessage::default();
    message.header.index = index;
    message.header.flags = LinkFlags::Up;
    message.header.change_mask = LinkFlags::Up;
    netlink::change(RouteNetlinkMessage::SetLink(message))?;
    c_int::try_from(index).map_err(|_| Errno::EINVAL)
}

/// The other end, which only has a name yet.
fn named(name: &str) -> LinkMessage {
    let mut message = LinkMessage::default();
    message.attributes.push(LinkAttribute::IfName(name.to_owned()));
    message
}
